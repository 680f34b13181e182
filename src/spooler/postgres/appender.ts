import { sleep } from '../../clock.ts';
import { OfflineImError } from '../../errors/index.ts';
import type { AppendResult } from '../storage.ts';
import { SerialQueue } from '../table/queue.ts';
import type { NewMessage } from './append.ts';
import { appendMessages, streamsOf, unstorable } from './append.ts';
import { asSpoolError, isLockTimeout, isTransient, sqlStateOf } from './pg-error.ts';
import type { PgClient } from './pool.ts';
import type { Session } from './session.ts';
import { TransactionError } from './transact.ts';

/** Entries that go into one transaction at most. */
const entriesAtOnce = 1_000;
/** ms that a group waits for more, when the one before it had several. */
const gathering = 1;
/** ms that a group waits for a conversation that another transaction holds. */
const groupLockTimeout = 300;
/** ms that a message waits for it on its own, and that one transaction waits at a time. */
const patience = 10_000;
const step = 1_000;
/** ms after which a connection that could not be had, or broke before COMMIT, is tried again. */
const reconnects = [100, 300, 1_000, 3_000] as const;

type Results = readonly AppendResult[];

interface Item {
  readonly message: NewMessage;
  done(result: AppendResult): void;
}

/**
 * Appends by group commit: what is asked for while a transaction runs goes into the next one. A host's transaction that
 * holds a conversation holds up that conversation only.
 */
export class Appender {
  readonly #session: Session;
  readonly #instance: string;
  readonly #items: Item[] = [];
  #flushing = false;
  /** Messages whose conversation is held, one at a time. */
  readonly #waiting = new SerialQueue();
  /** How many of them each stream has: what comes later goes after them. */
  readonly #held = new Map<string, number>();

  constructor(session: Session, instance: string) {
    this.#session = session;
    this.#instance = instance;
  }

  /** One result a message, in their order. */
  append(messages: readonly NewMessage[]): Promise<Results> {
    const results = messages.map((message) => new Promise<AppendResult>((done) => this.#items.push({ message, done })));
    if (!this.#flushing) void this.#flush();
    return Promise.all(results);
  }

  /** In the host's transaction: nothing is kept before its COMMIT. */
  async appendIn(client: PgClient, messages: readonly NewMessage[]): Promise<Results> {
    const { sql } = this.#session;
    const storable = messages.filter((one) => !unstorable(one));
    try {
      await client.query({ text: 'SAVEPOINT offline_im_append' });
    } catch (error) {
      if (sqlStateOf(error) !== '25P01') throw error;
      throw new OfflineImError('OPTION_INVALID', 'client is not in a transaction; call BEGIN on it before send().');
    }
    for (let tried = 1; ; tried++) {
      try {
        // The host's own process does not know when it commits: it hears of it as all others do.
        const { results } = await appendMessages(client, sql, storable, '');
        await client.query({ text: 'RELEASE SAVEPOINT offline_im_append' });
        return inOrder(messages, results);
      } catch (error) {
        const undone = await client.query({ text: 'ROLLBACK TO SAVEPOINT offline_im_append' }).catch(() => undefined);
        // Another transaction has just committed the same message: now it is seen.
        if (undone !== undefined && tried < 3 && isTransient(error)) continue;
        return messages.map((one) => failed(one, 'no', error));
      }
    }
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    // What is asked for in the same turn of the event loop goes together.
    await Promise.resolve();
    for (let crowded = false; this.#items.length > 0; ) {
      // Who has just been told that a message is kept may well have the next: a commit for half of them would cost as much as one for all.
      if (crowded) await sleep(this.#session.clock, gathering);
      const group: Item[] = [];
      for (let entries = 0; this.#items.length > 0 && entries < entriesAtOnce; ) {
        const [item] = this.#items.splice(0, 1);
        if (item === undefined) break;
        if (unstorable(item.message)) item.done(failed(item.message, 'no', unstorableError()));
        else if (this.#isHeld(item.message)) this.#wait(item);
        else {
          group.push(item);
          entries += item.message.length;
        }
      }
      if (group.length > 0) await this.#together(group);
      crowded = group.length > 4;
    }
    this.#flushing = false;
  }

  /** One transaction; where it fails with nothing kept, message by message, so that a bad one fails alone. Never rejects. */
  async #together(group: readonly Item[]): Promise<void> {
    try {
      const results = await this.#connected(
        group.map(({ message }) => message),
        groupLockTimeout,
      );
      for (const [index, { message, done }] of group.entries()) done(results[index] ?? failed(message, 'unknown', undefined));
    } catch (error) {
      const { kept, cause } = asTransactionError(error);
      if (kept === 'no' && group.length > 1) for (const item of group) await this.#alone(item);
      else if (kept === 'no' && isLockTimeout(cause)) for (const item of group) this.#wait(item);
      else for (const { message, done } of group) done(failed(message, kept, cause));
    }
  }

  async #alone(item: Item): Promise<void> {
    // One before it may have found its conversation held.
    if (this.#isHeld(item.message)) this.#wait(item);
    else await this.#together([item]);
  }

  /** Puts a message behind those that wait for its conversation. */
  #wait({ message, done }: Item): void {
    const keys = [...streamsOf([message]).keys()];
    for (const key of keys) this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    void this.#waiting.run(async () => {
      done(await this.#patiently(message));
      for (const key of keys) {
        const left = (this.#held.get(key) ?? 1) - 1;
        if (left === 0) this.#held.delete(key);
        else this.#held.set(key, left);
      }
    });
  }

  async #patiently(message: NewMessage): Promise<AppendResult> {
    const { clock } = this.#session;
    const end = clock.monotonic() + patience;
    for (;;) {
      try {
        const [result] = await this.#connected([message], step);
        return result ?? failed(message, 'unknown', undefined);
      } catch (error) {
        const { kept, cause } = asTransactionError(error);
        if (kept === 'unknown' || !isLockTimeout(cause) || clock.monotonic() >= end) return failed(message, kept, cause);
      }
    }
  }

  #isHeld(message: NewMessage): boolean {
    return this.#held.size > 0 && [...streamsOf([message]).keys()].some((key) => this.#held.has(key));
  }

  /** Once more after a while when there was no connection: the server may be starting again. */
  async #connected(messages: readonly NewMessage[], lockTimeout: number): Promise<Results> {
    for (let tried = 0; ; tried++) {
      try {
        return await this.#session.transact(
          async (client) => {
            const { results, added } = await appendMessages(client, this.#session.sql, messages, this.#instance);
            return { result: results, commit: added };
          },
          { lockTimeout },
        );
      } catch (error) {
        const { kept, cause } = asTransactionError(error);
        const delay = reconnects[tried];
        if (kept === 'unknown' || delay === undefined || !isConnectionError(cause)) throw error;
        await sleep(this.#session.clock, delay);
      }
    }
  }
}

function asTransactionError(error: unknown): TransactionError {
  return error instanceof TransactionError ? error : new TransactionError('no', error);
}

/** No connection, a broken one, or a server that is going down or coming up. */
function isConnectionError(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return state.startsWith('57P') || state.startsWith('08');
  return (
    error instanceof Error && !(error instanceof OfflineImError) && ('errno' in error || error.message.includes('onnection'))
  );
}

function failed(message: NewMessage, kept: 'no' | 'unknown', error: unknown): AppendResult {
  return { messageId: message[0]?.messageId ?? '', status: 'failed', kept, error: asSpoolError(error) };
}

function unstorableError(): OfflineImError {
  const text = 'An id, an address or a name holds U+0000 or half a surrogate pair, which PostgreSQL cannot keep.';
  return new OfflineImError('MESSAGE_INVALID', text);
}

/** Puts the results of those that could be stored where they belong. */
function inOrder(messages: readonly NewMessage[], results: Results): Results {
  const left = results.values();
  return messages.map((one) => (unstorable(one) ? failed(one, 'no', unstorableError()) : (left.next().value as AppendResult)));
}
