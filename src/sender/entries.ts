import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../core/errors/thrown.ts';
import { byDefault, optional, type RulesFor, readOptions, text } from '../core/options.ts';
import { isOneLine } from '../core/text.ts';
import { addressKey, parseAddress } from '../message/address.ts';
import { type SenderStats, type StatsOptions, statsOf } from '../observability/stats.ts';
import type { Throughput } from '../observability/trace.ts';
import type { SpoolAdmin } from '../spool/admin/contract.ts';
import type { Change, Reason, SpoolStorage } from '../spool/contract.ts';
import type { Spooler } from '../spooler/spooler.ts';
import { assertId, type ListQuery, type RequeueOptions, readList, readRequeue, readStats } from './call-options.ts';
import { type MessageEntry, type MessageStatus, shownEntry, statusOf } from './status.ts';

/** Who pauses, and why. The spool keeps both, and shows them to anyone who asks why nothing is delivered. */
export interface PauseOptions {
  /** One line, at most 500 characters. @default none */
  readonly why?: string | undefined;
  /** A user or a program, at most 100 characters. @default 'sender' */
  readonly by?: string | undefined;
}

const oneLine = (most: number) => text(`one line of 1 to ${most} characters`, (value) => value !== '' && isOneLine(value, most));

const rules = {
  why: optional(oneLine(500)),
  by: byDefault(oneLine(100), 'sender'),
} satisfies RulesFor<PauseOptions>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export const readPause = (given: unknown) => readOptions('pause()', given, rules);

/** The lane of a mailbox named by the host. @throws {OfflineImError} `ADDRESS_INVALID` */
export function laneOf(mailbox: string | undefined): string | undefined {
  return mailbox === undefined ? undefined : addressKey(parseAddress(mailbox, 'ADDRESS_INVALID'));
}

/** @throws {OfflineImError} `SPOOL_NOT_OPERABLE` */
export function adminOf({ admin, name }: Pick<SpoolStorage, 'admin' | 'name'>): SpoolAdmin {
  if (admin !== undefined) return admin;
  const message = `The spool ${name} has no admin: it can't be paused, listed by filter, or changed in bulk.`;
  throw new OfflineImError('SPOOL_NOT_OPERABLE', message);
}

/** What {@link Entries} is made of. */
export interface EntriesContext {
  readonly clock: Clock;
  readonly storage: SpoolStorage;
  readonly spooler: Spooler;
  readonly throughput: Throughput;
  assertNotStopped(): void;
}

/** What a host sees of the entries in the spool, and what it does to them. */
export class Entries {
  readonly #context: EntriesContext;

  constructor(context: EntriesContext) {
    this.#context = context;
  }

  async status(messageId: string): Promise<MessageStatus | undefined> {
    assertId('status()', messageId);
    const { clock, spooler } = this.#context;
    return statusOf(await this.#opened(), messageId, clock, (lane) => spooler.laneStanding(lane));
  }

  async *list(query: ListQuery): AsyncIterable<MessageEntry> {
    const { state } = readList(query);
    const entries = answerAtOnce((await this.#opened()).list(state === undefined ? {} : { state }));
    for await (const entry of entries) yield shownEntry(entry);
  }

  async stats(options: StatsOptions): Promise<SenderStats> {
    const { limit } = readStats(options);
    const { clock, throughput } = this.#context;
    return statsOf(await this.#opened(), throughput, clock, { limit }, this.#obstacles());
  }

  /** Applies to every entry of a message, or to one entry. */
  async act(action: 'cancel' | 'hold' | 'release' | 'purge', id: string): Promise<readonly Change[]> {
    return this.#act(action, id, (ids) => this.#context.storage[action](ids));
  }

  async requeue(id: string, options: RequeueOptions): Promise<readonly Change[]> {
    const { force } = readRequeue(options);
    return this.#act('requeue', id, (ids) => this.#context.storage.requeue(ids, { force }));
  }

  async pause(mailbox: string | undefined, options: PauseOptions): Promise<void> {
    const lane = laneOf(mailbox);
    const { by, why } = readPause(options);
    await adminOf(await this.#opened()).pause({ lane, by, why });
    this.#context.spooler.pausesChanged();
  }

  async resume(mailbox: string | undefined): Promise<boolean> {
    const was = await adminOf(await this.#opened()).resume(laneOf(mailbox));
    this.#context.spooler.pausesChanged();
    return was;
  }

  /** Whether the spool has a message with this id, or its tombstone. */
  async isKnown(messageId: string): Promise<boolean> {
    const { spooler, storage } = this.#context;
    await spooler.open();
    return (await storage.findMessage(messageId)).length > 0;
  }

  async #act(
    owner: string,
    id: string,
    action: (ids: readonly string[]) => Promise<readonly Change[]>,
  ): Promise<readonly Change[]> {
    assertId(`${owner}()`, id);
    const storage = await this.#opened();
    const ofMessage = await storage.findMessage(id);
    const ids = ofMessage.length > 0 ? ofMessage.map((entry) => entry.id) : (await storage.get(id)) === undefined ? [] : [id];
    if (ids.length === 0) {
      const text = `No message or entry has the id ${JSON.stringify(id.slice(0, 100))}; it may have been forgotten.`;
      throw new OfflineImError('ENTRY_UNKNOWN', text);
    }
    const changes = await action(ids);
    this.#context.spooler.report(changes);
    return changes;
  }

  #obstacles(): Pick<SenderStats, 'blocked' | 'unavailable'> {
    const { blocked, unavailable } = this.#context.spooler.obstacles();
    const now = this.#context.clock.now();
    const shown = ({ reason, nextIn }: { readonly reason: Reason; readonly nextIn: number }) => ({
      reason,
      nextTrialAt: new Date(now + nextIn),
    });
    return {
      blocked: blocked.map((one) => ({ lane: one.lane, ...shown(one) })),
      unavailable: unavailable.map((one) => ({ endpoint: one.endpoint, ...shown(one) })),
    };
  }

  /** The spool, opened. A stopped sender opens none, since nobody would close it. */
  async #opened(): Promise<SpoolStorage> {
    const { spooler, storage, assertNotStopped } = this.#context;
    if (!spooler.hasOpened) assertNotStopped();
    await spooler.open();
    return storage;
  }
}
