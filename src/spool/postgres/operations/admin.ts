import { cursorInvalid } from '../../admin/arguments.ts';
import type { EntryFilter, EntryPage } from '../../admin/contract.ts';
import { fits, hasEnded } from '../../admin/filter.ts';
import type { AdminQueries, AdminRecords, StoredRecord } from '../../admin/stored-admin.ts';
import { LaneTally } from '../../admin/summaries.ts';
import { knownState } from '../../rows/entry-row.ts';
import { viewOf } from '../../state/records.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { asEntry, entryTexts, Loaded } from '../tables/loaded.ts';
import { type Sql, statement } from '../tables/statement.ts';

/** How these queries reach the spool. */
export interface AdminAccess {
  sql(): Sql;
  read<Result>(read: (client: PgClient) => Promise<Result>): Promise<Result>;
  transact<Result>(body: (client: PgClient) => Promise<Done<Result>>): Promise<Result>;
}

const records = statement('admin_read', (t) => `SELECT key, at::text, content FROM ${t.admin} WHERE kind = $1 ORDER BY key`);
const put = statement(
  'admin_put',
  (t) => `INSERT INTO ${t.admin} (kind, key, at, content) VALUES ($1, $2, ${t.now}(), $3)
    ON CONFLICT (kind, key) DO UPDATE SET content = excluded.content, at = CASE WHEN $4::boolean THEN admin.at ELSE excluded.at END`,
);
const drop = statement('admin_drop', (t) => `DELETE FROM ${t.admin} WHERE kind = $1 AND key = ANY($2::text[]) RETURNING key`);
const clock = statement('admin_now', (t) => `SELECT ${t.now}()::text AS now`);

export function postgresRecords(access: AdminAccess): AdminRecords {
  return {
    read: (kind) =>
      access.read(async (client) => {
        const sql = access.sql();
        const { now } = await sql.row<{ now: string }>(client, clock, []);
        const rows = await sql.rows<{ key: string; at: string; content: string }>(client, records, [kind]);
        return { now: Number(now), records: rows.map((row): StoredRecord => ({ ...row, at: Number(row.at) })) };
      }),
    put: (kind, key, content, keepTime) =>
      access.transact(async (client) => {
        await access.sql().rows(client, put, [kind, key, content, keepTime]);
        return { result: undefined, commit: true };
      }),
    drop: (kind, keys) =>
      access.transact(async (client) => {
        const gone = await access.sql().rows(client, drop, [kind, keys]);
        return { result: gone.length, commit: true };
      }),
  };
}

/**
 * `code` stands in the JSON of a reason, addresses in that of recipients; both are searched as text, since a damaged row would fail a cast and with it the page. `fits()` decides.
 * Indexes find what is held or dead, and what is active.
 */
const page = statement(
  'admin_page',
  (t) => `SELECT ${entryTexts()} FROM ${t.entriesNow} WHERE purged = 0 AND id > $1 AND (ended_at IS NOT NULL) = $2
    AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR lane = $4)
    AND ($5::bigint IS NULL OR accepted_at >= $5) AND ($6::bigint IS NULL OR accepted_at < $6)
    AND ($7::text IS NULL OR strpos(reason, $7) > 0)
    AND ($8::text IS NULL OR strpos(lower(normalize(recipients)), $8) > 0)
    ORDER BY id LIMIT $9`,
);
const keptPage = statement('admin_page_kept', (t) => page.text(t).replace('purged = 0', 'kept AND purged = 0'));

const sums = statement(
  'admin_lanes',
  (t) => `SELECT lane, state, count(*)::text AS count, min(accepted_at)::text AS oldest FROM ${t.entriesNow}
    WHERE ended_at IS NULL GROUP BY lane, state`,
);

export function postgresQueries(access: AdminAccess): AdminQueries {
  return {
    async listBy(filter, cursor, limit): Promise<EntryPage> {
      const { ended, after } = cursorOf(cursor, filter);
      const found = await access.read(async (client) => {
        const { state, lane, since, until, code, recipient } = filter;
        const address = recipient?.normalize('NFC').toLowerCase();
        const values = [state, lane, since, until, inJson(code), inJson(address)].map((one) => one ?? null);
        const one = state === 'held' || state === 'dead' ? keptPage : page;
        return access.sql().rows<Readonly<Record<string, unknown>>>(client, one, [after, ended, ...values, limit + 1]);
      });
      const loaded = new Loaded();
      const entries = found.slice(0, limit).flatMap((row) => {
        const record = loaded.entryRow(asEntry(row));
        if (record === undefined) return [];
        const entry = viewOf(record);
        return fits(filter, entry) ? [entry] : [];
      });
      // Unreadable rows make a page shorter.
      const last = found.length > limit ? String(found[limit - 1]?.id) : undefined;
      const next =
        last === undefined
          ? ended || filter.state !== undefined
            ? undefined
            : 'ended:'
          : `${ended ? 'ended' : 'waiting'}:${last}`;
      return { entries, ...(next === undefined ? {} : { cursor: next }) };
    },
    summaries: () =>
      access.read(async (client) => {
        const rows = await access.sql().rows<{ lane: string; state: string; count: string; oldest: string }>(client, sums, []);
        const tally = new LaneTally();
        for (const { lane, state, count, oldest } of rows) {
          const known = knownState(state);
          if (known !== undefined) tally.add(lane, known, Number(count), Number(oldest));
        }
        return tally.summaries();
      }),
  };
}

/** A text as it stands in JSON, without its quotes. */
function inJson(text: string | undefined): string | undefined {
  return text === undefined ? undefined : JSON.stringify(text).slice(1, -1);
}

/** Pages follow the order of ids, which is that of acceptance; entries that have not ended come first. */
function cursorOf(cursor: string | undefined, { state }: EntryFilter): { readonly ended: boolean; readonly after: string } {
  if (cursor === undefined) return { ended: state !== undefined && hasEnded(state), after: '' };
  const [, part, after] = /^(ended|waiting):(.*)$/s.exec(cursor) ?? [];
  if (after === undefined) throw cursorInvalid(cursor);
  return { ended: part === 'ended', after };
}
