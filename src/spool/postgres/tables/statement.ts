import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Pooling } from '../connection/pooling.ts';

/** Quoted names of a spool's objects in its schema. */
export interface Tables {
  readonly schema: string;
  readonly meta: string;
  readonly entries: string;
  readonly notes: string;
  /** Views: entries and notes as they are now, see `views.ts`. */
  readonly entriesNow: string;
  readonly notesNow: string;
  readonly streams: string;
  readonly attempts: string;
  readonly tallies: string;
  readonly corrupt: string;
  /** What operators set, and what processes report about themselves. */
  readonly admin: string;
  readonly ticks: string;
  /** The function that returns the time. */
  readonly now: string;
  /** Functions that append (`append.ts`), lock what is due (`due.ts`) and settle what is delivered (`deliver.ts`); their names have a version, since none is ever replaced. */
  readonly append: string;
  readonly due: string;
  readonly deliver: string;
  /** What an earlier library calls instead of {@link append} and {@link deliver}. */
  readonly appendBefore: string;
  readonly deliverBefore: string;
  /** LISTEN/NOTIFY channel; not quoted. */
  readonly channel: string;
}

/** Short enough for the channel's name, which has a limit of 63 bytes too. */
const schemaPattern = /^[a-z_][a-z0-9_]{0,47}$/;

/** @throws {OfflineImError} `OPTION_INVALID`: a name that would have to be escaped. */
export function tablesIn(schema: string): Tables {
  if (typeof schema !== 'string' || !schemaPattern.test(schema)) {
    const expected = 'a letter or underscore, then letters, digits and underscores, all lower case, 48 at most';
    throw new OfflineImError('OPTION_INVALID', `schema is ${quoted(schema)}; expected ${expected}.`);
  }
  const table = (name: string): string => `"${schema}"."${name}"`;
  return {
    schema: `"${schema}"`,
    meta: table('meta'),
    entries: table('entries'),
    notes: table('notes'),
    entriesNow: table('entries_now'),
    notesNow: table('notes_now'),
    streams: table('streams'),
    attempts: table('attempts'),
    tallies: table('tallies'),
    corrupt: table('corrupt'),
    admin: table('admin'),
    ticks: table('ticks'),
    now: table('now_ms'),
    append: table('append_2'),
    due: table('due_1'),
    deliver: table('deliver_2'),
    appendBefore: table('append_1'),
    deliverBefore: table('deliver_1'),
    channel: `offline_im_${schema}`,
  };
}

/** An SQL text over the tables of any schema. */
export interface Statement {
  readonly name: string;
  text(tables: Tables): string;
}

/**
 * A condition that a join implies: with it, a plan finds rows by their keys whichever side it begins with. Otherwise one that was made while a table was nearly
 * empty, and stays with its connection, would begin with the table, and always read all of it.
 */
export function amongKeys(column: string, keys: string): string {
  return `${column} = ANY(ARRAY(SELECT ${keys}))`;
}

/**
 * A join that can only be an index lookup of `column` for each `key`. An equality could also be a merge that reads the index whole: cheap while the table is nearly empty,
 * when the plan is made. With an added list of keys ({@link amongKeys}) a plan would sort the list for each row, or read the joined rows for each key.
 */
export function isKey(column: string, key: string): string {
  return `${column} >= ${key} AND ${column} <= ${key}`;
}

/**
 * Plans may only use indexes, in their order, since one made while a table was small is kept when it no longer is (bitmaps, sorts and materialized joins
 * process all waiting rows to return a few).
 */
export const plannerSettings: readonly (readonly [name: string, value: string])[] = [
  ['jit', 'off'],
  ['plan_cache_mode', 'force_generic_plan'],
  ['enable_seqscan', 'off'],
  ['enable_hashjoin', 'off'],
  ['enable_mergejoin', 'off'],
  ['enable_bitmapscan', 'off'],
  ['enable_sort', 'off'],
  ['enable_material', 'off'],
];

/** The settings of a transaction, except the lock timeout: a process stopped in the middle doesn't hold its locks for long, and commits are on disk. */
export const transactionSettings = [['idle_in_transaction_session_timeout', '5000'] as const, ...plannerSettings]
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .concat("CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END")
  .join(', ');

export function statement(name: string, text: (tables: Tables) => string): Statement {
  return { name, text };
}

/** Runs statements on the tables of one schema. */
export class Sql {
  readonly tables: Tables;
  readonly #pooling: Pick<Pooling, 'keepsServer'>;
  readonly #prepared = new Map<Statement, { readonly text: string; readonly name: string }>();

  constructor(tables: Tables, pooling: Pick<Pooling, 'keepsServer'>) {
    this.tables = tables;
    this.#pooling = pooling;
  }

  /** Rows of a statement. Its plan stays with the connection, if that keeps its server: planning would cost more than running it. */
  async rows<Row>(client: PgClient, one: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    let prepared = this.#prepared.get(one);
    if (prepared === undefined) {
      const text = one.text(this.tables);
      prepared = { text, name: `oim_${one.name}_${hashOf(text)}` };
      this.#prepared.set(one, prepared);
    }
    const { name, text } = prepared;
    const query = this.#pooling.keepsServer ? { name, text, values: [...values] } : { text, values: [...values] };
    const { rows } = await client.query(query);
    return rows as Row[];
  }

  /** The row of a statement that always returns one. */
  async row<Row>(client: PgClient, one: Statement, values: readonly unknown[]): Promise<Row> {
    const [row] = await this.rows<Row>(client, one, values);
    if (row === undefined) throw new Error(`${one.name} gave no row`);
    return row;
  }
}

/** Distinguishes texts of the same name: two spools on one pool, or two versions of this library. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
}
