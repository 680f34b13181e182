import type { Pool } from 'pg';
import type { NewSpoolEntry } from '../../src/spool/contract.ts';
import { bodyOf } from '../../src/spool/rows/entry-row.ts';

/** What the rows of new messages cost PostgreSQL by themselves: the same tables and indexes, one transaction a group. */
export class BarePostgres {
  readonly #pool: Pool;
  readonly #schema: string;
  #ord = 0;

  /** @param schema A spool that `migrate()` has made, and nobody else uses. */
  constructor(pool: Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  /** Each in a conversation of its own. */
  async append(entries: readonly NewSpoolEntry[]): Promise<void> {
    const client = await this.#pool.connect();
    const now = Date.now();
    const [first] = entries;
    const column = (value: (entry: NewSpoolEntry) => string): string[] => entries.map(value);
    const streams = column(({ conversationId }) => conversationId);
    try {
      await client.query('BEGIN');
      await client.query({
        name: `bare_streams_${this.#schema}`,
        text: `INSERT INTO "${this.#schema}".streams (key, lane, due_at) SELECT key, $2, $3::bigint FROM unnest($1::text[]) AS x(key)`,
        values: [streams, first?.lane, now],
      });
      await client.query({
        name: `bare_entries_${this.#schema}`,
        text: `INSERT INTO "${this.#schema}".entries (id, message_id, part, content_hash, lane, conversation_id, audience, recipients_key,
          message_class, weight, recipients, accepted_at, pickup_at, expires_in, state, rev, due_at, due_within, expires_at, single,
          cancel_requested, attempt, purged, ord, stream, active, kept, body)
          SELECT id, message_id, 0, $6, $7, stream, $8, recipient, $9, $10, recipients, $11::bigint, $11, $12::bigint, 'spooled', $13::bigint, $11, 0, $11::bigint + $12::bigint, 0,
            0, 0, 0, $13::bigint + n, stream, true, false, body
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $14::text[]) WITH ORDINALITY
            AS x(id, message_id, stream, recipient, recipients, body, n)`,
        values: [
          column(({ id }) => id),
          column(({ messageId }) => messageId),
          streams,
          column(({ recipientsKey }) => recipientsKey),
          column(({ message }) => JSON.stringify(message.to)),
          ...[first?.contentHash, first?.lane, first?.audience, first?.messageClass, first?.weight, now, first?.expiresIn],
          this.#ord,
          column(({ message }) => bodyOf(message)),
        ],
      });
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    this.#ord += entries.length;
  }

  /** The longest due of so many streams are marked as at work, in one transaction, and end with what waits in them, in another one. */
  async drain(count: number, group: number): Promise<void> {
    for (let left = count; left > 0; left -= group) {
      const now = Date.now();
      const { rows } = await this.#pool.query<{ key: string }>({
        name: `bare_claim_${this.#schema}`,
        text: `UPDATE "${this.#schema}".streams SET due_at = NULL, note_id = key, lease_until = $1::bigint + 120000 WHERE key = ANY(ARRAY(
          SELECT key FROM "${this.#schema}".streams WHERE due_at IS NOT NULL AND due_at <= $1::bigint ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )) RETURNING key`,
        values: [now, Math.min(left, group)],
      });
      if (rows.length === 0) throw new Error('Nothing is due.');
      await this.#pool.query({
        name: `bare_settle_${this.#schema}`,
        text: `WITH d AS (DELETE FROM "${this.#schema}".streams WHERE key = ANY($1::text[]))
          UPDATE "${this.#schema}".entries SET state = 'delivered', active = false, attempt = 1, ended_at = $2::bigint, tombstone_at = $2::bigint, body = NULL
          WHERE stream = ANY($1::text[]) AND active`,
        values: [rows.map(({ key }) => key), now],
      });
    }
  }
}
