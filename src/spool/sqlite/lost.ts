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
