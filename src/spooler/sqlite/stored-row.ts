import { type Cell, type EntryRow, fixedColumns, statusColumns } from '../../spool/rows/entry-row.ts';

/** A row of `entries` as it is read. */
export type StoredRow = EntryRow & { readonly seq: number; readonly stream: number | null };

/** The columns that {@link storedRow} reads, in its order. */
export const entryColumns = ['seq', 'stream', ...fixedColumns, ...statusColumns].join(', ');

/** Gives cells their names; written out since every claim and settlement passes here. The tables are STRICT: types are right. */
export function storedRow(cells: readonly Cell[]): StoredRow {
  return {
    seq: cells[0],
    stream: cells[1],
    id: cells[2],
    message_id: cells[3],
    content_hash: cells[4],
    lane: cells[5],
    conversation_id: cells[6],
    audience: cells[7],
    recipients_key: cells[8],
    message_class: cells[9],
    weight: cells[10],
    recipients: cells[11],
    accepted_at: cells[12],
    pickup_at: cells[13],
    expires_in: cells[14],
    state: cells[15],
    rev: cells[16],
    due_at: cells[17],
    due_within: cells[18],
    expires_at: cells[19],
    single: cells[20],
    unknown_attempts: cells[21],
    cancel_requested: cells[22],
    tried_by: cells[23],
    note_id: cells[24],
    attempt: cells[25],
    reason: cells[26],
    ended_at: cells[27],
    sent_class: cells[28],
    purged: cells[29],
    ord: cells[30],
  } as StoredRow;
}
