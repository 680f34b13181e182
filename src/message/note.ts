import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry, SpooledMessage } from '../spool/contract.ts';
import type { Note } from '../transport/contract.ts';

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
 * The note that a claim stands for. Pure: the same claim gives the same note, however often it is sent. Shares nothing with the claim.
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
    unknownAttempts: claimed.unknownAttempts.map((attempt) => ({ ...attempt, place: { ...attempt.place } })),
    place: { ...frozen.place },
    from: { ...from.mailbox },
    to: to.map((mailbox) => ({ ...mailbox })),
    audience: first.audience,
    messageClass: frozen.messageClass,
    subject: frozen.subject,
    body: bodyOf(messages),
    sentAt: new Date(sentAt),
    conversationId: first.conversationId,
    entryIds: entries.map((entry) => entry.id),
  };
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

/** A message as it stands in the html body of a note: its own html, or its text with the line breaks kept. */
export function htmlOf(message: { readonly text: string; readonly html?: string }): string {
  if (message.html === undefined) return textToHtml(message.text);
  // A comment or tag left open would swallow the messages that follow.
  if (!staysInCell(message.html)) return textToHtml(message.text === '' ? message.html : message.text);
  // A table cell is what no element left open inside reaches out of, in browsers as in Outlook.
  return `<table role="presentation"><tr><td>${message.html}</td></tr></table>`;
}

/** Text as html, with its line breaks. */
function textToHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\r\n|\r|\n/g, '<br>\n');
}

/** Elements that are nothing but a box or a style to every HTML parser: no content of their own kind, no scope beyond them. */
const plainElements: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br center cite code dd del dfn dir div dl dt em figcaption figure font footer ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu nav o:p ol p pre q rp rt ruby s samp section small span strike strong sub sup ' +
    'time tt u ul var wbr'
  ).split(' '),
);

/** Parts of a table, and whether a table of its own may begin within. */
const tableParts: ReadonlyMap<string, boolean> = new Map([
  ['td', true],
  ['th', true],
  ['caption', true],
  ['tr', false],
  ['tbody', false],
  ['thead', false],
  ['tfoot', false],
  ['col', false],
  ['colgroup', false],
]);

/** A comment, or a tag as every parser reads it: attributes have a name, and a value in quotes or without any odd character. */
const token =
  /<!--(?!-?>)(?:(?!--|<!)[\s\S])*-->|<(\/?)([a-z][a-z0-9]*(?::p)?)((?:\s+[a-z][a-z0-9:_-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`/]+))?)*)\s*\/?>/iy;

const hasStyle = /\bstyle\s*=/i;
/** By these an element leaves its place and could cover what follows. Escapes, references and comments could hide them. */
const leavesPlace = /position|transform|z-index|inset|float|clip|margin[^;"']{0,80}-|[\\]|&#|\/\*/i;

/**
 * True when the html, put into a table cell, surely stays in it. Only what all parsers read alike is let through: known elements,
 * sound tags and comments, tables that are closed. Anything else is for a parser to judge, and shown as text. Linear in its length.
 */
function staysInCell(html: string): boolean {
  /** Of each table that is open: whether one of its cells is. */
  const tables: boolean[] = [];
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    // Followed by anything else it is text.
    if (!/[a-z!?/]/i.test(html[at + 1] ?? '')) {
      at += 1;
      continue;
    }
    token.lastIndex = at;
    const match = token.exec(html);
    if (match === null) return false;
    at = token.lastIndex;
    const [, slash = '', tag = '', attributes = ''] = match;
    const name = tag.toLowerCase();
    if (hasStyle.test(attributes) && leavesPlace.test(attributes)) return false;
    if (name === '' || plainElements.has(name)) continue;
    const inCell = tableParts.get(name);
    if (name === 'table') {
      // In a table, but in no cell, another one would end the first.
      if (slash === '' && tables.at(-1) === false) return false;
      if (slash === '') tables.push(false);
      else if (tables.pop() === undefined) return false;
    } else if (inCell === undefined || tables.length === 0) return false;
    else tables[tables.length - 1] = slash === '' && inCell;
  }
  return tables.length === 0;
}
