import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { abortSignal, callback, flag, optional, type RulesFor, readOptions } from '../../core/options.ts';

/** Options of a spool's `backup()`. */
export interface BackupOptions {
  /**
   * Whether what is no backup of this library may be replaced: a file, and for a `FileSpool` a folder with all that is in it. What is in use, a link or a
   * device never is.
   *
   * @default false
   */
  readonly overwrite?: boolean | undefined;
  /** Gives the copy up; nothing is left of it. The call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each step: bytes of a `SqliteSpool`, about 4 MiB at a time; entries of a `FileSpool`. What it throws gives the copy up. */
  readonly onProgress?: ((progress: { readonly copied: number; readonly total: number }) => void) | undefined;
}

const backupRules = {
  overwrite: optional(flag()),
  signal: optional(abortSignal()),
  onProgress: optional(callback<NonNullable<BackupOptions['onProgress']>>()),
} satisfies RulesFor<BackupOptions>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export function readBackupOptions(given: BackupOptions): BackupOptions {
  return readOptions('spool.backup()', given, backupRules);
}

/** @param found What makes the target one that is not touched. */
export function backupRefused(path: string, found: string): OfflineImError {
  const message = `No backup was made: ${quoted(path)} ${found}. Choose a path where nothing is yet, or that of an older backup.`;
  return new OfflineImError('BACKUP_REFUSED', message, { details: { path } });
}

/** What the host is told at each start of a copy whose messages are still held. */
export function restoredWarning(path: string, held: number): OfflineImError {
  const message = `The spool ${quoted(path)} is a restored copy: ${held} entries wait held, since they may have been sent after the copy was made. Look at them (list({ state: 'held' })), cancel() what was sent, then call releaseRestored().`;
  return new OfflineImError('SPOOL_RESTORED', message, { details: { held } });
}
