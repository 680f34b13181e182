import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry, SpooledMessage } from '../spool/contract.ts';
import type { Note } from '../transport/contract.ts';
import { htmlOf, textToHtml } from './note-html.ts';

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
