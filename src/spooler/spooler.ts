import { Turns, unlessAborted } from '../core/clock.ts';
import { asError } from '../core/errors/thrown.ts';
import { Complaints } from '../core/host-calls.ts';
import { joined } from '../core/joined.ts';
import { SerialQueue } from '../core/queues.ts';
import { type Stoppable, type StopSignals, settled } from '../core/stop.ts';
import type { Pause } from '../spool/admin/contract.ts';
import type { Change, NewSpoolEntry, SpoolState } from '../spool/contract.ts';
import { Places } from './answers.ts';
import { type Batch, workOn } from './batch.ts';
import { claimRound, Room } from './claim-round.ts';
import type { SpoolerContext, SpoolerParts } from './context.ts';
import { Lanes } from './lanes/lanes.ts';
import { type LaneStanding, ObstacleReport, type Obstacles, Pauses } from './lanes/obstacles.ts';
import { Leases, ProbeHistories } from './leases.ts';
import { closeAll, Opening, watchStorage } from './opening.ts';
import { reportChange } from './settle.ts';
import { WakeLoop } from './wake-loop.ts';

/** The number of entries by the state that a flush brought them to, and the pauses that kept it from delivering more. */
export type FlushCounts = Readonly<Partial<Record<SpoolState, number>>> & {
  /** Pauses that it obeyed; missing if there were none. A pause without `lane` is one of every mailbox. */
  readonly paused?: readonly Pause[];
};

/** The loop between spool and transport: claims notes that are due, hands them to the transport, and settles their outcomes. */
export class Spooler {
  readonly #parts: SpoolerParts;
  readonly #context: SpoolerContext;
  readonly #lanes: Lanes;
  readonly #opening: Opening;
  readonly #pauses: Pauses;
  readonly #obstacleReport: ObstacleReport;
  /** Aborts requests in flight. */
  readonly #abort = new AbortController();
  /** Ends every wait for requests that don't end. */
  readonly #abandoned = new AbortController();
  readonly #rounds = new SerialQueue();
  readonly #atWork = new Set<Promise<void>>();
  readonly #tallies = new Set<Map<SpoolState, number>>();
  readonly #room: Room;
  readonly #loop: WakeLoop;
  #stopping = false;
  #inRound = false;
  #idle = true;
  #lastScan = Number.NEGATIVE_INFINITY;
  #unwatch: (() => void) | undefined;

  constructor(parts: SpoolerParts) {
    this.#parts = parts;
    const { storage, transport, clock, random, options, trace } = parts;
    this.#opening = new Opening(storage, { clock, tombstones: options.idRetention }, trace);
    const complaints = new Complaints((error) => trace.warn(asError(error)));
    const places = new Places(transport, options, complaints);
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
    this.#room = new Room(clock, options.lease.duration, this.#abort.signal);
    this.#pauses = new Pauses(storage, clock, options.pollInterval);
    this.#obstacleReport = new ObstacleReport(parts, this.#lanes);
    this.#loop = new WakeLoop({
      clock,
      pollInterval: options.pollInterval,
      round: (slept) => this.#round({ slept }),
      nextDue: () => this.#nextDue(),
      nextChange: () => this.#lanes.nextChange(),
      asleep: (due) => this.#asleep(due),
      onError: (error) => trace.warn(asError(error)),
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
    const probes = new ProbeHistories(clock, options, (lane) => this.#pauses.includes(lane));
    const shared = { clock, random, options, storage, transport, trace, leases, probes, signal: this.#abort.signal };
    this.#context = {
      ...{ ...shared, places, complaints, stopping: () => this.#stopping },
      follow: (work) => this.#follow(work),
      made: (changes) => this.#count(changes),
    };
  }

  /** Opens the spool, once. */
  open(): Promise<void> {
    return this.#opening.open();
  }

  /** Whether the spool has ever been open. */
  get hasOpened(): boolean {
    return this.#opening.hasOpened;
  }

  async start(): Promise<void> {
    await this.open();
    if (this.#stopping) return;
    const { storage, trace } = this.#parts;
    this.#unwatch ??= watchStorage(storage, trace, (news) => (news === 'operated' ? this.#operated() : this.wake()));
    this.#loop.start();
  }

  /** Looks for work now. */
  wake(): void {
    this.#loop.wake();
  }

  /** Wakes the loop for new entries, except those of closed lanes, which wake it when they open. */
  appended(entries: readonly Pick<NewSpoolEntry, 'lane' | 'pickupIn'>[]): void {
    for (const { lane, pickupIn } of entries) if (this.#lanes.mayBegin(lane)) this.#loop.wakeIn(pickupIn);
  }

  /** What keeps a lane from being worked on; `undefined` if nothing does. */
  laneStanding(lane: string): LaneStanding | undefined {
    return this.#lanes.standing(lane);
  }

  /** Blocked mailboxes and open circuits. */
  obstacles(): Obstacles {
    return this.#lanes.obstacles();
  }

  /** Call it when pauses were made or lifted. */
  pausesChanged(): void {
    this.#pauses.forget();
    this.wake();
  }

  /** An operator changed something through the storage: reads the pauses and the requests to retry again. */
  #operated(): void {
    this.#lastScan = Number.NEGATIVE_INFINITY;
    this.pausesChanged();
  }

  retryNow(lane?: string): void {
    this.#lanes.retryNow(lane);
    this.wake();
  }

  /** Attempts everything that waits once. Resolves when none of it is in flight any more, or with what it has reached when the signal aborts. */
  async flush(signal?: AbortSignal): Promise<FlushCounts> {
    await this.open();
    const tally = new Map<SpoolState, number>();
    this.#tallies.add(tally);
    try {
      await unlessAborted(this.#flush(signal), this.#abandoned.signal);
    } finally {
      this.#tallies.delete(tally);
    }
    const { known } = this.#pauses;
    return { ...Object.fromEntries(tally), ...(known.length === 0 ? {} : { paused: known }) };
  }

  /** Reports changes that the host or an expiry made. */
  report(changes: readonly Change[]): void {
    for (const change of changes) reportChange(this.#context, change);
    this.#count(changes);
  }

  /** On `soft`, aborts requests in flight. @param users May still be the first to open the spool, so they are stopped first. */
  async stop(signals: StopSignals, users: Stoppable): Promise<readonly string[]> {
    this.#stopping = true;
    this.#loop.stop();
    this.#unwatch?.();
    const usersLeft = users.stop(signals);
    const openingLeft = this.#opening.stop(signals, usersLeft);
    const work = openingLeft.then(async () => {
      await this.#rounds.idle();
      while (this.#atWork.size > 0) await Promise.all(this.#atWork);
    });
    await settled(work, signals, () => this.#abort.abort());
    this.#abandoned.abort();
    this.#context.leases.close();
    const batches = this.#atWork.size;
    const claim = this.#inRound ? ['a claim that the spool did not answer'] : [];
    const atWork = batches === 0 ? [] : [`${batches} batch${batches === 1 ? '' : 'es'} of notes at work`];
    return [...(await openingLeft), ...claim, ...atWork, ...(await usersLeft)];
  }

  /** Closes spool and transport after stop(); resolves with what it left behind. */
  async close(signals: StopSignals): Promise<readonly string[]> {
    const { clock, transport, trace } = this.#parts;
    const closes = { spool: () => this.#opening.close(), transport: () => transport.close?.() };
    const left = await closeAll(closes, signals, trace);
    trace.step('spooler:stopped', { leftAtWork: this.#atWork.size, at: clock.now() });
    return left;
  }

  async #flush(signal: AbortSignal | undefined): Promise<void> {
    const counts = await this.#parts.storage.counts();
    // New messages keep arriving: a flush ends after as many entries as were waiting when it began.
    const budget = { entries: counts.spooled + counts.deferred };
    const turns = new Turns(this.#parts.clock);
    this.#lanes.tryAgain();
    this.#lastScan = Number.NEGATIVE_INFINITY;
    this.#pauses.forget();
    while (signal?.aborted !== true && !this.#stopping) {
      const claimed = await this.#round({ flush: budget });
      await turns.step(Math.max(1, claimed));
      if (claimed > 0) continue;
      if (this.#atWork.size === 0) break;
      await unlessAborted(Promise.race(this.#atWork), signal);
    }
  }

  #asleep(due: number | undefined): void {
    if (this.#atWork.size > 0 || this.#idle || (due !== undefined && due <= 0)) return;
    this.#idle = true;
    this.#parts.trace.event('spool:idle', {});
  }

  /** ms until something is due; `undefined` if nothing is, or the storage can't tell. Never rejects. */
  async #nextDue(): Promise<number | undefined> {
    // Paused notes stay due without being claimed; the next poll finds their probes. When there is no room, the end of any batch wakes the loop.
    if (this.#pauses.all || this.#room.left <= 0) return undefined;
    try {
      const except = joined([this.#lanes.shut(), this.#pauses.lanes]);
      const due: unknown = await this.#parts.storage.nextDue({ except });
      return typeof due === 'number' && due >= 0 ? due : undefined;
    } catch (error) {
      // The next round reports what is wrong with the storage.
      this.#parts.trace.step('spooler:next-due-failed', { error });
      return undefined;
    }
  }

  /** Claims everything that may be worked on now and starts its batches; resolves with the number of notes. */
  #round({ slept = false, flush }: { slept?: boolean; flush?: { entries: number } }): Promise<number> {
    return this.#rounds.run(async () => {
      if (this.#stopping) return 0;
      this.#inRound = true;
      try {
        await this.#pauses.refresh();
        await this.#scan();
        if (slept) this.#lanes.tryAgain();
        return await claimRound({
          pauses: this.#pauses,
          parts: this.#parts,
          context: this.#context,
          lanes: this.#lanes,
          flush,
          room: this.#room,
          begin: (kind, lane, notes, claimedAt) =>
            this.#begin({ kind, lane, notes, claimedAt, room: this.#room, freed: () => this.wake() }),
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
    const reason = { code: 'EXPIRED', text: 'It expired before it was delivered.' } as const;
    const paused = this.#pauses.closedFor();
    const closedLanes = [...this.#lanes.closedLanes(), ...paused.lanes];
    // Paused notes aren't given up: the pause may be why they can't be settled.
    const kept = { ...(this.#pauses.all ? {} : { giveUpAfter: options.probe.giveUpAfter }), keptLanes: this.#pauses.lanes };
    const closed = paused.all === undefined ? { closedLanes } : { closedLanes, allClosedFor: paused.all };
    this.report(await storage.expire({ owner, ...closed, ...kept, reason }));
    await this.#obstacleReport.scan();
  }

  #begin(batch: Batch): void {
    this.#idle = false;
    this.#follow(workOn(this.#context, this.#lanes, batch).catch((error: unknown) => this.#parts.trace.warn(asError(error))));
  }

  #follow(begun: Promise<void>): void {
    const work = begun.finally(() => {
      this.#atWork.delete(work);
      this.wake();
    });
    this.#atWork.add(work);
  }

  #count(changes: readonly Change[]): void {
    for (const { to } of changes) {
      if (to !== 'purged') for (const tally of this.#tallies) tally.set(to, (tally.get(to) ?? 0) + 1);
    }
    if (changes.length > 0) this.wake();
  }
}
