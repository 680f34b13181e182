import type { ClaimedNote, SpoolState } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import { arcs, reason, type Scene, type Test } from '../scene.ts';

/** What happened to an entry after the lease of its first attempt expired. */
const fates: readonly { readonly now: string; readonly state: SpoolState; readonly bring: (scene: Scene) => Promise<unknown> }[] =
  [
    { now: 'unconfirmed', state: 'unconfirmed', bring: async () => {} },
    { now: 'being probed', state: 'unconfirmed', bring: (scene) => probe(scene) },
    { now: 'deferred', state: 'deferred', bring: absent },
    {
      now: 'delivering again',
      state: 'delivering',
      bring: async (scene) => {
        await absent(scene);
        return scene.claimOne();
      },
    },
    {
      now: 'split off and spooled',
      state: 'spooled',
      bring: async (scene) => {
        await absent(scene);
        await scene.settle({ token: (await scene.claimOne()).token, to: 'split', reason });
      },
    },
    {
      now: 'held',
      state: 'held',
      bring: async (scene) => {
        await absent(scene);
        await scene.storage.hold(['m1', 'm2']);
      },
    },
    { now: 'dead', state: 'dead', bring: dead },
    {
      now: 'cancelled',
      state: 'cancelled',
      bring: async (scene) => {
        await dead(scene);
        await scene.storage.cancel(['m1', 'm2']);
      },
    },
  ];

export function lateDeliveredTests(test: Test): void {
  for (const { now, state, bring } of fates) {
    test(`a late "delivered" makes a note delivered that is ${now} by now`, async (scene) => {
      const note = await lost(scene);
      await bring(scene);
      const changes = await scene.settleLost({ token: note.token, to: 'delivered', messageClass: 'IPM.Note' });
      equal(arcs(changes).sort(), [`m1: ${state} → delivered`, `m2: ${state} → delivered`], 'changes');
      for (const id of ['m1', 'm2']) {
        const entry = await scene.expectState(id, 'delivered');
        equal([entry.message, entry.messageClass], [undefined, 'IPM.Note'], `text and class of ${id}`);
      }
      await scene.claimNone({ ignorePickup: true }, 'it is delivered');
      await scene.claimNone({ kind: 'probe', ignorePickup: true }, 'it is delivered');
      equal((await scene.storage.counts()).delivered, 2, 'delivered');
      equal(await scene.storage.nextDue(), undefined, 'what is due next');
    });
  }

  test('a late "delivered" changes nothing in a delivered note', async (scene) => {
    const note = await lost(scene);
    await scene.settle({ token: (await probe(scene)).token, to: 'delivered' });
    const before = await scene.get('m1');
    equal(await scene.settleLost({ token: note.token, to: 'delivered' }), [], 'changes');
    equal(await scene.get('m1'), before, 'the entry');
  });

  test('a late "delivered" changes nothing in a purged note', async (scene) => {
    const note = await lost(scene);
    await dead(scene);
    await scene.storage.purge(['m1', 'm2']);
    equal(await scene.settleLost({ token: note.token, to: 'delivered' }), [], 'changes');
    equal(await scene.storage.get('m1'), undefined, 'the entry');
  });

  test('a late "found" from a probe counts too, even after the note was given up', async (scene) => {
    await lost(scene);
    await scene.untilDue();
    const late = await scene.probeOne({ lease: scene.units(2) });
    await scene.advance(2);
    await dead(scene);
    const changes = await scene.settleLost({ token: late.token, to: 'delivered' });
    equal(arcs(changes).sort(), ['m1: dead → delivered', 'm2: dead → delivered'], 'changes');
  });

  test('a late "found" counts for an entry probed alone', async (scene) => {
    await lost(scene);
    await dead(scene);
    await scene.storage.requeue(['m2']);
    const late = await scene.probeOne({ lease: scene.units(2) });
    await scene.advance(2);
    await scene.settle({ token: (await probe(scene)).token, to: 'dead', sent: 'unknown', reason });
    equal(arcs(await scene.settleLost({ token: late.token, to: 'delivered' })), ['m2: dead → delivered'], 'changes');
  });

  test('when the first attempt turns out delivered, the claim of the retry is lost', async (scene) => {
    const first = await lost(scene);
    await absent(scene);
    const second = await scene.claimOne();
    await scene.settleLost({ token: first.token, to: 'delivered' });
    equal(await scene.storage.renew([second.token], scene.units(9)), [second.token], 'tokens lost');
    equal(await scene.settleLost({ token: second.token, to: 'dead', sent: 'no', reason }), [], 'changes');
    await scene.expectState('m1', 'delivered');
  });

  test('a late "delivered" unblocks the stream', async (scene) => {
    const note = await lost(scene);
    await scene.append('m3');
    await scene.settleLost({ token: note.token, to: 'delivered' });
    equal(
      (await scene.claimOne()).entries.map(({ id }) => id),
      ['m3'],
      'the next note',
    );
  });

  test('a late "delivered" is accepted after a restart', async (scene) => {
    const note = await lost(scene);
    await dead(scene);
    await scene.reopen();
    await scene.settleLost({ token: note.token, to: 'delivered' });
    await scene.expectState('m1', 'delivered');
  });
}

/** A note of m1 and m2, claimed for delivery, whose lease has expired. */
async function lost(scene: Scene): Promise<ClaimedNote> {
  await scene.append('m1', 'm2');
  const note = await scene.claimOne({ lease: scene.units(2) });
  await scene.advance(2);
  return note;
}

async function probe(scene: Scene): Promise<ClaimedNote> {
  await scene.untilDue();
  return scene.probeOne();
}

async function absent(scene: Scene): Promise<void> {
  await scene.settle({ token: (await probe(scene)).token, to: 'deferred', after: 0, failure: false, reason });
}

async function dead(scene: Scene): Promise<void> {
  await scene.settle({ token: (await probe(scene)).token, to: 'dead', sent: 'unknown', reason });
}
