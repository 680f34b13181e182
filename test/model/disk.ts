import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';

/** Where a spool lies: what outlives a process. */
export interface Disk {
  readonly name: string;
  /**
   * The spool of the process that begins now.
   *
   * @param died Called when the disk takes the process down in the middle of an operation; that operation never ends.
   */
  begin(died: () => void): SpoolStorage;
  /** The process is gone. `halfway`: whatever its spool was doing stays undone; else all that was asked for is done first. */
  end(): Promise<void>;
  readonly endsHalfway: boolean;
  /** The process dies at one of the next operations of the disk. */
  dieAt?(operation: number): void;
  /** The machine lost power when the process ended: what was not synced is kept or not, by `seed`. */
  losePower?(seed: number): void;
  /** No fault happens any more. */
  calm(): void;
  /** Nobody needs it any more. */
  remove(): void;
}

/** Memory, as if it were a disk that outlives its process. */
export class MemoryDisk implements Disk {
  readonly name: string = 'memory';
  readonly endsHalfway = false;
  readonly #spool = new MemorySpool();

  begin(): SpoolStorage {
    return this.#spool;
  }

  end(): Promise<void> {
    return this.#spool.close();
  }

  calm(): void {}

  remove(): void {}
}
