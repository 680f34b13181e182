import { checkArguments } from '../../core/arguments.ts';
import { readOptions } from '../../core/options.ts';
import { GroupCommit, SerialQueue } from '../../core/queues.ts';
import { checkRuntime } from '../../core/runtime.ts';
import { timeOrderedId } from '../../core/text.ts';
import type { SpoolAdmin } from '../admin/contract.ts';
import { StoredAdmin } from '../admin/stored-admin.ts';
import { spoolArguments } from '../arguments.ts';
import type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  LaneFilter,
  NewSpoolEntry,
  Refreeze,
  Settlement,
  SettleResult,
  SpoolContext,
  SpoolEntry,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
  Standing,
} from '../contract.ts';
import { appendStorable, byMessage } from '../state/append.ts';
import { type Subject, type Transition, TransitionSpool } from '../state/transition-spool.ts';
import { Listener } from './connection/listen.ts';
import type { PgClient } from './connection/pool.ts';
import { Session } from './connection/session.ts';
import { coded, type Done, TransactionError } from './connection/transact.ts';
import { postgresQueries, postgresRecords } from './operations/admin.ts';
import { newMessage } from './operations/append.ts';
import { appendIn } from './operations/append-in-transaction.ts';
import { Appender } from './operations/append-queue.ts';
import { Claims } from './operations/claim.ts';
import { addUpCounters, expireSome, sweepTombstones } from './operations/clean-up.ts';
import { checkClock } from './operations/clock.ts';
import { expireLeases, renewAll } from './operations/leases.ts';
import {
  bytesKept,
  countsByState,
  entriesOfMessage,
  entryById,
  leasesLapsed,
  listPage,
  nextDue,
  standing,
} from './operations/read.ts';
import { refreezeAll, settleAll, settleAtOnce } from './operations/settle.ts';
import { finishWork, startWork } from './operations/work.ts';
import { asClient, type PostgresSpoolOptions, postgresRules } from './options.ts';
import { assertMigrated, migrate } from './tables/migrate.ts';
import { assertUsable } from './tables/server.ts';
import { tablesIn } from './tables/statement.ts';
import { isStorable } from './tables/texts.ts';

/** At most this many settle calls go into one transaction. */
const settlesAtOnce = 256;
const cleanUpSteps = 50;

/**
 * Keeps everything in PostgreSQL 13 or later, for any number of processes and machines. Accepted messages are committed and on
 * disk before a call resolves, whatever the database's default for `synchronous_commit`; they survive what the database
 * survives. All times are those of the database's clock.
 *
 * A claim skips what another process is claiming; a process that died, or was stopped, loses its claims when their lease
 * expires. Call `migrate()` once, as a login that may create tables, before the first `open()`.
 *
 * `open()` rejects with `SPOOL_NOT_MIGRATED` when there are no tables, `SPOOL_VERSION` when a later version of this library made
 * them, `SPOOL_FAILED` when the database can't be reached. A connection that breaks later fails the calls on it with `SPOOL_FAILED`;
 * later calls take a new one.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * import { Pool } from 'pg';
 *
 * const spool = new PostgresSpool({ pool: new Pool({ connectionString }) });
 * await spool.migrate();
 * const sender = new OfflineImSender({ spool, … });
 * ```
 */
export class PostgresSpool extends TransitionSpool implements SpoolStorage<PgClient> {
  readonly name = 'postgres';
  readonly capabilities = { durable: true, shared: true, transactions: true } as const;
  readonly admin: SpoolAdmin;
  protected override readonly actionsAtOnce = 500;
  readonly #session: Session;
  readonly #migrates: boolean;
  /** Tells this spool's own notifications from those of others. */
  readonly #instance = timeOrderedId(Date.now());
  readonly #appender: Appender;
  readonly #settlements: GroupCommit<readonly Settlement[], SettleResult>;
  readonly #claims: Claims;
  #listener: Listener | undefined;

  constructor(options: PostgresSpoolOptions) {
    checkRuntime('PostgresSpool');
    super();
    checkArguments(PostgresSpool.prototype, 'spool', spoolArguments);
    const { pool, schema, migrate, pooler, statementTimeout } = readOptions('PostgresSpool', options, postgresRules);
    this.#session = new Session({ pool, tables: tablesIn(schema), deadline: statementTimeout, pooler }, () =>
      this.#listener?.reconnect(),
    );
    this.#migrates = migrate;
    const access = {
      sql: () => this.#session.sql,
      read: <Result>(read: (client: PgClient) => Promise<Result>) => this.#read(read),
      transact: <Result>(body: (client: PgClient) => Promise<Done<Result>>) => this.#transact(body),
    };
    this.admin = new StoredAdmin(this, postgresRecords(access), postgresQueries(access));
    this.#claims = new Claims(this.#session, () => this.#expireLeases());
    this.#appender = new Appender(this.#session, this.#instance);
    this.#settlements = new GroupCommit(new SerialQueue(), settlesAtOnce, (calls) => this.#settle(calls), divisible);
  }

  /**
   * Creates the schema and its tables, or updates them to this library's version. Safe at any time, and from several processes at
   * once: one migrates, the others wait. The spool need not be open.
   *
   * @throws {OfflineImError} `SPOOL_VERSION`, `SPOOL_FAILED`
   */
  migrate(): Promise<void> {
    return coded(migrate(this.#session));
  }

  open(context: SpoolContext): Promise<void> {
    return this.#session.open(context, async (signal) => {
      const { sql } = this.#session;
      if (this.#migrates) await migrate(this.#session, signal);
      await this.#session.transact(
        async (client) => {
          await assertUsable(client);
          await assertMigrated(client, sql.tables);
          return checkClock(client, sql);
        },
        { signal },
      );
      const { connections } = this.#session;
      this.#listener = new Listener(connections.pool, this.#session, sql.tables.channel, this.#instance);
    });
  }

  /** With the `client` of a host's transaction, the messages are kept if it commits, and otherwise were never there. */
  append(
    entries: readonly NewSpoolEntry[],
    { client }: { readonly client?: PgClient | undefined } = {},
  ): Promise<readonly AppendResult[]> {
    return this.#session.use(() =>
      appendStorable(entries, async (storable) => {
        const messages = [...byMessage(storable)].map(([id, group]) => newMessage(id, group));
        if (messages.length === 0) return [];
        return client === undefined ? this.#appender.append(messages) : appendIn(this.#session, asClient(client), messages);
      }),
    );
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#session.use(() => this.#claims.claim(request));
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#session.use(() => renewAll(this.#session, claims, lease));
  }

  override refreeze(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
    return this.#transact((client) => refreezeAll(client, this.#session.sql, notes));
  }

  settle(settlements: readonly Settlement[]): Promise<SettleResult> {
    return this.#session.use(() => this.#settlements.add(settlements));
  }

  expire(request: ExpireRequest): Promise<readonly Change[]> {
    const { sql } = this.#session;
    return this.#session.use(async () => {
      await this.#session.transact((client) => checkClock(client, sql));
      const { tombstones } = this.#session.context;
      for (let step = 0; step < cleanUpSteps; step++) {
        if (!(await this.#session.transact((client) => sweepTombstones(client, sql, tombstones)))) break;
      }
      await this.#session.transact((client) => addUpCounters(client, sql));
      const changes: Change[] = [];
      for (;;) {
        const some = await this.#session.transact((client) => expireSome(client, sql, request));
        changes.push(...some.changes);
        if (!some.full) return changes;
      }
    });
  }

  nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#read((client) => nextDue(client, this.#session.sql, lanes));
  }

  async get(entryId: string): Promise<SpoolEntry | undefined> {
    // PostgreSQL refuses a text with NUL; no id contains one.
    return isStorable(entryId) ? this.#read((client) => entryById(client, this.#session.sql, entryId)) : undefined;
  }

  async standing(entryId: string): Promise<Standing | undefined> {
    return isStorable(entryId) ? this.#read((client) => standing(client, this.#session.sql, entryId)) : undefined;
  }

  async findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return isStorable(messageId) ? this.#read((client) => entriesOfMessage(client, this.#session.sql, messageId)) : [];
  }

  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    let after = '';
    for (let number = 0; ; number++) {
      const place = { after, number };
      const { entries, last } = await this.#read((client) => listPage(client, this.#session.sql, query, place));
      yield* entries;
      after = entries.at(-1)?.id ?? '';
      if (last) return;
    }
  }

  watch(wake: () => void): () => void {
    if ((this.#session.connections.most ?? 3) < 3 || !this.#session.pooling.keepsServer) return () => undefined;
    return this.#listener?.watch(wake) ?? (() => undefined);
  }

  counts(): Promise<Readonly<Record<SpoolState, number>>> {
    return this.#read((client) => countsByState(client, this.#session.sql));
  }

  /** The weights of the stored messages, dead ones included; not the tables' size on disk. */
  usage(): Promise<{ readonly bytes: number }> {
    return this.#read(async (client) => ({ bytes: await bytesKept(client, this.#session.sql) }));
  }

  close(): Promise<void> {
    return this.#session.close(async () => {
      this.#listener?.end();
      this.#listener = undefined;
    });
  }

  /** @internal */
  protected override transit<Result>(subject: Subject, operation: (transition: Transition) => Result): Promise<Result> {
    return this.#transact(async (client) => {
      const work = await startWork(client, this.#session.sql, subject);
      return finishWork(work, operation(work));
    });
  }

  #transact<Result>(body: (client: PgClient) => Promise<Done<Result>>): Promise<Result> {
    return this.#session.use(() => this.#session.transact(body));
  }

  /** Expires leases first, so that a read never shows one that has run out. */
  #read<Result>(read: (client: PgClient) => Promise<Result>): Promise<Result> {
    return this.#session.use(async () => {
      for (let first = true; ; first = false) {
        const result = await this.#session.transact(async (client) => {
          if (first && (await leasesLapsed(client, this.#session.sql))) return { result: undefined, commit: false };
          return { result: { read: await read(client) }, commit: false };
        });
        if (result !== undefined) return result.read;
        await this.#expireLeases();
      }
    });
  }

  async #expireLeases(): Promise<void> {
    while (await this.#session.transact((client) => expireLeases(client, this.#session.sql)));
  }

  async #settle(calls: readonly (readonly Settlement[])[]): Promise<readonly SettleResult[]> {
    const settled = await settleAtOnce(this.#session, calls);
    if (settled !== undefined) return settled;
    return this.#session.transact((client) => settleAll(client, this.#session.sql, calls));
  }
}

function divisible(error: unknown): boolean {
  return error instanceof TransactionError && error.divisible;
}
