import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Session } from '../connection/session.ts';
import { appendBeforeFunction, appendFunction } from './append.ts';
import { deliverBeforeFunction, deliverFunction } from './deliver.ts';
import { dueFunction } from './due.ts';
import { adminTable, roomForEnded, schemaSteps, schemaVersion } from './schema.ts';
import { assertUsable } from './server.ts';
import type { Tables } from './statement.ts';
import { viewsOf } from './views.ts';

/** ms: rebuilding a large table takes long, and other processes wait for the one that does it. */
const statements = 3_600_000;

/** Creates the tables or updates them to this library's version. Doesn't wait if that is done already. */
export async function migrate(session: Session, signal?: AbortSignal): Promise<void> {
  const { tables } = session.sql;
  const done = await session.transact(
    async (client) => {
      await assertUsable(client);
      const version = (await versionOf(client, tables)) ?? 0;
      assertNotNewer(version);
      return { result: version === schemaVersion && (await hasAdditions(client, tables, made(tables))), commit: false };
    },
    { signal },
  );
  if (done) return;
  await session.transact(
    async (client) => {
      await migrateTables(client, tables);
      return { result: undefined, commit: true };
    },
    { signal, statements },
  );
}

/** Not `to_regclass`: a connection caches that it found nothing, even after waiting for the process that creates the table; a query of the catalog reads it anew. */
const tableNamed = `SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = btrim(split_part($1, '.', 1), '"') AND c.relname = btrim(split_part($1, '.', 2), '"')`;

async function hasSchema(client: PgClient, { schema }: Tables): Promise<boolean> {
  const text = `SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = btrim($1, '"')`;
  return (await client.query({ text, values: [schema] })).rows.length > 0;
}

/** The version of the tables; `undefined` when there are none. */
async function versionOf(client: PgClient, { meta }: Tables): Promise<number | undefined> {
  const found = await client.query({ text: tableNamed, values: [meta] });
  if (found.rows.length === 0) return undefined;
  const { rows } = await client.query({ text: `SELECT version::text FROM ${meta}` });
  return Number((rows[0] as { version: unknown } | undefined)?.version);
}

const countNamed = (
  kind: 'class' | 'proc',
  column: string,
  names: string,
): string => `(SELECT count(DISTINCT o.${column}name) FROM pg_catalog.pg_${kind} o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.${column}namespace
  WHERE n.nspname = btrim($1, '"') AND o.${column}name IN (SELECT btrim(split_part(name, '.', 2), '"') FROM unnest(${names}::text[]) name))::text`;
const additions = `SELECT ${countNamed('class', 'rel', '$2')} AS tables, ${countNamed('proc', 'pro', '$3')} AS functions`;

/** Whether it has what was added to version 1 later, which older libraries don't mind. Leaves alone what a later library has added. */
async function hasAdditions(client: PgClient, tables: Tables, functions: readonly string[]): Promise<boolean> {
  const { schema, entriesNow, notesNow, admin } = tables;
  const { rows } = await client.query({ text: additions, values: [schema, [entriesNow, notesNow, admin], functions] });
  const found = rows[0] as { tables: string; functions: string };
  return found.tables === '3' && found.functions === String(functions.length);
}

/** The functions that this library needs. */
const asked = ({ append, due, deliver }: Tables): readonly string[] => [append, due, deliver];

/** The functions that it creates: also those that an earlier library of this version calls by name, so that one that doesn't migrate opens a later one's spool. */
const made = (tables: Tables): readonly string[] => [...asked(tables), tables.appendBefore, tables.deliverBefore];

/** Runs in the transaction of `client`. A second process waits, and finds it done. */
async function migrateTables(client: PgClient, tables: Tables): Promise<void> {
  await takeTurn(client, tables);
  const version = (await versionOf(client, tables)) ?? 0;
  assertNotNewer(version);
  // Even with IF NOT EXISTS, PostgreSQL demands the right to create schemas; a login whose schema was created for it may lack it.
  if (version === 0 && !(await hasSchema(client, tables)))
    await client.query({ text: `CREATE SCHEMA IF NOT EXISTS ${tables.schema}` });
  for (const step of schemaSteps.slice(version)) await client.query({ text: step(tables) });
  if (version < schemaVersion) await client.query({ text: `UPDATE ${tables.meta} SET version = $1`, values: [schemaVersion] });
  if (await hasAdditions(client, tables, made(tables))) return;
  const functions = [appendFunction, appendBeforeFunction, dueFunction, deliverFunction, deliverBeforeFunction]
    .map((make) => make(tables))
    .join('');
  await client.query({ text: `${viewsOf(tables)}${adminTable(tables)}${roomForEnded(tables)}${functions}` });
}

/** Waits for another migration however long it takes; for any other lock no longer than other transactions do. */
async function takeTurn(client: PgClient, { schema }: Tables): Promise<void> {
  const { rows } = await client.query({ text: `SELECT current_setting('lock_timeout') AS timeout` });
  const { timeout } = rows[0] as { timeout: string };
  await client.query({ text: 'SET LOCAL lock_timeout = 0' });
  await client.query({ text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', values: [`offline-im ${schema}`] });
  await client.query({ text: `SELECT set_config('lock_timeout', $1, true)`, values: [timeout] });
}

/** @throws {OfflineImError} `SPOOL_NOT_MIGRATED`, `SPOOL_VERSION` */
export async function assertMigrated(client: PgClient, tables: Tables): Promise<void> {
  const version = await versionOf(client, tables);
  if (version === schemaVersion && (await hasAdditions(client, tables, asked(tables)))) return;
  assertNotNewer(version ?? 0);
  const found = version === undefined ? 'has no spool' : 'has a spool that an earlier version of this library created';
  throw new OfflineImError(
    'SPOOL_NOT_MIGRATED',
    `The schema ${tables.schema} ${found}; call migrate() once, or pass migrate: true.`,
  );
}

function assertNotNewer(version: number): void {
  if (version <= schemaVersion) return;
  const text = `The spool has version ${version}; this library knows up to ${schemaVersion}. Use the later version.`;
  throw new OfflineImError('SPOOL_VERSION', text);
}
