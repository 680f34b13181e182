import { sleep } from '../../../core/clock.ts';
import { isA } from '../../../core/errors/thrown.ts';
import { SerialQueue } from '../../../core/queues.ts';
import type { AppendResult } from '../../contract.ts';
import { News } from '../connection/listen.ts';
import { isConnectionError, isLockTimeout } from '../connection/pg-error.ts';
import type { Session } from '../connection/session.ts';
import { TransactionError } from '../connection/transact.ts';
import {
  appendAtOnce,
  appendMessages,
  failedAppend,
  mayGoAtOnce,
  type NewMessage,
  unstorable,
  unstorableAppend,
} from './append.ts';

/** At most this many entries go into one transaction. */
const entriesAtOnce = 1_000;
/** Concurrent transactions: while one is written, the next is prepared. */
const groupsAtOnce = 2;
/** Messages that justify a second concurrent transaction, and the number from which a group is halved for it. */
const worthwhile = 16;
const worthHalving = 128;
/** At most this many turns of the event loop gather the next group: a host may append in each of them. */
const gatheringTurns = 8;
/** Connections of a pool reserved for everything else. */
const leftToOthers = 4;
/** ms that a group waits for a conversation that another transaction holds. */
const groupLockTimeout = 300;
/** ms that a message then waits for it alone, and that one transaction waits at a time: the last one, when other messages used up that time, only checks. */
const heldTimeout = 10_000;
const [step, look] = [1_000, 50] as const;
/** ms before each retry when no connection could be had, or one broke before COMMIT. */
const reconnects = [100, 300, 1_000, 3_000] as const;

type Results = readonly AppendResult[];

interface Item {
  readonly message: NewMessage;
  /** When it was requested, by the monotonic clock. */
  readonly since: number;
  done(result: AppendResult): void;
}

/**
 * Appends by group commit: messages that come while a transaction runs go into the next one. A host's transaction that
 * locks a conversation delays only that conversation.
 */
export class Appender {
  readonly #session: Session;
  readonly #news: News;
  readonly #most: number;
  #items: Item[] = [];
  /** Groups that are being gathered or written. */
  #flushing = 0;
  /** A group is being gathered: messages that come now join it. */
  #gathering = false;
  /** At the last look, all waiting messages had to wait for a group being written. */
  #blocked = false;
  /** Groups that are being written. */
  readonly #groups = new Set<readonly Item[]>();
  /** Streams and ids of their messages: another message with one of these waits, to keep the order. */
  readonly #writing = new Set<string>();
  /** Messages whose conversation is locked, one at a time. */
  readonly #waiting = new SerialQueue();
  /** How many of them each stream has: later messages go after them. */
  readonly #held = new Map<string, number>();
  /** Why the last transaction failed, if it would have failed with any other message too. */
  #outage: unknown;

  constructor(session: Session, instance: string) {
    this.#session = session;
    this.#news = new News(session, instance);
    this.#most = Math.max(1, Math.min(groupsAtOnce, (session.connections.most ?? 0) - leftToOthers));
  }

  /** One result per message, in order. */
  append(messages: readonly NewMessage[]): Promise<Results> {
    const since = this.#session.clock.monotonic();
    const results = messages.map((message) => new Promise<AppendResult>((done) => this.#items.push({ message, since, done })));
    this.#begin();
    return Promise.all(results);
  }

  #begin(): void {
    const another = this.#flushing < this.#most && this.#items.length >= worthwhile && !this.#gathering && !this.#blocked;
    if (this.#flushing === 0 || another) void this.#flush();
  }

  async #flush(): Promise<void> {
    this.#flushing += 1;
    this.#gathering = true;
    try {
      // Messages of the same turn of the event loop go together.
      await Promise.resolve();
      await this.#writeAll();
    } catch (error) {
      // No known case; but waiting messages must not wait for ever.
      this.#gathering = false;
      for (const { message, done } of this.#items.splice(0)) done(failedAppend(message, 'unknown', error));
    } finally {
      this.#flushing -= 1;
      // Messages that came after its last look.
      if (this.#items.length > 0) this.#begin();
    }
  }

  async #writeAll(): Promise<void> {
    for (let crowded = false; this.#items.length > 0; ) {
      // Callers that just got their result may append again at once: a commit for half of them would cost as much as one for all.
      if (crowded) await this.#gather();
      const group = this.#take();
      this.#gathering = false;
      this.#blocked = group.length === 0 && this.#groups.size > 0;
      // The rest goes after the group that is being written.
      if (this.#blocked) break;
      if (group.length > 0) await this.#write(group);
      crowded = group.length > 4;
    }
  }

  async #write(group: readonly Item[]): Promise<void> {
    const names = group.flatMap(({ message }) => message.names);
    for (const name of names) this.#writing.add(name);
    this.#groups.add(group);
    try {
      this.#begin();
      await this.#together(group);
    } catch (error) {
      for (const { message, done } of group) done(failedAppend(message, 'unknown', error));
    } finally {
      this.#groups.delete(group);
      for (const name of names) this.#writing.delete(name);
      this.#blocked = false;
    }
  }

  /**
   * Takes the next group: half of the messages if another transaction can take the rest, plus others in that half's conversations. Messages that must wait for a group being
   * written stay, and so do later ones of their conversations.
   */
  #take(): Item[] {
    const items = this.#items.slice(0, 2 * entriesAtOnce);
    const later = this.#items.slice(items.length);
    const shared = this.#groups.size + 1 < this.#most && items.length >= worthHalving;
    const most = shared ? Math.ceil(items.length / 2) : items.length;
    const group: Item[] = [];
    const taken = new Set<string>();
    const left: Item[] = [];
    const behind = new Set<string>();
    const leave = (item: Item, names: readonly string[]): void => {
      left.push(item);
      for (const name of names) behind.add(name);
    };
    let entries = 0;
    for (const item of items) {
      const { names } = item.message;
      const fits = entries < entriesAtOnce && (group.length < most || names.some((name) => taken.has(name)));
      if (unstorable(item.message)) item.done(unstorableAppend(item.message));
      else if (!fits || names.some((name) => this.#writing.has(name) || behind.has(name))) leave(item, names);
      else if (this.#isHopeless(item)) this.#giveUp(item);
      else if (this.#isHeld(item.message)) {
        // An earlier message in another of its conversations goes first.
        if (names.some((name) => taken.has(name))) leave(item, names);
        else this.#wait(item);
      } else {
        group.push(item);
        for (const name of names) taken.add(name);
        entries += item.message.entries.length;
      }
    }
    this.#items = [...left, ...later];
    return group;
  }

  /** Waits until a turn of the event loop brings nothing new, or enough turns have passed. */
  async #gather(): Promise<void> {
    this.#gathering = true;
    for (let [before, turn] = [-1, 0]; this.#items.length > before && turn < gatheringTurns; turn++) {
      before = this.#items.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Writes one transaction; if it was refused for its content, writes message by message, so that a bad one fails alone. Never rejects. */
  async #together(group: readonly Item[]): Promise<void> {
    try {
      const results = await this.#connected(
        group.map(({ message }) => message),
        groupLockTimeout,
      );
      for (const [index, { message, done }] of group.entries())
        done(results[index] ?? failedAppend(message, 'unknown', undefined));
    } catch (error) {
      const { kept, cause, divisible } = asTransactionError(error);
      if (kept === 'no' && divisible && group.length > 1) for (const item of group) await this.#alone(item);
      else if (kept === 'no' && isLockTimeout(cause)) for (const item of group) this.#wait(item);
      else for (const { message, done } of group) done(failedAppend(message, kept, cause));
    }
  }

  async #alone(item: Item): Promise<void> {
    if (this.#outage !== undefined) this.#giveUp(item);
    // An earlier one may have found its conversation locked.
    else if (this.#isHeld(item.message)) this.#wait(item);
    else await this.#together([item]);
  }

  /** Queues a message behind those that wait for its conversation. */
  #wait(item: Item): void {
    const keys = [...new Set(item.message.streams)];
    for (const key of keys) this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    const end = this.#session.clock.monotonic() + heldTimeout;
    void this.#waiting.run(async () => {
      if (this.#isHopeless(item)) this.#giveUp(item);
      else item.done(await this.#untilReleased(item.message, end));
      for (const key of keys) {
        const left = (this.#held.get(key) ?? 1) - 1;
        if (left === 0) this.#held.delete(key);
        else this.#held.set(key, left);
      }
    });
  }

  async #untilReleased(message: NewMessage, end: number): Promise<AppendResult> {
    const { clock } = this.#session;
    for (;;) {
      const left = end - clock.monotonic();
      try {
        const [result] = await this.#connected([message], Math.max(look, Math.min(step, left)));
        return result ?? failedAppend(message, 'unknown', undefined);
      } catch (error) {
        const { kept, cause } = asTransactionError(error);
        if (kept === 'unknown' || !isLockTimeout(cause) || clock.monotonic() >= end) return failedAppend(message, kept, cause);
      }
    }
  }

  #isHeld(message: NewMessage): boolean {
    return this.#held.size > 0 && message.streams.some((key) => this.#held.has(key));
  }

  /** It has waited for a whole deadline, and the last transaction failed: it does not wait for another one. */
  #isHopeless({ since }: Item): boolean {
    return this.#outage !== undefined && this.#session.clock.monotonic() - since >= this.#session.deadline;
  }

  #giveUp({ message, done }: Item): void {
    done(failedAppend(message, 'no', this.#outage));
  }

  /** Retries when there is no connection: the server may be restarting. All attempts share one deadline. */
  async #connected(messages: readonly NewMessage[], lockTimeout: number): Promise<Results> {
    const { clock, deadline: whole } = this.#session;
    const end = clock.monotonic() + whole;
    for (let [tried, deadline] = [0, whole]; ; tried++) {
      try {
        const results = await this.#attempt(messages, { lockTimeout, deadline });
        this.#outage = undefined;
        return results;
      } catch (error) {
        const { kept, cause, divisible } = asTransactionError(error);
        const delay = reconnects[tried];
        deadline = end - clock.monotonic() - (delay ?? 0);
        if (kept === 'unknown' || !isConnectionError(cause) || delay === undefined || deadline <= 0) {
          this.#outage = divisible ? undefined : cause;
          throw error;
        }
        await sleep(clock, delay);
      }
    }
  }

  async #attempt(messages: readonly NewMessage[], limits: { lockTimeout: number; deadline: number }): Promise<Results> {
    const atOnce = mayGoAtOnce(messages);
    const write = atOnce ? appendAtOnce : appendMessages;
    const { results, added } = await this.#session.transact(
      async (client) => {
        const appended = await write(client, this.#session.sql, messages);
        return { result: appended, commit: appended.added };
      },
      { ...limits, setsItself: atOnce },
    );
    if (added) this.#news.tell();
    return results;
  }
}

function asTransactionError(error: unknown): TransactionError {
  return isA(error, TransactionError) ? error : new TransactionError('no', error);
}
