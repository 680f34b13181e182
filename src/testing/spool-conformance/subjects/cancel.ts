import type { Settlement, SpoolState } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import { arcs, idsOf, reason, type Scene, type Test } from '../scene.ts';

type Outcome = Settlement extends infer One ? (One extends Settlement ? Omit<One, 'token'> : never) : never;

interface Case {
  readonly when: string;
  readonly settlement: Outcome;
  readonly to: SpoolState;
}

/** A cancel requested while an attempt runs. */
const whileDelivering: readonly Case[] = [
  { when: 'it is accepted', settlement: { to: 'delivered' }, to: 'delivered' },
  { when: 'it was not processed', settlement: { to: 'deferred', after: 0, failure: true, reason }, to: 'cancelled' },
  { when: 'it was never handed over', settlement: { to: 'unclaim' }, to: 'cancelled' },
  { when: 'it is rejected', settlement: { to: 'dead', sent: 'no', reason }, to: 'cancelled' },
  { when: 'it is split', settlement: { to: 'split', reason }, to: 'cancelled' },
  { when: 'the hook holds it', settlement: { to: 'held' }, to: 'cancelled' },
  {
    when: 'it may have been sent',
    settlement: { to: 'unconfirmed', after: 0, absent: false, counted: 0, reason },
    to: 'unconfirmed',
  },
  { when: 'its outcome stays unknown', settlement: { to: 'dead', sent: 'unknown', reason }, to: 'dead' },
];

/** A cancel requested while it is unknown whether an attempt was sent. */
const whileUnconfirmed: readonly Case[] = [
  { when: 'it is found', settlement: { to: 'delivered' }, to: 'delivered' },
  { when: 'it is absent for good', settlement: { to: 'deferred', after: 0, failure: false, reason }, to: 'cancelled' },
  { when: 'it is a draft', settlement: { to: 'dead', sent: 'no', reason }, to: 'cancelled' },
  {
    when: 'nothing is known yet',
    settlement: { to: 'unconfirmed', after: 0, absent: true, counted: 1, reason },
    to: 'unconfirmed',
  },
  { when: 'its outcome never becomes known', settlement: { to: 'dead', sent: 'unknown', reason }, to: 'dead' },
];

export function cancelTests(test: Test): void {
  for (const { when, settlement, to } of whileDelivering) {
    test(`cancel while delivering is only requested; when ${when}, the entry is ${to}, and the other member is not affected`, async (scene) => {
      await scene.append('m1', 'm2');
      const { token } = await scene.claimOne();
      await requested(scene, 'delivering');
      await scene.settle({ token, ...settlement } as Settlement);
      await scene.expectState('m1', to);
      const other = await scene.get('m2');
      equal(other.cancelRequested, false, 'cancelRequested of the other member');
      if (to === 'cancelled') equal(other.state === 'cancelled', false, 'the other member is cancelled too');
    });
  }

  for (const { when, settlement, to } of whileUnconfirmed) {
    test(`cancel while unconfirmed is only requested; when ${when}, the entry is ${to}`, async (scene) => {
      await scene.append('m1', 'm2');
      const { token } = await scene.claimOne();
      await scene.settle({ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
      await requested(scene, 'unconfirmed');
      const probe = await scene.probeOne();
      await scene.settle({ token: probe.token, ...settlement } as Settlement);
      await scene.expectState('m1', to);
    });
  }

  test('a cancel requested while a probe runs takes effect with the result of that probe', async (scene) => {
    await scene.append('m1');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    const probe = await scene.probeOne();
    await requested(scene, 'unconfirmed');
    const changes = await scene.settle({ token: probe.token, to: 'deferred', after: 0, failure: false, reason });
    equal(arcs(changes), ['m1: unconfirmed → cancelled'], 'changes');
  });

  test('an unclaimed probe does not carry out a requested cancel', async (scene) => {
    await scene.append('m1');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    const probe = await scene.probeOne();
    await requested(scene, 'unconfirmed');
    await scene.settle({ token: probe.token, to: 'unclaim' });
    equal((await scene.expectState('m1', 'unconfirmed')).cancelRequested, true, 'cancelRequested');
  });

  test('a requested cancel survives an expired lease and a restart', async (scene) => {
    await scene.append('m1', 'm2');
    await scene.claimOne({ lease: scene.units(2) });
    await requested(scene, 'delivering');
    await scene.advance(2);
    equal((await scene.expectState('m1', 'unconfirmed')).cancelRequested, true, 'cancelRequested after the lapse');
    await scene.reopen();
    equal((await scene.expectState('m1', 'unconfirmed')).cancelRequested, true, 'cancelRequested after the restart');
    await scene.untilDue();
    const probe = await scene.probeOne();
    await scene.settle({ token: probe.token, to: 'deferred', after: 0, failure: false, reason });
    await scene.expectState('m1', 'cancelled');
    equal(idsOf(await scene.claimOne()), ['m2'], 'what is left of the note');
  });

  test('requeue withdraws a requested cancel that was never carried out', async (scene) => {
    await scene.append('m1');
    const { token } = await scene.claimOne();
    await requested(scene, 'delivering');
    await scene.settle({ token, to: 'dead', sent: 'unknown', reason });
    await scene.storage.requeue(['m1'], { force: true });
    const entry = await scene.expectState('m1', 'spooled');
    equal(entry.cancelRequested, false, 'cancelRequested');
  });
}

async function requested(scene: Scene, state: SpoolState): Promise<void> {
  equal(arcs(await scene.storage.cancel(['m1'])), [`m1: ${state} → ${state}`], 'changes of cancel');
  equal((await scene.expectState('m1', state)).cancelRequested, true, 'cancelRequested');
}
