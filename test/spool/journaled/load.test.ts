import { expect, it } from 'vitest';
import { StateTable } from '../../../src/spool/journaled/state-table.ts';
import { appendMessage } from '../../../src/spool/state/append.ts';
import { streamKey } from '../../../src/spool/state/records.ts';
import { newEntry } from '../../support/spool-entries.ts';

it('loads a stream in its order, whatever the order in which a storage found the entries', () => {
  const before = new StateTable();
  const tx = before.begin();
  for (const id of ['c', 'a', 'b']) appendMessage(tx, [newEntry(id)], 0);
  before.commit(tx);
  const after = new StateTable();
  after.load([...before.entries()].reverse(), []);
  expect([...after.stream(streamKey(newEntry('a')))]).toEqual(['c', 'a', 'b']);
});

it('uses the later one of two records of an entry', () => {
  const before = new StateTable();
  const tx = before.begin();
  appendMessage(tx, [newEntry('a')], 0);
  const record = tx.entry('a');
  if (record === undefined) throw new Error('It was appended.');
  const later = { fixed: record.fixed, status: { ...record.status, order: record.status.order + 1, expiresAt: 7 } };
  const after = new StateTable();
  after.load([later, record], []);
  expect([after.entry('a'), after.counts().spooled, after.bytes]).toEqual([later, 1, record.fixed.weight]);
});
