import type { SpooledMessage } from '../contract.ts';
import type { JournalChange } from '../journaled/journal.ts';
import { fields } from '../journaled/json-shape.ts';
import { message } from '../journaled/record-readers.ts';
import type { EntryFixed } from '../state/records.ts';
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

/** Puts and deletes what changed. */
export function putChange(idb: IdbTransaction, { entries, notes, messages }: JournalChange): void {
  for (const [name, rows] of [
    [stores.notes, notes],
    [stores.entries, entries],
    [stores.messages, new Map([...messages].map(([id, one]) => [id, one && messageRow(one)]))],
  ] as const) {
    const store = idb.objectStore(name);
    for (const [id, row] of rows) {
      if (row === undefined) store.delete(id);
      else store.put(row, id);
    }
  }
}
