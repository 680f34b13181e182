import type { SpooledMessage } from '../contract.ts';
import type { StoredNote } from '../journaled/journal.ts';
import {
  field,
  fields,
  isLater,
  LaterFormat,
  listOf,
  oneOf,
  parseJson,
  type Reader,
  ShapeError,
  word,
} from '../journaled/json-shape.ts';
import { entryFixed, fixedPart, message, noteHead } from '../journaled/record-readers.ts';
import { packAttempts, packedStatus } from '../rows/attempts.ts';
import { type EntryFixed, type EntryRecord, type EntryStatus, isInNote, isTombstone } from '../state/records.ts';

/** Raised when a reader of this version could misread a file of the next. */
export const formatVersion = 1;

/** The most bytes that a file of entries has; a larger one is not read. A message of 32 KiB for 500 people takes a tenth of it at worst. */
export const largestFile = 16 * 1024 * 1024;

/** The most bytes that a manifest has: 0.1.0 wrote out every attempt of every member. */
export const largestManifest = 256 * 1024 * 1024;

/** An entry with its message, as one file holds it. */
export interface StoredEntry extends EntryRecord {
  readonly message: SpooledMessage;
}

/**
 * A file of entries: all entries of one message as they were appended, or one of them on its own. Made for people to
 * read, so the status with its reason comes first, then the message, and the bookkeeping last.
 */
export function formatEntries(entries: readonly StoredEntry[]): string {
  const shown = entries.map(({ fixed: { to: _inMessage, ...fixed }, status, message }) => ({
    status: packAttempts(status),
    message,
    fixed,
  }));
  return `${JSON.stringify({ format: formatVersion, kind: 'message', entries: shown }, undefined, 2)}\n`;
}

/** @throws {ShapeError} when it is not a file of entries. @throws {LaterFormat} */
export function parseEntries(content: string): readonly StoredEntry[] {
  const file = fields(parseJson(content, 'the file'), 'the file');
  assertFormat(file, 'message');
  const entries = field(file, 'entries', listOf(entry), 'the file');
  const ids = new Set(entries.map(({ fixed }) => fixed.id));
  if (entries.length === 0 || ids.size < entries.length) throw new ShapeError('entries', 'a list of different entries');
  if (new Set(entries.map(({ fixed }) => fixed.messageId)).size > 1) throw new ShapeError('entries', 'of one message');
  return entries;
}

function assertFormat(file: Readonly<Record<string, unknown>>, kind: 'message' | 'note' | 'tombstone'): void {
  if (isLater(file.format, formatVersion)) throw new LaterFormat('the file', file.format);
  field(file, 'format', oneOf([formatVersion]), 'the file');
  field(file, 'kind', oneOf([kind]), 'the file');
}

const entry: Reader<StoredEntry> = (value, where) => {
  const of = fields(value, where);
  const sent = field(of, 'message', message, where);
  const fixed: EntryFixed = { ...field(of, 'fixed', fixedPart, where), to: sent.to };
  return { fixed, status: field(of, 'status', ownStatus, where), message: sent };
};

/** While it is a member of a note, an entry's status is in the manifest; once it has ended, in the tombstone. */
const ownStatus: Reader<EntryStatus> = (value, where) => {
  const read = packedStatus(value, where);
  if (isInNote(read.state) || isTombstone(read)) throw new ShapeError(`${where}.state`, 'spooled, held or dead');
  return read;
};

/** A note and the statuses of its members, in order. Leases are not written: they end with the process. */
export interface Manifest {
  readonly note: Omit<StoredNote, 'entryIds'>;
  readonly members: readonly Member[];
}

interface Member {
  readonly id: string;
  readonly status: EntryStatus;
}

export function formatManifest({ note, members }: Manifest): string {
  const shown = members.map(({ id, status }) => ({ id, status: packAttempts(status) }));
  return `${JSON.stringify({ format: formatVersion, kind: 'note', note, members: shown }, undefined, 2)}\n`;
}

/** @throws {ShapeError} when it is not a manifest. @throws {LaterFormat} */
export function parseManifest(content: string): Manifest {
  const file = fields(parseJson(content, 'the file'), 'the file');
  assertFormat(file, 'note');
  const note = field(file, 'note', noteHead, 'the file');
  const members = field(file, 'members', listOf(member), 'the file');
  if (members.length === 0 || new Set(members.map(({ id }) => id)).size < members.length)
    throw new ShapeError('members', 'a list of different members');
  if (members.some((one) => one.status.state !== note.state || one.status.noteId !== note.id))
    throw new ShapeError('members', 'in the state of their note');
  return { note, members };
}

const member: Reader<Member> = (value, where) => {
  const of = fields(value, where);
  return { id: field(of, 'id', word, where), status: field(of, 'status', packedStatus, where) };
};

/** One line of the tombstone log: an entry that has ended, without its message. */
export function formatTombstone({ fixed, status }: EntryRecord): string {
  return `${JSON.stringify({ format: formatVersion, kind: 'tombstone', fixed, status: packAttempts(status) })}\n`;
}

/** @throws {ShapeError} when it is not a tombstone. @throws {LaterFormat} */
export function parseTombstone(line: string): EntryRecord {
  const of = fields(parseJson(line, 'the line'), 'the line');
  assertFormat(of, 'tombstone');
  const fixed = field(of, 'fixed', entryFixed, 'the line');
  const status = field(of, 'status', packedStatus, 'the line');
  if (!isTombstone(status)) throw new ShapeError('status', 'an end');
  return { fixed, status };
}
