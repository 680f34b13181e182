import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { asError } from '../../../core/errors/thrown.ts';
import type { SpoolRowChange } from '../stores/stores.ts';
import type { Loss } from './connection.ts';

/** A commit after which the file was found lost. */
export class DoubtfulCommit extends Error {
  readonly loss: Loss;
  readonly written: SpoolRowChange;
  /** Returns the results after all. */
  readonly tell: () => void;

  constructor(loss: Loss, written: SpoolRowChange, tell: () => void) {
    super('The file was lost beneath a commit.');
    this.loss = loss;
    this.written = written;
    this.tell = tell;
  }
}

/** The file was lost before a group wrote anything. */
export class NothingBegun extends Error {
  readonly loss: Loss;

  constructor(loss: Loss) {
    super('The file was lost before a group began.');
    this.loss = loss;
  }
}

/** A COMMIT failed with an unknown outcome: the file can no longer be trusted. */
export class FailedCommit extends Error {
  constructor(cause: unknown) {
    super('A commit failed.', { cause });
  }
}

/** An I/O error before a commit: nothing was kept, and the file must be reopened. */
export class UnusableHandle extends Error {
  constructor(cause: unknown) {
    super('The connection failed before a commit.', { cause });
  }
}

/** The warning for the host when a file is reopened after its connection failed. */
export function faultWarning(path: string, cause: unknown): OfflineImError {
  const message = `The spool ${quoted(path)} had a storage error (${asError(cause).message}) and is reopening its file. Nothing that failed was kept, and everything accepted earlier is still there; check the disk.`;
  return new OfflineImError('SPOOL_FAILED', message, { cause });
}

/** The error for an operation whose file was lost, and the warning for the host when it is reopened. */
export function lossError(path: string, loss: Loss): OfflineImError {
  const spool = quoted(path);
  const message =
    loss === 'replaced'
      ? `The spool ${spool}, or its log, was removed or replaced while it was open; the file now at that path was opened instead. Anything that only the old file had is lost: never move, delete or restore the files of an open spool.`
      : `The spool ${spool} lost its locks and was reopened: some code in this process has read or copied its files. Other processes may have taken it for unused; copy it with backup().`;
  return new OfflineImError('SPOOL_REPLACED', message, { details: { loss } });
}

const toldOfNoLock = new WeakSet<object>();

/** Warns the host that a spool has no lock file: once, however often its file is reopened. */
export function tellOfNoLock(spool: object, path: string, tell: (error: OfflineImError) => void): void {
  if (toldOfNoLock.has(spool)) return;
  toldOfNoLock.add(spool);
  const message = `No lock file for the spool ${quoted(path)} can be created in /dev/shm, /tmp or the folder for temporary files. The spool works, but it may be damaged if code in this process reads or copies its files while another process has it open; give this user a writable folder there.`;
  tell(new OfflineImError('SPOOL_ROOT_UNUSABLE', message));
}
