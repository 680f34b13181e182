import type { Mailbox } from '../../../transport/contract.ts';
import type { MessageContent, SimulatedAttachment, SimulatedItem } from '../store/item.ts';
import { textsOf } from '../xml/written-element.ts';
import { composeCalendar } from './calendar.ts';

/** An item as MIME (RFC 5322, RFC 2045), as a string of bytes: what it was made of, else composed from its properties. */
export function composeMime(item: SimulatedItem): string {
  const { mime } = item.content;
  const date = item.sentAt ?? item.createdAt;
  if (item.kind === 'CalendarItem') return bytesOf(composeCalendar(item.content, date));
  return mime === undefined ? compose(item.content, date) : completed(mime, item.content, date);
}

/** MIME that a client wrote, as a server keeps it: with date and id, and without the blind copies that others are not to see. */
function completed(mime: string, content: MessageContent, date: Date): string {
  const end = mime.search(/\r?\n\r?\n/);
  let head = end === -1 ? mime : mime.slice(0, end);
  const has = (name: string): boolean => new RegExp(`^${name}:`, 'im').test(head);
  if (content.bcc.length === 0) head = head.replace(/^bcc:.*(?:\r?\n[ \t].*)*\r?\n?/gim, '');
  const added = [
    ...(has('Date') ? [] : [`Date: ${dateOf(date)}`]),
    ...(has('Message-ID') ? [] : [`Message-ID: ${oneLine(content.internetMessageId)}`]),
  ];
  const rest = end === -1 ? '' : mime.slice(end);
  return `${[head.replace(/\r?\n$/, ''), ...added].join('\r\n')}${rest}`;
}

const dateOf = (date: Date): string => date.toUTCString().replace('GMT', '+0000');

/** The header fields of an item, unfolded, in the order in which they stand. What was never a message has none. */
export function headersOf(item: SimulatedItem): readonly (readonly [name: string, value: string])[] {
  if (item.kind !== 'Message' && !item.kind.startsWith('Meeting')) return [];
  const head = composeMime(item).split(/\r?\n\r?\n/, 1)[0] ?? '';
  return head
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), utf8Of(line.slice(colon + 1).trim())] as const];
    });
}

/** Composes MIME from the properties of a message. */
function compose(content: MessageContent, date: Date): string {
  const headers: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') headers.push(`${name}: ${value}`);
  };
  add('From', content.from && writeAddress(content.from));
  if (content.sender !== undefined && content.sender.address !== content.from?.address)
    add('Sender', writeAddress(content.sender));
  add('To', content.to.map(writeAddress).join(',\r\n '));
  add('Cc', content.cc.map(writeAddress).join(',\r\n '));
  add('Subject', encodeWords(content.subject));
  add('Date', dateOf(date));
  add('Message-ID', oneLine(content.internetMessageId));
  for (const [header, field] of threads) add(header, oneLine(writtenText(content, field)));
  if (content.importance !== 'Normal') add('Importance', content.importance.toLowerCase());
  add('MIME-Version', '1.0');
  const text = part(`text/${content.body.type === 'html' ? 'html' : 'plain'}; charset=utf-8`, base64(content.body.content));
  const attachments = content.attachments ?? [];
  if (attachments.length === 0) return `${headers.join('\r\n')}\r\n${text}`;
  const boundary = `=_${attachments.map(({ id }) => id.slice(-8).replace(/[^\w]/g, '')).join('_')}`.slice(0, 70);
  const parts = [text, ...attachments.map((attachment) => writePart(attachment, date))];
  add('Content-Type', `multipart/mixed; boundary="${boundary}"`);
  return `${headers.join('\r\n')}\r\n\r\n${parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('')}--${boundary}--\r\n`;
}

/** What ties an answer to what it answers. */
const threads = [
  ['In-Reply-To', 'InReplyTo'],
  ['References', 'References'],
] as const;

function writtenText(content: MessageContent, field: string): string {
  const written = content.fields?.get(field);
  return written === undefined ? '' : (textsOf(written)[0] ?? '');
}

function writePart({ name, contentType, contentId, isInline, content, item }: SimulatedAttachment, date: Date): string {
  const safe = encodeWords(name).replace(/["\\]/g, '_');
  const more = [`Content-Disposition: ${isInline ? 'inline' : 'attachment'}; filename="${safe}"`];
  if (contentId !== undefined) more.push(`Content-ID: <${oneLine(contentId)}>`);
  if (content === undefined) {
    const inner = item === undefined ? '' : (item.mime ?? compose(item, date));
    return `Content-Type: message/rfc822\r\n${more.join('\r\n')}\r\n\r\n${inner}`;
  }
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(contentType ?? '') ? contentType : 'application/octet-stream';
  return part(`${type}; name="${safe}"`, fold(content), more);
}

function part(type: string, encoded: string, more: readonly string[] = []): string {
  return [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', ...more, '', encoded].join('\r\n');
}

function writeAddress({ address, name }: Mailbox): string {
  const clean = oneLine(address);
  if (name === undefined || name === address) return `<${clean}>`;
  return `${/^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/(["\\])/g, '\\$1')}"` : encodeWords(name)} <${clean}>`;
}

/** RFC 2047: encoded words of at most 75 characters, each of whole characters. */
function encodeWords(text: string): string {
  const clean = text.toWellFormed();
  if (/^[\x20-\x7e]*$/.test(clean) && !clean.includes('=?')) return clean;
  const words: string[] = [];
  let word = '';
  for (const character of clean) {
    if (word !== '' && new TextEncoder().encode(word + character).length > 42) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  words.push(word);
  return words.map((one) => `=?utf-8?B?${btoa(bytesOf(one))}?=`).join('\r\n ');
}

/** Ids and addresses in other scripts are written as they are, in UTF-8 (RFC 6532). */
const oneLine = (text: string): string => bytesOf(text.replace(/[\r\n\0]/g, ''));
const base64 = (text: string): string => fold(btoa(bytesOf(text)));
const fold = (encoded: string): string => encoded.replace(/.{76}(?=.)/g, '$&\r\n');

/** The UTF-8 bytes of a text as a string, one character each. */
function bytesOf(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text.toWellFormed())) bytes += String.fromCharCode(byte);
  return bytes;
}

/** The other way round; bytes that are no UTF-8 become U+FFFD. */
function utf8Of(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}
