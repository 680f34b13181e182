import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors/offline-im-error.ts';
import { newEntry, statesOf } from '../../support/spool-entries.ts';
import { twoAudiences, World } from './power-cut.ts';

const reason = { code: 'EWS_ERROR', text: 'ErrorX' } as const;

/** A spool with a file in every folder. */
async function spoolWithAll(): Promise<World> {
  const world = new World();
  await world.open();
  await world.append(newEntry('dead'));
  await world.claim();
  await world.settle({ to: 'dead', sent: 'no', reason });
  await world.append(newEntry('ended'), newEntry('held', { conversationId: 'held' }));
  await world.spool.cancel(['ended']);
  await world.spool.hold(['held']);
  await world.append(newEntry('noted'), ...twoAudiences('two'));
  await world.claim();
  await world.append(newEntry('waiting', { conversationId: 'waiting' }));
  world.disk.restart();
  return world;
}

const bytes = fc.array(fc.record({ at: fc.noBias(fc.integer({ min: 0, max: 9999 })), put: fc.string({ maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 4,
});

describe('files changed by someone else', () => {
  it('are read or set aside: opening never fails, and unchanged files are there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat()), bytes, async (which, changes) => {
        const world = await spoolWithAll();
        const files = world.disk.files().filter((path) => /\.(json|ndjson)$/.test(path));
        const path = files[which % files.length] ?? '';
        let content = world.disk.text(path);
        for (const { at, put } of changes) {
          const from = Math.floor((at / 10_000) * content.length);
          content = content.slice(0, from) + put + content.slice(from + put.length + 1);
        }
        world.disk.put(path, content);
        const before = world.disk.files().map((name) => [name, world.disk.text(name)]);
        const later = await world.open().then(
          () => false,
          (error: unknown) => hasCode(error, 'SPOOL_VERSION'),
        );
        if (later) {
          // By chance it is a file of a later version.
          expect(world.disk.files().map((name) => [name, world.disk.text(name)])).toEqual(before);
          return;
        }
        const states = await statesOf(world.spool);
        if (!path.endsWith('m-waiting.json')) expect(states.waiting).toBe('spooled');
        if (!path.endsWith('m-held.json')) expect(states.held).toBe('held');
        // No claimed or finished entry looks untried, unless nothing of its note is left.
        if (!path.includes('/notes/')) expect(states.noted ?? 'unconfirmed').toBe('unconfirmed');
        expect(states.ended ?? 'cancelled').toBe('cancelled');
        await world.claim();
        await world.settle({ to: 'delivered' });
        await world.spool.cancel(Object.keys(states));
        await world.spool.close();
        await world.restart({ pick: undefined });
      }),
      { numRuns: Number(process.env.OFFLINE_IM_RUNS ?? 500) },
    );
  });
});
