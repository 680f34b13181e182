import { homedir } from 'node:os';
import { posix, resolve, win32 } from 'node:path';
import { byDefault, filePath, flag, having, optional, type RulesFor, readOptions } from '../../core/options.ts';
import { JournaledSpool } from '../journaled/journaled-spool.ts';
import type { FileLayer } from './disk/file-layer.ts';
import { nodeFiles } from './disk/node-files.ts';
import { FileJournal } from './file-journal.ts';

/** What {@link defaultRoot} looks at; a parameter so that every platform can be tested on one. */
export interface Surroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  home(): string;
}

const here: Surroundings = { platform: process.platform, env: {}, home: homedir };

/** Where the product keeps its own: `%localappdata%\Microsoft\Office\16.0\Lync`; elsewhere the XDG state folder. */
export function defaultRoot({ platform, env, home }: Surroundings = { ...here, env: process.env }): string {
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA || win32.join(home(), 'AppData', 'Local');
    return win32.join(local, 'Microsoft', 'Office', '16.0', 'Lync');
  }
  const state = env.XDG_STATE_HOME;
  // The XDG specification: a relative path is invalid and is ignored.
  const base = state !== undefined && posix.isAbsolute(state) ? state : posix.join(home(), '.local', 'state');
  return posix.join(base, 'offline-im');
}

/** Options of a {@link FileSpool}. */
export interface FileSpoolOptions {
  /**
   * The folder under which everything lies; made when it is missing. One process can have it open at a time. It must be on
   * a file system that keeps what it was told to sync, and locks files (most network shares do neither well).
   *
   * @default `%localappdata%\Microsoft\Office\16.0\Lync` on Windows, `$XDG_STATE_HOME/offline-im` or
   * `~/.local/state/offline-im` elsewhere
   */
  readonly root?: string | undefined;
  /**
   * Whether the folder may lie on a network disk, or one that a container or a virtual machine shares with its host. Two machines that
   * have it open at once lose messages or send them twice, so a known network disk (NFS, SMB, Ceph, …) is refused with
   * `SPOOL_ROOT_UNUSABLE`, and one that may be shared is warned of. With `true`, the former is only warned of, and the latter taken
   * without a word. Known on Linux, and for UNC paths on Windows.
   *
   * @default false
   */
  readonly allowNetworkDisk?: boolean | undefined;
  /** The file operations it uses: for another file system, or to try out failures. @default Node's */
  readonly files?: FileLayer | undefined;
}

const rules = {
  root: optional(filePath('the path of a folder')),
  allowNetworkDisk: byDefault(flag(), false),
  files: byDefault(having<FileLayer>('file operations', ['create', 'read', 'rename', 'remove', 'list', 'lock']), nodeFiles),
} satisfies RulesFor<FileSpoolOptions>;

/**
 * Keeps every message in a readable file, in the folders that the product has: what could not be processed lies in
 * `<root>/<SipUserAddress>/History Spooler`, what waits in `waiting` below it. What was accepted survives the end of the
 * process and a power cut. For one process; its start reads every file, so for up to some 100,000 waiting messages.
 *
 * `open()` rejects with `SPOOL_LOCKED` while someone else has the root open, and with `SPOOL_ROOT_UNUSABLE` when the
 * folder can't be used. When another process gets hold of the folder all the same, the one that came last has it: this one closes
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

  constructor(options: FileSpoolOptions = {}) {
    const { root = defaultRoot(), ...rest } = readOptions('FileSpool', options, rules);
    const journal = new FileJournal({ root: resolve(root), ...rest });
    super({ name: 'file', durable: true, journal });
    this.#journal = journal;
  }

  /** Whether no other process has taken the folder; asked before each request to a server. */
  isOwner(): boolean {
    return this.#journal.isOurs();
  }
}
