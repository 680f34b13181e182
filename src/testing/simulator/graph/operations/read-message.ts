import { field, listField } from '../../../../graph/client/json.ts';
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

/** Makes ids for what a request brings. */
interface NewIds {
  messageId(): string;
  attachmentId(): string;
}

type Content = { -readonly [Key in keyof MessageContent]: MessageContent[Key] };

/** PR_MESSAGE_CLASS. */
const classTag = 0x001a;

/** Reads a whole message out of a request. */
export function readMessage(message: unknown, ids: NewIds): MessageContent {
  const nothing: MessageContent = {
    itemClass: 'IPM.Note',
    subject: '',
    body: { type: 'text', content: '' },
    importance: 'Normal',
    sensitivity: 'Normal',
    to: [],
    cc: [],
    bcc: [],
    internetMessageId: '',
    properties: [],
  };
  const read = withChanges(nothing, message, ids);
  return read.internetMessageId === '' ? { ...read, internetMessageId: ids.messageId() } : read;
}

/** A message that came as MIME. */
export function ofMime(mime: ParsedMime, ids: NewIds): MessageContent {
  const { attachments, source, messageId, fields: _ofCalendars, exceptions: _too, refused: _why, ...parts } = mime;
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
    ...parts,
    internetMessageId: messageId ?? ids.messageId(),
    attachments: attachments.map((one) => ({ ...one, id: ids.attachmentId() })),
    mime: source,
  };
}

/** The content once what a message in a request says is set; what it leaves out stays. */
export function withChanges(before: MessageContent, message: unknown, ids: NewIds): MessageContent {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) throw new GraphFault('RequestBodyRead');
  checkHeaders(message);
  const given = [
    ...(listField(message, 'singleValueExtendedProperties') ?? []).map((one) => readProperty(one, 'single')),
    ...(listField(message, 'multiValueExtendedProperties') ?? []).map((one) => readProperty(one, 'multi')),
  ];
  const keys = new Set(given.map(({ path }) => keyOfPath(path)));
  const next: Content = { ...withAliased(before, given) };
  if (next.itemClass === '') throw new GraphFault('ErrorItemSavePropertyError');
  next.properties = [
    ...before.properties.filter(({ path }) => !keys.has(keyOfPath(path))),
    ...given.filter(({ path }) => path.tag !== classTag),
  ];
  const has = (name: string): boolean => field(message, name) !== undefined;
  if (has('subject')) next.subject = String(field(message, 'subject') ?? '');
  if (has('body')) next.body = readBody(field(message, 'body'));
  if (has('importance')) next.importance = readImportance(field(message, 'importance'));
  if (has('toRecipients')) next.to = readRecipients(message, 'toRecipients');
  if (has('ccRecipients')) next.cc = readRecipients(message, 'ccRecipients');
  if (has('bccRecipients')) next.bcc = readRecipients(message, 'bccRecipients');
  const [from, sender] = [field(message, 'from'), field(message, 'sender')];
  if (from !== undefined && from !== null) next.from = readRecipient(from);
  if (sender !== undefined && sender !== null) next.sender = readRecipient(sender);
  const messageId = field(message, 'internetMessageId');
  if (typeof messageId === 'string' && messageId !== '') next.internetMessageId = messageId;
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
    const list = field(message, 'categories') ?? [];
    if (!Array.isArray(list) || list.some((one) => typeof one !== 'string')) throw new GraphFault('RequestBodyRead');
    fields.set('Categories', stringsElement('Categories', list));
  }
  if (has('replyTo')) fields.set('ReplyTo', mailboxesElement('ReplyTo', readRecipients(message, 'replyTo')));
  for (const name of ['isReadReceiptRequested', 'isDeliveryReceiptRequested']) {
    const value = field(message, name);
    if (value === undefined || value === null) continue;
    if (typeof value !== 'boolean') throw new GraphFault('RequestBodyRead');
    const element = `I${name.slice(1)}`;
    fields.set(element, textElement(element, String(value)));
  }
  const focus = field(message, 'inferenceClassification');
  if (focus !== undefined && focus !== null) {
    if (!/^(?:focused|other)$/i.test(String(focus))) throw new GraphFault('RequestBodyRead');
    fields.set(
      'InferenceClassification',
      textElement('InferenceClassification', /^other$/i.test(String(focus)) ? 'Other' : 'Focused'),
    );
  }
  const flag = field(message, 'flag');
  if (flag !== undefined && flag !== null) fields.set('Flag', readFlag(flag));
}

const statuses: Readonly<Record<string, string>> = { flagged: 'Flagged', complete: 'Complete', notflagged: 'NotFlagged' };

function readFlag(flag: unknown): string {
  const asked = String(field(flag, 'flagStatus') ?? 'notFlagged').toLowerCase();
  const status = Object.hasOwn(statuses, asked) ? statuses[asked] : undefined;
  if (status === undefined) throw new GraphFault('RequestBodyRead');
  const dates = [
    ['StartDate', 'startDateTime'],
    ['DueDate', 'dueDateTime'],
    ['CompleteDate', 'completedDateTime'],
  ].flatMap(([element = '', name = '']) => {
    const text = field(field(flag, name), 'dateTime');
    if (typeof text !== 'string') return [];
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

function readImportance(given: unknown): MessageContent['importance'] {
  switch (String(given ?? 'normal').toLowerCase()) {
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
  // A type that is empty is that of text, as in Microsoft's own example.
  const type = String(field(body, 'contentType') ?? '').toLowerCase() || 'text';
  const content = field(body, 'content') ?? '';
  if ((type !== 'text' && type !== 'html') || typeof content !== 'string') throw new GraphFault('RequestBodyRead');
  return { type, content };
}

/** A list of recipients; none where it is left out. */
export function readRecipients(message: unknown, name: string): readonly Mailbox[] {
  const value = field(message, name);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new GraphFault('RequestBodyRead');
  return value.map(readRecipient);
}

function readRecipient(recipient: unknown): Mailbox {
  const email = field(recipient, 'emailAddress');
  const address = field(email, 'address');
  const name = field(email, 'name');
  if (typeof address !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(address)) throw new GraphFault('ErrorInvalidRecipients');
  return { address, ...(typeof name === 'string' && name !== '' ? { name } : {}) };
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
  const headers = field(message, 'internetMessageHeaders');
  if (headers === undefined || headers === null) return;
  const well =
    Array.isArray(headers) &&
    headers.length >= 1 &&
    headers.length <= 5 &&
    headers.every((header) => /^x-/i.test(String(field(header, 'name'))));
  if (!well) throw new GraphFault('InvalidInternetMessageHeaderCollection');
}
