import type { Change } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import { arcs, idsOf, reason, type Scene, type Test } from '../scene.ts';

const expired = { code: 'EXPIRED', text: 'It expired before it was delivered.' } as const;
const lane = 'alice@contoso.test';

export function expiryTests(test: Test): void {
  test('an entry past its expiry that this owner has tried becomes dead', async (scene) => {
    await deferred(scene, 'this run');
    await scene.advance(6);
    equal(arcs(await expire(scene)), ['m: deferred → dead'], 'changes');
    const entry = await scene.expectState('m', 'dead');
    equal([entry.reason, entry.message], [expired, scene.entry('m').message], 'the entry');
    await scene.claimNone({ ignorePickup: true }, 'it has expired');
  });

  test('nothing expires early', async (scene) => {
    await deferred(scene, 'this run');
    await scene.advance(3);
    equal(await expire(scene), [], 'changes');
  });

  test('an entry that this owner has not tried does not expire: a host that was off for a week loses nothing', async (scene) => {
    await deferred(scene, 'an earlier run');
    await scene.append(scene.entry('n', { lane: 'b', expiresIn: scene.units(1) }));
    await scene.advance(9);
    equal(await expire(scene), [], 'changes');
    await scene.reopen();
    equal(await expire(scene), [], 'changes after a restart');
    const note = await scene.claimOne({ lanes: { only: [lane] } });
    equal(note.expired, true, 'the claim says that it has expired');
    await scene.settle({ token: note.token, to: 'deferred', after: 0, failure: true, reason });
    equal(arcs(await expire(scene)), ['m: deferred → dead'], 'changes once it was tried');
  });

  test('an unclaimed attempt does not count as tried', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(1) }));
    await scene.settle({ token: (await scene.claimOne()).token, to: 'unclaim' });
    await scene.advance(2);
    equal(await expire(scene), [], 'changes');
  });

  test('an entry that the hook held and the host released is tried before it expires', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(1) }));
    await scene.settle({ token: (await scene.claimOne()).token, to: 'held' });
    await scene.advance(2);
    equal(await expire(scene), [], 'changes while it is held');
    await scene.storage.release(['m']);
    equal(await expire(scene), [], 'changes after the release');
  });

  test('a requeued entry is tried once more before it expires', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(2) }));
    await scene.settle({ token: (await scene.claimOne()).token, to: 'dead', sent: 'no', reason });
    await scene.advance(3);
    await scene.storage.requeue(['m']);
    equal(await expire(scene), [], 'changes right after the requeue');
    await scene.advance(3);
    equal(await expire(scene), [], 'changes after its new expiry');
  });

  test('an untried entry expires if its lane has been closed ever since it was due', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(2) }));
    await scene.advance(6);
    equal(await expire(scene, [{ lane: 'another', closedFor: scene.units(99) }]), [], 'another lane was closed');
    equal(await expire(scene, [{ lane, closedFor: scene.units(3) }]), [], 'the lane was closed for half of the time');
    equal(arcs(await expire(scene, [{ lane, closedFor: scene.units(9) }])), ['m: spooled → dead'], 'closed all the time');
  });

  test('an entry whose expiry is before its pickup time is still tried', async (scene) => {
    await scene.append(scene.entry('m', { pickupIn: scene.units(6), expiresIn: scene.units(2) }));
    await scene.advance(4);
    equal(await expire(scene), [], 'changes while its lane is open');
    equal(await expire(scene, [{ lane, closedFor: scene.units(9) }]), [], 'changes while its lane is closed');
    await scene.advance(2);
    equal((await scene.claimOne()).expired, true, 'the claim says that it has expired');
  });

  test('an entry that may have been sent is probed before it becomes dead', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(5) }));
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    const absent = await scene.probeOne();
    await scene.settle({ token: absent.token, to: 'deferred', after: scene.units(50), failure: false, reason });
    await scene.advance(6);
    equal(arcs(await expire(scene)), ['m: deferred → unconfirmed'], 'changes');
    const probe = await scene.probeOne();
    equal([idsOf(probe), probe.expired], [['m'], true], 'the probe');
    equal(
      probe.unknownAttempts.map(({ tag }) => tag),
      [first.tag],
      'attempts to probe',
    );
  });

  test('a member that expires leaves its note; the others stay in that note', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(2) }), scene.entry('m2'));
    const note = await scene.claimOne();
    await scene.settle({ token: note.token, to: 'deferred', after: 0, failure: true, reason });
    await scene.advance(3);
    equal(arcs(await expire(scene)), ['m1: deferred → dead'], 'changes');
    const again = await scene.claimOne();
    equal([again.noteId, idsOf(again), again.attempt], [note.noteId, ['m2'], 2], 'the note');
  });

  test('an expired entry that may have been sent holds back no other, also after a restart, and is still probed', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(5) }));
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unconfirmed', after: scene.units(8), absent: false, counted: 0, reason });
    await scene.append('m2');
    await scene.advance(4);
    equal(await expire(scene), [], 'changes before its expiry');
    await scene.claimNone({ ignorePickup: true }, 'the first may be sent again');
    await scene.advance(2);
    equal(await expire(scene), [], 'changes at its expiry');
    equal((await scene.expectState('m1', 'unconfirmed')).expiresAt, 0, 'it never will be sent again');
    await scene.reopen();
    equal(idsOf(await scene.claimOne()), ['m2'], 'what goes on');
    await scene.untilDue();
    await scene.advance(8);
    const probe = await scene.probeOne();
    equal([idsOf(probe), probe.expired], [['m1'], true], 'the note that is probed');
    equal(arcs(await scene.settle({ token: probe.token, to: 'delivered' })), ['m1: unconfirmed → delivered'], 'found');
  });

  test('an expired entry that may have been sent along with an unexpired one still holds back its stream', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(5) }), 'm2');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unconfirmed', after: scene.units(99), absent: false, counted: 0, reason });
    await scene.append('m3');
    await scene.advance(6);
    equal(await expire(scene), [], 'changes');
    await scene.claimNone({ ignorePickup: true }, 'the note may be sent again');
  });

  test('an entry that may have been sent becomes dead giveUpAfter its expiry, even in a closed lane', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(5) }), scene.entry('m2', { expiresIn: scene.units(99) }));
    await scene.append(scene.entry('alone', { expiresIn: scene.units(5), conversationId: 'other' }));
    for (const { token } of await scene.claim()) {
      await scene.settle({ token, to: 'unconfirmed', after: scene.units(99), absent: false, counted: 0, reason });
    }
    await scene.advance(6);
    const giveUpAfter = scene.units(4);
    equal(await expire(scene, [], giveUpAfter), [], 'changes at their expiry');
    await scene.advance(2);
    equal(await expire(scene, [], giveUpAfter), [], 'changes before that');
    await scene.advance(2);
    const changes = await expire(scene, [], giveUpAfter);
    equal(arcs(changes).sort(), ['alone: unconfirmed → dead', 'm1: unconfirmed → dead'], 'changes then');
    equal(changes[0]?.reason?.code, 'OUTCOME_UNKNOWN', 'the reason');
    equal((await scene.expectState('alone', 'dead')).unknownAttempts.length, 1, 'what may have been sent stays known');
    await scene.expectState('m2', 'unconfirmed');
  });

  test('giveUpAfter spares the entries of kept lanes only', async (scene) => {
    await scene.append(scene.entry('m', { expiresIn: scene.units(5) }));
    await scene.append(scene.entry('other', { expiresIn: scene.units(5), lane: 'other@contoso.com' }));
    for (const { token } of await scene.claim()) {
      await scene.settle({ token, to: 'unconfirmed', after: scene.units(99), absent: false, counted: 0, reason });
    }
    await scene.advance(6);
    const giveUpAfter = scene.units(4);
    await expire(scene, [], giveUpAfter, [lane]);
    await scene.advance(5);
    equal(arcs(await expire(scene, [], giveUpAfter, [lane])), ['other: unconfirmed → dead'], 'changes while it is kept');
    equal(arcs(await expire(scene, [], giveUpAfter)), ['m: unconfirmed → dead'], 'changes afterwards');
  });

  for (const state of ['delivering', 'unconfirmed', 'held'] as const) {
    test(`an entry that is ${state} does not expire`, async (scene) => {
      await scene.append(scene.entry('m', { expiresIn: scene.units(1) }));
      const { token } = await scene.claimOne();
      if (state === 'unconfirmed') await scene.settle({ token, to: state, after: 0, absent: false, counted: 0, reason });
      if (state === 'held') await scene.settle({ token, to: state });
      await scene.advance(4);
      equal(await expire(scene, [{ lane, closedFor: scene.units(99) }]), [], 'changes');
      await scene.expectState('m', state);
    });
  }
}

function expire(
  scene: Scene,
  closedLanes: readonly { lane: string; closedFor: number }[] = [],
  giveUpAfter?: number,
  keptLanes: readonly string[] = [],
): Promise<readonly Change[]> {
  const limits = giveUpAfter === undefined ? {} : { giveUpAfter };
  return scene.storage.expire({ owner: 'this run', closedLanes, keptLanes, reason: expired, ...limits });
}

/** Deferred after an attempt by that owner; expires after five units. */
async function deferred(scene: Scene, owner: string): Promise<void> {
  await scene.append(scene.entry('m', { expiresIn: scene.units(5) }));
  const { token } = await scene.claimOne({ owner });
  await scene.settle({ token, to: 'deferred', after: 0, failure: true, reason });
}
