import { unlessAborted, whenAborted } from '../abort.ts';
import { sleep } from '../clock.ts';
import type { Mailbox, Place } from '../transport.ts';
import { deliverBatch, probeBatch } from './batch.ts';
import { claimRound } from './claim-round.ts';
import { Lanes } from './lanes.ts';
import { Leases } from './leases.ts';
import { Opening } from './opening.ts';
import { toldByProbe } from './outcome.ts';
import { ProbeHistories } from './probe-histories.ts';
import { asError } from './reason.ts';
import { reportChange, reportClaim, reportSettled } from './reports.ts';
import { settleAll } from './settle-all.ts';
import type { SpoolerContext, SpoolerParts } from './spooler-context.ts';
import type { Change, ClaimedNote, SpoolState } from './storage.ts';
import { SerialQueue } from './table/queue.ts';

/** Entries by the state that a flush brought them to. */
export type FlushCounts = Readonly<Partial<Record<SpoolState, number>>>;

/** ms that stop() still waits for what it aborted. */
const abortGrace = 5_000;

/** The loop between spool and transport: claims what is due, takes it through the transport, settles what became of it. */
export class Spooler {
  readonly #parts: SpoolerParts;
  readonly #context: SpoolerContext;
  readonly #lanes: Lanes;
  readonly #opening: Opening;
  readonly #abort = new AbortController();
  /** Ends the patience of stop(). */
  readonly #hurry = new AbortController();
  readonly #rounds = new SerialQueue();
  readonly #atWork = new Set<Promise<void>>();
  readonly #tallies = new Set<Map<SpoolState, number>>();
  #notesAtWork = 0;
  #running = false;
  #stopping: Promise<void> | undefined;
  #pumping = false;
  #failedRounds = 0;
  #again = false;
  #idle = true;
  #lastScan = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #unwatch: (() => void) | undefined;

  constructor(parts: SpoolerParts) {
    this.#parts = parts;
    const { storage, transport, clock, random, options, trace } = parts;
    this.#opening = new Opening(storage, { clock, tombstones: options.tombstones }, trace);
    const placeOf = (from: Mailbox): Place => this.#placeOf(from);
    this.#lanes = new Lanes({
      clock,
      random,
      options,
      endpointOf: (lane) => placeOf({ address: lane }).endpoint,
      observer: {
        blocked: (lane, reason, retryIn) => trace.event('lane:blocked', { lane, ...reason, retryIn }),
        resumed: (lane) => trace.event('lane:resumed', { lane }),
        unavailable: (endpoint, reason, retryIn) => trace.event('transport:unavailable', { endpoint, ...reason, retryIn }),
        available: (endpoint) => trace.event('transport:available', { endpoint }),
      },
    });
    const leases = new Leases({
      clock,
      storage,
      lease: options.lease,
      renewEvery: options.renewEvery,
      onTrouble: (error, lost) => {
        if (error !== undefined) trace.warn(asError(error));
        for (const token of lost) trace.step('lease:lost', { token });
      },
    });
    const probes = new ProbeHistories(clock, options);
    const stopping = (): boolean => this.#stopping !== undefined;
    const { signal } = this.#abort;
    this.#context = { clock, random, options, storage, transport, trace, leases, probes, signal, stopping, placeOf };
  }

  /** Opens the spool, once. */
  open(): Promise<void> {
    return this.#opening.open();
  }

  /** Whoever waits for a spool that is still being opened gets an error. */
  giveUpOpening(): void {
    this.#opening.giveUp();
  }

  async start(): Promise<void> {
    await this.open();
    if (this.#running || this.#stopping !== undefined) return;
    this.#running = true;
    this.#unwatch = this.#parts.storage.watch?.(() => this.wake());
    this.wake();
  }

  /** Looks for work now; call it after an append. */
  wake(): void {
    if (!this.#running || this.#stopping !== undefined) return;
    this.#again = true;
    if (!this.#pumping) void this.#pump();
  }

  resume(lane?: string): void {
    this.#lanes.resume(lane);
    this.wake();
  }

  /** One attempt for all that waits now; resolves when nothing of it is at work any more, or with what was reached when the signal aborts. */
  async flush(signal?: AbortSignal): Promise<FlushCounts> {
    await this.open();
    const { storage } = this.#parts;
    const counts = await storage.counts();
    // New messages keep arriving: a flush ends after as many entries as there were when it began.
    const budget = { entries: counts.spooled + counts.deferred };
    const tally = new Map<SpoolState, number>();
    this.#tallies.add(tally);
    this.#lastScan = Number.NEGATIVE_INFINITY;
    try {
      while (signal?.aborted !== true && this.#stopping === undefined) {
        const claimed = await this.#round(budget);
        if (claimed > 0) continue;
        if (this.#atWork.size === 0) break;
        await unlessAborted(Promise.race(this.#atWork), signal);
      }
    } finally {
      this.#tallies.delete(tally);
    }
    return Object.fromEntries(tally);
  }

  /** Lets what is at work finish for up to `timeout` ms, or until the signal aborts, then aborts it; closes spool and transport. */
  stop(timeout: number, signal?: AbortSignal): Promise<void> {
    // Also that of a later call, while the first one waits.
    const forget = whenAborted(signal, () => this.#hurry.abort());
    this.#stopping ??= this.#stop(timeout);
    return this.#stopping.finally(forget);
  }

  /** Reports changes that the host asked for. */
  report(changes: readonly Change[]): void {
    for (const change of changes) {
      reportChange(this.#context, change);
      this.#count(change);
    }
    if (changes.length > 0) this.wake();
  }

  async #stop(timeout: number): Promise<void> {
    const { clock, transport, trace } = this.#parts;
    this.#running = false;
    this.#cancelTimer?.();
    this.#unwatch?.();
    await this.#rounds.idle();
    if (!(await this.#settledWithin(timeout, this.#hurry.signal))) {
      this.#abort.abort();
      await this.#settledWithin(abortGrace);
    }
    this.#context.leases.close();
    const closed = await Promise.allSettled([this.#opening.close(), transport.close?.()]);
    for (const one of closed) if (one.status === 'rejected') trace.warn(asError(one.reason));
    trace.step('spooler:stopped', { leftAtWork: this.#atWork.size, at: clock.now() });
  }

  async #settledWithin(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#atWork.size === 0) return true;
    const over = new AbortController();
    const done = Promise.all(this.#atWork).then(() => true);
    const forget = whenAborted(signal, () => over.abort());
    const finished = await Promise.race([done, sleep(this.#parts.clock, ms, over.signal).then(() => false)]);
    forget();
    over.abort();
    return finished;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    this.#cancelTimer?.();
    try {
      for (let claimed = 1; claimed > 0 || this.#again; ) {
        this.#again = false;
        claimed = await this.#round();
      }
      this.#failedRounds = 0;
    } catch (error) {
      this.#failedRounds += 1;
      this.#parts.trace.warn(asError(error));
    }
    this.#pumping = false;
    await this.#schedule();
  }

  async #schedule(): Promise<void> {
    const { storage, options, clock, trace } = this.#parts;
    const due = await storage.nextDue({ except: this.#lanes.shut() }).catch(() => undefined);
    if (!this.#running || this.#stopping !== undefined || this.#pumping) return;
    if (this.#again && this.#failedRounds === 0) {
      void this.#pump();
      return;
    }
    if (this.#atWork.size === 0 && !this.#idle && (due === undefined || due > 0)) {
      this.#idle = true;
      trace.event('spool:idle', {});
    }
    // Never at once again: what is due but was not claimed has its reason. A storage that fails is asked less and less often.
    const least = this.#failedRounds === 0 ? 5 : Math.min(options.scanInterval, 100 * 2 ** Math.min(this.#failedRounds, 20));
    const soonest = Math.min(due ?? options.scanInterval, this.#lanes.nextChange() ?? options.scanInterval, options.scanInterval);
    const delay = Math.max(least, Math.ceil(soonest));
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(() => this.wake(), delay);
  }

  /** Claims all that may be worked on now and sets it to work; resolves with the number of notes. */
  #round(flush?: { entries: number }): Promise<number> {
    return this.#rounds.run(async () => {
      if (this.#stopping !== undefined) return 0;
      await this.#scan();
      return claimRound({
        parts: this.#parts,
        context: this.#context,
        lanes: this.#lanes,
        flush,
        notesAtWork: () => this.#notesAtWork,
        begin: (kind, lane, notes, claimedAt) => this.#begin(kind, lane, notes, claimedAt),
      });
    });
  }

  async #scan(): Promise<void> {
    const { storage, options, owner, clock } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#lastScan < options.scanInterval) return;
    this.#lastScan = now;
    const reason = { code: 'EXPIRED', text: 'It was not delivered before its expiry.' } as const;
    this.report(await storage.expire({ owner, closedLanes: this.#lanes.closedLanes(), reason }));
  }

  #begin(kind: 'deliver' | 'probe', lane: string, notes: readonly ClaimedNote[], claimedAt: number): void {
    this.#idle = false;
    this.#notesAtWork += notes.length;
    const end = this.#lanes.begin(lane);
    const work = this.#work(kind, lane, notes, claimedAt)
      .catch((error: unknown) => this.#parts.trace.warn(asError(error)))
      .finally(() => {
        end();
        this.#notesAtWork -= notes.length;
        this.#atWork.delete(work);
        this.wake();
      });
    this.#atWork.add(work);
  }

  async #work(kind: 'deliver' | 'probe', lane: string, notes: readonly ClaimedNote[], claimedAt: number): Promise<void> {
    const context = this.#context;
    const tokens = notes.map(({ token }) => token);
    const startedAt = this.#parts.clock.monotonic();
    context.leases.add(tokens, claimedAt);
    try {
      for (const note of notes) reportClaim(context, kind, note);
      const settled = await (kind === 'deliver' ? deliverBatch(context, notes) : probeBatch(context, notes));
      for (const { outcome, result } of settled) {
        if (outcome !== undefined) this.#lanes.record(lane, outcome, startedAt);
        if (result?.status === 'unknown') this.#lanes.record(lane, toldByProbe(result.error), startedAt);
        else if (result !== undefined) this.#lanes.answered(lane);
      }
      const { changes, lost } = await settleAll(context, settled);
      for (const token of lost) context.trace.step('settle:lost', { token });
      reportSettled(context, kind, settled, changes);
      for (const change of changes) this.#count(change);
    } finally {
      context.leases.remove(tokens);
    }
  }

  #count({ to }: Change): void {
    if (to === 'purged') return;
    for (const tally of this.#tallies) tally.set(to, (tally.get(to) ?? 0) + 1);
  }

  #placeOf(from: Mailbox): Place {
    try {
      return this.#parts.transport.placeOf(from);
    } catch (error) {
      this.#parts.trace.warn(asError(error));
      return { endpoint: 'unknown', mailbox: from.address, folder: '' };
    }
  }
}
