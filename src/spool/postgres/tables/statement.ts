import type { Tables } from '../../../spooler/postgres/tables.ts';
import type { PgClient } from '../connection/pool.ts';

/** An SQL text over the tables of any schema. */
export interface Statement {
  readonly name: string;
  text(tables: Tables): string;
}

export function statement(name: string, text: (tables: Tables) => string): Statement {
  return { name, text };
}

/** Runs statements on the tables of one schema. */
export class Sql {
  readonly tables: Tables;
  readonly #prepared = new Map<Statement, { readonly text: string; readonly name: string }>();

  constructor(tables: Tables) {
    this.tables = tables;
  }

  /** Rows of a statement. Its plan stays with the connection: making it anew would cost more than running it. */
  async rows<Row>(client: PgClient, one: Statement, values: readonly unknown[]): Promise<readonly Row[]> {
    let prepared = this.#prepared.get(one);
    if (prepared === undefined) {
      const text = one.text(this.tables);
      prepared = { text, name: `oim_${one.name}_${hashOf(text)}` };
      this.#prepared.set(one, prepared);
    }
    const { rows } = await client.query({ ...prepared, values: [...values] });
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
