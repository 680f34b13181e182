import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { PgClient } from '../connection/pool.ts';

const oldest = 130_000;

const properties = `SELECT current_setting('server_encoding') AS encoding, current_setting('client_encoding') AS "clientEncoding",
  current_setting('server_version_num') AS version, current_setting('server_version') AS "versionName"`;

/**
 * Checks what no statement would reveal until it is too late: a database that can't hold every text accepts messages for weeks.
 *
 * @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE`
 */
export async function assertUsable(client: PgClient): Promise<void> {
  const { rows } = await client.query({ text: properties });
  const found = rows[0] as { encoding: string; clientEncoding: string; version: string; versionName: string } | undefined;
  if (found === undefined) return;
  if (Number(found.version) < oldest) {
    throw unusable(`The server runs PostgreSQL ${found.versionName}; the spool needs 13 or later.`, found);
  }
  if (found.encoding !== 'UTF8') {
    throw unusable(
      `The database has the encoding ${found.encoding}, which can't hold every text; the spool needs UTF8. Make another one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.`,
      found,
    );
  }
  if (found.clientEncoding !== 'UTF8') {
    throw unusable(
      `The connections of the pool have the client_encoding ${found.clientEncoding}; the spool needs UTF8. Remove that setting from the pool, the login or the database.`,
      found,
    );
  }
}

function unusable(message: string, details: Readonly<Record<string, unknown>>): OfflineImError {
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { details });
}
