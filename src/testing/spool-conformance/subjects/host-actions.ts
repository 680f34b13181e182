import type { Change } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import { arcs, idsOf, type Scene, type Test } from '../scene.ts';
import { bring, expectCountsToAddUp, type Situation, situations, stateOf } from '../states.ts';

type Verb = 'hold' | 'release' | 'cancel' | 'requeue' | 'requeue by force' | 'purge';

/** What each verb turns each state into; a state that is not listed stays as it is. */
const table: Readonly<Record<Verb, Partial<Record<Situation, string>>>> = {
  hold: { spooled: 'held', deferred: 'held', 'deferred, with an unknown attempt': 'held' },
  release: { held: 'spooled', 'held, with an unknown attempt': 'unconfirmed' },
  cancel: {
    spooled: 'cancelled',
    deferred: 'cancelled',
    'deferred, with an unknown attempt': 'cancelled',
    held: 'cancelled',
    'held, with an unknown attempt': 'cancelled',
    dead: 'cancelled',
    'dead, with an unknown attempt': 'cancelled',
    // Only requested: reported as a change, though the state stays.
    delivering: 'delivering',
    unconfirmed: 'unconfirmed',
  },
  requeue: { dead: 'spooled', 'dead, with an unknown attempt': 'unconfirmed' },
  'requeue by force': { dead: 'spooled', 'dead, with an unknown attempt': 'spooled' },
  purge: { delivered: 'purged', dead: 'purged', 'dead, with an unknown attempt': 'purged', cancelled: 'purged' },
};

function apply({ storage }: Scene, verb: Verb, ids: readonly string[]): Promise<readonly Change[]> {
  if (verb === 'requeue by force') return storage.requeue(ids, { force: true });
  return storage[verb](ids);
}

export function hostActionTests(test: Test): void {
  for (const [verb, outcomes] of Object.entries(table) as [Verb, (typeof table)[Verb]][]) {
    for (const situation of situations) {
      const to = outcomes[situation];
      test(`${verb}: an entry that is ${situation} ${to === undefined ? 'stays as it is' : `becomes ${to}`}`, async (scene) => {
        await bring(scene, 'm', situation);
        await scene.append(scene.entry('bystander', { lane: 'b' }));
        const before = await scene.get('m');
        const changes = await apply(scene, verb, ['unknown id', 'm']);
        equal(arcs(changes), to === undefined ? [] : [`m: ${stateOf(situation)} → ${to}`], 'changes');
        const after = await scene.storage.get('m');
        if (to === undefined) equal(after, before, 'the entry');
        else equal(after?.state, to === 'purged' ? undefined : to, 'state');
        await expectCountsToAddUp(scene);
        await scene.reopen();
        if (situation === 'delivering') {
          const entry = await scene.expectState('m', scene.afterRestart);
          equal(entry.cancelRequested, after?.cancelRequested, 'cancelRequested after a restart');
        } else equal(await scene.storage.get('m'), after, 'the entry after a restart');
        await scene.expectState('bystander', 'spooled');
      });
    }
  }

  test('release moves an entry to the end of the order, due at once', async (scene) => {
    await scene.append(scene.entry('m1', { pickupIn: scene.units(9) }), scene.entry('m2', { pickupIn: scene.units(9) }));
    await scene.storage.hold(['m1']);
    await scene.storage.release(['m1']);
    await scene.reopen();
    await scene.claimNone({}, 'an older entry is not due yet');
    equal(idsOf(await scene.claimOne({ ignorePickup: true })), ['m2', 'm1'], 'order');
  });

  test('a held entry does not hold up its stream', async (scene) => {
    await scene.append('m1', 'm2');
    await scene.storage.hold(['m1']);
    equal(idsOf(await scene.claimOne()), ['m2'], 'the note');
  });

  test('a released entry forms a new note', async (scene) => {
    await bring(scene, 'm', 'deferred');
    const { noteId } = await scene.get('m');
    await scene.storage.hold(['m']);
    const held = await scene.get('m');
    equal([held.noteId, held.attempt], [undefined, 0], 'note and attempt while it is held');
    await scene.storage.release(['m']);
    const note = await scene.claimOne();
    equal([note.attempt, note.failures, note.noteId === noteId], [1, 0, false], 'the new note');
  });

  test('a released entry with an unknown attempt is probed before it is sent', async (scene) => {
    await bring(scene, 'm', 'held, with an unknown attempt');
    const { unknownAttempts } = await scene.get('m');
    equal(unknownAttempts.length, 1, 'unknown attempts');
    await scene.storage.release(['m']);
    await scene.claimNone({ ignorePickup: true }, 'it may have been sent');
    const probe = await scene.probeOne();
    equal([idsOf(probe), probe.unknownAttempts], [['m'], unknownAttempts], 'the probe');
    const reason = { code: 'OUTCOME_UNKNOWN', text: 'It was not found.' } as const;
    await scene.settle({ token: probe.token, to: 'deferred', after: 0, failure: false, reason });
    const note = await scene.claimOne();
    equal([idsOf(note), note.attempt, note.unknownAttempts], [['m'], 1, unknownAttempts], 'the note that is sent then');
  });

  test('entries requeued with unknown attempts are probed one by one', async (scene) => {
    await scene.append('m1', 'm2');
    const reason = { code: 'OUTCOME_UNKNOWN', text: 'Nobody knows.' } as const;
    await scene.settle({ token: (await scene.claimOne()).token, to: 'dead', sent: 'unknown', reason });
    await scene.storage.requeue(['m1', 'm2']);
    equal((await scene.claim({ kind: 'probe' })).map(idsOf).sort(), [['m1'], ['m2']], 'the probes');
  });

  test('requeue starts over: at the end of the order, with a full expiry and no reason', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(10) }));
    const first = await scene.get('m1');
    const reason = { code: 'EWS_ERROR', text: 'no' } as const;
    await scene.settle({ token: (await scene.claimOne()).token, to: 'dead', sent: 'no', reason });
    await scene.append('m2');
    await scene.advance(5);
    await scene.storage.requeue(['m1']);
    const entry = await scene.expectState('m1', 'spooled');
    equal(entry.expiresAt - first.expiresAt >= scene.units(5), true, 'expiry counts anew');
    equal([entry.reason, entry.endedAt, entry.noteId, entry.attempt], [undefined, undefined, undefined, 0], 'the entry');
    equal([entry.pickupAt, entry.acceptedAt], [first.pickupAt, first.acceptedAt], 'what the receipt said');
    await scene.reopen();
    equal(idsOf(await scene.claimOne()), ['m2', 'm1'], 'order');
  });

  test('a purged message can be found only by its id, without its text', async (scene) => {
    await bring(scene, 'm', 'dead');
    await scene.storage.purge(['m']);
    equal(await scene.storage.get('m'), undefined, 'get');
    const [found] = await scene.storage.findMessage('m');
    equal([found?.id, found?.message], ['m', undefined], 'findMessage');
    for (const verb of Object.keys(table) as Verb[]) equal(await apply(scene, verb, ['m']), [], `${verb} of what is purged`);
  });

  test('one call changes many entries, and reports each', async (scene) => {
    await scene.append('m1', 'm2', 'm3');
    equal(arcs(await scene.storage.hold(['m3', 'm1'])), ['m3: spooled → held', 'm1: spooled → held'], 'changes of hold');
    equal(arcs(await scene.storage.release(['m3', 'm1'])), ['m3: held → spooled', 'm1: held → spooled'], 'of release');
    equal(idsOf(await scene.claimOne()), ['m2', 'm3', 'm1'], 'order: as they were released');
  });
}
