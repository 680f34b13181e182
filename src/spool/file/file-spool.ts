import { resolve } from 'node:path';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { defaultRoot } from '../../spooler/file/default-root.ts';
import { TableSpool } from '../journaled/journaled-spool.ts';
import type { FileLayer } from './disk/file-layer.ts';
import { nodeFiles } from './disk/node-files.ts';
import { FileJournal } from './file-journal.ts';

/** Options of a {@link FileSpool}. */
export interface FileSpoolOptions {
  /**
   * The folder under which everything lies; made when it is missing. One process can have it open at a time. It must be on
   * a file system that keeps what it was told to sync, and locks files (most network shares do neither well).
   *
   * @default `%localappdata%\Microsoft\Office\16.0\Lync` on Windows, `$XDG_STATE_HOME/offline-im` or
   * `~/.local/state/offline-im` elsewhere
   */
  readonly root?: string;
  /** The file operations it uses: for another file system, or to try out failures. @default Node's */
  readonly files?: FileLayer;
}

/**
 * Keeps every message in a readable file, in the folders that the product has: what could not be processed lies in
 * `<root>/<SipUserAddress>/History Spooler`, what waits in `waiting` below it. What was accepted survives the end of the
 * process and a power cut. For one process; its start reads every file, so for up to some 100,000 waiting messages.
 *
 * `open()` rejects with `SPOOL_LOCKED` while someone else has the root open, and with `SPOOL_ROOT_UNUSABLE` when the
 * folder can't be used. docs/file-spool-format.md describes the files.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const sender = new OfflineImSender({ spool: new FileSpool({ root: '/var/spool/my-bot' }), … });
 * ```
 */
export class FileSpool extends TableSpool {
  constructor({ root = defaultRoot(), files = nodeFiles }: FileSpoolOptions = {}) {
    if (typeof root !== 'string' || root === '' || root.includes('\0')) {
      throw new OfflineImError('OPTION_INVALID', `root is ${quoted(root)}; expected the path of a folder.`);
    }
    super({ name: 'file', durable: true, journal: new FileJournal(resolve(root), files) });
  }
}
