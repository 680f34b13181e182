import type { Lease, NoteRecord } from '../state/records.ts';
import type { Cell } from './entry-row.ts';
import { listOf, objectOf, RowError, whole } from './entry-row.ts';

/** Columns of a note, in the order of {@link noteCells}. */
export const noteColumns = [
  'id',
  'lane',
  'entry_ids',
  'frozen',
  'attempt',
  'state',
  'due_at',
  'due_within',
  'failures',
  'probes',
  'absences',
  'last_ran_at',
  'unconfirmed_for',
  'token',
  'lease_kind',
  'lease_until',
  'lease_before',
  'lease_tried_by',
] as const;

/** A note as databases keep it. The columns of a lease are null together. */
export interface NoteRow {
  readonly id: string;
  readonly lane: string;
  readonly entry_ids: string;
  readonly frozen: string | null;
  readonly attempt: number;
  readonly state: string;
  readonly due_at: number;
  readonly due_within: number;
  readonly failures: number;
  readonly probes: number;
  readonly absences: number;
  readonly last_ran_at: number;
  readonly unconfirmed_for: number;
  readonly token: string | null;
  readonly lease_kind: string | null;
  readonly lease_until: number | null;
  readonly lease_before: string | null;
  readonly lease_tried_by: string | null;
}

const noLease: readonly Cell[] = [null, null, null, null, null];

export function noteCells(note: NoteRecord): Cell[] {
  const { lease } = note;
  return [
    note.id,
    note.lane,
    JSON.stringify(note.entryIds),
    note.frozen === undefined ? null : JSON.stringify(note.frozen),
    note.attempt,
    note.state,
    whole(note.due.at),
    whole(note.due.within),
    note.failures,
    note.probes,
    note.absences,
    whole(note.lastRanAt),
    whole(note.unconfirmedFor),
    ...(lease === undefined ? noLease : leaseCells(lease)),
  ];
}

function leaseCells({ token, kind, until, before, triedBy }: Lease): Cell[] {
  return [
    token,
    kind,
    whole(until),
    before === undefined ? null : JSON.stringify(before),
    triedBy.size === 0 ? null : JSON.stringify([...triedBy]),
  ];
}

/** @throws {RowError} */
export function noteOf(row: NoteRow): NoteRecord {
  const { state } = row;
  if (state !== 'delivering' && state !== 'deferred' && state !== 'unconfirmed') throw new RowError('the state of a note');
  return {
    id: row.id,
    lane: row.lane,
    entryIds: listOf(row.entry_ids, 'the members'),
    ...(row.frozen === null ? {} : { frozen: objectOf(row.frozen, 'what is frozen') }),
    attempt: row.attempt,
    state,
    due: { at: row.due_at, within: row.due_within },
    failures: row.failures,
    probes: row.probes,
    absences: row.absences,
    lastRanAt: row.last_ran_at,
    unconfirmedFor: row.unconfirmed_for,
    ...(row.token === null ? {} : { lease: leaseOf(row, row.token) }),
  };
}

function leaseOf(row: NoteRow, token: string): Lease {
  if (row.lease_kind !== 'deliver' && row.lease_kind !== 'probe') throw new RowError('the lease');
  if (row.lease_until === null) throw new RowError('the end of the lease');
  return {
    token,
    kind: row.lease_kind,
    until: row.lease_until,
    before: row.lease_before === null ? undefined : objectOf<NoteRecord>(row.lease_before, 'the note before the lease'),
    triedBy: new Map(listOf<readonly [string, string]>(row.lease_tried_by, 'the members before the lease')),
  };
}
