import { field, listField } from '../../../../graph/client/json.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import { type ExtendedProperty, fitsType } from '../../store/extended-property.ts';
import type { MessageContent } from '../../store/item.ts';
import { utc } from '../../xml/written-element.ts';
import { GraphFault } from '../errors.ts';
import { readPropertyId } from '../json/properties.ts';

const importances = { low: 'Low', normal: 'Normal', high: 'High' } as const;

/** PR_MESSAGE_CLASS. */
const classTag = 0x001a;

/** Reads a message out of a request; `newMessageId` makes the Message-ID of one that brings none. */
export function readMessage(message: unknown, newMessageId: () => string): Omit<MessageContent, 'sender'> {
  if (typeof message !== 'object' || message === null) throw new GraphFault('RequestBodyRead');
  checkHeaders(message);
  const properties = (listField(message, 'singleValueExtendedProperties') ?? []).map(readProperty);
  const isClass = ({ path }: ExtendedProperty): boolean => path.tag === classTag;
  const itemClass = properties.find(isClass)?.value;
  if (itemClass === '') throw new GraphFault('ErrorItemSavePropertyError');
  const importance = String(field(message, 'importance') ?? 'normal').toLowerCase();
  if (importance !== 'low' && importance !== 'normal' && importance !== 'high') throw new GraphFault('RequestBodyRead');
  const messageId = field(message, 'internetMessageId');
  const from = field(message, 'from');
  return {
    itemClass: typeof itemClass === 'string' ? itemClass : 'IPM.Note',
    subject: String(field(message, 'subject') ?? ''),
    body: readBody(field(message, 'body')),
    importance: importances[importance],
    sensitivity: 'Normal',
    ...(from === undefined || from === null ? {} : { from: readRecipient(from) }),
    to: readRecipients(message, 'toRecipients'),
    cc: readRecipients(message, 'ccRecipients'),
    bcc: readRecipients(message, 'bccRecipients'),
    internetMessageId: typeof messageId === 'string' && messageId !== '' ? messageId : newMessageId(),
    properties: properties.filter((property) => !isClass(property)),
  };
}

function readBody(body: unknown): MessageContent['body'] {
  if (body === undefined || body === null) return { type: 'text', content: '' };
  const type = String(field(body, 'contentType') ?? 'text').toLowerCase();
  const content = field(body, 'content') ?? '';
  if ((type !== 'text' && type !== 'html') || typeof content !== 'string') throw new GraphFault('RequestBodyRead');
  return { type, content };
}

function readRecipients(message: unknown, name: string): Mailbox[] {
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
  return { address, ...(typeof name === 'string' ? { name } : {}) };
}

function readProperty(property: unknown): ExtendedProperty {
  const path = readPropertyId(field(property, 'id'));
  const value = field(property, 'value');
  if (typeof value !== 'string' || !fitsType(path.type, value)) throw new GraphFault('ErrorInvalidExtendedPropertyValue');
  return { path, value: path.type === 'SystemTime' ? utc(value) : value };
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
