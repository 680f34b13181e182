import type { Clock } from '../core/clock.ts';
import type { ClaimedNote } from '../spool/contract.ts';
import type { SpoolerSettings } from './options.ts';

/** How waits between tries grow. */
export interface BackOff {
  /** ms at most after the first failure. */
  readonly first: number;
  /** ms at most ever. */
  readonly cap: number;
}

/**
 * The wait after `failures` failures (1 and up): full jitter, at the cap too, so that many who failed together don't come back together.
 *
 * @param random From 0 up to, not including, 1.
 */
export function backOff({ first, cap }: BackOff, failures: number, random: () => number): number {
  const most = Math.min(cap, first * 2 ** Math.min(failures - 1, 40));
  return Math.round(fraction(random()) * most);
}

/** What a host's `random` gave, between 0 and 1: NaN for a wait would never end, or at once. */
function fraction(given: number): number {
  return given >= 0 && given <= 1 ? given : 0.5;
}

/** Waits as long as the server asked, at most `cap`, and at least our own wait. */
export function obey(retryAfter: number | undefined, own: number, cap: number): number {
  const asked = retryAfter === undefined || Number.isNaN(retryAfter) ? 0 : Math.min(Math.max(0, retryAfter), cap);
  return Math.max(asked, own);
}

/** The wait before the next probe, after so many: doubles, without jitter, since a probe only reads. */
export function probeDelay({ probe }: Pick<SpoolerSettings, 'probe'>, probes: number): number {
  return Math.min(probe.maxDelay, probe.initialDelay * 2 ** Math.min(probes, 40));
}

/** What this run of the spooler knows of the probes of a note. */
export interface ProbeHistory {
  /** Probes in this run, this one included. */
  readonly probes: number;
  /** ms since the probe before in this run while lane and endpoint could be used. */
  readonly counted: number;
  /** Probes in a row, this one included, that could say nothing. @default 0 */
  readonly refusals?: number;
}

/** How often this run has looked for each unconfirmed note, and how much time between looks counts. */
export class ProbeHistories {
  readonly #clock: Clock;
  readonly #options: SpoolerSettings;
  readonly #isPaused: (lane: string) => boolean;
  readonly #known = new Set<string>();
  readonly #notes = new Map<string, { probes: number; refusals: number; at: number; delay: number }>();

  /** @param isPaused While a lane is paused, no time counts towards `probe.giveUpAfter`. */
  constructor(clock: Clock, options: SpoolerSettings, isPaused: (lane: string) => boolean = () => false) {
    this.#clock = clock;
    this.#options = options;
    this.#isPaused = isPaused;
  }

  /** Counts a probe, refused or not. Time during which lane or endpoint was closed, or nobody looked, counts only up to the wait that was meant. */
  next(note: ClaimedNote, refused: boolean): Required<ProbeHistory> {
    const at = this.#clock.monotonic();
    const before = this.#notes.get(note.noteId);
    const probes = (before?.probes ?? 0) + 1;
    const counted =
      before === undefined || this.#isPaused(note.lane) ? 0 : Math.min(at - before.at, before.delay + this.#options.pollInterval);
    const refusals = refused ? (before?.refusals ?? 0) + 1 : 0;
    this.#notes.set(note.noteId, { probes, refusals, at, delay: probeDelay(this.#options, note.probes) });
    return { probes, counted, refusals };
  }

  /** The next probe of that note is due after `delay` ms. */
  planned(noteId: string, delay: number): void {
    const note = this.#notes.get(noteId);
    if (note !== undefined) note.delay = delay;
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
