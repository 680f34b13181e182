import type { SpooledMessage } from '../contract.ts';
import type { JournalChange } from '../journaled/journal.ts';
import { field, fields, type Reader } from '../journaled/json-shape.ts';
import { entryFixed, message } from '../journaled/record-readers.ts';
import { packAttempts, packedStatus } from '../rows/attempts.ts';
import type { EntryFixed, EntryRecord } from '../state/records.ts';
import { stores } from './database.ts';
import type { IdbTransaction } from './web-types.ts';

/** Recipients are in the entry, which outlives its message. */
function messageRow({ to: _to, ...rest }: SpooledMessage): Omit<SpooledMessage, 'to'> {
  return rest;
}

/** @throws {ShapeError} */
export function readMessage(row: unknown, { to }: EntryFixed): SpooledMessage {
  return message({ ...fields(row, 'the message'), to }, 'the message');
}

export const readEntry: Reader<EntryRecord> = (value, where) => {
  const of = fields(value, where);
  return { fixed: field(of, 'fixed', entryFixed, where), status: field(of, 'status', packedStatus, where) };
};

function entryRow({ fixed, status }: EntryRecord): unknown {
  return { fixed, status: packAttempts(status) };
}

/** Puts and deletes what changed. */
export function putChange(idb: IdbTransaction, { entries, notes, messages }: JournalChange): void {
  for (const [name, rows] of [
    [stores.notes, notes],
    [stores.entries, new Map([...entries].map(([id, one]) => [id, one && entryRow(one)]))],
    [stores.messages, new Map([...messages].map(([id, one]) => [id, one && messageRow(one)]))],
  ] as const) {
    const store = idb.objectStore(name);
    for (const [id, row] of rows) {
      if (row === undefined) store.delete(id);
      else store.put(row, id);
    }
  }
}
