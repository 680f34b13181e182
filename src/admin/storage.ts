import { hasCode } from '../core/errors/offline-im-error.ts';
import { AskedSpool } from '../spool/admin/asked-spool.ts';
import type { SpoolContext, SpoolStorage } from '../spool/contract.ts';
import { askOwner } from '../spool/file/disk/operator-client.ts';
import { FileSpool } from '../spool/file/file-spool.ts';
import type { PgPool } from '../spool/postgres/connection/pool.ts';
import { PostgresSpool } from '../spool/postgres/postgres-spool.ts';
import type { SealOptions } from '../spool/sealed/keys.ts';
import { sealed } from '../spool/sealed/sealed-spool.ts';
import { SqliteSpool } from '../spool/sqlite/sqlite-spool.ts';
import { hostPool } from './host-pg.ts';
import { placeOf } from './where.ts';

/** How a storage is opened. */
export interface StorageOptions {
  readonly keys?: SealOptions | undefined;
  readonly schema: string;
  /** Refuses a folder that another process has open, instead of asking that process. @default false */
  readonly alone?: boolean;
}

/** A storage that is not open yet, and how to close its resources. */
interface Found {
  readonly storage: SpoolStorage;
  /** The same storage through the process that has it open. */
  readonly owned?: SpoolStorage;
  end?(): Promise<void>;
}

/** ms that an operator waits for a file that others write to: concurrent imports seldom get a turn. Ctrl-C ends the wait. */
const operatorTimeout = 120_000;

/** The storage of a place, for a sender that opens and closes it; call `end` after that. @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE` */
export function unopenedStorage(
  where: string,
  { keys, schema }: Pick<StorageOptions, 'keys' | 'schema'>,
): { readonly spool: SpoolStorage; end(): Promise<void> } {
  const { storage, end = async () => undefined } = storageAt(where, schema);
  return { spool: keys === undefined ? storage : sealed(storage, keys), end };
}

/** Opens the storage of a place. @throws {OfflineImError} if opening it rejects */
export async function openStorage(
  where: string | PgPool,
  { keys, schema, alone = false }: StorageOptions,
  context: SpoolContext,
): Promise<SpoolStorage> {
  const { storage, owned, end } = storageAt(where, schema, operatorTimeout);
  const seen = (spool: SpoolStorage): SpoolStorage => (keys === undefined ? spool : sealed(spool, keys));
  try {
    const opened = await openEither(seen(storage), alone || owned === undefined ? undefined : seen(owned), context);
    if (end !== undefined) closesToo(opened, end);
    return opened;
  } catch (error) {
    await end?.();
    throw error;
  }
}

/** Opens the storage itself; or, if another process has it exclusively, through that process. */
async function openEither(storage: SpoolStorage, owned: SpoolStorage | undefined, context: SpoolContext): Promise<SpoolStorage> {
  try {
    await storage.open(context);
    return storage;
  } catch (error) {
    if (owned === undefined || !hasCode(error, 'SPOOL_LOCKED')) throw error;
  }
  try {
    await owned.open(context);
    return owned;
  } catch (unanswered) {
    // The owner may have ended between the two: then the folder is free.
    try {
      await storage.open(context);
      return storage;
    } catch (error) {
      throw hasCode(error, 'SPOOL_LOCKED') ? unanswered : error;
    }
  }
}

function storageAt(where: string | PgPool, schema: string, busyTimeout?: number): Found {
  if (typeof where !== 'string') return { storage: new PostgresSpool({ pool: where, schema }) as SpoolStorage };
  const place = placeOf(where);
  switch (place.kind) {
    case 'file':
      return {
        storage: new FileSpool({ root: place.root }),
        owned: new AskedSpool('file', () => askOwner(place.root)),
      };
    case 'sqlite':
      return { storage: new SqliteSpool({ path: place.path, busyTimeout }) };
    case 'postgres': {
      const { pool, end } = hostPool(place.url);
      return { storage: new PostgresSpool({ pool, schema }) as SpoolStorage, end };
    }
  }
}

function closesToo(storage: SpoolStorage, end: () => Promise<void>): void {
  const close = storage.close.bind(storage);
  storage.close = async () => {
    await close();
    await end();
  };
}
