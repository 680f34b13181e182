import type { LaneFilter } from '../../../spool/contract.ts';
import { equal, isTrue } from '../assert.ts';
import { reason, type Scene, type Test } from '../scene.ts';
import { bring } from '../states.ts';

const alice = 'alice@contoso.test';

export function nextDueTests(test: Test): void {
  test('nothing is due in an empty storage', async (scene) => {
    equal(await scene.storage.nextDue(), undefined, 'nextDue');
  });

  for (const situation of ['held', 'delivered', 'dead', 'cancelled'] as const) {
    test(`an entry that is ${situation} is never due`, async (scene) => {
      await bring(scene, 'm', situation);
      equal(await scene.storage.nextDue(), undefined, 'nextDue');
    });
  }

  test('a spooled entry is due at its pickup time, and stays due until it is claimed', async (scene) => {
    await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
    await expectDue(scene, 4);
    await scene.advance(3);
    await expectDue(scene, 1);
    await scene.advance(2);
    equal(await scene.storage.nextDue(), 0, 'when it is overdue');
  });

  test('nextDue returns the earliest time', async (scene) => {
    await scene.append(
      scene.entry('m1', { conversationId: '1', pickupIn: scene.units(9) }),
      scene.entry('m2', { conversationId: '2', pickupIn: scene.units(4) }),
      scene.entry('m3', { conversationId: '3', pickupIn: scene.units(7) }),
    );
    await expectDue(scene, 4);
    await scene.storage.hold(['m2']);
    await expectDue(scene, 7);
  });

  test('a stream is due when its oldest entry is', async (scene) => {
    await scene.append(scene.entry('m1', { pickupIn: scene.units(4) }), scene.entry('m2', { pickupIn: 0 }));
    await expectDue(scene, 4);
  });

  test('a deferred note is due after its back-off', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'deferred', after: scene.units(4), failure: true, reason });
    await expectDue(scene, 4);
  });

  test('an unconfirmed note is due at its next probe', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unconfirmed', after: scene.units(4), absent: false, counted: 0, reason });
    await expectDue(scene, 4);
  });

  test('a claimed note is due, for a probe, when its lease ends', async (scene) => {
    await scene.append('m1', scene.entry('m2', { pickupIn: scene.units(50) }));
    await scene.claimOne({ lease: scene.units(4), maxEntries: 1 });
    await expectDue(scene, 4);
  });

  test('nextDue ignores lanes that its filter leaves out, and their leases', async (scene) => {
    await scene.append(
      scene.entry('claimed', { conversationId: 'claimed' }),
      scene.entry('m1', { conversationId: 'm1', pickupIn: scene.units(7) }),
      scene.entry('m2', { lane: 'b', pickupIn: scene.units(9) }),
    );
    await scene.claimOne({ lease: scene.units(5) });
    await expectDue(scene, 5);
    await expectDue(scene, 9, { except: [alice] });
    await expectDue(scene, 9, { only: ['b'] });
    await expectDue(scene, 5, { except: ['b'] });
    await expectDue(scene, 5, { only: [alice, 'b'] });
    equal(await scene.storage.nextDue({ only: [] }), undefined, 'of no lane');
    equal(await scene.storage.nextDue({ except: [alice, 'b'] }), undefined, 'of all but all');
  });
}

/** Due in so many units; a real clock may have advanced by less than one since, and its timers are slightly inaccurate. */
async function expectDue(scene: Scene, units: number, lanes?: LaneFilter): Promise<void> {
  const due = await scene.storage.nextDue(lanes);
  const fits = due !== undefined && due <= scene.units(units + 0.1) && due > scene.units(units - 1);
  isTrue(fits, `due in ${scene.units(units)} ms, or up to ${scene.units(1)} ms less, found ${due}`);
}
