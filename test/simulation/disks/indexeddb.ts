import { IDBFactory } from 'fake-indexeddb';
import { IndexedDbSpool } from '../../../src/indexeddb.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import type { Disk } from '../../model/disk.ts';
import { FakeOrigin } from '../../support/fake-locks.ts';

/** A browser database for one tab at a time; a tab that dies undoes none of its requests. */
export class BrowserDisk implements Disk {
  readonly name = 'indexeddb';
  readonly endsHalfway = false;
  readonly #indexedDB = new IDBFactory();
  readonly #origin = new FakeOrigin();
  #tab = this.#origin.tab();

  begin(): SpoolStorage {
    this.#tab = this.#origin.tab();
    return new IndexedDbSpool({ indexedDB: this.#indexedDB, locks: this.#tab, waitForLock: 0 });
  }

  async end(): Promise<void> {
    this.#tab.die();
  }

  calm(): void {}

  remove(): void {}
}
