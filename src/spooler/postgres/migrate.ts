import { OfflineImError } from '../../errors/index.ts';
import type { PgClient } from './pool.ts';
import { schemaSteps, schemaVersion } from './schema.ts';
import type { Tables } from './tables.ts';

/** The version of the tables; `undefined` when there are none. */
export async function versionOf(client: PgClient, { meta }: Tables): Promise<number | undefined> {
  const found = await client.query({ text: 'SELECT to_regclass($1) IS NOT NULL AS found', values: [meta] });
  if ((found.rows[0] as { found: unknown }).found !== true) return undefined;
  const { rows } = await client.query({ text: `SELECT version::text FROM ${meta}` });
  return Number((rows[0] as { version: unknown } | undefined)?.version);
}

/** Brings the tables to this library's version, in the transaction of `client`. Who comes second waits, and finds it done. */
export async function migrateTables(client: PgClient, tables: Tables): Promise<void> {
  await client.query({ text: `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, values: [`offline-im ${tables.schema}`] });
  const version = (await versionOf(client, tables)) ?? 0;
  assertNotNewer(version);
  if (version === schemaVersion) return;
  if (version === 0) await client.query({ text: `CREATE SCHEMA IF NOT EXISTS ${tables.schema}` });
  for (const step of schemaSteps.slice(version)) await client.query({ text: step(tables) });
  await client.query({ text: `UPDATE ${tables.meta} SET version = $1`, values: [schemaVersion] });
}

/** @throws {OfflineImError} `SPOOL_NOT_MIGRATED`, `SPOOL_VERSION` */
export async function assertMigrated(client: PgClient, tables: Tables): Promise<void> {
  const version = await versionOf(client, tables);
  if (version === schemaVersion) return;
  assertNotNewer(version ?? 0);
  const found = version === undefined ? 'has no spool' : `has a spool of version ${version}, this library's is ${schemaVersion}`;
  throw new OfflineImError(
    'SPOOL_NOT_MIGRATED',
    `The schema ${tables.schema} ${found}; call migrate() once, or pass migrate: true.`,
  );
}

function assertNotNewer(version: number): void {
  if (version <= schemaVersion) return;
  const text = `The spool is of version ${version}, this library knows up to ${schemaVersion}; use the later one.`;
  throw new OfflineImError('SPOOL_VERSION', text);
}
