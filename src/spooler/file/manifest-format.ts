import { assertFormat, formatVersion } from '../../spool/file/formats.ts';
import {
  count,
  duration,
  field,
  fields,
  listOf,
  oneOf,
  optional,
  parseJson,
  type Reader,
  ShapeError,
  time,
  word,
} from '../../spool/journaled/json-shape.ts';
import { due, frozen, status } from '../../spool/journaled/record-readers.ts';
import type { EntryStatus, NoteRecord } from '../../spool/state/records.ts';

/** A note and the statuses of its members, in order. Leases are not written: they end with the process. */
export interface Manifest {
  readonly note: Omit<NoteRecord, 'lease' | 'entryIds'>;
  readonly members: readonly Member[];
}

export interface Member {
  readonly id: string;
  readonly status: EntryStatus;
}

export function formatManifest({ note, members }: Manifest): string {
  return `${JSON.stringify({ format: formatVersion, kind: 'note', note, members }, undefined, 2)}\n`;
}

/** @throws {ShapeError} when it is not a manifest of this version. */
export function parseManifest(content: string): Manifest {
  const file = fields(parseJson(content, 'the file'), 'the file');
  assertFormat(file, 'note');
  const note = field(file, 'note', noteRecord, 'the file');
  const members = field(file, 'members', listOf(member), 'the file');
  if (members.length === 0 || new Set(members.map(({ id }) => id)).size < members.length)
    throw new ShapeError('members', 'a list of different members');
  if (members.some((one) => one.status.state !== note.state || one.status.noteId !== note.id))
    throw new ShapeError('members', 'in the state of their note');
  return { note, members };
}

const noteRecord: Reader<Manifest['note']> = (value, where) => {
  const of = fields(value, where);
  return {
    id: field(of, 'id', word, where),
    lane: field(of, 'lane', word, where),
    ...optional(of, 'frozen', frozen, where),
    attempt: field(of, 'attempt', count, where),
    state: field(of, 'state', oneOf(['delivering', 'deferred', 'unconfirmed']), where),
    due: field(of, 'due', due, where),
    failures: field(of, 'failures', count, where),
    probes: field(of, 'probes', count, where),
    absences: field(of, 'absences', count, where),
    lastRanAt: field(of, 'lastRanAt', time, where),
    unconfirmedFor: field(of, 'unconfirmedFor', duration, where),
  };
};

const member: Reader<Member> = (value, where) => {
  const of = fields(value, where);
  return { id: field(of, 'id', word, where), status: field(of, 'status', status, where) };
};
