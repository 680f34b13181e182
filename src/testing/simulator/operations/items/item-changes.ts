import { typesNs } from '../../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';

import { withAliased, withoutAliased } from '../../schema/mapi-properties.ts';
import { itemElements } from '../../schema/names.ts';
import { type ExtendedProperty, keyOfPath } from '../../store/extended-property.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import { flagsIn, messageFlag } from '../../store/message-flags.ts';
import { withCompletion } from '../../store/seeding/item-defaults.ts';
import { asChanged } from '../../store/series/changed-series.ts';
import { type StatedException, withExceptions, withStated } from '../../store/series/exceptions.ts';
import { readAttachment } from '../../xml/attachment.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { dictionaryOf } from '../../xml/item-fields.ts';
import { elementOf, isPropertyPath, type PropertyPath, readPropertyPath } from '../../xml/property-path.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { isTrue, readElement, writeElement } from '../../xml/written-element.ts';
import { requireMatch, withEntry, withoutEntry } from '../dictionary-changes.ts';
import type { OperationContext } from '../operation.ts';
import { importanceOf, isKept, readBody, readProperty, sensitivityOf, several, single, withClass } from './item-content.ts';

/** An item while it is being changed. */
interface Draft {
  content: MessageContent;
  messageFlags: number;
  /** What iCalendar that was set says of single occurrences. */
  exceptions?: readonly StatedException[];
}

/** What an item is after the updates. Nothing is changed when one of them is wrong. */
export function changed(item: SimulatedItem, updates: XmlElement | undefined, context: OperationContext): Draft {
  const draft: Draft = { content: item.content, messageFlags: item.messageFlags };
  for (const update of updates?.children ?? []) {
    const named = update.children.find(isPropertyPath);
    if (update.ns !== typesNs || named === undefined)
      throw schemaFault(`the element 'Updates' has invalid child element '${update.name}'.`);
    const path = readPropertyPath(named);
    switch (update.name) {
      case 'SetItemField':
      case 'AppendToItemField': {
        // A client may name the item's element as it likes: t:Item for a message, t:Message for what came back as t:Item.
        const [value, ...others] = update.children.find((c) => !isPropertyPath(c))?.children ?? [];
        if (value === undefined || others.length > 0)
          throw new EwsItemError('ErrorIncorrectUpdatePropertyCount', 'An update must set one property.');
        requireMatch(path, value);
        if (update.name === 'SetItemField') set(draft, path, value, context);
        else append(draft, path, value);
        break;
      }
      case 'DeleteItemField':
        remove(draft, path);
        break;
      default:
        throw schemaFault(`the element 'Updates' has invalid child element '${update.name}'.`);
    }
  }
  const { content, exceptions, messageFlags } = draft;
  const after = asChanged(item.content, withClass(withoutStaleMime(item.content, content)));
  if (exceptions === undefined) return { content: after, messageFlags };
  const { occurrences: _before, ...series } = after;
  return { content: withExceptions(series, exceptions), messageFlags };
}

/** MIME that says something else than the item by now is composed anew. */
function withoutStaleMime(before: MessageContent, after: MessageContent): MessageContent {
  const { mime, ...rest } = after;
  if (mime === undefined || mime !== before.mime) return after;
  const same = (
    ['subject', 'body', 'importance', 'from', 'sender', 'to', 'cc', 'bcc', 'attachments', 'internetMessageId'] as const
  ).every((name) => before[name] === after[name]);
  return same ? after : rest;
}

function set(draft: Draft, path: PropertyPath, value: XmlElement, context: OperationContext): void {
  if (path.kind === 'extended') {
    setProperty(draft, readProperty(value));
    return;
  }
  const holder: XmlElement = { ns: typesNs, name: 'Item', attributes: new Map(), children: [value], text: '' };
  const { content } = draft;
  switch (value.name) {
    case 'IsRead':
      draft.messageFlags = flag(draft.messageFlags, messageFlag.read, isTrue(value.text));
      return;
    case 'Subject':
      draft.content = { ...content, subject: value.text };
      return;
    case 'ItemClass':
      draft.content = { ...content, itemClass: value.text };
      return;
    case 'Body':
      draft.content = { ...content, body: readBody(value) };
      return;
    case 'Importance':
      draft.content = { ...content, importance: importanceOf(holder) };
      return;
    case 'Sensitivity':
      draft.content = { ...content, sensitivity: sensitivityOf(holder) };
      return;
    case 'ToRecipients':
      draft.content = { ...content, to: several(value) };
      return;
    case 'CcRecipients':
      draft.content = { ...content, cc: several(value) };
      return;
    case 'BccRecipients':
      draft.content = { ...content, bcc: several(value) };
      return;
    case 'From':
      draft.content = withPerson(content, 'from', value);
      return;
    case 'Sender':
      draft.content = withPerson(content, 'sender', value);
      return;
    case 'InternetMessageId':
      draft.content = { ...content, internetMessageId: value.text };
      return;
    case 'MimeContent': {
      const mime = context.mimeOf(value);
      if (mime === undefined) throw new EwsItemError('ErrorMimeContentInvalid');
      if (mime.refused !== undefined) throw new EwsItemError('ErrorMimeContentInvalid', mime.refused);
      const attachments = mime.attachments.map((one) => ({ ...one, id: context.newAttachmentId() }));
      const { source, messageId, attachments: _parsed, exceptions, fields, ...parts } = mime;
      draft.exceptions = exceptions ?? [];
      draft.content = {
        ...content,
        ...parts,
        ...(fields === undefined ? {} : { fields: withStated(content.fields, fields) }),
        mime: source,
        attachments,
        internetMessageId: messageId ?? content.internetMessageId,
      };
      return;
    }
    case 'Attachments': {
      const read = value.children.map((one) => readAttachment(one, context.newAttachmentId, () => draft.content));
      draft.content = { ...content, attachments: read };
      return;
    }
    case 'Flag':
      setFlag(draft, value);
      return;
    default:
      if (!isKept(value.name)) throw new EwsItemError('ErrorInvalidPropertySet', `${path.uri} can't be set.`);
      if (!known(value.name)) throw new EwsItemError('ErrorInvalidPropertySet');
      setField(draft, value.name, path.index === undefined ? writeElement(value) : withEntry(draft.content, value));
      if (draft.content.kind === 'Task' && draft.content.fields !== undefined) {
        const fields = withCompletion(draft.content.fields, value.name, context.exchange.registry.now());
        draft.content = { ...draft.content, fields };
      }
  }
}

/** Thunderbird writes FlagStatus in the namespace of the messages. */
function setFlag(draft: Draft, value: XmlElement): void {
  const status = value.children.find(({ name }) => name === 'FlagStatus')?.text ?? 'NotFlagged';
  const others = value.children.filter(({ name, ns }) => name !== 'FlagStatus' && ns === typesNs);
  const number = status === 'Flagged' ? '2' : status === 'Complete' ? '1' : '0';
  setProperty(draft, { path: { type: 'Integer', tag: 0x1090 }, value: number });
  // After the property, which writes a flag without dates.
  setField(
    draft,
    'Flag',
    `<t:Flag><t:FlagStatus>${escapeText(status)}</t:FlagStatus>${others.map(writeElement).join('')}</t:Flag>`,
  );
}

function append(draft: Draft, path: PropertyPath, value: XmlElement): void {
  const { content } = draft;
  if (path.kind === 'field' && value.name === 'Body') {
    draft.content = { ...content, body: { type: content.body.type, content: content.body.content + value.text } };
  } else if (path.kind === 'field' && value.name === 'ToRecipients') {
    draft.content = { ...content, to: [...content.to, ...several(value)] };
  } else if (path.kind === 'field' && value.name === 'CcRecipients') {
    draft.content = { ...content, cc: [...content.cc, ...several(value)] };
  } else if (path.kind === 'field' && value.name === 'BccRecipients') {
    draft.content = { ...content, bcc: [...content.bcc, ...several(value)] };
  } else if (path.kind === 'field' && appendable.has(value.name)) {
    const written = content.fields?.get(value.name);
    const before = written === undefined ? [] : readElement(written).children;
    setField(draft, value.name, writeElement({ ...value, children: [...before, ...value.children] }));
  } else {
    throw new EwsItemError('ErrorInvalidPropertyAppend', 'Nothing can be appended to that property.');
  }
}

/** Lists kept as they are given. */
const appendable: ReadonlySet<string> = new Set(['RequiredAttendees', 'OptionalAttendees', 'Resources', 'ReplyTo']);

function remove(draft: Draft, path: PropertyPath): void {
  const { content } = draft;
  if (path.kind === 'extended') {
    draft.content = withoutProperty(content, path.path);
    return;
  }
  const name = elementOf(path.uri);
  switch (name) {
    case 'Subject':
      draft.content = { ...content, subject: '' };
      return;
    case 'Body':
      draft.content = { ...content, body: { type: content.body.type, content: '' } };
      return;
    case 'ToRecipients':
      draft.content = { ...content, to: [] };
      return;
    case 'CcRecipients':
      draft.content = { ...content, cc: [] };
      return;
    case 'BccRecipients':
      draft.content = { ...content, bcc: [] };
      return;
    case 'From': {
      const { from: _nobody, ...rest } = content;
      draft.content = rest;
      return;
    }
    case 'Sender': {
      const { sender: _nobody, ...rest } = content;
      draft.content = rest;
      return;
    }
    case 'Flag':
      draft.content = withoutProperty(content, { type: 'Integer', tag: 0x1090 });
      return;
    default: {
      if (!isKept(name)) throw new EwsItemError('ErrorInvalidPropertyDelete', `${path.uri} can't be deleted.`);
      const fields = new Map(content.fields);
      const dictionary = dictionaryOf(path.uri);
      const written = path.index === undefined ? undefined : fields.get(dictionary);
      if (written === undefined) fields.delete(name);
      else fields.set(dictionary, withoutEntry(written, path.index ?? '', path.uri));
      draft.content = { ...content, fields };
    }
  }
}

function withoutProperty(content: MessageContent, path: ExtendedProperty['path']): MessageContent {
  const key = keyOfPath(path);
  return withoutAliased({ ...content, properties: content.properties.filter((one) => keyOfPath(one.path) !== key) }, path);
}

const allElements: ReadonlySet<string> = new Set(Object.values(itemElements).flat());
const known = (name: string): boolean => allElements.has(name);

function withPerson(content: MessageContent, name: 'from' | 'sender', value: XmlElement): MessageContent {
  const person = single(value);
  return person === undefined ? content : { ...content, [name]: person };
}

function setProperty(draft: Draft, property: ExtendedProperty): void {
  const key = keyOfPath(property.path);
  const others = draft.content.properties.filter((one) => keyOfPath(one.path) !== key);
  draft.content = withAliased({ ...draft.content, properties: [...others, property] }, [property]);
  draft.messageFlags = flagsIn([property]) ?? draft.messageFlags;
}

function setField(draft: Draft, name: string, written: string): void {
  draft.content = { ...draft.content, fields: new Map(draft.content.fields).set(name, written) };
}

const flag = (flags: number, bit: number, on: boolean): number => (on ? flags | bit : flags & ~bit);
