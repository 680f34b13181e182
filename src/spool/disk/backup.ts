import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { abortSignal, callback, flag, optional, type RulesFor, readOptions } from '../../core/options.ts';

/** Options of a spool's `backup()`. */
export interface BackupOptions {
  /**
   * Whether to replace a target that is not a backup of this library: a file or, for a `FileSpool`, a folder with all its contents. A target that is in use, a link or a
   * device is never replaced.
   *
   * @default false
   */
  readonly overwrite?: boolean | undefined;
  /** Abandons and removes the copy; the call rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called after each step, with bytes of a `SqliteSpool` (about 4 MiB per step) or entries of a `FileSpool`. If it throws, the copy is abandoned. */
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

/** The error for a target that is not to be replaced. @param found Why, as the predicate of a sentence. */
export function backupRefused(path: string, found: string): OfflineImError {
  const message = `No backup was made: ${quoted(path)} ${found}. Choose a path that does not exist yet, or that of an older backup.`;
  return new OfflineImError('BACKUP_REFUSED', message, { details: { path } });
}

/** The warning at each start of a restored copy whose messages are still held. */
export function restoredWarning(path: string, held: number): OfflineImError {
  const message = `The spool ${quoted(path)} is a restored copy: ${held} entries are held, since they may have been sent after the copy was made. Inspect them (list({ state: 'held' })), cancel() those that were sent, then call releaseRestored().`;
  return new OfflineImError('SPOOL_RESTORED', message, { details: { held } });
}
