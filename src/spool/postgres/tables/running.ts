import type { ClaimToken, Refreeze } from '../../contract.ts';
import { whole } from '../../rows/cells.ts';
import { type NoteRecord, noteIdOf } from '../../state/records.ts';
import type { TableReads, Transaction } from '../../state/transaction.ts';
import type { PgClient } from '../connection/pool.ts';
import { type Sql, statement, type Tables } from './statement.ts';
import { addTally, tally } from './tallies.ts';

/**
 * A note that a claim has just made lies in the row of its stream, and its entries stay as they are: they are its first ones, up to the place
 * `running_to`. Nearly every note ends as delivered without anything else happening to it, and so costs one row less to write, and its entries
 * one change less. Whoever wants anything else of it writes it out first (`write-out.ts`); whoever only reads sees {@link entriesNow}.
 */
const columns = ['note_id', 'token', 'lease_until', 'running_to', 'run_by', 'frozen'] as const;

/** What a stream holds of a note no more. */
export const notRunning = columns.map((name) => `${name} = NULL`).join(', ');

/** Entries with their streams, where they are in a note that runs. */
const running = (t: Tables): string =>
  `${t.entries} e LEFT JOIN ${t.streams} r ON e.active AND e.state <> 'unconfirmed' AND r.key = e.stream AND e.ord <= r.running_to`;

/** Columns of entries that say otherwise while they are in a note that runs. */
const overlaid: Readonly<Record<string, string>> = {
  state: `CASE WHEN r.note_id IS NULL THEN e.state ELSE 'delivering' END`,
  note_id: 'coalesce(r.note_id, e.note_id)',
  attempt: 'CASE WHEN r.note_id IS NULL THEN e.attempt ELSE 1 END',
  tried_by: 'coalesce(r.run_by, e.tried_by)',
};

/** Entries `e` as they are now, with these columns. */
export function entriesNow(t: Tables, names: readonly string[], where: string): string {
  const now = names.map((name) => `${overlaid[name] ?? `e.${name}`} AS ${name}`);
  return `SELECT ${now.join(', ')} FROM ${running(t)} WHERE ${where}`;
}

/** The state of an entry now, in a condition of {@link entriesNow}. */
export const stateNow = overlaid.state ?? '';

const start = statement(
  'start_running',
  (t) => `WITH s AS (
    UPDATE ${t.streams} s SET due_at = NULL, note_id = x.note_id, token = x.token, lease_until = $6::bigint,
      running_to = x.running_to, run_by = $7, frozen = x.frozen
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[])
      AS x(key, note_id, token, running_to, frozen)
    WHERE s.key = x.key
  )
  ${addTally(t, '$8')}`,
);

/** A note that a claim has made of the first entries of a stream. */
export interface Fresh {
  readonly stream: string;
  readonly note: NoteRecord;
  /** The place of its last entry. */
  readonly to: number;
}

export async function startRunning(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: TableReads,
  fresh: readonly Fresh[],
  owner: string,
): Promise<void> {
  const until = fresh[0]?.note.lease?.until ?? 0;
  const members = fresh.flatMap(({ note }) => tx.members(note));
  const column = <Value>(value: (one: Fresh) => Value): Value[] => fresh.map(value);
  await sql.rows(client, start, [
    column(({ stream }) => stream),
    column(({ note }) => note.id),
    column(({ note }) => note.lease?.token ?? ''),
    column(({ to }) => to),
    column(({ note }) => (note.frozen === undefined ? null : JSON.stringify(note.frozen))),
    whole(until),
    owner,
    tally(members, before),
  ]);
}

const refreeze = statement(
  'refreeze_running',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), x AS MATERIALIZED (
    SELECT s.key, x.token, x.frozen FROM unnest($1::text[], $2::text[], $3::text[]) AS x(id, token, frozen)
    JOIN ${t.streams} s ON s.note_id = x.id, t WHERE s.token = x.token AND s.lease_until > t.now ORDER BY s.key FOR UPDATE OF s
  )
  UPDATE ${t.streams} s SET frozen = x.frozen FROM x WHERE s.key = x.key RETURNING s.token`,
);

/** Replaces what was frozen of notes that run under their token; their tokens. */
export async function refreezeRunning(client: PgClient, sql: Sql, notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
  const ids = notes.map(({ token }) => noteIdOf(token));
  const tokens = notes.map(({ token }) => token);
  const frozen = notes.map((one) => JSON.stringify(one.frozen));
  return (await sql.rows<{ token: ClaimToken }>(client, refreeze, [ids, tokens, frozen])).map(({ token }) => token);
}
