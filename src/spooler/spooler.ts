import { type StopBudget, unlessAborted } from '../core/deadline.ts';
import { asError } from '../core/errors/thrown.ts';
import { SerialQueue } from '../core/queues.ts';
import type { Change, SpoolState } from '../spool/contract.ts';
import { type Batch, workOn } from './batch.ts';
import { Places } from './calls/places.ts';
import { claimRound } from './claim-round.ts';
import type { SpoolerContext, SpoolerParts } from './context.ts';
import { type LaneStanding, Lanes, type Obstacles } from './lanes/lanes.ts';
import { Leases } from './leases.ts';
import { closeAll, Opening } from './opening.ts';
import { ProbeHistories } from './retry.ts';
import { reportChange } from './settle.ts';

/** Entries by the state that a flush brought them to. */
export type FlushCounts = Readonly<Partial<Record<SpoolState, number>>>;

/** The loop between spool and transport: claims what is due, takes it through the transport, settles what became of it. */
export class Spooler {
  readonly #parts: SpoolerParts;
  readonly #context: SpoolerContext;
  readonly #lanes: Lanes;
  readonly #opening: Opening;
  /** Aborts what is at work. */
  readonly #abort = new AbortController();
  /** Ends the wait for what is at work all the same. */
  readonly #abandoned = new AbortController();
  readonly #rounds = new SerialQueue();
  readonly #atWork = new Set<Promise<void>>();
  readonly #tallies = new Set<Map<SpoolState, number>>();
  #notesAtWork = 0;
  #running = false;
  #stopping = false;
  #inRound = false;
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
    this.#opening = new Opening(storage, { clock, tombstones: options.idRetention }, trace);
    const places = new Places(transport, options, (error) => trace.warn(asError(error)));
    this.#lanes = new Lanes({
      clock,
      random,
      options,
      endpointOf: (lane) => places.of({ address: lane }).endpoint,
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
      lease: options.lease.duration,
      renewEvery: options.lease.renewEvery,
      onTrouble: (error, lost) => {
        if (error !== undefined) trace.warn(asError(error));
        for (const token of lost) trace.step('lease:lost', { token });
      },
    });
    const probes = new ProbeHistories(clock, options);
    const stopping = (): boolean => this.#stopping;
    const { signal } = this.#abort;
    this.#context = { clock, random, options, storage, transport, trace, leases, probes, signal, stopping, places };
  }

  /** Opens the spool, once. */
  open(): Promise<void> {
    return this.#opening.open();
  }

  /** Whether the spool was ever open. */
  get hasOpened(): boolean {
    return this.#opening.hasOpened;
  }

  async start(): Promise<void> {
    await this.open();
    if (this.#running || this.#stopping) return;
    this.#running = true;
    this.#unwatch = this.#parts.storage.watch?.(() => this.wake());
    this.wake();
  }

  /** Looks for work now; call it after an append. */
  wake(): void {
    if (!this.#running || this.#stopping) return;
    this.#again = true;
    if (!this.#pumping) void this.#pump();
  }

  /** What keeps a lane from being worked on. */
  laneStanding(lane: string): LaneStanding | undefined {
    return this.#lanes.standing(lane);
  }

  /** Blocked mailboxes and open circuits. */
  obstacles(): Obstacles {
    return this.#lanes.obstacles();
  }

  retryNow(lane?: string): void {
    this.#lanes.retryNow(lane);
    this.wake();
  }

  /** One attempt for all that waits now; resolves when nothing of it is at work any more, or with what was reached when the signal aborts. */
  async flush(signal?: AbortSignal): Promise<FlushCounts> {
    await this.open();
    const tally = new Map<SpoolState, number>();
    this.#tallies.add(tally);
    try {
      await unlessAborted(this.#flush(signal), this.#abandoned.signal);
    } finally {
      this.#tallies.delete(tally);
    }
    return Object.fromEntries(tally);
  }

  /** Reports changes that the host asked for. */
  report(changes: readonly Change[]): void {
    for (const change of changes) {
      reportChange(this.#context, change);
      this.#count(change);
    }
    if (changes.length > 0) this.wake();
  }

  /** Nothing new begins. */
  beginStop(): void {
    this.#stopping = true;
    this.#running = false;
    this.#cancelTimer?.();
    try {
      this.#unwatch?.();
    } catch (error) {
      this.#parts.trace.warn(asError(error));
    }
  }

  /** Resolves when nothing is under way any more, once {@link beginStop} was called. */
  async idle(): Promise<void> {
    await Promise.all([this.#opening.idle(), this.#rounds.idle()]);
    await Promise.all(this.#atWork);
  }

  /** Aborts what is under way. */
  giveUp(): void {
    this.#opening.giveUp();
    this.#abort.abort();
  }

  /** Nobody waits any longer for what is still under way; says what that is. */
  abandon(): readonly string[] {
    const batches = this.#atWork.size;
    const opening = this.#opening.abandon();
    this.#abandoned.abort();
    this.#context.leases.close();
    return [
      ...(opening ? ['the opening of the spool, which did not end when it was closed'] : []),
      ...(this.#inRound ? ['a claim that the spool did not answer'] : []),
      ...(batches === 0 ? [] : [`${batches} batch${batches === 1 ? '' : 'es'} of notes at work`]),
    ];
  }

  /** Closes spool and transport; resolves with what the time was too short for. */
  async close(budget: StopBudget): Promise<readonly string[]> {
    const { clock, transport, trace } = this.#parts;
    const closes = { spool: () => this.#opening.close(), transport: () => transport.close?.() };
    const left = await closeAll(closes, budget, trace);
    trace.step('spooler:stopped', { leftAtWork: this.#atWork.size, at: clock.now() });
    return left;
  }

  async #flush(signal: AbortSignal | undefined): Promise<void> {
    const counts = await this.#parts.storage.counts();
    // New messages keep arriving: a flush ends after as many entries as there were when it began.
    const budget = { entries: counts.spooled + counts.deferred };
    this.#lastScan = Number.NEGATIVE_INFINITY;
    while (signal?.aborted !== true && !this.#stopping) {
      const claimed = await this.#round(budget);
      if (claimed > 0) continue;
      if (this.#atWork.size === 0) break;
      await unlessAborted(Promise.race(this.#atWork), signal);
    }
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
    if (!this.#running || this.#stopping || this.#pumping) return;
    if (this.#again && this.#failedRounds === 0) {
      void this.#pump();
      return;
    }
    if (this.#atWork.size === 0 && !this.#idle && (due === undefined || due > 0)) {
      this.#idle = true;
      trace.event('spool:idle', {});
    }
    // Never at once again: what is due but was not claimed has its reason. A storage that fails is asked less and less often.
    const least = this.#failedRounds === 0 ? 5 : Math.min(options.pollInterval, 100 * 2 ** Math.min(this.#failedRounds, 20));
    const soonest = Math.min(due ?? options.pollInterval, this.#lanes.nextChange() ?? options.pollInterval, options.pollInterval);
    const delay = Math.max(least, Math.ceil(soonest));
    this.#cancelTimer?.();
    this.#cancelTimer = clock.setTimer(() => this.wake(), delay);
  }

  /** Claims all that may be worked on now and sets it to work; resolves with the number of notes. */
  #round(flush?: { entries: number }): Promise<number> {
    return this.#rounds.run(async () => {
      if (this.#stopping) return 0;
      this.#inRound = true;
      try {
        await this.#scan();
        return await claimRound({
          parts: this.#parts,
          context: this.#context,
          lanes: this.#lanes,
          flush,
          notesAtWork: () => this.#notesAtWork,
          begin: (kind, lane, notes, claimedAt) => this.#begin({ kind, lane, notes, claimedAt, freed: () => this.wake() }),
        });
      } finally {
        this.#inRound = false;
      }
    });
  }

  async #scan(): Promise<void> {
    const { storage, options, owner, clock } = this.#parts;
    const now = clock.monotonic();
    if (now - this.#lastScan < options.pollInterval) return;
    this.#lastScan = now;
    const reason = { code: 'EXPIRED', text: 'It was not delivered before its expiry.' } as const;
    this.report(
      await storage.expire({ owner, closedLanes: this.#lanes.closedLanes(), giveUpAfter: options.probe.giveUpAfter, reason }),
    );
  }

  #begin(batch: Batch): void {
    this.#idle = false;
    this.#notesAtWork += batch.notes.length;
    const work = workOn(this.#context, this.#lanes, batch)
      .then(
        (changes) => {
          for (const change of changes) this.#count(change);
        },
        (error: unknown) => this.#parts.trace.warn(asError(error)),
      )
      .finally(() => {
        this.#notesAtWork -= batch.notes.length;
        this.#atWork.delete(work);
        this.wake();
      });
    this.#atWork.add(work);
  }

  #count({ to }: Change): void {
    if (to === 'purged') return;
    for (const tally of this.#tallies) tally.set(to, (tally.get(to) ?? 0) + 1);
  }
}
