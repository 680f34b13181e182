import { resolve } from 'node:path';
import { checkArguments } from '../../core/arguments.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { byDefault, filePath, flag, milliseconds, type RulesFor, readOptions, rule } from '../../core/options.ts';
import { checkRuntime } from '../../core/runtime.ts';
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
  Settlement,
  SettleResult,
  SpoolContext,
  SpoolEntry,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
  Standing,
} from '../contract.ts';
import { type BackupOptions, readBackupOptions } from '../disk/backup.ts';
import { appendStorable, splitByMessage } from '../state/append.ts';
import { noteIdOf } from '../state/records.ts';
import { settleEach } from '../state/settle.ts';
import { failedAppends, type Subject, type Transition, TransitionSpool } from '../state/transition-spool.ts';
import { sqliteQueries, sqliteRecords } from './admin.ts';
import { nextDue } from './claim.ts';
import { bytesInUse } from './clean-up.ts';
import { backUp } from './connection/backup.ts';
import { isBusy } from './connection/sqlite-error.ts';
import { appendAll, chunked } from './group.ts';
import { firstPageStart, type PageStart } from './read.ts';
import { Session } from './session.ts';

function checkedTarget(path: unknown): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return resolve(path);
  throw new OfflineImError('OPTION_INVALID', `path is ${quoted(path)}; expected the path of a file.`);
}

/** Options of a {@link SqliteSpool}. */
export interface SqliteSpoolOptions {
  /**
   * The file; if missing, it and its folder are created, for this user only. SQLite keeps `-wal` and `-shm` beside it.
   * It must be on a local disk: locks and shared memory don't work on most network shares.
   */
  readonly path: string;
  /**
   * ms for which other processes may keep the file locked before a call fails with `SPOOL_BUSY`. Waiting doesn't block the event loop.
   *
   * @default 10000
   */
  readonly busyTimeout?: number | undefined;
  /**
   * Whether the file may be on a network disk, or on one that a container or a virtual machine shares with its host. SQLite loses messages there as soon as
   * two machines have it open. So `open()` rejects with `SPOOL_ROOT_UNUSABLE` on a known network disk (NFS, SMB, Ceph, …), and warns of one that may be shared. With
   * `true` it only warns of the former, and accepts the latter silently. Disks are recognized on Linux, and by UNC paths on Windows.
   *
   * @default false
   */
  readonly allowNetworkDisk?: boolean | undefined;
  /**
   * How to treat messages that wait in a restored copy of a spool: they may have been sent since the copy was made, and would be sent again.
   *
   * The first open of a copy made with {@link SqliteSpool.backup} recognizes it and holds all waiting messages: they no longer expire, a `warning` with
   * `SPOOL_RESTORED` says so at every start, and {@link SqliteSpool.releaseRestored} releases them. `true` does the same, once, for a copy made otherwise
   * (of a closed spool, or of its disk); nobody else may have it open. `'resume'` releases them at once: for a spool that was moved and runs nowhere else.
   *
   * @default false
   */
  readonly restored?: boolean | 'resume' | undefined;
}

const rules = {
  path: filePath('the path of a file'),
  busyTimeout: byDefault(milliseconds(0, Number.MAX_SAFE_INTEGER), 10_000),
  allowNetworkDisk: byDefault(flag(), false),
  restored: byDefault(
    rule<boolean | 'resume'>("true, false or 'resume'", (value) => typeof value === 'boolean' || value === 'resume'),
    false,
  ),
} satisfies RulesFor<SqliteSpoolOptions>;

/** At most this many entries are appended in one transaction, so that a long list blocks neither the event loop nor other processes. */
const appendsAtOnce = 256;

/**
 * Keeps everything in one SQLite file, for one or several processes on the same machine. Accepted messages survive the end
 * of the process and a power cut: every change is in the write-ahead log, and synced, before the call resolves; concurrent
 * calls share a sync. Each of a million waiting messages costs as much as each of a thousand.
 *
 * `open()` rejects with `SPOOL_ROOT_UNUSABLE` when the file can't be used or is another program's, `SPOOL_CORRUPT` when it
 * is damaged, `SPOOL_VERSION` when a later version of this library wrote it, `SPOOL_BUSY` when it stays locked. After an
 * I/O error that leaves a commit in doubt, such as a failed fsync, the spool closes itself, and every call rejects with `SPOOL_CLOSED`; after any other
 * it reopens its file, and goes on as soon as the disk works again.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const sender = new OfflineImSender({ spool: new SqliteSpool({ path: '/var/spool/my-bot/spool.db' }), … });
 * ```
 */
export class SqliteSpool extends TransitionSpool implements SpoolStorage {
  readonly name = 'sqlite';
  readonly capabilities = { durable: true, shared: true } as const;
  readonly admin: SpoolAdmin;
  readonly #session: Session;
  readonly #path: string;

  constructor(options: SqliteSpoolOptions) {
    checkRuntime('SqliteSpool');
    super();
    checkArguments(SqliteSpool.prototype, 'spool', spoolArguments);
    const { path, ...rest } = readOptions('SqliteSpool', options, rules);
    this.#path = resolve(path);
    this.#session = new Session({ path: this.#path, ...rest });
    this.admin = new StoredAdmin(this, sqliteRecords(this.#session), sqliteQueries(this.#session));
  }

  open(context: SpoolContext): Promise<void> {
    return this.#session.open(context);
  }

  append(entries: readonly NewSpoolEntry[]): Promise<readonly AppendResult[]> {
    return appendStorable(entries, async (storable) => {
      const parts = chunked(splitByMessage(storable), appendsAtOnce);
      return (await Promise.all(parts.map((messages) => this.#append(messages)))).flat();
    });
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#session.run((group, { picker }) => picker.claim(group, request));
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#session.run((group) => {
      group.flush();
      const until = Math.ceil(group.now + lease);
      const lost = claims.filter((token) => !group.stores.notes.renew(noteIdOf(token), token, until));
      if (lost.length < claims.length) group.changed();
      return lost;
    });
  }

  settle(settlements: readonly Settlement[]): Promise<SettleResult> {
    return this.transit({}, (transition) => settleEach(transition, settlements));
  }

  async expire(request: ExpireRequest): Promise<readonly Change[]> {
    await this.#session.cleanUp();
    const changes: Change[] = [];
    for (;;) {
      const step = await this.#session.run((group, { expiry }) => expiry.expire(group, request));
      changes.push(...step.changes);
      if (!step.full) return changes;
    }
  }

  nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#session.read((group, { leases }) => nextDue(group, leases, lanes));
  }

  get(entryId: string): Promise<SpoolEntry | undefined> {
    return this.#session.read((group, { reading }) => reading.entry(group, entryId));
  }

  standing(entryId: string): Promise<Standing | undefined> {
    return this.#session.read((group, { reading }) => reading.standing(group, entryId));
  }

  findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return this.#session.read((group, { reading }) => reading.message(group, messageId));
  }

  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    for (let start: PageStart | undefined = firstPageStart; start !== undefined; ) {
      const from: PageStart = start;
      const page = await this.#session.read((group, { reading }) => reading.page(group, query, from));
      yield* page.entries;
      start = page.next;
    }
  }

  /** Overwrites purged content in the file, and in its log as soon as nothing reads from that. */
  override async purge(entryIds: readonly string[]): Promise<readonly Change[]> {
    const changes = await super.purge(entryIds);
    if (changes.length > 0) await this.#session.truncateLog();
    return changes;
  }

  watch(wake: () => void): () => void {
    return this.#session.watch(wake);
  }

  counts(): Promise<Readonly<Record<SpoolState, number>>> {
    return this.#session.read((group) => group.stores.spool.counts());
  }

  /** The bytes in use in the file. */
  usage(): Promise<{ readonly bytes: number }> {
    return this.#session.use(async (database) => ({ bytes: bytesInUse(database) }));
  }

  /**
   * Copies a snapshot of the spool to another file while it is in use. The copy appears under its name once it is complete and synced. Concurrent writes don't delay the
   * end of the call; until then the log (`-wal`) can't start over, and grows.
   *
   * Replaces an older backup of that name. Rejects with `BACKUP_REFUSED` for the spool itself and its companions, any spool that is open or was not closed, links,
   * devices and folders; and for any other file, unless `overwrite` is set. The copy is marked: see `restored` for how it is opened.
   *
   * @throws {OfflineImError} `BACKUP_REFUSED`, `OPTION_INVALID`, `SPOOL_CLOSED`, `SPOOL_FAILED`, `SPOOL_ROOT_UNUSABLE`; the reason of `signal`
   * @example
   * ```ts
   * await spool.backup('/var/backups/spool.db', { signal: AbortSignal.timeout(600_000) });
   * ```
   */
  backup(path: string, options: BackupOptions = {}): Promise<void> {
    return this.#session.use(async () => {
      const course = readBackupOptions(options);
      await backUp({ path: this.#path, hold: () => this.#session.hold() }, checkedTarget(path), course);
    });
  }

  /**
   * Releases the entries held because the spool is a restored copy, in their original order; those that may have been sent are probed first. Resolves with their number.
   * Leaves alone entries that the host has cancelled, released or purged meanwhile.
   *
   * @throws {OfflineImError} `SPOOL_CLOSED`, `SPOOL_FAILED`
   */
  releaseRestored(): Promise<number> {
    return this.#session.releaseRestored();
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** @internal */
  protected override transit<Result>(_subject: Subject, operation: (transition: Transition) => Result): Promise<Result> {
    return this.#session.run((group) => operation({ tx: group.tx, tags: group.stores, now: group.now }));
  }

  /** Appends all together; if that was not kept, message by message, so that a bad one fails alone. */
  async #append(messages: readonly (readonly NewSpoolEntry[])[]): Promise<readonly AppendResult[]> {
    const outcome = await this.#session.submit((group) => appendAll(group, messages));
    if (outcome.ok) return outcome.value;
    // If busy, each alone would wait for the lock as long again.
    if (outcome.kept === 'no' && messages.length > 1 && !isBusy(outcome.error)) {
      return (await Promise.all(messages.map((message) => this.#append([message])))).flat();
    }
    return failedAppends(messages, outcome.kept, this.#session.errorOf(outcome.error));
  }
}
