import { IDBFactory } from 'fake-indexeddb';
import { type IdbDatabase, type IdbRequest, IndexedDbSpool, type IndexedDbSpoolOptions } from '../../../src/indexeddb.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { FakeOrigin } from '../../support/fake-locks.ts';

/** A browser with one origin: its tabs, its databases, and the reports of its spools. */
export class FakeBrowser {
  readonly indexedDB = new IDBFactory();
  readonly origin = new FakeOrigin();
  readonly clock = new ManualClock();
  readonly corrupt: string[] = [];
  readonly warnings: unknown[] = [];

  /** A spool in a tab of its own, not open yet. */
  tab(options: IndexedDbSpoolOptions = {}) {
    const locks = this.origin.tab();
    const spool = new IndexedDbSpool({ indexedDB: this.indexedDB, locks, waitForLock: 0, ...options });
    return { spool, die: () => locks.die() };
  }

  /** The same, open. */
  async open(options?: IndexedDbSpoolOptions) {
    const tab = this.tab(options);
    await tab.spool.open(this.context());
    return tab;
  }

  context() {
    return {
      clock: this.clock,
      tombstones: 3_600_000,
      onCorrupt: ({ where }: { readonly where: string }) => this.corrupt.push(where),
      onWarning: (error: unknown) => this.warnings.push(error),
    };
  }

  /** The database itself, in another version if necessary. */
  async database(name = 'offline-im', version?: number, upgrade?: (database: IdbDatabase) => void): Promise<IdbDatabase> {
    const request: IdbRequest<IdbDatabase> = this.indexedDB.open(name, version);
    request.addEventListener('upgradeneeded', () => upgrade?.(request.result));
    return await settled(request);
  }

  /** A row of a closed spool, changed by `change`. */
  async row(store: string, key: string, change?: (row: Record<string, unknown>) => unknown): Promise<unknown> {
    const database = await this.database();
    const rows = database.transaction([store], 'readwrite').objectStore(store);
    const row = await settled(rows.get(key));
    if (change !== undefined) {
      const changed = change(row as Record<string, unknown>);
      await settled(changed === undefined ? rows.delete(key) : rows.put(changed, key));
    }
    database.close();
    return row;
  }
}

function settled<Result>(request: IdbRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
