import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import type { Loss } from './connection/connection.ts';
import type { SpoolRowChange } from './stores/stores.ts';

/** A commit after which the file was no longer what it had been. */
export class DoubtfulCommit extends Error {
  readonly loss: Loss;
  readonly written: SpoolRowChange;
  /** Tells the results after all. */
  readonly tell: () => void;

  constructor(loss: Loss, written: SpoolRowChange, tell: () => void) {
    super('The file was lost beneath a commit.');
    this.loss = loss;
    this.written = written;
    this.tell = tell;
  }
}

/** The file was lost before anything of a group was written. */
export class NothingBegun extends Error {
  readonly loss: Loss;

  constructor(loss: Loss) {
    super('The file was lost before a group began.');
    this.loss = loss;
  }
}

/** What an operation is told whose file was lost, and the host when it was opened anew. */
export function lossError(path: string, loss: Loss): OfflineImError {
  const spool = quoted(path);
  const message =
    loss === 'replaced'
      ? `The spool ${spool}, or its log, was removed or replaced while it was open; what its path leads to now was opened instead. What only the old file held is gone: never move, delete or restore the files of an open spool.`
      : `The spool ${spool} lost its locks and was opened anew: some code of this process has read or copied its files. Other processes may have taken it for unused; copy it with backup().`;
  return new OfflineImError('SPOOL_REPLACED', message, { details: { loss } });
}

const toldOfNoLock = new WeakSet<object>();

/** Tells the host that no lock file can be had beside a spool: once, however often its file is opened anew. */
export function tellOfNoLock(spool: object, path: string, tell: (error: OfflineImError) => void): void {
  if (toldOfNoLock.has(spool)) return;
  toldOfNoLock.add(spool);
  const message = `No lock file for the spool ${quoted(path)} can be made in /dev/shm, /tmp or the folder for temporary files. It works, but if code of this process reads or copies its files while another process has it open, it may be damaged; give this user a folder there that it may write to.`;
  tell(new OfflineImError('SPOOL_ROOT_UNUSABLE', message));
}
