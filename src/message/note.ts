import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry, SpooledMessage } from '../spool/contract.ts';
import type { Note } from '../transport/contract.ts';

/** UTF-16 units; Exchange keeps 255 characters of a subject. */
const longestSubject = 255;

/** The newest version of the wording rules. Rules never change; a change makes a new version, since a note frozen under an old one is sent again exactly as it was. */
const currentWording = 1;

/**
 * What is frozen when a note is first claimed: class and subject, which follow from its members, and the version of the rules for its body.
 *
 * @throws {OfflineImError} `ENTRY_CORRUPT` without members, or if the first one has no message
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
 * Builds the note of a claim. Pure: the same claim always gives the same note. The note shares no objects with the claim.
 *
 * The body of a single message is the message, unchanged. Several messages follow each other in order, each below a line that says who and when.
 *
 * @throws {OfflineImError} `ENTRY_CORRUPT` if a member has no message (a tombstone), or the wording has an unknown version
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

/** Replaces control characters and line separators by spaces, since the name goes into a subject and a line of its own. */
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

/** A message within the HTML body of a note: its own HTML, or its text with line breaks. */
export function htmlOf(message: { readonly text: string; readonly html?: string }): string {
  if (message.html === undefined) return textToHtml(message.text);
  // A comment or tag left open would swallow the messages that follow.
  if (!staysInCell(message.html)) return textToHtml(message.text === '' ? message.html : message.text);
  // In browsers and in Outlook, no unclosed element reaches out of a table cell.
  return `<table role="presentation"><tr><td>${message.html}</td></tr></table>`;
}

/** Text as HTML, with its line breaks. */
function textToHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\r\n|\r|\n/g, '<br>\n');
}

/** Elements that are only a box or a style to every HTML parser: no special content, and no effect beyond them. */
const plainElements: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br center cite code dd del dfn dir div dl dt em figcaption figure font footer ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu nav o:p ol p pre q rp rt ruby s samp section small span strike strong sub sup ' +
    'time tt u ul var wbr'
  ).split(' '),
);

/** Parts of a table, and whether another table may begin within. */
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
/** Styles by which an element could leave its place and cover what follows; escapes, references and comments, which could hide them. */
const leavesPlace = /position|transform|z-index|inset|float|clip|margin[^;"']{0,80}-|[\\]|&#|\/\*/i;

/**
 * Whether the HTML certainly stays within a table cell. Accepts only what all parsers read alike: known elements, sound tags and comments, closed tables. Everything else
 * is shown as text. Takes time in proportion to the length.
 */
function staysInCell(html: string): boolean {
  /** For each open table, whether one of its cells is open. */
  const tables: boolean[] = [];
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    // A < before any other character is text.
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
      // A table that begins within another one, but outside its cells, would end it.
      if (slash === '' && tables.at(-1) === false) return false;
      if (slash === '') tables.push(false);
      else if (tables.pop() === undefined) return false;
    } else if (inCell === undefined || tables.length === 0) return false;
    else tables[tables.length - 1] = slash === '' && inCell;
  }
  return tables.length === 0;
}
