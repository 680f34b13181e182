import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Pooling } from '../connection/pooling.ts';

/** Quoted names of what a spool has in its schema. */
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
  /** What operators have said, and what processes tell of themselves. */
  readonly admin: string;
  readonly ticks: string;
  /** The function that tells the time. */
  readonly now: string;
  /** Functions that append (`append.ts`), lock what is due (`due.ts`) and settle what is delivered (`deliver.ts`); named after their version, since none is ever replaced by another one. */
  readonly append: string;
  readonly due: string;
  readonly deliver: string;
  /** What an earlier library calls for {@link append} and {@link deliver}. */
  readonly appendBefore: string;
  readonly deliverBefore: string;
  /** LISTEN/NOTIFY channel; not quoted. */
  readonly channel: string;
}

/** Short enough for the channel, which has the same 63 bytes. */
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
 * A condition that a join implies: with it, a plan finds rows by their keys whichever side it begins with. One that was made while a table was nearly empty,
 * and stays with its connection, would else begin with the table, and read all of it for good.
 */
export function amongKeys(column: string, keys: string): string {
  return `${column} = ANY(ARRAY(SELECT ${keys}))`;
}

/**
 * A join that is nothing but a look-up of `column` by an index, for each `key`. As an equality it could as well be met by reading the index whole, in its order, and comparing:
 * cheap while the table is nearly empty, when the plan is made. Of a list of keys beside it ({@link amongKeys}) either the list is sorted for each row, or the joined rows are
 * read for each.
 */
export function isKey(column: string, key: string): string {
  return `${column} >= ${key} AND ${column} <= ${key}`;
}

/**
 * Plans go by indexes only, and in their order, since one made while a table was small is kept when it no longer is (a bitmap, a sort and what is kept for a
 * join take in all that waits, for the few that are asked for).
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

/** What a transaction sets until its end, but the time to wait for a lock: whoever is stopped in the middle doesn't hold its locks for long, and what is committed is on disk. */
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

  /** Rows of a statement. Its plan stays with the connection, if that keeps its server: making it anew would cost more than running it. */
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

  /** The one row of a statement that always gives one. */
  async row<Row>(client: PgClient, one: Statement, values: readonly unknown[]): Promise<Row> {
    const [row] = await this.rows<Row>(client, one, values);
    if (row === undefined) throw new Error(`${one.name} gave no row`);
    return row;
  }
}

/** Tells texts of one name apart: two spools on one pool, or two versions of this library. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(36);
}
