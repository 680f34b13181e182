import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { errorOf, StorageError } from './requests.ts';
import type { IdbDatabase, IdbFactory, IdbOpenRequest } from './web-types.ts';

/** Raised when a reader of this version could misread what the next one writes. */
const schemaVersion = 1;

/**
 * `entries`: what never changes and the status, by entry id. `messages`: texts, only read when they are needed.
 * `notes`: claimed groups, without their leases, which end with the tab. `corrupt`: what was set aside, as it was found.
 */
export const stores = { entries: 'entries', messages: 'messages', notes: 'notes', corrupt: 'corrupt' } as const;

export type StoreName = (typeof stores)[keyof typeof stores];

export const allStores: string[] = Object.values(stores);

/** Opens the database, making it where there is none. Only who holds its lock may call this. */
export async function openDatabase(factory: IdbFactory, name: string): Promise<IdbDatabase> {
  const database = await opened(factory, name);
  if (allStores.every((store) => database.objectStoreNames.contains(store))) return database;
  database.close();
  const message = `The database ${quoted(name)} is not a spool: it lacks stores of one. Use another name.`;
  throw new OfflineImError('SPOOL_CORRUPT', message, { details: { name } });
}

function opened(factory: IdbFactory, name: string): Promise<IdbDatabase> {
  return new Promise((resolve, reject) => {
    let request: IdbOpenRequest;
    try {
      request = factory.open(name, schemaVersion);
    } catch (error) {
      reject(unusable(name, errorOf(error)));
      return;
    }
    let given = false;
    request.addEventListener('upgradeneeded', () => {
      for (const store of allStores)
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
    });
    request.addEventListener('blocked', () => {
      given = true;
      const message = `The database ${quoted(name)} is held open by an older page. Close it, then try again.`;
      reject(new OfflineImError('SPOOL_LOCKED', message, { details: { name } }));
    });
    request.addEventListener('error', (event) => {
      event.preventDefault();
      reject(unusable(name, new StorageError(request.error)));
    });
    request.addEventListener('success', () => {
      // Nobody waits for it any more.
      if (given) request.result.close();
      resolve(request.result);
    });
  });
}

function unusable(name: string, cause: StorageError): OfflineImError {
  const details = { name };
  if (cause.reason === 'VersionError') {
    const message = `The database ${quoted(name)} was written by a later version of this library; nothing was touched.`;
    return new OfflineImError('SPOOL_VERSION', message, { cause, details });
  }
  const message = `The database ${quoted(name)} cannot be opened: ${cause.message}. A private window, or storage switched off, can be the reason.`;
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause, details });
}
