import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { answerAtOnce, isArray, property } from '../core/errors/thrown.ts';
import type { Complaints } from '../core/host-calls.ts';
import type { ClaimedNote, ClaimToken, SpoolStorage } from '../spool/contract.ts';
import type { SpoolerSettings } from './options.ts';
import { type ProbeHistory, probeDelay } from './outcome.ts';

/** What {@link Leases} is made of; durations in ms. */
export interface LeasesContext {
  readonly clock: Clock;
  readonly storage: Pick<SpoolStorage, 'renew' | 'partOf'>;
  readonly lease: number;
  readonly renewEvery: number;
  /** Called when a renewal failed, or returned lost claims. */
  onTrouble(error: unknown, lost: readonly ClaimToken[]): void;
}

/** ms by which the wall clock may gain on the monotonic one: the two are not read at the same moment. */
const tolerance = 1_000;

/**
 * Monotonic time to which is added what the wall clock gained: while a machine sleeps, its monotonic clock may stand still, but a lease in the database of another machine
 * runs out. A wall clock that is set forward looks the same, which costs a claim and no message.
 */
class WakefulTime {
  readonly #clock: Clock;
  /** By how much the wall clock was ahead. */
  #lead: number;
  #gained = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lead = clock.now() - clock.monotonic();
  }

  now(): number {
    const monotonic = this.#clock.monotonic();
    const lead = this.#clock.now() - monotonic;
    const gain = lead - this.#lead;
    if (gain > tolerance) this.#gained += gain;
    if (gain > tolerance || gain < 0) this.#lead = lead;
    return monotonic + this.#gained;
  }
}

/** Renews the leases of notes in hand, and knows how much of each is left. */
export class Leases {
  readonly #context: LeasesContext;
  readonly #time: WakefulTime;
  /** The time ({@link Leases.now}) until which each claim is certainly ours. */
  readonly #until = new Map<ClaimToken, number>();
  /** Those of them that the storage no longer knows. */
  readonly #lost = new Set<ClaimToken>();
  /** Notes that were recorded as delivered after their lease: a later claim of ours may be about to record the same. */
  readonly late = new Set<string>();
  #cancelTimer: (() => void) | undefined;
  /** The parts of the storage that have not answered a renewal yet, by the time at which they were asked. */
  readonly #renewing = new Map<string, number>();
  #closed = false;

  constructor(context: LeasesContext) {
    this.#context = context;
    this.#time = new WakefulTime(context.clock);
  }

  /** The time by which leases are measured, in ms: it goes on while the machine sleeps, as far as the wall clock shows. */
  now(): number {
    return this.#time.now();
  }

  /** @param claimedAt When the claim was asked for ({@link Leases.now}): the lease began no earlier. */
  add(tokens: readonly ClaimToken[], claimedAt: number): void {
    for (const token of tokens) this.#until.set(token, claimedAt + this.#context.lease);
    this.#schedule();
  }

  remove(tokens: readonly ClaimToken[]): void {
    for (const token of tokens) {
      this.#until.delete(token);
      this.#lost.delete(token);
    }
    if (this.#until.size === 0) this.#rest();
  }

  /** ms that are certainly left of all of these leases; of one that is unknown or lost nothing, whatever the clock shows. */
  left(tokens: readonly ClaimToken[]): number {
    const ends = tokens.map((token) => (this.#lost.has(token) ? undefined : this.#until.get(token)) ?? Number.NEGATIVE_INFINITY);
    return ends.reduce((least, end) => Math.min(least, end), Number.POSITIVE_INFINITY) - this.now();
  }

  /** Whether nobody else can have claimed the note yet. A renewal that calls the claim lost may mean that it was settled by an earlier try of ours. */
  isStillOurs(token: ClaimToken): boolean {
    return (this.#until.get(token) ?? Number.NEGATIVE_INFINITY) > this.now();
  }

  /** Renews nothing more, whatever is still in flight: the storage is about to be closed. */
  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #rest(): void {
    this.late.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#closed) return;
    this.#cancelTimer = this.#context.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.#renewAll();
    }, this.#context.renewEvery);
  }

  #renewAll(): void {
    const parts = Map.groupBy(this.#until.keys(), (token) => this.#partOf(token));
    for (const [part, tokens] of parts) {
      const askedAt = this.#renewing.get(part);
      if (askedAt !== undefined) {
        if (this.now() - askedAt < this.#context.lease) continue;
        // What it was asked to renew has lapsed: a call that is never answered must not keep later claims from being renewed.
        this.#context.onTrouble(
          new OfflineImError('SPOOL_FAILED', 'renew() of the spool has not returned; it is called again.'),
          [],
        );
      }
      void this.#renew(part, tokens);
    }
    if (parts.size > 0) this.#schedule();
  }

  #partOf(token: ClaimToken): string {
    try {
      return this.#context.storage.partOf?.(token) ?? '';
    } catch {
      return '';
    }
  }

  async #renew(part: string, tokens: readonly ClaimToken[]): Promise<void> {
    const askedAt = this.now();
    this.#renewing.set(part, askedAt);
    try {
      const lost = checkedLost(await this.#context.storage.renew(tokens, this.#context.lease));
      const gone = new Set(lost);
      this.#renewed(
        tokens.filter((token) => !gone.has(token)),
        askedAt,
      );
      // Notes that were settled meanwhile count as lost too, but are no longer ours to track.
      for (const token of lost) if (this.#until.has(token)) this.#lost.add(token);
      if (lost.length > 0) this.#context.onTrouble(undefined, lost);
    } catch (error) {
      this.#renewed(tokensIn(error, 'renewed'), askedAt);
      const lost = tokensIn(error, 'lost').filter((token) => this.#until.has(token));
      for (const token of lost) this.#lost.add(token);
      this.#context.onTrouble(error, lost);
    } finally {
      if (this.#renewing.get(part) === askedAt) this.#renewing.delete(part);
    }
  }

  #renewed(tokens: readonly ClaimToken[], askedAt: number): void {
    for (const token of tokens) {
      const until = this.#until.get(token);
      if (until !== undefined) this.#until.set(token, Math.max(until, askedAt + this.#context.lease));
    }
  }
}

/** What a storage over several parts says of those that answered, in the error of one that did not. */
function tokensIn(error: unknown, name: 'renewed' | 'lost'): readonly ClaimToken[] {
  try {
    const some = property(property(error, 'details'), name);
    return isArray(some) ? [...(some as readonly ClaimToken[])] : [];
  } catch {
    return [];
  }
}

/** @throws {OfflineImError} `SPOOL_FAILED` for a storage that returns no list, so that nothing is known to be renewed */
function checkedLost(lost: unknown): readonly ClaimToken[] {
  if (isArray(lost)) return lost as readonly ClaimToken[];
  throw new OfflineImError('SPOOL_FAILED', `renew() of the spool returned ${quoted(lost)}; expected the tokens that are lost.`);
}

/** A spool that can't tell whether it is still ours counts as lost. */
export function ownsSpool(
  { storage, complaints }: { readonly storage: Pick<SpoolStorage, 'isOwner'>; readonly complaints: Pick<Complaints, 'of'> },
  tokens: readonly ClaimToken[],
): boolean {
  try {
    return answerAtOnce(storage.isOwner?.(tokens)) !== false;
  } catch (error) {
    complaints.of('isOwner', error);
    return false;
  }
}

/** ms; longer than any wait between two probes. A note that was not in hand for so long has been settled by another process. */
const remembered = 172_800_000;

interface NoteHistory {
  readonly probes: number;
  readonly refusals: number;
  readonly at: number;
  delay: number;
}

/** How often this run has probed each unconfirmed note, and how much of the time between probes counts. */
export class ProbeHistories {
  readonly #clock: Clock;
  readonly #options: SpoolerSettings;
  readonly #isPaused: (lane: string) => boolean;
  /** Notes that were reported as unconfirmed, by the time at which this run last had them in hand; the oldest comes first. */
  readonly #known = new Map<string, number>();
  readonly #notes = new Map<string, NoteHistory>();

  /** @param isPaused While a lane is paused, no time counts towards `probe.giveUpAfter`. */
  constructor(clock: Clock, options: SpoolerSettings, isPaused: (lane: string) => boolean = () => false) {
    this.#clock = clock;
    this.#options = options;
    this.#isPaused = isPaused;
  }

  /** Counts a probe, refused or not. Time in which lane or endpoint was closed, or nobody looked, counts only up to the planned wait. */
  next(note: ClaimedNote, refused: boolean): Required<ProbeHistory> {
    const at = this.#touch(note.noteId);
    const before = this.#notes.get(note.noteId);
    const probes = (before?.probes ?? 0) + 1;
    const counted =
      before === undefined || this.#isPaused(note.lane) ? 0 : Math.min(at - before.at, before.delay + this.#options.pollInterval);
    const refusals = refused ? (before?.refusals ?? 0) + 1 : 0;
    this.#notes.set(note.noteId, { probes, refusals, at, delay: probeDelay(this.#options, note.probes) });
    return { probes, counted, refusals };
  }

  /** Call it when the next probe of a note is due in `delay` ms. */
  planned(noteId: string, delay: number): void {
    const note = this.#notes.get(noteId);
    if (note !== undefined) note.delay = delay;
  }

  /** Returns true the first time for a note: one left over from an earlier run or a lapsed lease has not been reported as unconfirmed yet. */
  isNews(noteId: string): boolean {
    const isNews = !this.#known.has(noteId);
    this.#touch(noteId);
    return isNews;
  }

  forget(noteId: string): void {
    this.#notes.delete(noteId);
    this.#known.delete(noteId);
  }

  #touch(noteId: string): number {
    const now = this.#clock.monotonic();
    this.#known.delete(noteId);
    this.#known.set(noteId, now);
    for (const [old, at] of this.#known) {
      if (now - at < remembered) break;
      this.forget(old);
    }
    return now;
  }
}
