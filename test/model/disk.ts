import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';

/** The place of a spool: what outlives a process. */
export interface Disk {
  readonly name: string;
  /**
   * The spool of the process that starts now.
   *
   * @param died Called when the disk kills the process during an operation, which then never ends.
   */
  begin(died: () => void): SpoolStorage;
  /** The process is gone. `halfway`: whatever its spool was doing stays unfinished; otherwise all requested operations are completed first. */
  end(): Promise<void>;
  readonly endsHalfway: boolean;
  /** The process dies at one of the next operations of the disk. */
  dieAt?(operation: number): void;
  /** The machine lost power when the process ended: unsynced data is kept or not, by `seed`. */
  losePower?(seed: number): void;
  /** No more faults. */
  calm(): void;
  /** It is no longer needed. */
  remove(): void;
}

/** Memory, as a disk that outlives its process. */
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
