import type { Clock } from '../../core/clock.ts';
import { asError } from '../../core/errors/thrown.ts';
import type { Pause, ReportedObstacle, SpoolAdmin } from '../../spool/admin/contract.ts';
import type { Reason, SpoolStorage } from '../../spool/contract.ts';
import type { SpoolerParts } from '../context.ts';
import type { Circuit, Lane } from './circuit.ts';

/** What keeps a lane from being worked on, and for how many ms. */
export interface LaneStanding {
  readonly waitingFor: 'mailbox-blocked' | 'endpoint-unavailable' | 'back-off';
  /** 0 if a trial may go now. */
  readonly nextIn: number;
  readonly reason: Reason | undefined;
}

interface Obstacle {
  readonly nextIn: number;
  /** For how many ms it has been unusable. */
  readonly openFor: number;
  readonly reason: Reason;
}

/** Blocked mailboxes and unavailable endpoints: why, and in how many ms each is tried. */
export interface Obstacles {
  readonly blocked: readonly (Obstacle & { readonly lane: string })[];
  /** `lanes`: its mailboxes that are known. */
  readonly unavailable: readonly (Obstacle & { readonly endpoint: string; readonly lanes: readonly string[] })[];
}

/** The obstacle of lane and endpoint that lasts longer; `undefined` if there is none. */
export function standingOf({ circuit, endpoint }: Lane, now: number): LaneStanding | undefined {
  const own = circuitStanding(circuit, 'mailbox-blocked', now);
  const shared = circuitStanding(endpoint.circuit, 'endpoint-unavailable', now);
  if (own === undefined || shared === undefined) return own ?? shared;
  return own.nextIn > shared.nextIn ? own : shared;
}

/** Those whose circuit is open, each with its name under `key`. */
export function obstaclesOf<Key extends string>(
  all: Iterable<{ readonly name: string; readonly circuit: Circuit }>,
  key: Key,
  now: number,
): (Record<Key, string> & Obstacle)[] {
  return [...all].flatMap(({ name, circuit }) => {
    const { openSince, reason } = circuit;
    if (openSince === undefined || reason === undefined) return [];
    const nextIn = Math.max(0, (circuit.nextChange(now) ?? now) - now);
    const openFor = now - openSince;
    return [{ [key]: name, nextIn, reason, openFor } as Record<Key, string> & Obstacle];
  });
}

function circuitStanding(circuit: Circuit, open: LaneStanding['waitingFor'], now: number): LaneStanding | undefined {
  const nextIn = Math.max(0, (circuit.nextChange(now) ?? now) - now);
  if (circuit.openSince !== undefined) return { waitingFor: open, nextIn, reason: circuit.reason };
  return circuit.admits(now) === 'none' ? { waitingFor: 'back-off', nextIn, reason: undefined } : undefined;
}

/** What a report needs of the lanes. */
interface ReportedLanes {
  obstacles(): Obstacles;
  retryNow(lane?: string): void;
}

/** Reports through the spool, for operators, what this process can't use. Other processes ignore it: one with a broken network must not stop a fleet. */
export class ObstacleReport {
  readonly #parts: SpoolerParts;
  readonly #lanes: ReportedLanes;
  /** The current report, and when it was made (monotonic); `undefined` if there is nothing to report. */
  #told: { readonly obstacles: readonly ReportedObstacle[]; readonly at: number } | undefined;
  /** Operators' `retry-now` requests were carried out up to this time, by the storage's clock. */
  #retriedAt: number | undefined;
  readonly #startedAt: number;

  constructor(parts: SpoolerParts, lanes: ReportedLanes) {
    this.#parts = parts;
    this.#lanes = lanes;
    this.#startedAt = parts.clock.now();
  }

  /** Call it at each poll. Never rejects. */
  async scan(): Promise<void> {
    const { storage, options, owner, clock, trace } = this.#parts;
    const { pollInterval } = options;
    const obstacles = reportedObstacles(this.#lanes.obstacles(), clock.now());
    if (storage.admin === undefined || (obstacles.length === 0 && this.#told === undefined)) return;
    try {
      const at = clock.monotonic();
      // A report names every mailbox that waits, and stays valid for three polls.
      const isGood = this.#told !== undefined && at - this.#told.at < 1.5 * pollInterval;
      if (!isGood || !saysTheSame(this.#told?.obstacles ?? [], obstacles, pollInterval)) {
        await storage.admin.report({ owner, pollInterval, obstacles, now: clock.now() });
        this.#told = obstacles.length > 0 ? { obstacles, at } : undefined;
      }
      if (this.#told !== undefined) await this.#obeyRetries(storage.admin);
    } catch (error) {
      trace.warn(asError(error));
    }
  }

  /** Carries out what operators asked for through the spool: `offline-im retry-now`. */
  async #obeyRetries(admin: SpoolAdmin): Promise<void> {
    const since = this.#retriedAt ?? (await this.#started(admin));
    const asked = (await admin.audit()).filter(({ at, command }) => command === 'retry-now' && at > since);
    for (const { filter } of asked) this.#lanes.retryNow(filter?.lane);
    this.#retriedAt = asked.reduce((latest, { at }) => Math.max(latest, at), since);
  }

  /** When this process started, by the storage's clock: earlier requests were meant for others. */
  async #started(admin: SpoolAdmin): Promise<number> {
    const now = this.#parts.clock.now();
    return this.#startedAt + ((await admin.now?.()) ?? now) - now;
  }
}

/** Whether two reports differ in nothing but the clock. */
function saysTheSame(before: readonly ReportedObstacle[], after: readonly ReportedObstacle[], tolerance: number): boolean {
  return (
    before.length === after.length &&
    after.every((one, index) => {
      const other = before[index];
      return (
        other?.kind === one.kind &&
        other.name === one.name &&
        other.reason.code === one.reason.code &&
        other.reason.text === one.reason.text &&
        Math.abs(other.since - one.since) <= tolerance &&
        Math.abs(other.nextTrialAt - one.nextTrialAt) <= tolerance &&
        other.lanes.length === one.lanes.length &&
        other.lanes.every((lane, at) => lane === one.lanes[at])
      );
    })
  );
}

/** Obstacles as the spool keeps them. */
function reportedObstacles({ blocked, unavailable }: Obstacles, now: number): readonly ReportedObstacle[] {
  const facts = ({ reason, nextIn, openFor }: Obstacles['blocked'][number] | Obstacles['unavailable'][number]) => ({
    since: Math.floor(now - openFor),
    reason,
    nextTrialAt: Math.ceil(now + nextIn),
  });
  return [
    ...blocked.map((one) => ({ kind: 'mailbox-blocked', name: one.lane, lanes: [one.lane], ...facts(one) }) as const),
    ...unavailable.map((one) => ({ kind: 'endpoint-unavailable', name: one.endpoint, lanes: one.lanes, ...facts(one) }) as const),
  ];
}

/**
 * What operators have paused, as this process knows it. It asks the spool twice per poll interval, so that no claim relies on a list older than one interval; this
 * process's own pauses apply at once.
 */
export class Pauses {
  readonly #storage: Pick<SpoolStorage, 'admin'>;
  readonly #clock: Clock;
  readonly #pollInterval: number;
  #known: readonly Pause[] = [];
  /** The same object until the pauses change, which spools rely on. */
  #lanes: readonly string[] = [];
  #byLane: ReadonlySet<string> = new Set();
  #all = false;
  #readAt = Number.NEGATIVE_INFINITY;
  /** How often {@link forget} was called. */
  #changes = 0;

  constructor(storage: Pick<SpoolStorage, 'admin'>, clock: Clock, pollInterval: number) {
    this.#storage = storage;
    this.#clock = clock;
    this.#pollInterval = pollInterval;
  }

  /** Asks the spool, unless it did so recently. Rejects as the spool does; then nothing may be claimed. */
  async refresh(): Promise<void> {
    const { admin } = this.#storage;
    const now = this.#clock.monotonic();
    if (admin === undefined || now - this.#readAt < this.#pollInterval / 2) return;
    const asked = this.#changes;
    this.#know(await admin.paused());
    // If they changed while the spool answered, the next call asks again.
    if (asked === this.#changes) this.#readAt = now;
  }

  /** They have changed: the next {@link refresh} asks the spool. */
  forget(): void {
    this.#changes += 1;
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  get known(): readonly Pause[] {
    return this.#known;
  }

  /** Whether nothing at all is delivered. */
  get all(): boolean {
    return this.#all;
  }

  /** Mailboxes that are paused by name. */
  get lanes(): readonly string[] {
    return this.#lanes;
  }

  includes(lane: string): boolean {
    return this.all || this.#byLane.has(lane);
  }

  /** For an expiry: for how many ms nothing was delivered, from all mailboxes and from single ones. */
  closedFor(): {
    readonly all: number | undefined;
    readonly lanes: readonly { readonly lane: string; readonly closedFor: number }[];
  } {
    const now = this.#clock.now();
    const age = ({ since }: Pause): number => Math.max(0, now - since);
    const all = this.#known.find(({ lane }) => lane === undefined);
    return {
      all: all && age(all),
      lanes: this.#known.flatMap((pause) => (pause.lane === undefined ? [] : [{ lane: pause.lane, closedFor: age(pause) }])),
    };
  }

  #know(pauses: readonly Pause[]): void {
    this.#known = pauses;
    this.#all = pauses.some(({ lane }) => lane === undefined);
    const lanes = pauses.flatMap(({ lane }) => lane ?? []);
    const byLane = new Set(lanes);
    if (byLane.size === this.#byLane.size && lanes.every((lane) => this.#byLane.has(lane))) return;
    this.#lanes = lanes;
    this.#byLane = byLane;
  }
}

/** The pauses that keep a mailbox from delivering; a pause of all mailboxes comes first. */
export function pausesOf(pauses: readonly Pause[], lane: string): readonly Pause[] {
  return [...pauses.filter((one) => one.lane === undefined), ...pauses.filter((one) => one.lane === lane)];
}
