import type { Clock } from '../../core/clock.ts';
import type { EntryRecord } from '../state/records.ts';
import type { JournalChange, StoredNote } from './journal.ts';

/** Smaller differences are two readings of one clock. ms. */
const tolerance = 50;

/** ms by which the wall clock may go back before expiries are corrected. */
const tolerated = 60_000;

/**
 * The time of a spool for one process: the wall clock at the opening, counted on by the monotonic clock, so that a clock that is set, or a
 * machine that sleeps, moves no due time. What is shown goes by the wall clock, `skew` ms ahead.
 */
export class SteadyTime {
  readonly #clock: Clock;
  readonly #wall: number;
  readonly #start: number;
  #leastSkew = 0;
  #mostSkew = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#start = clock.monotonic();
  }

  read(): { readonly now: number; readonly skew: number } {
    // Whole ms: these times are shown and stored.
    const now = Math.floor(this.#wall + (this.#clock.monotonic() - this.#start));
    const ahead = Math.floor(this.#clock.now()) - now;
    const skew = Math.abs(ahead) > tolerance ? ahead : 0;
    this.#leastSkew = Math.min(this.#leastSkew, skew);
    this.#mostSkew = Math.max(this.#mostSkew, skew);
    return { now, skew };
  }

  /** The slowest that the wall clock of this run can be by now: no tombstone ages faster by it, however the clock was set. */
  get slowest(): number {
    return this.read().now + this.#leastSkew;
  }

  /** Whether the wall clock went back so far that expiries are further off than they can be; true until {@link SteadyTime.expiriesAreRight} is called. */
  wentBack(): boolean {
    const { skew } = this.read();
    return skew < this.#mostSkew - tolerated;
  }

  /** Expiries have been corrected. */
  expiriesAreRight(): void {
    this.#mostSkew = this.read().skew;
  }
}

/** An entry as it is stored: its due time is by the wall clock too, since the next run begins with that. */
export function storedEntry(record: EntryRecord, skew: number): EntryRecord {
  const { fixed, status } = record;
  // What has expired for good keeps when that was: a time of the wall clock.
  if (skew === 0 || status.expiresAt === 0) return record;
  return { fixed, status: { ...status, due: { ...status.due, at: status.due.at + skew } } };
}

export function storedNote<Note extends StoredNote>(note: Note, skew: number): Note {
  if (skew === 0) return note;
  return { ...note, due: { ...note.due, at: note.due.at + skew }, lastRanAt: note.lastRanAt + skew };
}

/** A change as it is stored. */
export function storedChange(change: JournalChange, skew: number): JournalChange {
  if (skew === 0) return change;
  const entries = new Map([...change.entries].map(([id, one]) => [id, one && storedEntry(one, skew)]));
  const notes = new Map([...change.notes].map(([id, one]) => [id, one && storedNote(one, skew)]));
  return { ...change, entries, notes };
}
