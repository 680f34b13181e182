import { partsOf, setOf } from '../../core/joined.ts';
import type { LaneFilter, Standing } from '../contract.ts';
import {
  clamp,
  type Due,
  type EntryRecord,
  type EntryStatus,
  isActive,
  isInNote,
  isTombstone,
  type NoteRecord,
  timeAfter,
  tombstoneSince,
} from './records.ts';

/**
 * Values that follow from the records alone, defined once for every spool: a spool in memory indexes them, an SQL spool stores them in columns.
 * Nothing here reads a clock or changes a record.
 */

/**
 * When the head of a stream may be claimed: a spooled entry when it is due itself, a deferred one when its note is. `undefined`: it is at work or waits for a probe, and
 * so do all entries after it.
 */
export function headDue(head: Pick<EntryStatus, 'state' | 'due'>, note: Pick<NoteRecord, 'due'> | undefined): Due | undefined {
  if (head.state === 'spooled') return head.due;
  return head.state === 'deferred' ? note?.due : undefined;
}

/** Where an entry stands in its stream, by the head of that and by its own note; `undefined` when it has no place there. */
export function standingOf(
  { status }: EntryRecord,
  note: Pick<NoteRecord, 'due' | 'lease'> | undefined,
  head: EntryRecord | undefined,
  now: number,
): Standing | undefined {
  if (!isActive(status.state)) return undefined;
  const together = head === undefined || (isInNote(status.state) && head.status.noteId === status.noteId);
  const behind = !together && (isInNote(head.status.state) || isInNote(status.state));
  // Later ones ride along with a head that has not been picked up yet.
  const own = isInNote(status.state) ? note?.due : !together && !behind ? head.status.due : status.due;
  if (own === undefined || note?.lease !== undefined || status.state === 'delivering') return { behind };
  return { behind, dueIn: Math.max(0, clamp(own, now).at - now) };
}

/** When the next probe of a note is due; `undefined` when none is, or one is at work. */
export function probeAt({ state, lease, due }: Pick<NoteRecord, 'state' | 'lease' | 'due'>): number | undefined {
  return state === 'unconfirmed' && lease === undefined ? due.at : undefined;
}

/** Since when only tombstones are left of a message, by all its entries; `undefined` while there is more. Its id lasts as long as the last of them. */
export function messageEndedSince(statuses: readonly EntryStatus[]): number | undefined {
  if (statuses.length === 0 || !statuses.every(isTombstone)) return undefined;
  return statuses.reduce((last, status) => Math.max(last, tombstoneSince(status) ?? 0), 0);
}

/** Makes a function that tells whether a filter lets a lane through. */
export function laneFilter(filter: LaneFilter | undefined): (lane: string) => boolean {
  if (filter === undefined) return () => true;
  if ('only' in filter) {
    const only = setOf(filter.only);
    return (lane) => only.has(lane);
  }
  const except = partsOf(filter.except).map(setOf);
  return (lane) => !except.some((set) => set.has(lane));
}

/** ms until the earliest of these times, 0 once it has passed; `undefined` when there is none. */
export function dueIn(times: readonly (number | undefined)[], now: number): number | undefined {
  const earliest = times.reduce<number>((least, time) => Math.min(least, time ?? least), Number.POSITIVE_INFINITY);
  return earliest === Number.POSITIVE_INFINITY ? undefined : Math.max(0, earliest - now);
}

/**
 * Corrects the times of an entry after the clock was set back: none is further off than it can be, and nothing ended in the future. Returns the same object when nothing
 * had to change.
 */
export function clampEntry(
  { fixed, status }: EntryRecord,
  now: number,
  wall: number,
): Pick<EntryStatus, 'due' | 'expiresAt' | 'endedAt'> {
  const due = clamp(status.due, now);
  const expiresAt = Math.min(status.expiresAt, timeAfter(wall, fixed.expiresIn));
  const endedAt = status.endedAt === undefined ? undefined : Math.min(status.endedAt, wall);
  if (due === status.due && expiresAt === status.expiresAt && endedAt === status.endedAt) return status;
  return endedAt === undefined ? { due, expiresAt } : { due, expiresAt, endedAt };
}

/** Corrects the times of a note. A lease says until when, not for how long: it keeps what was left of it at `before`, the last known time. */
export function clampNote(note: NoteRecord, now: number, before = now): NoteRecord {
  const due = clamp(note.due, now);
  const lastRanAt = Math.min(note.lastRanAt, now);
  const back = Math.max(0, before - now);
  const lease = note.lease && back > 0 ? { ...note.lease, until: Math.max(now, note.lease.until - back) } : note.lease;
  if (due === note.due && lastRanAt === note.lastRanAt && lease === note.lease) return note;
  return { ...note, due, lastRanAt, ...(lease === undefined ? {} : { lease }) };
}
