import type { Standing } from '../../../spool/contract.ts';
import { equal, isTrue } from '../assert.ts';
import { reason, type Scene, type Test } from '../scene.ts';
import { bring } from '../states.ts';

/** `SpoolStorage.standing`, where the storage implements it. */
export function standingTests(register: Test): void {
  const test: Test = (name, body) =>
    register(name, async (scene) => {
      if (scene.storage.standing !== undefined) await body(scene);
    });

  test('a waiting entry is due at its pickup time; once overdue, dueIn is 0', async (scene) => {
    await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
    await expectStanding(scene, 'm', { behind: false, units: 4 });
    await scene.advance(3);
    await expectStanding(scene, 'm', { behind: false, units: 1 });
    await scene.advance(3);
    equal((await standingOf(scene, 'm'))?.dueIn, 0, 'when it is overdue');
  });

  test('a later entry of the conversation is due with the first one waiting', async (scene) => {
    await scene.append(scene.entry('m1', { pickupIn: scene.units(4) }), scene.entry('m2', { pickupIn: scene.units(9) }));
    await expectStanding(scene, 'm2', { behind: false, units: 4 });
  });

  test('an entry is behind an unfinished note of its own conversation only', async (scene) => {
    await scene.append('m1');
    const { token } = await scene.claimOne();
    await scene.append('m2', scene.entry('other', { conversationId: 'other' }));
    equal((await standingOf(scene, 'm2'))?.behind, true, 'behind what is being delivered');
    equal((await standingOf(scene, 'other'))?.behind, false, 'in another conversation');
    await scene.settle({ token, to: 'unconfirmed', after: scene.units(4), absent: false, counted: 0, reason });
    equal((await standingOf(scene, 'm2'))?.behind, true, 'behind what may have been sent');
    await scene.advance(5);
    const probe = await scene.probeOne();
    await scene.settle({ token: probe.token, to: 'delivered' });
    equal((await standingOf(scene, 'm2'))?.behind, false, 'once that was delivered');
  });

  test('while it is being delivered, an entry has no due time; deferred, it is due after its back-off', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne();
    equal(await standingOf(scene, 'm'), { behind: false }, 'while it is being delivered');
    await scene.settle({ token, to: 'deferred', after: scene.units(4), failure: true, reason });
    await expectStanding(scene, 'm', { behind: false, units: 4 });
  });

  for (const situation of ['held', 'delivered', 'dead', 'cancelled'] as const) {
    test(`an entry that is ${situation} has no standing`, async (scene) => {
      await bring(scene, 'm', situation);
      equal(await standingOf(scene, 'm'), undefined, 'standing');
    });
  }

  test('an unknown entry has no standing', async (scene) => {
    equal(await standingOf(scene, 'nobody'), undefined, 'standing');
  });
}

async function standingOf({ storage }: Scene, id: string): Promise<Standing | undefined> {
  return storage.standing?.(id);
}

async function expectStanding(scene: Scene, id: string, { behind, units }: { behind: boolean; units: number }): Promise<void> {
  const standing = await standingOf(scene, id);
  equal(standing?.behind, behind, `whether ${id} is behind another note`);
  const due = standing?.dueIn;
  const fits = due !== undefined && due <= scene.units(units + 0.1) && due > scene.units(units - 1);
  isTrue(fits, `${id} is due in ${scene.units(units)} ms, or up to ${scene.units(1)} ms less, found ${due}`);
}
