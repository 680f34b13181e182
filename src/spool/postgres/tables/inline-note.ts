import { missing } from '../../../core/errors/missing.ts';
import type { ClaimToken, Refreeze } from '../../contract.ts';
import { whole } from '../../rows/entry-row.ts';
import { type Lease, type NoteRecord, noteIdOf } from '../../state/records.ts';
import type { PgClient } from '../connection/pool.ts';
import { addCounters, countersOfMoved } from './counters.ts';
import { amongKeys, isKey, type Sql, statement } from './statement.ts';
import { textArray } from './texts.ts';

/**
 * A note that a claim has just made is stored inline in the row of its stream, and its entries stay unchanged: they are the stream's first ones, up to the
 * place `running_to`. Nearly every note is delivered without any other change, and so saves a row, and each entry a change. Every other operation
 * materializes the note first (`materialize.ts`); reads use the views `entries_now` and `notes_now`.
 */
const columns = ['note_id', 'token', 'lease_until', 'running_to', 'run_by', 'frozen'] as const;

/** Clears the inline note of a stream. */
export const notInline = columns.map((name) => `${name} = NULL`).join(', ');

const start = statement(
  'start_running',
  (t) => `WITH s AS (
    UPDATE ${t.streams} s SET due_at = NULL, note_id = x.note_id, token = x.token, lease_until = $6::bigint,
      running_to = x.running_to, run_by = $7, frozen = x.frozen
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], string_to_array($5, E'\\n', ''))
      AS x(key, note_id, token, running_to, frozen)
    WHERE ${isKey('s.key', 'x.key')}
  )
  ${addCounters(t, '$8')}`,
);

/** A new note of a stream's first entries. */
export interface Fresh {
  readonly stream: string;
  readonly note: NoteRecord;
  /** The place of its last entry. */
  readonly to: number;
}

export async function inlineNotes(client: PgClient, sql: Sql, fresh: readonly Fresh[], owner: string): Promise<void> {
  const leaseOf = ({ note }: Fresh): Lease => note.lease ?? missing('The lease of a claimed note');
  const { until } = leaseOf(fresh[0] ?? missing('The first claimed note'));
  const members = fresh.reduce((count, { note }) => count + note.entryIds.length, 0);
  const column = <Value>(value: (one: Fresh) => Value): Value[] => fresh.map(value);
  await sql.rows(client, start, [
    textArray(column(({ stream }) => stream)),
    textArray(column(({ note }) => note.id)),
    textArray(column((one) => leaseOf(one).token)),
    `{${column(({ to }) => to).join(',')}}`,
    // JSON has no line breaks; an array would escape each of its quotes.
    column(({ note }) => (note.frozen === undefined ? '' : JSON.stringify(note.frozen))).join('\n'),
    whole(until),
    owner,
    countersOfMoved(members, 'spooled', 'delivering'),
  ]);
}

const refreeze = statement(
  'refreeze_running',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now), x AS MATERIALIZED (
    SELECT s.key, ($3::text[])[array_position($2::text[], s.token)] AS frozen FROM ${t.streams} s, t
    WHERE ${amongKeys('s.key', `key FROM ${t.streams} WHERE note_id = ANY($1::text[])`)} AND s.token = ANY($2) AND s.lease_until + 0 > t.now
    ORDER BY s.key FOR UPDATE OF s
  )
  UPDATE ${t.streams} s SET frozen = x.frozen FROM x WHERE ${isKey('s.key', 'x.key')} RETURNING s.token`,
);

/** Replaces the frozen parts of notes that are inline under their token; returns their tokens. */
export async function refreezeInline(client: PgClient, sql: Sql, notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
  const ids = notes.map(({ token }) => noteIdOf(token));
  const tokens = notes.map(({ token }) => token);
  const frozen = notes.map((one) => JSON.stringify(one.frozen));
  return (await sql.rows<{ token: ClaimToken }>(client, refreeze, [ids, tokens, frozen])).map(({ token }) => token);
}
