import type { Pool } from 'pg';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { ManualClock, type SpoolHarness } from '../../../src/testing.ts';
import { stopClock } from './database-clock.ts';

/** The tables of a spool in their initial state, with a stopped clock. */
interface CleanSchema {
  readonly schema: string;
  /** Lets so many ms pass. */
  readonly advance: (ms: number) => Promise<void>;
  /** Restores the initial state for the next test. */
  giveBack(): Promise<void>;
}

/**
 * Schemas for tests that run one after the other, or a few at a time: emptying the tables takes a millisecond, dropping and
 * creating them fifty. Changes to anything but rows remain.
 */
export function cleanSchemas(pool: () => Pool, prefix: string): () => Promise<CleanSchema> {
  const free: CleanSchema[] = [];
  let made = 0;
  const make = async (): Promise<CleanSchema> => {
    made += 1;
    const schema = `${prefix}_${made}`;
    const spool = new PostgresSpool({ pool: pool(), schema });
    await spool.migrate();
    await spool.close();
    const advance = await stopClock(pool(), schema);
    const reset = await resetOf(pool(), schema);
    const clean: CleanSchema = {
      schema,
      advance,
      giveBack: async () => {
        await pool().query(reset);
        free.push(clean);
      },
    };
    return clean;
  };
  return async () => free.pop() ?? make();
}

/** Statements that restore the current rows and sequences of a schema. */
async function resetOf(pool: Pool, schema: string): Promise<string> {
  const { rows } = await pool.query<{ readonly kind: 'r' | 'S'; readonly name: string }>(
    `SELECT relkind AS kind, oid::regclass::text AS name FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'S')`,
    [schema],
  );
  const statements = rows.map(async ({ kind, name }) => {
    if (kind === 'S') return `SELECT setval('${name}', 1, false)`;
    const { rows: kept } = await pool.query<{ rows: string }>(
      `SELECT coalesce(jsonb_agg(to_jsonb(kept_row.*)), '[]')::text AS rows FROM ${name} AS kept_row`,
    );
    const json = kept[0]?.rows ?? '[]';
    const restore = `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, $json$${json}$json$)`;
    return json === '[]' ? `DELETE FROM ${name}` : `DELETE FROM ${name}; ${restore}`;
  });
  return (await Promise.all(statements)).join(';\n');
}

/** What the conformance suite needs of a spool on such a schema, created by `open`, again when the suite reopens it. */
export async function harnessOn(
  { schema, advance, giveBack }: CleanSchema,
  open: (schema: string) => SpoolStorage,
): Promise<SpoolHarness> {
  let storage = open(schema);
  return {
    storage,
    clock: new ManualClock(),
    unit: 30_000,
    advance,
    reopen: () => {
      storage = open(schema);
      return storage;
    },
    async dispose() {
      await storage.close();
      await giveBack();
    },
  };
}
