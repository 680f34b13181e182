import { missing } from '../../../core/errors/missing.ts';
import type { Frozen } from '../../contract.ts';
import { objectOf } from '../../rows/entry-row.ts';
import { triedByOf } from '../../state/claim.ts';
import type { EntryRecord } from '../../state/records.ts';
import { Transaction } from '../../state/transaction.ts';
import type { PgClient } from '../connection/pool.ts';
import { notInline } from '../tables/inline-note.ts';
import { asEntry, entryTexts, Loaded } from '../tables/loaded.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { writeChanges } from '../tables/write.ts';

const running = statement(
  'running',
  (
    t,
  ) => `SELECT key, lane, note_id, token, lease_until::text, run_by, frozen, (${t.now}())::text AS now, nextval('${t.ticks}')::text AS tick
    FROM ${t.streams} WHERE key = ANY($1::text[]) AND note_id IS NOT NULL`,
);

/** Members as they were before the claim. */
const members = statement(
  'running_members',
  (t) => `SELECT r.note_id AS running, ${entryTexts('e.')} FROM ${t.streams} r, LATERAL (
      SELECT * FROM ${t.entries} WHERE stream = r.key AND active AND state <> 'unconfirmed' AND ord <= r.running_to ORDER BY ord
    ) e WHERE r.key = ANY($1::text[]) ORDER BY e.ord`,
);

const stop = statement('stop_running', (t) => `UPDATE ${t.streams} SET ${notInline} WHERE key = ANY($1::text[])`);

interface RunningRow {
  readonly key: string;
  readonly lane: string;
  readonly note_id: string;
  readonly token: string;
  readonly lease_until: string;
  readonly run_by: string;
  readonly frozen: string;
  readonly now: string;
  readonly tick: string;
}

type MemberRow = Readonly<Record<string, unknown>> & { readonly running: string };

/** Turns the inline notes of these locked streams into ordinary ones. There is hardly ever one. */
export async function materialize(client: PgClient, sql: Sql, streams: readonly string[]): Promise<void> {
  const notes = await sql.rows<RunningRow>(client, running, [streams]);
  if (notes.length === 0) return;
  const keys = notes.map(({ key }) => key);
  const loaded = new Loaded();
  const byNote = new Map<string, EntryRecord[]>(notes.map(({ note_id }) => [note_id, []]));
  for (const { running: noteId, ...row } of await sql.rows<MemberRow>(client, members, [keys])) {
    const record = loaded.entryRow(asEntry(row));
    if (record !== undefined) byNote.get(noteId)?.push(record);
  }
  loaded.assertReadable();
  const tx = new Transaction(loaded, Number(notes[0]?.tick), 0);
  for (const note of notes) {
    const members = byNote.get(note.note_id) ?? missing('The members of a running note');
    try {
      write(tx, note, members);
    } catch (error) {
      for (const { fixed } of members) loaded.markUnreadable(fixed.id, error);
    }
  }
  loaded.assertReadable();
  // They were counted when they were claimed.
  await writeChanges(client, sql, tx, tx, []);
  await sql.rows(client, stop, [keys]);
}

/** Writes what the claim would have written. */
function write(tx: Transaction, row: RunningRow, before: readonly EntryRecord[]): void {
  if (before.length === 0) return;
  const now = Number(row.now);
  tx.putNote({
    id: row.note_id,
    lane: row.lane,
    entryIds: before.map(({ fixed }) => fixed.id),
    frozen: objectOf<Frozen>(row.frozen, 'what is frozen'),
    attempt: 1,
    state: 'delivering',
    due: { at: now, within: 0 },
    failures: 0,
    probes: 0,
    absences: 0,
    lastRanAt: now,
    unconfirmedFor: 0,
    lease: {
      token: row.token,
      kind: 'deliver',
      until: Number(row.lease_until),
      before: undefined,
      triedBy: triedByOf(before),
    },
  });
  for (const record of before) tx.move(record, 'delivering', { noteId: row.note_id, attempt: 1, triedBy: row.run_by });
}
