import { describe, expect, it } from 'vitest';
import { StateTable } from '../../../src/spool/journaled/state-table.ts';
import { appendMessage } from '../../../src/spool/state/append.ts';
import type { EntryRecord, NoteRecord } from '../../../src/spool/state/records.ts';
import type { Transaction } from '../../../src/spool/state/transaction.ts';
import { newEntry } from '../../support/spool-entries.ts';

function tableWith(...ids: string[]): StateTable {
  const table = new StateTable();
  const tx = table.begin();
  for (const id of ids) appendMessage(tx, [newEntry(id)], 0);
  table.commit(tx);
  return table;
}

function entry(reads: Pick<Transaction, 'entry'>, id: string): EntryRecord {
  const record = reads.entry(id);
  if (record === undefined) throw new Error(`${id} is missing`);
  return record;
}

function note(id: string, entryIds: readonly string[]): NoteRecord {
  const due = { at: 0, within: 0 };
  const counts = { attempt: 1, failures: 0, probes: 0, absences: 0, lastRanAt: 0, unconfirmedFor: 0 };
  return { id, lane: 'alice@contoso.com', entryIds, state: 'deferred', due, ...counts };
}

describe('Transaction', () => {
  it('reads its own writes, which are not visible to others before the commit', () => {
    const table = tableWith('a');
    const tx = table.begin();
    appendMessage(tx, [newEntry('b')], 0);
    tx.move(entry(tx, 'a'), 'held');
    tx.putNote(note('n', ['b']));

    expect([tx.entry('a')?.status.state, tx.entry('b')?.status.state, tx.note('n')?.id]).toEqual(['held', 'spooled', 'n']);
    expect(tx.entriesOfMessage('m-b')).toEqual(['b']);
    expect([table.entry('a')?.status.state, table.entry('b'), table.note('n')]).toEqual(['spooled', undefined, undefined]);
    expect(table.counts()).toMatchObject({ spooled: 1, held: 0 });

    table.commit(tx);
    expect([table.entry('a')?.status.state, table.entry('b')?.status.state, table.note('n')?.id]).toEqual([
      'held',
      'spooled',
      'n',
    ]);
    expect(table.counts()).toMatchObject({ spooled: 1, held: 1 });
  });

  it('sees a note that it dropped as gone', () => {
    const table = tableWith('a');
    const first = table.begin();
    first.putNote(note('n', ['a']));
    table.commit(first);
    const tx = table.begin();
    tx.dropNote('n');
    expect([tx.note('n'), table.note('n')?.id]).toEqual([undefined, 'n']);
  });

  it('takes an entry out of its note, and drops a note without entries', () => {
    const table = tableWith('a', 'b');
    const tx = table.begin();
    tx.putNote(note('n', ['a', 'b']));
    for (const id of ['a', 'b']) tx.move(entry(tx, id), 'deferred', { noteId: 'n' });
    tx.leaveNote(entry(tx, 'a'));
    expect(tx.note('n')?.entryIds).toEqual(['b']);
    tx.leaveNote(entry(tx, 'b'));
    expect(tx.note('n')).toBeUndefined();
  });

  it('leaves a note alone that an entry has already left', () => {
    const table = tableWith('a', 'b');
    const first = table.begin();
    first.putNote(note('n', ['a', 'b']));
    first.move(entry(first, 'a'), 'dead', { noteId: 'n' });
    first.move(entry(first, 'b'), 'deferred', { noteId: 'gone' });
    table.commit(first);
    const tx = table.begin();
    for (const id of ['a', 'b']) tx.leaveNote(entry(tx, id));
    expect([tx.empty, tx.note('n')?.entryIds]).toEqual([true, ['a', 'b']]);
  });

  it('returns the existing members of a note, in order', () => {
    const tx = tableWith('a', 'b').begin();
    expect(tx.members(note('n', ['b', 'gone', 'a'])).map(({ fixed }) => fixed.id)).toEqual(['b', 'a']);
  });

  it('returns all entries of a message, those of this operation last', () => {
    const table = new StateTable();
    const tx = table.begin();
    appendMessage(
      tx,
      ['a', 'b', 'c'].map((id) => newEntry(id, { messageId: 'm' })),
      0,
    );
    expect(tx.entriesOfMessage('m')).toEqual(['a', 'b', 'c']);
    table.commit(tx);
    const later = table.begin();
    later.add({ ...entry(later, 'a'), fixed: { ...entry(later, 'a').fixed, id: 'd' } });
    expect(later.entriesOfMessage('m')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('has no note without an id', () => {
    expect(tableWith('a').begin().note(undefined)).toBeUndefined();
  });

  it('reports changes of state, and nothing else', () => {
    const table = tableWith('a');
    const tx = table.begin();
    tx.move(entry(tx, 'a'), 'spooled', { single: true });
    tx.move(entry(tx, 'a'), 'held');
    expect(tx.changes).toStrictEqual([{ entryId: 'a', messageId: 'm-a', from: 'spooled', to: 'held' }]);
  });

  it('removes a part of a status that is set to undefined', () => {
    const table = tableWith('a');
    const tx = table.begin();
    const reason = { code: 'EXPIRED', text: 'too late' } as const;
    tx.move(entry(tx, 'a'), 'dead', { reason, endedAt: 1 });
    tx.move(entry(tx, 'a'), 'spooled', { reason: undefined, endedAt: undefined });
    expect(Object.keys(entry(tx, 'a').status)).not.toEqual(expect.arrayContaining(['reason']));
    expect(entry(tx, 'a').status).not.toHaveProperty('endedAt');
  });

  it('gives every status a revision above all committed ones', () => {
    const table = tableWith('a');
    const before = entry(table, 'a').status.rev;
    const tx = table.begin();
    tx.move(entry(tx, 'a'), 'held');
    table.commit(tx);
    expect(entry(table, 'a').status.rev).toBeGreaterThan(before);
    expect(table.begin().rev).toBeGreaterThan(entry(table, 'a').status.rev);
  });

  it('is empty until something is written', () => {
    const table = tableWith('a');
    const tx = table.begin();
    expect(tx.empty).toBe(true);
    tx.move(entry(tx, 'a'), 'held');
    expect(tx.empty).toBe(false);
    const [noted, forgetful] = [table.begin(), table.begin()];
    noted.dropNote('n');
    forgetful.forget('a');
    expect([noted.empty, forgetful.empty, [...forgetful.forgotten]]).toEqual([false, false, ['a']]);
  });
});
