import type { ClaimedNote } from '../../../spool/contract.ts';
import { equal, isTrue, present } from '../assert.ts';
import { idsOf, reason, type Scene, type Test } from '../scene.ts';

/** Leases and fencing. */
export function leaseTests(test: Test): void {
  test('when its lease expires, a note becomes unconfirmed with an unknown attempt', async (scene) => {
    const note = await lapsed(scene);
    const entry = await scene.expectState('m1', 'unconfirmed');
    equal(entry.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'unknown attempts');
    isTrue(entry.reason !== undefined, 'it says why');
    equal((await scene.storage.counts()).unconfirmed, 2, 'unconfirmed');
    await scene.claimNone({ ignorePickup: true }, 'it may have been sent');
    await scene.untilDue();
    const probe = await scene.probeOne();
    equal([probe.noteId, idsOf(probe), probe.frozen], [note.noteId, ['m1', 'm2'], note.frozen], 'the note that is probed');
    equal(probe.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'attempts to probe');
  });

  test('a lease is valid until its end', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne({ lease: scene.units(4) });
    await scene.advance(3);
    await scene.expectState('m', 'delivering');
    await scene.settle({ token, to: 'delivered' });
    await scene.expectState('m', 'delivered');
  });

  test('renew extends a lease', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne({ lease: scene.units(4) });
    for (let times = 0; times < 3; times++) {
      await scene.advance(3);
      equal(await scene.storage.renew([token], scene.units(4)), [], 'tokens lost');
    }
    await scene.settle({ token, to: 'delivered' });
  });

  test('renew returns the lost claims, and revives none', async (scene) => {
    const note = await lapsed(scene);
    await scene.append(scene.entry('other', { conversationId: 'other' }));
    const other = await scene.claimOne();
    const lost = await scene.storage.renew([note.token, 'no-such-note:1', other.token], scene.units(100));
    equal([...lost].sort(), [note.token, 'no-such-note:1'].sort(), 'tokens lost');
    await scene.expectState('m1', 'unconfirmed');
  });

  test('a probe whose lease expires is due again', async (scene) => {
    await lapsed(scene);
    await scene.untilDue();
    const probe = await scene.probeOne({ lease: scene.units(2) });
    await scene.advance(2);
    equal(await scene.storage.renew([probe.token], scene.units(2)), [probe.token], 'tokens lost');
    const again = await scene.probeOne();
    isTrue(again.token !== probe.token, 'another token');
    equal([again.attempt, again.probes, again.unknownAttempts.length], [1, 0, 1], 'attempt, probes, unknown attempts');
  });

  const stale = {
    'an expired claim': (scene: Scene) => lapsed(scene),
    'a settled claim': async (scene: Scene) => {
      await scene.append('m1', 'm2');
      const note = await scene.claimOne();
      await scene.settle({ token: note.token, to: 'deferred', after: scene.units(9), failure: true, reason });
      return note;
    },
    'a claim that was unclaimed and then made again': async (scene: Scene) => {
      await scene.append('m1', 'm2');
      const first = await scene.claimOne();
      await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
      const second = await scene.claimOne();
      await scene.settle({ token: second.token, to: 'unclaim' });
      await scene.claimOne();
      return second;
    },
    'an expired probe': async (scene: Scene) => {
      await lapsed(scene);
      await scene.untilDue();
      const probe = await scene.probeOne({ lease: scene.units(2) });
      await scene.advance(2);
      return probe;
    },
  } satisfies Record<string, (scene: Scene) => Promise<ClaimedNote>>;
  for (const [what, make] of Object.entries(stale)) {
    test(`settling with the token of ${what} reports it as lost, and changes nothing`, async (scene) => {
      const { token } = await make(scene);
      const before = [await scene.storage.get('m1'), await scene.storage.get('m2'), await scene.storage.counts()];
      const settlements = [
        { to: 'unclaim' },
        { to: 'deferred', after: 0, failure: true, reason },
        { to: 'unconfirmed', after: 0, absent: false, counted: 5, reason },
        { to: 'dead', sent: 'no', reason },
        { to: 'split', reason },
        { to: 'held' },
        { to: 'cancelled' },
      ] as const;
      for (const settlement of settlements) equal(await scene.settleLost({ token, ...settlement }), [], 'changes');
      equal([await scene.storage.get('m1'), await scene.storage.get('m2'), await scene.storage.counts()], before, 'the entries');
    });
  }

  test('after a lease expires, the grace period counts from when that is detected, at the latest', async (scene) => {
    await lapsed(scene);
    await scene.expectState('m1', 'unconfirmed');
    await scene.advance(3);
    await scene.untilDue();
    const { quietFor } = await scene.probeOne();
    isTrue(quietFor >= scene.units(3), `three units have passed since the expired lease was detected, found ${quietFor} ms`);
  });

  test('a claimed note is durable: its frozen values survive an expired lease and a restart', async (scene) => {
    const note = await lapsed(scene);
    await scene.reopen();
    await scene.untilDue();
    const probe = await scene.probeOne();
    equal([probe.noteId, probe.frozen, idsOf(probe)], [note.noteId, note.frozen, ['m1', 'm2']], 'the note');
    equal(present(probe.unknownAttempts[0], 'the unknown attempt').tag, note.tag, 'tag');
  });
}

/** A note of m1 and m2, claimed for delivery, whose lease has expired. */
async function lapsed(scene: Scene): Promise<ClaimedNote> {
  await scene.append('m1', 'm2');
  const note = await scene.claimOne({ lease: scene.units(2) });
  await scene.advance(2);
  return note;
}
