import type { Clock } from '../../core/clock.ts';
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

/** The arguments of {@link openDatabase}. */
export interface OpenRequest {
  readonly factory: IdbFactory;
  readonly name: string;
  readonly clock: Clock;
  /** How long opening may take, in ms. */
  readonly limit: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** The browser found the database damaged, and has deleted all of it. */
  onDataLoss(error: OfflineImError): void;
}

/**
 * Opens the database, making it where there is none. Only who holds its lock may call this.
 *
 * @throws {OfflineImError} `SPOOL_LOCKED`, `SPOOL_CLOSED`, `SPOOL_CORRUPT`, `SPOOL_VERSION`, `SPOOL_ROOT_UNUSABLE`
 */
export async function openDatabase(request: OpenRequest): Promise<IdbDatabase> {
  const { name } = request;
  const database = await opened(request);
  if (allStores.every((store) => database.objectStoreNames.contains(store))) return database;
  database.close();
  const message = `The database ${quoted(name)} is not a spool: it lacks object stores of one. Use another name.`;
  throw new OfflineImError('SPOOL_CORRUPT', message, { details: { name } });
}

function opened({ factory, name, clock, limit, signal, onDataLoss }: OpenRequest): Promise<IdbDatabase> {
  return new Promise((resolve, reject) => {
    const details = { name };
    let request: IdbOpenRequest;
    try {
      request = factory.open(name, schemaVersion);
    } catch (error) {
      reject(unusable(name, errorOf(error)));
      return;
    }
    let given = false;
    const giveUp = (error: OfflineImError): void => {
      given = true;
      settle();
      reject(error);
    };
    const cancel = Number.isFinite(limit)
      ? clock.setTimer(() => {
          const message = `The database ${quoted(name)} did not open within ${limit} ms: another page is deleting it, or holds it open. Close that page, then try again.`;
          giveUp(new OfflineImError('SPOOL_LOCKED', message, { details }));
        }, limit)
      : undefined;
    const aborted = (): void => {
      giveUp(
        new OfflineImError('SPOOL_CLOSED', `The spool ${quoted(name)} was closed while its database was opened.`, { details }),
      );
    };
    const settle = (): void => {
      cancel?.();
      signal.removeEventListener('abort', aborted);
    };
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    request.addEventListener('upgradeneeded', ({ dataLoss, dataLossMessage }) => {
      if (dataLoss === 'total') onDataLoss(lossOf(name, dataLossMessage));
      for (const store of allStores)
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
    });
    request.addEventListener('blocked', () => {
      const message = `The database ${quoted(name)} is held open by an older page. Close it, then try again.`;
      giveUp(new OfflineImError('SPOOL_LOCKED', message, { details }));
    });
    request.addEventListener('error', (event) => {
      event.preventDefault();
      settle();
      reject(unusable(name, new StorageError(request.error)));
    });
    request.addEventListener('success', () => {
      settle();
      // Nobody waits for it any more.
      if (given) request.result.close();
      resolve(request.result);
    });
  });
}

function lossOf(name: string, told: unknown): OfflineImError {
  const why = typeof told === 'string' && told !== '' ? ` (${quoted(told)})` : '';
  const message = `The browser found the database ${quoted(name)} damaged${why} and deleted all of it: messages that were accepted and not yet delivered are lost.`;
  return new OfflineImError('SPOOL_CORRUPT', message, { details: { name } });
}

function unusable(name: string, cause: StorageError): OfflineImError {
  const details = { name };
  if (cause.reason === 'VersionError') {
    const message = `The database ${quoted(name)} was written by a later version of this library; use that version. Nothing was changed.`;
    return new OfflineImError('SPOOL_VERSION', message, { cause, details });
  }
  const message = `The database ${quoted(name)} cannot be opened: ${cause.message}. A private window, or storage switched off, can be the reason.`;
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause, details });
}
