import { equal, isTrue, present } from '../assert.ts';
import { arcs, idsOf, reason, type Scene, type Test } from '../scene.ts';

const day = 86_400_000;
const expired = { code: 'EXPIRED', text: 'too late' } as const;

/** A wall clock that is set, while the storage is open and while it is not. */
export function wallClockTests(test: Test): void {
  for (const [what, jump] of [
    ['back', -day],
    ['forward', day],
  ] as const) {
    test(`setting the clock ${what} a day moves no pickup time in an open storage`, async (scene) => {
      await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
      await scene.advance(1);
      await scene.jumpWall(jump);
      await scene.advance(2);
      await scene.claimNone({}, 'a quarter of the pickup delay is left');
      await scene.advance(1);
      await scene.claimOne();
    });

    test(`setting the clock ${what} a day neither ends nor extends a lease in an open storage`, async (scene) => {
      await scene.append('m');
      await scene.claimOne({ lease: scene.units(4) });
      await scene.jumpWall(jump);
      await scene.advance(3);
      await scene.expectState('m', 'delivering');
      await scene.advance(1);
      await scene.expectState('m', 'unconfirmed');
    });

    test(`after the clock is set ${what} a day, an open storage shows times of the wall clock`, async (scene) => {
      const times = async (id: string) => {
        const [result] = await scene.append(
          scene.entry(id, { conversationId: id, pickupIn: scene.units(4), expiresIn: scene.units(9) }),
        );
        const [entry] = result !== undefined && 'entries' in result ? result.entries : [];
        return present(entry, `the entry of ${id}`);
      };
      const before = await times('before');
      await scene.jumpWall(jump);
      const after = await times('after');
      for (const time of ['acceptedAt', 'pickupAt', 'expiresAt'] as const) {
        near(scene, after[time] - before[time], jump, `${time} of what was appended after it, against what was before`);
        const kept = await scene.storage.get('before');
        if (time !== 'expiresAt') equal(kept?.[time], before[time], `${time} of what was appended before it`);
      }
      await scene.advance(4);
      for (const { token } of await scene.claim()) await scene.settle({ token, to: 'delivered' });
      for (const id of ['before', 'after']) {
        const ended = await scene.storage.get(id);
        near(
          scene,
          (ended?.endedAt ?? 0) - before.acceptedAt,
          jump + scene.units(4),
          `endedAt of ${id}, since the first was accepted`,
        );
      }
    });

    test(`after the clock is set ${what} a day, new entries expire at their time`, async (scene) => {
      await scene.jumpWall(jump);
      await deferred(scene, 10);
      equal(await expire(scene, 'this run'), [], 'changes before its time');
      await scene.advance(11);
      equal(arcs(await expire(scene, 'this run')), ['m: deferred → dead'], 'changes after it');
    });

    test(`setting the clock ${what} a day expires no untried entry in an open storage`, async (scene) => {
      await scene.append(scene.entry('m', { expiresIn: scene.units(10) }));
      await scene.jumpWall(jump);
      equal(await expire(scene, 'this run'), [], 'changes');
      equal(idsOf(await scene.claimOne()), ['m'], 'what is tried');
    });

    test(`setting the clock ${what} a day shortens no tombstone in an open storage`, async (scene) => {
      await scene.append('m');
      await scene.settle({ token: (await scene.claimOne()).token, to: 'delivered' });
      await scene.jumpWall(jump);
      await scene.advance(18);
      await expire(scene, 'this run');
      const again = scene.entry('again', { messageId: 'm', contentHash: 'hash of m' });
      equal((await scene.storage.append([again]))[0]?.status, 'duplicate', 'before their time is over');
    });

    test(`setting the clock ${what} a day while a storage is open leaves the remaining waits unchanged after a restart`, async (scene) => {
      await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
      await scene.jumpWall(jump);
      await scene.append(scene.entry('n', { conversationId: 'n', pickupIn: scene.units(4) }));
      await scene.advance(1);
      await scene.reopen();
      await scene.advance(2);
      equal(
        (await scene.claim()).flatMap(idsOf).filter((id) => id === 'n'),
        [],
        'a quarter of the pickup delay is left',
      );
      await scene.advance(3);
      isTrue((await scene.claim()).flatMap(idsOf).includes('n'), 'it is over');
    });

    test(`setting the clock ${what} a day while nothing runs strands no entry: each is due within its own delay`, async (scene) => {
      const own = (id: string, pickup: number) => scene.entry(id, { conversationId: id, pickupIn: scene.units(pickup) });
      await scene.append(own('deferred', 0), own('unconfirmed', 0), own('spooled', 4));
      for (const { token, entries } of await scene.claim()) {
        if (entries[0]?.id === 'deferred') {
          await scene.settle({ token, to: 'deferred', after: scene.units(4), failure: true, reason });
        } else {
          await scene.settle({ token, to: 'unconfirmed', after: scene.units(4), absent: false, counted: 0, reason });
        }
      }
      await scene.append(own('released', 99));
      await scene.storage.hold(['released']);
      await jumpWhileClosed(scene, jump);
      await scene.storage.release(['released']);
      await scene.advance(4);
      equal((await scene.claim()).flatMap(idsOf).sort(), ['deferred', 'released', 'spooled'], 'what can be delivered');
      equal((await scene.claim({ kind: 'probe' })).flatMap(idsOf), ['unconfirmed'], 'entries that can be probed');
    });

    test(`setting the clock ${what} a day while nothing runs keeps the order of a conversation`, async (scene) => {
      await scene.append('m1', 'm2');
      await jumpWhileClosed(scene, jump);
      await scene.append('m3');
      equal(idsOf(await scene.claimOne()), ['m1', 'm2', 'm3'], 'order');
    });

    test(`setting the clock ${what} a day while nothing runs expires nothing that this run has not tried`, async (scene) => {
      await deferred(scene, 2);
      await scene.append(scene.entry('n', { lane: 'b', expiresIn: scene.units(2) }));
      await jumpWhileClosed(scene, jump);
      equal(await expire(scene, 'the next run'), [], 'changes');
      const notes = await scene.claim({ owner: 'the next run' });
      equal(notes.flatMap(idsOf).sort(), ['m', 'n'], 'what is tried');
    });

    test(`setting the clock ${what} a day while nothing runs does not shorten the grace period of a note that may have been sent`, async (scene) => {
      await scene.append('m');
      const { token } = await scene.claimOne();
      await scene.settle({ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
      await jumpWhileClosed(scene, jump);
      const { quietFor } = await scene.probeOne();
      isTrue(quietFor >= 0 && quietFor <= scene.units(1), `no time has passed since the attempt, found ${quietFor} ms`);
    });
  }

  test('after a night asleep, a message that was tried before expires by the calendar', async (scene) => {
    await deferred(scene, 10);
    // The monotonic clock of some systems stands still while they sleep.
    await scene.jumpWall(day);
    equal(arcs(await expire(scene, 'this run')), ['m: deferred → dead'], 'changes');
  });

  test('setting the clock back a day does not delay an expiry in an open storage', async (scene) => {
    await deferred(scene, 10);
    await scene.jumpWall(-day);
    equal(await expire(scene, 'this run'), [], 'changes before its time');
    await scene.advance(10);
    equal(arcs(await expire(scene, 'this run')), ['m: deferred → dead'], 'changes after it');
  });

  test('setting the clock back a day while nothing runs does not delay an expiry', async (scene) => {
    await deferred(scene, 10);
    await jumpWhileClosed(scene, -day);
    await scene.advance(10);
    equal(arcs(await expire(scene, 'this run')), ['m: deferred → dead'], 'changes');
  });

  test('setting the clock back a day while nothing runs does not revive an expired entry that may have been sent', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(10) }));
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    const probe = await scene.probeOne();
    await scene.settle({ token: probe.token, to: 'deferred', after: scene.units(50), failure: false, reason });
    await scene.advance(11);
    equal(arcs(await expire(scene, 'this run')), ['m: deferred → unconfirmed'], 'changes');
    await jumpWhileClosed(scene, -day);
    equal((await scene.probeOne()).expired, true, 'the claim says that it has expired');
  });

  test('setting the clock back a day while nothing runs extends no tombstone', async (scene) => {
    await scene.append('m');
    await scene.settle({ token: (await scene.claimOne()).token, to: 'delivered' });
    await jumpWhileClosed(scene, -day);
    await scene.advance(18);
    await expire(scene, 'this run');
    const again = scene.entry('again', { messageId: 'm', contentHash: 'hash of m' });
    equal((await scene.storage.append([again]))[0]?.status, 'duplicate', 'before their time is over');
    await scene.advance(3);
    await expire(scene, 'this run');
    equal((await scene.storage.append([again]))[0]?.status, 'appended', 'after it');
  });
}

/** Where others may take their time between two looks at a clock. */
function near(scene: Scene, found: number, expected: number, what: string): void {
  isTrue(Math.abs(found - expected) <= scene.units(1), `${what}: expected ${expected} ms, found ${found}`);
}

async function jumpWhileClosed(scene: Scene, ms: number): Promise<void> {
  await scene.storage.close();
  await scene.jumpWall(ms);
  await scene.reopen();
}

function expire(scene: Scene, owner: string) {
  return scene.storage.expire({ owner, closedLanes: [], reason: expired });
}

/** Deferred after a try by `this run`; it expires after so many units. */
async function deferred(scene: Scene, units: number): Promise<void> {
  await scene.append(scene.entry('m', { expiresIn: scene.units(units) }));
  const { token } = await scene.claimOne();
  await scene.settle({ token, to: 'deferred', after: 0, failure: true, reason });
}
