import { expect, it } from 'vitest';
import { newEntry, statesOf } from '../../support/spool-entries.ts';
import { World } from './power-cut.ts';

it('the first messages of many mailboxes are made durable together, not one mailbox at a time', async () => {
  const world = new World();
  await world.open();
  const entries = Array.from({ length: 40 }, (_, index) => {
    const entry = newEntry(`e${index}`, { lane: `user${index}@contoso.com` });
    return { ...entry, message: { ...entry.message, from: { ...entry.message.from, sip: `sip:user${index}@contoso.com` } } };
  });
  world.disk.calls.length = 0;
  await world.append(...entries);
  const calls = world.disk.calls.filter((call) => call.startsWith('makeFolder ') || call.startsWith('syncFolder '));
  // The root is synced once for all of them, after all their folders exist.
  expect(calls.filter((call) => call === 'syncFolder /spool')).toHaveLength(1);
  expect(calls.filter((call) => call.startsWith('makeFolder '))).toHaveLength(4 * 40);
  expect(calls.findLastIndex((call) => call.startsWith('makeFolder '))).toBeLessThan(
    calls.findIndex((call) => call.startsWith('syncFolder ')),
  );
  // The power fails right after: only synced data is there.
  await world.restart({ pick: undefined });
  expect(Object.keys(await statesOf(world.spool))).toHaveLength(40);
});
