import { createRequire } from 'node:module';
import { join } from 'node:path';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';
import type { PgPool } from '../spool/postgres/connection/pool.ts';

/** A pool of the host's own `pg`, which this library does not bring along; and how it is ended. @throws {OfflineImError} `OPTION_INVALID` */
export function hostPool(url: string): { readonly pool: PgPool; end(): Promise<void> } {
  const name = 'pg';
  for (const from of [join(process.cwd(), 'package.json'), import.meta.filename]) {
    try {
      const Pool = property(createRequire(from)(name), 'Pool');
      if (typeof Pool !== 'function') continue;
      const pool = Reflect.construct(Pool, [{ connectionString: url, max: 5, connectionTimeoutMillis: 10_000 }]) as PgPool & {
        end(): Promise<void>;
      };
      // A connection that breaks while it is idle: the next call takes another.
      pool.on('error', () => undefined);
      // What was asked of it is done by then; a connection that can't be ended in order ends with its server or its process.
      return { pool, end: () => pool.end().catch(() => undefined) };
    } catch (error) {
      if (property(error, 'code') !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new OfflineImError('OPTION_INVALID', 'A PostgreSQL spool needs the package pg: npm install pg, in this folder.');
}
