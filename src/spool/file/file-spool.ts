import { homedir } from 'node:os';
import { posix, resolve, win32 } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { tell } from '../../core/host-calls.ts';
import { byDefault, filePath, flag, having, optional, type RulesFor, readOptions, rule } from '../../core/options.ts';
import { checkRuntime } from '../../core/runtime.ts';
import { answerCall, isRead } from '../admin/calls.ts';
import type { SpoolContext } from '../contract.ts';
import { type BackupOptions, readBackupOptions, restoredWarning } from '../disk/backup.ts';
import { JournalError } from '../journaled/journal.ts';
import { JournaledSpool } from '../journaled/journaled-spool.ts';
import { type EntryRecord, isActive } from '../state/records.ts';
import { holdRestored, isHeldOfCopy, releaseRestored } from '../state/restored.ts';
import { backUpFolder, type CopySource } from './backup/backup.ts';
import { identityOf, readMark, writeMark } from './backup/copy-mark.ts';
import { errnoOf, type FileLayer } from './disk/file-layer.ts';
import { type Layout, layoutOf } from './disk/layout.ts';
import { nodeFiles } from './disk/node-files.ts';
import { listenForOperators } from './disk/operator-socket.ts';
import { FileJournal } from './file-journal.ts';

/** The surroundings of {@link defaultRoot}; a parameter, so that every platform can be tested on one. */
export interface Surroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  home(): string;
}

const here: Surroundings = { platform: process.platform, env: {}, home: homedir };

/** Where the product keeps its own: `%localappdata%\Microsoft\Office\16.0\Lync`; elsewhere the XDG state folder. */
export function defaultRoot({ platform, env, home }: Surroundings = { ...here, env: process.env }): string {
  const path = platform === 'win32' ? win32 : posix;
  const base = platform === 'win32' ? env.LOCALAPPDATA : env.XDG_STATE_HOME;
  // The XDG specification: a relative path is invalid and is ignored. Below one, each folder that a process starts in would have a spool of its own.
  const known = base !== undefined && path.isAbsolute(base) ? base : undefined;
  if (platform === 'win32')
    return win32.join(known ?? win32.join(homeOf(home, path), 'AppData', 'Local'), 'Microsoft', 'Office', '16.0', 'Lync');
  return posix.join(known ?? posix.join(homeOf(home, path), '.local', 'state'), 'offline-im');
}

/** A user of a container, or of a service, may have none; then Node throws, or gives what HOME says. */
function homeOf(home: Surroundings['home'], path: typeof posix): string {
  let found: string | undefined;
  let cause: unknown;
  try {
    found = home();
    if (path.isAbsolute(found)) return found;
  } catch (error) {
    cause = error;
  }
  const what =
    found === undefined
      ? 'the user of this process has no home directory'
      : `the home directory is ${quoted(found)}, which is not absolute`;
  const text = `FileSpool: root is missing, and ${what}; expected the path of a folder.`;
  throw new OfflineImError('OPTION_INVALID', text, { cause, details: { option: 'root' } });
}

/** Options of a {@link FileSpool}. */
export interface FileSpoolOptions {
  /**
   * The folder of the spool; created if missing. One process can have it open at a time. It must be on
   * a file system that keeps what it has synced, and locks files (most network shares do neither well).
   *
   * @default `%localappdata%\Microsoft\Office\16.0\Lync` on Windows, `$XDG_STATE_HOME/offline-im` or
   * `~/.local/state/offline-im` elsewhere; required for a user without a home directory
   */
  readonly root?: string | undefined;
  /**
   * Whether the folder may be on a network disk, or on one that a container or a virtual machine shares with its host. Two machines that
   * have it open at once lose messages or send them twice. So `open()` rejects with `SPOOL_ROOT_UNUSABLE` on a known network disk (NFS, SMB, Ceph, …), and warns of one
   * that may be shared. With `true` it only warns of the former, and accepts the latter silently. Disks are recognized on Linux, and by UNC paths on Windows.
   *
   * @default false
   */
  readonly allowNetworkDisk?: boolean | undefined;
  /**
   * How to treat messages that wait in a restored copy of a spool: they may have been sent since the copy was made, and would be sent again.
   *
   * The first open of a folder made with {@link FileSpool.backup} recognizes the copy and holds all waiting messages: they no longer expire, a `warning` with
   * `SPOOL_RESTORED` says so at every start, and {@link FileSpool.releaseRestored} releases them. `true` does the same, once, for a copy made otherwise
   * (of the folder of a closed spool, or of its disk). `'resume'` releases them at once: for a spool that was moved and runs nowhere else.
   *
   * @default false
   */
  readonly restored?: boolean | 'resume' | undefined;
  /** The file operations to use: for another file system, or to test failures. @default Node's */
  readonly files?: FileLayer | undefined;
}

const rules = {
  root: optional(filePath('the path of a folder')),
  allowNetworkDisk: byDefault(flag(), false),
  restored: byDefault(
    rule<boolean | 'resume'>("true, false or 'resume'", (value) => typeof value === 'boolean' || value === 'resume'),
    false,
  ),
  files: byDefault(having<FileLayer>('file operations', ['create', 'read', 'rename', 'remove', 'list', 'lock']), nodeFiles),
} satisfies RulesFor<FileSpoolOptions>;

/**
 * Keeps every message in a readable file, in the folders of the product: messages that could not be processed are in
 * `<root>/<SipUserAddress>/History Spooler`, waiting ones in `waiting` below it. Accepted messages survive the end of the
 * process and a power cut. For one process, and up to some 100,000 waiting messages: its start reads every file.
 *
 * `open()` rejects with `SPOOL_LOCKED` while someone else has the root open, with `SPOOL_VERSION` when a later version of this library
 * wrote any of it (nothing is changed then), and with `SPOOL_ROOT_UNUSABLE` when the folder can't be used. If another process takes the folder nevertheless, the last one owns it: this one closes
 * itself with a `warning` (`SPOOL_CLOSED`) before it sends or accepts anything more. docs/file-spool-format.md describes the files, and
 * what may be done with them while the spool is open.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const sender = new OfflineImSender({ spool: new FileSpool({ root: '/var/spool/my-bot' }), … });
 * ```
 */
export class FileSpool extends JournaledSpool {
  readonly #journal: FileJournal;
  readonly #files: FileLayer;
  readonly #layout: Layout;
  readonly #restored: boolean | 'resume';
  readonly #watchers = new Set<(news?: 'operated') => void>();
  #clock: Clock = systemClock;
  #stopListening: (() => Promise<void>) | undefined;

  constructor(options: FileSpoolOptions = {}) {
    checkRuntime('FileSpool');
    const { root = defaultRoot(), restored, ...rest } = readOptions('FileSpool', options, rules);
    const journal = new FileJournal({ root: resolve(root), ...rest });
    super({ name: 'file', durable: true, journal });
    this.#journal = journal;
    this.#files = rest.files;
    this.#layout = layoutOf(resolve(root));
    this.#restored = restored;
  }

  override async open(context: SpoolContext): Promise<void> {
    await super.open(context);
    this.#clock = context.clock;
    try {
      await this.#mindCopy(context);
    } catch (error) {
      await this.close().catch(() => undefined);
      throw error instanceof OfflineImError ? error : this.#unusable(error);
    }
    await this.#listen();
  }

  override async close(): Promise<void> {
    const stop = this.#stopListening;
    this.#stopListening = undefined;
    try {
      await stop?.();
    } finally {
      await super.close();
    }
  }

  /** Returns whether no other process has taken the folder; called before each request to a server. */
  isOwner(): boolean {
    return this.#journal.isOurs();
  }

  /** Calls `wake` when {@link FileSpool.releaseRestored} releases messages, and with `'operated'` when an operator has changed something. The returned function ends that. */
  watch(wake: (news?: 'operated') => void): () => void {
    this.#watchers.add(wake);
    return () => void this.#watchers.delete(wake);
  }

  /**
   * Copies the spool to another folder while it is in use. The copy appears under its name when it is complete and synced. Each message is copied as it is at some
   * moment of the call; messages accepted meanwhile are left out. It works in steps of some hundred messages, and ends however much is written meanwhile.
   *
   * Replaces an older backup of that name. Rejects with `BACKUP_REFUSED` for the spool's own folder, its parents and subfolders, an open spool, links and
   * devices; and for any other file or folder, unless `overwrite` is set. The copy is marked: see `restored` for what happens when it is opened.
   *
   * @throws {OfflineImError} `BACKUP_REFUSED`, `OPTION_INVALID`, `SPOOL_CLOSED`, `SPOOL_FAILED`, `SPOOL_ROOT_UNUSABLE`; the reason of `signal`
   * @example
   * ```ts
   * await spool.backup('/var/backups/my-bot', { signal: AbortSignal.timeout(600_000) });
   * ```
   */
  async backup(path: string, options: BackupOptions = {}): Promise<void> {
    const target = resolve(filePath('the path of a folder').read(path, { owner: 'backup()', name: 'path' }));
    const course = readBackupOptions(options);
    const source: CopySource = (take) => this.inSteps((records, notes) => this.#journal.copyOf(records, notes), take);
    // A closed spool says so before anything else.
    await this.recordsWhere(() => false);
    try {
      await backUpFolder(this.#layout.root, target, source, course, this.#clock);
    } catch (thrown) {
      // The copy is written as a spool is, whose journal says of an error whether the change was kept.
      const error: unknown = thrown instanceof JournalError ? thrown.cause : thrown;
      if (errnoOf(error) === undefined || error instanceof OfflineImError) throw error;
      throw new OfflineImError(
        'SPOOL_FAILED',
        `The backup ${quoted(target)} could not be written (${errnoOf(error)}); the partial copy was removed.`,
        {
          cause: error,
        },
      );
    }
  }

  /**
   * Releases the entries of a restored copy, in their original order; those that may have been sent are probed first. Resolves with their number.
   * Leaves alone what you have cancelled, released or purged meanwhile.
   *
   * @throws {OfflineImError} `SPOOL_CLOSED`, `SPOOL_FAILED`
   */
  async releaseRestored(): Promise<number> {
    const held = [...(await this.recordsWhere(isHeldOfCopy))].sort((one, other) => one.status.order - other.status.order);
    let released = 0;
    for (const ids of chunked(held)) {
      const changes = await this.transit({ entries: ids }, ({ tx, now }) => {
        for (const id of ids) if (isHeldOfCopy(tx.entry(id))) releaseRestored(tx, id, now);
        return tx.changes;
      });
      released += changes.length;
    }
    if (released > 0) for (const wake of this.#watchers) tell(() => wake());
    return released;
  }

  /** Serves operators in other processes, who can't open the folder. */
  async #listen(): Promise<void> {
    // Opened once more, or after an error had closed it: the one before knows another secret.
    await this.#stopListening?.();
    this.#stopListening = undefined;
    const { secret } = this.#journal;
    if (secret === undefined) return;
    this.#stopListening = await listenForOperators(this.#layout.own, secret, {
      isOwner: () => this.isOwner(),
      answer: async (call, args, signal) => {
        const answer = await answerCall(this, call, args, signal);
        if (isRead(call)) return answer;
        for (const wake of this.#watchers) tell(() => wake('operated'));
        return answer;
      },
    });
  }

  /** Before anybody may claim: what waits in a restored copy is held, unless it is to go on at once. */
  async #mindCopy({ onWarning }: SpoolContext): Promise<void> {
    const mark = await readMark(this.#files, this.#layout);
    const identity = identityOf(this.#layout.root);
    const toldOf = this.#restored === true && mark?.held.includes(identity) !== true;
    if (mark?.madeAt !== undefined || toldOf) {
      if (this.#restored !== 'resume') await this.#hold();
      // Last: a process that dies before holds the rest at the next start.
      await writeMark(this.#files, this.#layout, { held: [...new Set([...(mark?.held ?? []), identity])].slice(-100) });
    }
    if (this.#restored === 'resume') await this.releaseRestored();
    const held = (await this.recordsWhere(isHeldOfCopy)).length;
    if (held > 0) tell(() => onWarning?.(restoredWarning(this.#layout.root, held)));
  }

  async #hold(): Promise<void> {
    const waiting = await this.recordsWhere(({ status }) => isActive(status.state));
    for (const ids of chunked(waiting)) {
      await this.transit({ entries: ids }, ({ tx, now }) => {
        for (const id of ids) holdRestored(tx, id, now);
      });
    }
  }

  #unusable(cause: unknown): OfflineImError {
    const root = quoted(this.#layout.root);
    return new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `Can't read or record whether the folder ${root} is a restored copy (${errnoOf(cause) ?? 'no code'}). Check the path and its permissions.`,
      {
        cause,
        details: { root: this.#layout.root },
      },
    );
  }
}

/** The ids of entries, as many at a time as one write holds. */
function* chunked(records: readonly EntryRecord[]): Iterable<readonly string[]> {
  for (let from = 0; from < records.length; from += 500) yield records.slice(from, from + 500).map(({ fixed }) => fixed.id);
}
