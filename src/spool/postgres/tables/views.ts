import { fixedColumns, statusColumns } from '../../rows/entry-row.ts';
import type { Tables } from './statement.ts';

/** Columns of entries that differ while their note lies in the row of its stream, see `inline-note.ts`. */
const overlaid: Readonly<Record<string, string>> = {
  state: `CASE WHEN r.note_id IS NULL THEN e.state ELSE 'delivering' END`,
  note_id: 'coalesce(r.note_id, e.note_id)',
  attempt: 'CASE WHEN r.note_id IS NULL THEN e.attempt ELSE 1 END',
  tried_by: 'coalesce(r.run_by, e.tried_by)',
};

const entryNames = [...fixedColumns, ...statusColumns, 'part', 'stream', 'active', 'kept', 'tombstone_at', 'body'];

/**
 * Current entries and notes, so that no query has to handle inline notes itself. Part of version 1: a spool made without these views gets them with the next `migrate()`, and older
 * libraries ignore them. Columns are only ever added, at the end.
 */
export function viewsOf(t: Tables): string {
  const columns = entryNames.map((name) => `${overlaid[name] ?? `e.${name}`} AS ${name}`);
  return `
CREATE OR REPLACE VIEW ${t.entriesNow} AS SELECT ${columns.join(', ')}
  FROM ${t.entries} e LEFT JOIN ${t.streams} r ON e.active AND e.state <> 'unconfirmed' AND r.key = e.stream AND e.ord <= r.running_to;

CREATE OR REPLACE VIEW ${t.notesNow} AS
  SELECT id, lane, stream, state, attempt, token, lease_until FROM ${t.notes}
  UNION ALL
  SELECT note_id, lane, key, 'delivering'::text, 1, token, lease_until FROM ${t.streams} WHERE note_id IS NOT NULL;
`;
}
