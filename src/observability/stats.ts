import type { Clock } from '../core/clock.ts';
import { answerAtOnce } from '../core/errors/thrown.ts';
import type { Pause } from '../spool/admin/contract.ts';
import type { Reason, SpoolEntry, SpoolState, SpoolStorage } from '../spool/contract.ts';
import type { LastMinute, Throughput } from './trace.ts';

/** What waits for one sender's mailbox. */
export interface LaneStats {
  readonly lane: string;
  /** Entries that have not ended. */
  readonly waiting: number;
  /** The same by state. */
  readonly states: Readonly<Partial<Record<SpoolState, number>>>;
  /** ms since the oldest of them was accepted. */
  readonly oldest: number;
}

/** A mailbox that can't be used until someone acts. */
export interface BlockedLane {
  /** SMTP address of the sender's mailbox. */
  readonly lane: string;
  readonly reason: Reason;
  /** When one note is tried next; `retryNow()` tries at once. */
  readonly nextTrialAt: Date;
}

/** A server that can't be reached, or refuses everybody. */
export interface UnavailableEndpoint {
  /** As {@link Place.endpoint}; for EWS the URL. */
  readonly endpoint: string;
  readonly reason: Reason;
  /** When one note is tried next. */
  readonly nextTrialAt: Date;
}

/** A mailbox from which nothing is delivered until `resume()`. */
export interface PausedLane {
  /** Sender's mailbox; missing: every mailbox. */
  readonly lane?: string;
  readonly by: string;
  readonly why?: string;
  readonly since: Date;
}

/** What {@link OfflineImSender.stats} resolves with. */
export interface SenderStats {
  /** All entries by state: exact. */
  readonly states: Readonly<Record<SpoolState, number>>;
  /** Mailboxes that can't be used until someone acts, as this process knows: why, and when they are tried next. */
  readonly blocked: readonly BlockedLane[];
  /** Servers that can't be reached or refuse everybody, as this process knows. */
  readonly unavailable: readonly UnavailableEndpoint[];
  /** What is paused, in every process on the spool. */
  readonly paused: readonly PausedLane[];
  /** Mailboxes with entries that have not ended, those with most first; empty with a `limit` of 0. */
  readonly lanes: readonly LaneStats[];
  /** ms since the oldest entry that has not ended was accepted; `undefined` when there is none, or with a `limit` of 0. */
  readonly oldest: number | undefined;
  /** False when more entries wait than were looked at: `lanes` and `oldest` then speak of those only. */
  readonly complete: boolean;
  /** How many entries were accepted, delivered and so on by this process within the last minute. */
  readonly lastMinute: LastMinute;
}

/** Options of {@link OfflineImSender.stats}. */
export interface StatsOptions {
  /**
   * The most entries that are read for `lanes` and `oldest`: of each state, those accepted first. A FileSpool reads one file per entry; 0 reads none, and costs as
   * little as counting.
   * @default 0
   */
  readonly limit?: number | undefined;
}

interface Tally {
  waiting: number;
  readonly states: Partial<Record<SpoolState, number>>;
  since: number;
}

/** Entries in these states have not ended. The few that are at work first, then what has waited longest. */
const waitingStates = ['delivering', 'unconfirmed', 'deferred', 'spooled', 'held'] as const satisfies readonly SpoolState[];

export async function statsOf(
  storage: SpoolStorage,
  throughput: Throughput,
  clock: Pick<Clock, 'now'>,
  { limit = 0 }: StatsOptions,
  obstacles: Pick<SenderStats, 'blocked' | 'unavailable'>,
): Promise<SenderStats> {
  const [states, pauses = []] = await Promise.all([storage.counts(), storage.admin?.paused()]);
  const lanes = new Map<string, Tally>();
  let read = 0;
  for (const state of waitingStates) {
    if (states[state] === 0 || read >= limit) continue;
    for await (const entry of answerAtOnce(storage.list({ state }))) {
      add(lanes, entry);
      read += 1;
      if (read >= limit) break;
    }
  }
  const now = clock.now();
  const age = (since: number): number => Math.max(0, now - since);
  const tallies = [...lanes].map(([lane, { since, ...tally }]) => ({ lane, ...tally, oldest: age(since) }));
  const all = waitingStates.reduce((sum, state) => sum + states[state], 0);
  return {
    states,
    ...obstacles,
    paused: pauses.map(shownPause),
    lanes: tallies.sort((a, b) => b.waiting - a.waiting),
    oldest: tallies.length === 0 ? undefined : tallies.reduce((most, { oldest }) => Math.max(most, oldest), 0),
    complete: read >= all,
    lastMinute: throughput.lastMinute(),
  };
}

/** Storages keep numbers; what people and their programs read are dates. */
export function shownPause({ since, ...pause }: Pause): PausedLane {
  return { ...pause, since: new Date(since) };
}

function add(lanes: Map<string, Tally>, { lane, state, acceptedAt }: SpoolEntry): void {
  const tally = lanes.get(lane) ?? { waiting: 0, states: {}, since: acceptedAt };
  tally.waiting += 1;
  tally.states[state] = (tally.states[state] ?? 0) + 1;
  tally.since = Math.min(tally.since, acceptedAt);
  lanes.set(lane, tally);
}
