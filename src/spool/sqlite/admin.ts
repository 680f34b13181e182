import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { cursorInvalid } from '../admin/arguments.ts';
import type { EntryFilter, EntryPage } from '../admin/contract.ts';
import { fits, hasEnded } from '../admin/filter.ts';
import type { AdminQueries, AdminRecords, RecordKind, StoredRecord } from '../admin/stored-admin.ts';
import { LaneTally } from '../admin/summaries.ts';
import { viewOf } from '../state/records.ts';
import type { Cursor, Step } from './admin-read.ts';
import { makeRecords } from './connection/admin-tables.ts';
import { isThere } from './connection/schema.ts';
import type { Group } from './group.ts';
import type { Session } from './session.ts';
import type { StoredRow } from './stores/statements.ts';

export function sqliteQueries(session: Session): AdminQueries {
  return {
    async listBy(filter, cursor, limit): Promise<EntryPage> {
      const start = cursorOf(cursor, filter);
      const { step, entries } = await session.read((group, { admin }) => {
        const found = admin.step(filter, start);
        return { step: found, entries: shown(group, found.rows, filter) };
      });
      const full = entries.length > limit ? entries[limit - 1] : undefined;
      const next = full !== undefined ? { ended: start.ended, seq: full.seq } : nextCursor(start, step, filter);
      return {
        entries: entries.slice(0, limit).map(({ entry }) => entry),
        looked: step.looked,
        ...(next === undefined ? {} : { cursor: `${next.ended ? 'ended' : 'waiting'}:${next.seq}` }),
      };
    },
    async summaries() {
      const tally = new LaneTally();
      for (let after: number | undefined = 0; after !== undefined; ) {
        const from: number = after;
        after = await session.read((_group, { admin }) => admin.sum(tally, from));
      }
      return tally.summaries();
    },
  };
}

function cursorOf(cursor: string | undefined, { state }: EntryFilter): Cursor {
  if (cursor === undefined) return { ended: state !== undefined && hasEnded(state), seq: 0 };
  const [, part, seq] = /^(ended|waiting):(\d{1,15})$/.exec(cursor) ?? [];
  if (seq === undefined) throw cursorInvalid(cursor);
  return { ended: part === 'ended', seq: Number(seq) };
}

function nextCursor({ ended }: Cursor, { next }: Step, { state }: EntryFilter): Cursor | undefined {
  if (next !== undefined) return { ended, seq: next };
  return ended || state !== undefined ? undefined : { ended: true, seq: 0 };
}

function shown({ stores }: Group, rows: readonly StoredRow[], filter: EntryFilter) {
  return rows.flatMap((row) => {
    const stored = stores.entries.read(row);
    const entry = stored && viewOf(stored.record);
    return entry !== undefined && fits(filter, entry) ? [{ seq: row.seq, entry }] : [];
  });
}

/** Rows of the table `admin`, which a file of an earlier version lacks if it was opened on a full disk. */
export function sqliteRecords(session: Session): AdminRecords {
  const on = <Result>(work: (database: DatabaseSync, now: number) => Result): Promise<Result> =>
    session.run((group, { admin }) => {
      group.changed();
      return work(admin.database, group.wall);
    });
  return {
    read: (kind) => session.read((group, { admin }) => ({ now: group.wall, records: recordsOf(admin.database, kind) })),
    put: (kind, key, content, keepTime) =>
      on((database, now) => {
        makeRecords(database);
        database
          .prepare(
            `INSERT INTO admin (kind, key, at, content) VALUES (?, ?, ?, ?)
             ON CONFLICT (kind, key) DO UPDATE SET content = excluded.content${keepTime ? '' : ', at = excluded.at'}`,
          )
          .run(kind, key, now, content);
      }),
    drop: (kind, keys) =>
      on((database) => {
        if (!isThere(database, 'admin')) return 0;
        const statement = database.prepare('DELETE FROM admin WHERE kind = ? AND key = ?');
        return keys.reduce((sum, key) => sum + Number(statement.run(kind, key).changes), 0);
      }),
  };
}

function recordsOf(database: DatabaseSync, kind: RecordKind): readonly StoredRecord[] {
  let statement: StatementSync;
  try {
    statement = database.prepare('SELECT key, at, content FROM admin WHERE kind = ? ORDER BY key');
  } catch (error) {
    // Looked up only here: each claim reads records.
    if (isThere(database, 'admin')) throw error;
    return [];
  }
  const rows = statement.all(kind);
  return rows.map(({ key, at, content }) => ({ key: String(key), at: Number(at), content: String(content) }));
}
