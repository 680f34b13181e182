import { expect, it } from 'vitest';
import { StateTable } from '../../../src/spool/journaled/state-table.ts';
import { appendMessage } from '../../../src/spool/state/append.ts';
import { newEntry } from '../../support/spool-entries.ts';

const count = 100;

it('a list of what waits meets nothing that has ended', () => {
  const table = new StateTable();
  const appended = table.begin();
  for (let index = 0; index < count; index++) appendMessage(appended, [newEntry(`m${index}`)], 0);
  table.commit(appended);
  const ended = table.begin();
  for (let index = 0; index < count - 1; index++) {
    const record = ended.entry(`m${index}`);
    if (record !== undefined) ended.move(record, 'delivered', { endedAt: 0 });
  }
  table.commit(ended);
  const last = table.entry(`m${count - 1}`);
  expect([...table.entriesAmong('spooled')]).toEqual([last]);
  expect([...table.entriesAmong('deferred'), ...table.entriesAmong('delivering')]).toEqual([last, last]);
  // What may have been sent and has expired has no place in its stream any more.
  for (const state of ['unconfirmed', 'held', 'dead', 'delivered', 'cancelled', undefined] as const) {
    expect([...table.entriesAmong(state)]).toHaveLength(count);
  }
});
