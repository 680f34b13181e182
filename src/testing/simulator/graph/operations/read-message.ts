import { field, isObject } from '../../../../graph/client/json.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { ParsedMime } from '../../mime/parse.ts';
import { withAliased } from '../../schema/mapi-properties.ts';
import { type ExtendedProperty, fitsType, keyOfPath } from '../../store/extended-property.ts';
import type { MessageContent } from '../../store/item.ts';
import { plainBoolean, utc } from '../../xml/written-element.ts';
import { GraphFault } from '../errors.ts';
import { readAttachments } from '../json/attachment-json.ts';
import { mailboxesElement, stringsElement, textElement } from '../json/kept-elements.ts';
import { readPropertyId } from '../json/properties.ts';
import { readBoolean, readList, readText, refuseType } from '../json/read-values.ts';

/** Makes ids for what a request brings. */
interface NewIds {
  messageId(): string;
  attachmentId(): string;
}

type Content = { -readonly [Key in keyof MessageContent]: MessageContent[Key] };

/** PR_MESSAGE_CLASS. */
const classTag = 0x001a;

/** What a message has before anything of it is read. */
function blank(): Omit<MessageContent, 'internetMessageId'> {
  return {
    itemClass: 'IPM.Note',
    subject: '',
    body: { type: 'text', content: '' },
    importance: 'Normal',
    sensitivity: 'Normal',
    to: [],
    cc: [],
    bcc: [],
    properties: [],
  };
}

/** Reads a whole message out of a request. */
export function readMessage(message: unknown, ids: NewIds): MessageContent {
  const read = withChanges({ ...blank(), internetMessageId: '' }, message, ids);
  return read.internetMessageId === '' ? { ...read, internetMessageId: ids.messageId() } : read;
}

/** A message that came as MIME. */
export function ofMime(mime: ParsedMime, ids: NewIds): MessageContent {
  const { attachments, source, messageId, fields: _ofCalendars, exceptions: _too, refused: _why, ...parts } = mime;
  return {
    ...blank(),
    ...parts,
    internetMessageId: messageId ?? ids.messageId(),
    attachments: attachments.map((one) => ({ ...one, id: ids.attachmentId() })),
    mime: source,
  };
}

/** The content once what a message in a request says is set; what it leaves out stays. */
export function withChanges(before: MessageContent, message: unknown, ids: NewIds): MessageContent {
  if (!isObject(message)) throw new GraphFault('RequestBodyRead');
  checkHeaders(message);
  const given = [
    ...(readList(message, 'singleValueExtendedProperties') ?? []).map((one) => readProperty(one, 'single')),
    ...(readList(message, 'multiValueExtendedProperties') ?? []).map((one) => readProperty(one, 'multi')),
  ];
  const keys = new Set(given.map(({ path }) => keyOfPath(path)));
  const next: Content = { ...withAliased(before, given) };
  if (next.itemClass === '') throw new GraphFault('ErrorItemSavePropertyError');
  next.properties = [
    ...before.properties.filter(({ path }) => !keys.has(keyOfPath(path))),
    ...given.filter(({ path }) => path.tag !== classTag),
  ];
  const has = (name: string): boolean => field(message, name) !== undefined;
  if (has('subject')) next.subject = readText(message, 'subject') ?? '';
  if (has('body')) next.body = readBody(field(message, 'body'));
  if (has('importance')) next.importance = readImportance(readText(message, 'importance'));
  if (has('toRecipients')) next.to = readRecipients(message, 'toRecipients');
  if (has('ccRecipients')) next.cc = readRecipients(message, 'ccRecipients');
  if (has('bccRecipients')) next.bcc = readRecipients(message, 'bccRecipients');
  const [from, sender] = [field(message, 'from'), field(message, 'sender')];
  if (from !== undefined && from !== null) next.from = readRecipient(from);
  if (sender !== undefined && sender !== null) next.sender = readRecipient(sender);
  const messageId = readText(message, 'internetMessageId') ?? '';
  if (messageId !== '') next.internetMessageId = messageId;
  const fields = new Map(next.fields);
  setFields(fields, message, has);
  if (fields.size > 0) next.fields = fields;
  const attachments = readAttachments(message, ids.attachmentId, (item) => readMessage(item, ids));
  if (attachments !== undefined) next.attachments = attachments;
  return withoutStaleMime(next, message);
}

/** Properties that are kept as elements of EWS. */
function setFields(fields: Map<string, string>, message: object, has: (name: string) => boolean): void {
  if (has('categories')) {
    const list = readList(message, 'categories') ?? [];
    const names = list.map((one) => (typeof one === 'string' ? one : refuseType('categories')));
    fields.set('Categories', stringsElement('Categories', names));
  }
  if (has('replyTo')) fields.set('ReplyTo', mailboxesElement('ReplyTo', readRecipients(message, 'replyTo')));
  for (const name of ['isReadReceiptRequested', 'isDeliveryReceiptRequested']) {
    const value = readBoolean(message, name);
    if (value === undefined) continue;
    const element = `I${name.slice(1)}`;
    fields.set(element, textElement(element, String(value)));
  }
  const focus = readText(message, 'inferenceClassification')?.toLowerCase();
  if (focus !== undefined) {
    if (focus !== 'focused' && focus !== 'other') throw new GraphFault('RequestBodyRead');
    const element = 'InferenceClassification';
    fields.set(element, textElement(element, focus === 'other' ? 'Other' : 'Focused'));
  }
  const flag = field(message, 'flag');
  if (flag !== undefined && flag !== null) fields.set('Flag', readFlag(flag));
}

const statuses: Readonly<Record<string, string>> = { flagged: 'Flagged', complete: 'Complete', notflagged: 'NotFlagged' };

function readFlag(flag: unknown): string {
  if (!isObject(flag)) return refuseType('flag');
  const asked = (readText(flag, 'flagStatus') ?? 'notFlagged').toLowerCase();
  const status = Object.hasOwn(statuses, asked) ? statuses[asked] : undefined;
  if (status === undefined) throw new GraphFault('RequestBodyRead');
  const dates = [
    ['StartDate', 'startDateTime'],
    ['DueDate', 'dueDateTime'],
    ['CompleteDate', 'completedDateTime'],
  ].flatMap(([element = '', name = '']) => {
    const text = readText(field(flag, name), 'dateTime');
    if (text === undefined) return [];
    const at = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text.slice(0, 19)}Z`);
    if (Number.isNaN(at)) throw new GraphFault('RequestBodyRead');
    return [textElement(element, `${new Date(at).toISOString().slice(0, 19)}Z`)];
  });
  return `<t:Flag>${textElement('FlagStatus', status)}${dates.join('')}</t:Flag>`;
}

/** MIME that says something else by now is composed anew. */
function withoutStaleMime(content: MessageContent, message: object): MessageContent {
  const { mime, ...rest } = content;
  const said = ['subject', 'body', 'importance', 'toRecipients', 'ccRecipients', 'bccRecipients', 'from', 'attachments'];
  return mime !== undefined && said.some((name) => field(message, name) !== undefined) ? rest : content;
}

function readImportance(given = 'normal'): MessageContent['importance'] {
  switch (given.toLowerCase()) {
    case 'low':
      return 'Low';
    case 'normal':
      return 'Normal';
    case 'high':
      return 'High';
    default:
      throw new GraphFault('RequestBodyRead');
  }
}

function readBody(body: unknown): MessageContent['body'] {
  if (body === null) return { type: 'text', content: '' };
  if (!isObject(body)) return refuseType('body');
  // A type that is empty is that of text, as in Microsoft's own example.
  const type = (readText(body, 'contentType') ?? '').toLowerCase() || 'text';
  if (type !== 'text' && type !== 'html') throw new GraphFault('RequestBodyRead');
  return { type, content: readText(body, 'content') ?? '' };
}

/** A list of recipients; none where it is left out. */
export function readRecipients(message: unknown, name: string): readonly Mailbox[] {
  return (readList(message, name) ?? []).map(readRecipient);
}

function readRecipient(recipient: unknown): Mailbox {
  const email = field(recipient, 'emailAddress');
  const address = field(email, 'address');
  const name = readText(email, 'name') ?? '';
  if (typeof address !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(address)) throw new GraphFault('ErrorInvalidRecipients');
  return { address, ...(name === '' ? {} : { name }) };
}

function readProperty(property: unknown, kind: 'single' | 'multi'): ExtendedProperty {
  const path = readPropertyId(field(property, 'id'));
  const value = field(property, 'value');
  const isMany = path.type.endsWith('Array');
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const type = isMany ? path.type.slice(0, -'Array'.length) : path.type;
  const read = values.map((one) => {
    if (typeof one !== 'string' || !fitsType(type, one)) throw new GraphFault('ErrorInvalidExtendedPropertyValue');
    return type === 'SystemTime' ? utc(one) : type === 'Boolean' ? plainBoolean(one) : one;
  });
  if (isMany !== (kind === 'multi') || isMany !== Array.isArray(value)) throw new GraphFault('ErrorInvalidExtendedPropertyValue');
  return { path, value: isMany ? read : (read[0] ?? '') };
}

/** At most five, each `x-…`; Exchange drops them soon after. */
function checkHeaders(message: unknown): void {
  const headers = readList(message, 'internetMessageHeaders');
  if (headers === undefined) return;
  const isOwn = (header: unknown): boolean => /^x-/i.test(readText(header, 'name') ?? '');
  const well = headers.length >= 1 && headers.length <= 5 && headers.every(isOwn);
  if (!well) throw new GraphFault('InvalidInternetMessageHeaderCollection');
}
