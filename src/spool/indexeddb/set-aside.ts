import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolContext } from '../contract.ts';
import { allStores, type StoreName, stores } from './database.ts';
import { StorageError, writing } from './requests.ts';
import type { IdbDatabase } from './web-types.ts';

/** A row that can't be used. `value` is missing where the browser does not return it; such a row stays where it is. */
export interface BadRow {
  readonly store: StoreName;
  readonly key: string;
  readonly found: string;
  readonly value?: unknown;
}

/** What else to move in the same transaction. */
interface Beside {
  /** Rows that go with the bad ones. */
  readonly along?: readonly BadRow[];
}

/**
 * Moves bad rows, unchanged, to the store `corrupt` and reports them. Rows that can't be moved, as on a full disk, stay and are
 * reported all the same.
 */
export async function setAside(
  database: IdbDatabase,
  { name, context }: { readonly name: string; readonly context: SpoolContext },
  bad: readonly BadRow[],
  { along = [] }: Beside = {},
): Promise<void> {
  if (bad.length === 0) return;
  const setAsideAt = context.clock.now();
  try {
    await writing(database, allStores, (tx) => {
      for (const { store, key, found, value } of [...bad, ...along]) {
        if (value === undefined || value instanceof StorageError) continue;
        tx.objectStore(stores.corrupt).put({ store, key, found, setAsideAt, value }, `${store}/${key}`);
        tx.objectStore(store).delete(key);
      }
    });
  } catch {
    // The next one who opens the spool comes to the same conclusion.
  }
  for (const { store, key, found } of bad) {
    const where = `${name}/${store}/${key}`;
    const error = new OfflineImError('ENTRY_CORRUPT', `A row of the spool is unusable: ${found}.`, { details: { path: where } });
    context.onCorrupt?.({ where, error });
  }
}
