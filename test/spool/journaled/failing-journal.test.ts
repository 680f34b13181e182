import { describe, expect, it } from 'vitest';
import type { SpoolContext, SpoolEntry } from '../../../src/spool/contract.ts';
import { JournaledSpool } from '../../../src/spool/journaled/journaled-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { FakeJournal, spoolOver } from './fake-journal.ts';

const expire = { owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } } as const;

/** The error for messages with these ids. */
function refusing(kept: 'no' | 'unknown', ...ids: string[]): FakeJournal['fails'] {
  return (tx) => (ids.some((id) => tx.entries.has(id)) ? kept : undefined);
}

describe('JournaledSpool over a failing journal', () => {
  it('fails only the bad message, in one append as in many concurrent ones', async () => {
    const { spool, journal } = await spoolOver();
    journal.fails = refusing('no', 'bad');
    const together = await spool.append([newEntry('a'), newEntry('bad'), newEntry('b')]);
    expect(together).toMatchObject([{ status: 'appended' }, { status: 'failed', kept: 'no' }, { status: 'appended' }]);
    const apart = await Promise.all([newEntry('c'), newEntry('bad'), newEntry('d')].map((entry) => spool.append([entry])));
    expect(apart.flat().map(({ status }) => status)).toEqual(['appended', 'failed', 'appended']);
    expect(await statesOf(spool)).toEqual({ a: 'spooled', b: 'spooled', c: 'spooled', d: 'spooled' });
    journal.fails = () => undefined;
    expect(await spool.append([newEntry('bad')])).toMatchObject([{ status: 'appended' }]);
  });

  it('keeps all entries of a bad message, or none', async () => {
    const { spool, journal } = await spoolOver();
    journal.fails = refusing('no', 'm2');
    const parts = { messageId: 'm', contentHash: 'h' };
    const results = await spool.append([newEntry('m1', parts), newEntry('a'), newEntry('m2', parts)]);
    expect(results.map(({ messageId, status }) => [messageId, status])).toEqual([
      ['m', 'failed'],
      ['m-a', 'appended'],
    ]);
    expect(await spool.findMessage('m')).toEqual([]);
  });

  it('reports what it appended before it closed itself, and that it kept nothing afterwards', async () => {
    const { spool, journal } = await spoolOver();
    journal.fails = (tx) => (tx.entries.size > 1 ? 'no' : refusing('unknown', 'bad')(tx));
    const results = await spool.append([newEntry('a'), newEntry('bad'), newEntry('b')]);
    expect(results).toMatchObject([
      { status: 'appended' },
      { status: 'failed', kept: 'unknown' },
      { status: 'failed', kept: 'no' },
    ]);
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('fails with SPOOL_FAILED if nothing was changed, and goes on', async () => {
    const { spool, journal } = await spoolOver();
    await spool.append([newEntry('a')]);
    journal.fails = () => 'no';
    await expect(spool.hold(['a'])).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    await expect(spool.claim(claimRequest({ ignorePickup: true }))).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    expect(await statesOf(spool)).toEqual({ a: 'spooled' });
    journal.fails = () => undefined;
    expect(await spool.claim(claimRequest({ ignorePickup: true }))).toHaveLength(1);
  });

  it('leaves notes it could not claim due as before', async () => {
    const { spool } = await spoolOver();
    await spool.append(['a', 'b'].map((id) => newEntry(id, { conversationId: id })));
    const request = claimRequest({ ignorePickup: true });
    const freeze = (): never => {
      throw new Error('no class for it');
    };
    await expect(spool.claim({ ...request, freeze })).rejects.toThrow('no class for it');
    expect(await spool.claim(request)).toHaveLength(2);
  });

  it('closes itself with SPOOL_FAILED if it cannot tell what was changed', async () => {
    const { spool, journal } = await spoolOver();
    await spool.append([newEntry('a')]);
    journal.fails = () => 'unknown';
    await expect(spool.hold(['a'])).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    await expect(spool.get('a')).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('fails only the settlement that cannot be written', async () => {
    const { spool, journal } = await spoolOver();
    await spool.append(['a', 'b'].map((id) => newEntry(id, { conversationId: id })));
    const notes = await spool.claim(claimRequest({ ignorePickup: true }));
    journal.fails = refusing('no', 'a');
    const settled = await Promise.allSettled(notes.map(({ token }) => spool.settle([{ token, to: 'delivered' }])));
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await statesOf(spool)).toEqual({ a: 'delivering', b: 'delivered' });
  });

  it('can still be read while the end of an expired lease cannot be written', async () => {
    const { spool, journal, clock } = await spoolOver();
    await spool.append([newEntry('a')]);
    await spool.claim(claimRequest({ ignorePickup: true, lease: 1_000 }));
    await clock.advance(1_000);
    journal.fails = () => 'no';
    expect((await spool.get('a'))?.state).toBe('delivering');
    expect(await spool.append([newEntry('b')])).toMatchObject([{ status: 'failed', kept: 'no' }]);
    journal.fails = () => undefined;
    expect((await spool.get('a'))?.state).toBe('unconfirmed');
  });

  it('sets an unreadable member aside, journals that, and claims the rest', async () => {
    const { spool, journal } = await spoolOver();
    await spool.append([newEntry('a'), newEntry('b')]);
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
    await spool.settle([{ token: note?.token ?? '', to: 'deferred', after: 0, failure: true, reason }]);
    journal.messages.delete('a');
    const [again] = await spool.claim(claimRequest());
    expect(again?.entries.map(({ id }) => id)).toEqual(['b']);
    expect(again?.noteId).toBe(note?.noteId);
    expect(journal.written.at(-2)?.notes.get(note?.noteId ?? '')?.entryIds).toEqual(['b']);
    expect(await spool.counts()).toMatchObject({ delivering: 1 });
  });

  it('reports each message that its journal omits, also beside one that the journal reports itself', async () => {
    const journal = new FakeJournal();
    const reported: string[] = [];
    const spool = new JournaledSpool({ name: 'fake', durable: true, journal });
    let report: (where: string) => void = () => undefined;
    journal.open = async (context?: SpoolContext) => {
      report = (where) => context?.onCorrupt?.({ where, error: new Error('unreadable') });
      return { entries: [], notes: [] };
    };
    const read = journal.read.bind(journal);
    journal.read = async (records) => {
      report('message a');
      return read(records);
    };
    await spool.open({ clock: new ManualClock(), tombstones: 3_600_000, onCorrupt: ({ where }) => reported.push(where) });
    await spool.append(['a', 'b', 'c'].map((id) => newEntry(id)));
    for (const id of ['a', 'b']) journal.messages.delete(id);
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    expect(note?.entries.map(({ id }) => id)).toEqual(['c']);
    expect(reported).toContain('message a');
    expect(reported).toContain('fake/message b');
  });

  it('forgets the tombstone of a message whose other entry was set aside', async () => {
    const { spool, journal, clock } = await spoolOver();
    const parts = { messageId: 'm', contentHash: 'h' };
    await spool.append([newEntry('m1', parts), newEntry('m2', { ...parts, audience: 'federated' })]);
    await spool.cancel(['m1']);
    journal.messages.delete('m2');
    expect(await spool.claim(claimRequest({ ignorePickup: true }))).toEqual([]);
    expect(journal.forgotten).toEqual(['m2']);
    await clock.advance(3_600_000);
    await spool.expire(expire);
    expect(journal.forgotten).toEqual(['m2', 'm1']);
    expect(await spool.findMessage('m')).toEqual([]);
  });

  it('reads only the messages of listed entries', async () => {
    const { spool, journal } = await spoolOver();
    await spool.append(['a', 'b', 'c'].map((id) => newEntry(id)));
    await spool.hold(['b']);
    journal.asked.length = 0;
    const held: SpoolEntry[] = [];
    for await (const entry of spool.list({ state: 'held' })) held.push(entry);
    expect([held.map(({ id }) => id), journal.asked]).toEqual([['b'], ['b']]);
  });

  it('accepts what a journal found in any order, and keeps the order of the sends', async () => {
    const first = await spoolOver();
    await first.spool.append(['a', 'b', 'c'].map((id) => newEntry(id)));
    const records = first.journal.written.flatMap((tx) => [...tx.entries.values()]);
    const journal = new FakeJournal();
    journal.contents = { entries: records.reverse(), notes: [] };
    for (const [id, message] of first.journal.messages) journal.messages.set(id, message);
    const { spool } = await spoolOver(journal);
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    expect(note?.entries.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});

describe('an opening that fails halfway', () => {
  it.each([
    ['its records can not be taken in', true, [null]],
    ['its records are no list', false, 7],
    ['its records can not be taken in, and it can not be closed', true, [null]],
  ])('leaves nothing open that would look like an empty spool: %s', async (what, checked, entries) => {
    let closes = 0;
    const journal = new FakeJournal();
    Object.assign(journal, {
      checked,
      contents: { entries, notes: [] },
      close: async () => {
        closes += 1;
        if (what.includes('closed')) throw new Error('EIO');
      },
    });
    const spool = new JournaledSpool({ name: 'fake', durable: true, journal });
    const context = { clock: new ManualClock(), tombstones: 1_000 };
    await expect(spool.open(context)).rejects.toThrow();
    expect(closes).toBe(1);
    await expect(spool.append([newEntry('a')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    journal.contents = { entries: [], notes: [] };
    await spool.open(context);
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
  });
});
