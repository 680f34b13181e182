import { OfflineImError } from './errors/index.ts';
import type { ClaimedNote, SpoolEntry, SpooledMessage } from './spooler/storage.ts';
import type { Note } from './transport.ts';

/** UTF-16 units; Exchange keeps 255 characters of a subject. */
const longestSubject = 255;

/** The newest version of the wording rules. A rule never changes: a new version is added, since notes frozen under the old one are sent again as they were. */
const currentWording = 1;

/**
 * What is frozen when a note is claimed for the first time: class and subject by its members, and the version of the rules its body is built with.
 *
 * @throws {OfflineImError} `ENTRY_CORRUPT` for no member, or a first member without its message.
 */
export function noteWording(members: readonly SpoolEntry[]): { messageClass: string; subject: string; wording: number } {
  const first = firstOf(members);
  const sender = senderName(messageOf(first));
  const subject =
    members.length === 1
      ? bounded('', sender, ' sent you a message in Skype for Business')
      : bounded('Missed conversation with ', sender, '');
  return { messageClass: first.messageClass, subject, wording: currentWording };
}

/**
 * The note that a claim stands for. Pure: the same claim gives the same note, however often it is sent.
 *
 * A single message is its note's body, unchanged. Several follow each other in order, each below a line that says who and when.
 *
 * @throws {OfflineImError} `ENTRY_CORRUPT` when a member has no message (a tombstone), or when the wording is of a version not known here.
 */
export function buildNote(claimed: ClaimedNote): Note {
  const { frozen, entries } = claimed;
  if (frozen.wording !== 1) {
    const facts = `wording version ${frozen.wording}; this version of offline-im knows 1`;
    throw new OfflineImError('ENTRY_CORRUPT', `Note ${claimed.noteId} was frozen with ${facts}.`, {
      details: { noteId: claimed.noteId, wording: frozen.wording },
    });
  }
  const first = firstOf(entries);
  const messages = entries.map(messageOf);
  const { from, to, sentAt } = messageOf(first);
  return {
    id: claimed.noteId,
    attempt: claimed.attempt,
    tag: claimed.tag,
    unknownAttempts: claimed.unknownAttempts,
    place: frozen.place,
    from: from.mailbox,
    to,
    audience: first.audience,
    messageClass: frozen.messageClass,
    subject: frozen.subject,
    body: bodyOf(messages),
    sentAt: new Date(sentAt),
    conversationId: first.conversationId,
    entryIds: entries.map((entry) => entry.id),
  };
}

/** A message as it stands in the html body of a note: its own html, or its text with the line breaks kept. */
export function htmlOf(message: { readonly text: string; readonly html?: string }): string {
  if (message.html === undefined) return textToHtml(message.text);
  // A comment or tag left open would swallow the messages that follow.
  if (!staysInCell(message.html)) return textToHtml(message.text === '' ? message.html : message.text);
  // A table cell is what no element left open inside reaches out of, in browsers as in Outlook.
  return `<table role="presentation"><tr><td>${message.html}</td></tr></table>`;
}

function bodyOf(messages: readonly SpooledMessage[]): Note['body'] {
  const type = messages.some((message) => message.html !== undefined) ? 'html' : 'text';
  const [only, second] = messages;
  if (only !== undefined && second === undefined) return { type, content: only.html ?? only.text };
  const parts = messages.map((message) => {
    const heading = `[${utc(message.sentAt)}] ${senderName(message)}:`;
    return type === 'text'
      ? `${heading}\n${message.text}`
      : `<p><b>${textToHtml(heading)}</b></p>\n<div>${htmlOf(message)}</div>`;
  });
  return { type, content: parts.join(type === 'text' ? '\n\n' : '\n') };
}

/** `2016-06-14 12:00:00Z`: the same in every locale and time zone. */
function utc(time: number): string {
  return new Date(time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

/** Control characters and line separators become spaces: the name stands in a subject, and in a line of its own. */
function senderName(message: SpooledMessage): string {
  const { name, address } = message.from.mailbox;
  const line = (name ?? '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line === '' ? address : line.replaceAll(/\p{Cs}/gu, '\ufffd');
}

/** Shortens the name, never the words around it. */
function bounded(before: string, name: string, after: string): string {
  const room = longestSubject - before.length - after.length;
  if (name.length <= room) return `${before}${name}${after}`;
  const kept = name.slice(0, room - 1).replace(/[\ud800-\udbff]$/, '');
  return `${before}${kept.trimEnd()}…${after}`;
}

function textToHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\r\n|\r|\n/g, '<br>\n');
}

/** Elements whose content is not markup until their end tag. */
const opaque = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'noscript',
  'select',
  'template',
]);

/** Tags that belong inside a table of their own: elsewhere they would end the cell the message is put in. */
const ofTables = new Set(['td', 'th', 'tr', 'tbody', 'thead', 'tfoot', 'caption', 'col', 'colgroup']);

/** True when the html, put into a table cell, stays in it: no comment, tag, table or opaque element left open. Linear in its length. */
function staysInCell(html: string): boolean {
  const lower = html.toLowerCase();
  let tables = 0;
  for (let at = lower.indexOf('<'); at >= 0; at = lower.indexOf('<', at)) {
    if (lower.startsWith('<!--', at)) {
      const end = lower.indexOf('-->', at + 2);
      if (end < 0) return false;
      at = end + 3;
      continue;
    }
    const [, slash, name] = /^<(\/?)([a-z!?/][a-z0-9]*)/.exec(lower.slice(at, at + 20)) ?? [];
    if (name === undefined) {
      at += 1;
      continue;
    }
    if (name === 'table') tables += slash === '/' ? -1 : 1;
    if (tables < 0 || (tables === 0 && ofTables.has(name)) || name === 'plaintext' || name === 'template') return false;
    if (slash === '' && opaque.has(name)) at = lower.indexOf(`</${name}`, at);
    if (at >= 0) at = endOfTag(lower, at);
    if (at < 0) return false;
  }
  return tables === 0;
}

/** Index after the `>` of the tag that starts there; a `>` within quotes is not it. */
function endOfTag(html: string, start: number): number {
  let quote = '';
  for (let at = start + 1; at < html.length; at++) {
    const character = html[at] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') return at + 1;
    else if (character === '"' || character === "'") quote = character;
  }
  return -1;
}

function firstOf(members: readonly SpoolEntry[]): SpoolEntry {
  const [first] = members;
  if (first === undefined) throw new OfflineImError('ENTRY_CORRUPT', 'A note has no member; it needs at least one.');
  return first;
}

function messageOf(entry: SpoolEntry): SpooledMessage {
  if (entry.message !== undefined) return entry.message;
  throw new OfflineImError('ENTRY_CORRUPT', `Entry ${entry.id} is ${entry.state} and has no message to build a note from.`, {
    details: { entryId: entry.id, state: entry.state },
  });
}
