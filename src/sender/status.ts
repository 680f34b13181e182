import type { Clock } from '../core/clock.ts';
import type { Reason, SpoolEntry, SpooledMessage, SpoolStorage, Standing } from '../spool/contract.ts';
import { type LaneStanding, pausesOf } from '../spooler/lanes/obstacles.ts';

/**
 * What an entry is waiting for. `pickup`: the end of its two minutes. `back-off`: its own, or its mailbox's. `order`: older messages of its conversation.
 * `mailbox-blocked`, `endpoint-unavailable`: a trial of its mailbox or its server. `probe`: the next probe. `held`: `release()`. `paused`: `resume()`.
 * `worker`: it is due, and waits for a started sender with room for it.
 */
export type WaitingFor =
  | 'pickup'
  | 'back-off'
  | 'order'
  | 'mailbox-blocked'
  | 'endpoint-unavailable'
  | 'probe'
  | 'held'
  | 'paused'
  | 'worker';

/** An entry as `list()` shows it: a message for one audience. */
export interface MessageEntry
  extends Omit<
    SpoolEntry,
    'contentHash' | 'recipientsKey' | 'weight' | 'acceptedAt' | 'pickupAt' | 'expiresAt' | 'endedAt' | 'message'
  > {
  readonly acceptedAt: Date;
  /** When its two minutes end. */
  readonly pickupAt: Date;
  /** `undefined` once it has expired and is only probed: it is never sent again unless you requeue it. */
  readonly expiresAt: Date | undefined;
  /** When it was delivered, cancelled or given up. */
  readonly endedAt?: Date;
  /** Gone once delivered, cancelled or purged. */
  readonly message?: Omit<SpooledMessage, 'sentAt'> & { readonly sentAt: Date };
}

/** An entry as `status()` shows it. */
export interface EntryStatus extends MessageEntry {
  /** When it is tried or probed next, if that is known. */
  readonly nextAttemptAt?: Date;
  /** Missing while its note is being sent, and once it has ended. */
  readonly waitingFor?: WaitingFor;
}

/** What `status()` resolves with. */
export interface MessageStatus {
  readonly messageId: string;
  /** One per audience. */
  readonly entries: readonly EntryStatus[];
}

/** Returns the entries of a message; `undefined` if the message is unknown. */
export async function statusOf(
  storage: SpoolStorage,
  messageId: string,
  clock: Pick<Clock, 'now'>,
  laneOf: (lane: string) => LaneStanding | undefined,
): Promise<MessageStatus | undefined> {
  const found = await storage.findMessage(messageId);
  const pauses = (await storage.admin?.paused()) ?? [];
  const entries = await Promise.all(
    found.map(async ({ id }): Promise<EntryStatus | undefined> => {
      const [entry, standing] = await Promise.all([storage.get(id), storage.standing?.(id)]);
      if (entry === undefined) return undefined;
      const lane = laneOf(entry.lane);
      const { waitingFor, nextIn, reason } = waitOf(entry, standing, lane, clock.now(), pausesOf(pauses, entry.lane).length > 0);
      return {
        ...shownEntry(entry),
        ...(reason === undefined ? {} : { reason }),
        ...(waitingFor === undefined ? {} : { waitingFor }),
        ...(nextIn === undefined ? {} : { nextAttemptAt: new Date(clock.now() + nextIn) }),
      };
    }),
  );
  const shown = entries.filter((entry) => entry !== undefined);
  return shown.length === 0 ? undefined : { messageId, entries: shown };
}

/** An entry with times as `Date`s, and without what only storages need. */
export function shownEntry(entry: SpoolEntry): MessageEntry {
  const { contentHash: _hash, recipientsKey: _key, weight: _weight, message, endedAt, ...shown } = entry;
  return {
    ...shown,
    acceptedAt: new Date(entry.acceptedAt),
    pickupAt: new Date(entry.pickupAt),
    expiresAt: entry.expiresAt === 0 ? undefined : new Date(entry.expiresAt),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt) }),
    ...(message === undefined ? {} : { message: { ...message, sentAt: new Date(message.sentAt) } }),
  };
}

/** What an entry is waiting for, and for how many ms. Of two obstacles, the longer one counts. Pure. */
export function waitOf(
  entry: Pick<SpoolEntry, 'state' | 'pickupAt' | 'reason'>,
  standing: Standing | undefined,
  lane: LaneStanding | undefined,
  now: number,
  paused = false,
): { readonly waitingFor?: WaitingFor; readonly nextIn?: number; readonly reason?: Reason } {
  switch (entry.state) {
    case 'held':
      return { waitingFor: 'held' };
    case 'delivering':
    case 'delivered':
    case 'dead':
    case 'cancelled':
      return {};
    case 'spooled':
    case 'deferred':
    case 'unconfirmed': {
      // A pause doesn't stop probes.
      if (paused && entry.state !== 'unconfirmed') return { waitingFor: 'paused' };
      const dueIn = standing?.dueIn ?? (entry.state === 'spooled' ? Math.max(0, entry.pickupAt - now) : undefined);
      if (lane !== undefined && (standing?.behind === true || dueIn === undefined || lane.nextIn >= dueIn)) {
        return {
          waitingFor: lane.waitingFor,
          nextIn: lane.nextIn,
          ...(lane.reason === undefined ? {} : { reason: lane.reason }),
        };
      }
      if (standing?.behind === true) return { waitingFor: 'order' };
      if (dueIn === 0) return { waitingFor: 'worker' };
      const waitingFor = entry.state === 'spooled' ? 'pickup' : entry.state === 'deferred' ? 'back-off' : 'probe';
      return { waitingFor, ...(dueIn === undefined ? {} : { nextIn: dueIn }) };
    }
  }
}
