import { expect, it } from 'vitest';
import { KeyValueSpool, type KeyValueStore } from '../../../examples/key-value-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

function mapStore(values: Map<string, string>): KeyValueStore {
  return {
    get: async (key) => values.get(key),
    values: async (prefix) => [...values].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value),
    batch: async (changes) => {
      for (const [key, value] of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    },
  };
}

async function opened(clock: ManualClock, values: Map<string, string>, corrupt: string[] = []) {
  const spool = new KeyValueSpool(mapStore(values));
  await spool.open({ clock, tombstones: 86_400_000, onCorrupt: ({ where }) => corrupt.push(where) });
  return spool;
}

it.each(['unclaim', 'lapse'] as const)(
  'killed while delivering, then killed after the probe was unclaimed (%s): the attempt is still probed',
  async (how) => {
    const clock = new ManualClock();
    const values = new Map<string, string>();
    const first = await opened(clock, values);
    await first.append([newEntry('a')]);
    await clock.advance(120_000);
    const [claimed] = await first.claim(claimRequest());

    const second = await opened(clock, values);
    await clock.advance(10_000);
    const [probe] = await second.claim(claimRequest({ kind: 'probe' }));
    expect(probe?.unknownAttempts.map(({ tag }) => tag)).toEqual([claimed?.tag]);
    if (how === 'unclaim') await second.settle([{ token: probe?.token ?? '', to: 'unclaim' }]);
    else {
      await clock.advance(130_000);
      await second.nextDue();
    }

    const third = await opened(clock, values);
    await clock.advance(10_000);
    const [again] = await third.claim(claimRequest({ kind: 'probe' }));
    expect(again?.unknownAttempts.map(({ tag }) => tag)).toEqual([claimed?.tag]);
  },
);

it('checks what a journal returns: an invalid record affects only itself, and is reported', async () => {
  const clock = new ManualClock();
  const values = new Map<string, string>();
  const first = await opened(clock, values);
  await first.append(['a', 'b', 'c', 'd', 'e'].map((id) => newEntry(id, { conversationId: id })));
  await clock.advance(120_000);
  await first.claim(claimRequest({ limit: 1 }));
  values.set('entry/b', '{"fixed":{}}');
  values.set('entry/c', 'no JSON');
  values.set('message/d', '{"text":7}');
  values.delete('message/e');
  for (const key of values.keys()) if (key.startsWith('note/')) values.set(key, '[]');

  const corrupt: string[] = [];
  const second = await opened(clock, values, corrupt);
  // The fate of the note is unknown; its member is not resent.
  expect(await second.get('a')).toMatchObject({ state: 'dead', reason: { code: 'OUTCOME_UNKNOWN' } });
  expect(await second.claim(claimRequest())).toEqual([]);
  expect(corrupt).toEqual([
    'key-value/entry 1',
    'key-value/entry 2',
    'key-value/note 0',
    'key-value/message d',
    'key-value/message e',
  ]);
  expect(await second.counts()).toMatchObject({ spooled: 0, dead: 1 });
});
