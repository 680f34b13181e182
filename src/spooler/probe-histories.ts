import type { Clock } from '../core/clock.ts';
import type { ClaimedNote } from '../spool/contract.ts';
import type { SpoolerOptions } from './options.ts';
import type { ProbeHistory } from './outcome.ts';
import { probeDelay } from './retry.ts';

/** How often this run has looked for each unconfirmed note, and how much time between looks counts. */
export class ProbeHistories {
  readonly #clock: Clock;
  readonly #options: SpoolerOptions;
  readonly #known = new Set<string>();
  readonly #notes = new Map<string, { probes: number; at: number; delay: number }>();

  constructor(clock: Clock, options: SpoolerOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Counts a probe. Time during which lane or endpoint was closed, or nobody looked, counts only up to the wait that was meant. */
  next(note: ClaimedNote): ProbeHistory {
    const at = this.#clock.monotonic();
    const before = this.#notes.get(note.noteId);
    const probes = (before?.probes ?? 0) + 1;
    const counted = before === undefined ? 0 : Math.min(at - before.at, before.delay + this.#options.scanInterval);
    this.#notes.set(note.noteId, { probes, at, delay: probeDelay(this.#options, note.probes) });
    return { probes, counted };
  }

  /** True once a note of which this run has not yet said that it is unconfirmed: left over from a run before, or from a lease that ran out. */
  isNews(noteId: string): boolean {
    if (this.#known.has(noteId)) return false;
    this.#known.add(noteId);
    return true;
  }

  forget(noteId: string): void {
    this.#notes.delete(noteId);
    this.#known.delete(noteId);
  }
}
