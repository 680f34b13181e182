import { equal, isTrue } from '../assert.ts';
import { arcs, idsOf, reason, type Test } from '../scene.ts';

/** The arcs out of `delivering`. */
export function settleTests(test: Test): void {
  test('delivering → delivered: final; the tombstone keeps no text', async (scene) => {
    await scene.append('m1', 'm2');
    const note = await scene.claimOne();
    const changes = await scene.settle({ token: note.token, to: 'delivered', messageClass: 'IPM.Note' });
    equal(arcs(changes), ['m1: delivering → delivered', 'm2: delivering → delivered'], 'changes');
    equal(changes[0]?.noteId, note.noteId, 'note id of the change');
    const entry = await scene.expectState('m1', 'delivered');
    equal([entry.message, entry.messageClass, entry.noteId], [undefined, 'IPM.Note', note.noteId], 'the tombstone');
    equal(entry.to, scene.entry('m1').message.to, 'the recipients in the tombstone');
    isTrue(entry.endedAt !== undefined && entry.endedAt >= entry.acceptedAt, 'endedAt is set');
    await scene.claimNone({ ignorePickup: true }, 'it has ended');
  });

  test('delivering → deferred: due again after its back-off, not before', async (scene) => {
    await scene.append('m');
    const note = await scene.claimOne();
    const changes = await scene.settle({ token: note.token, to: 'deferred', after: scene.units(4), failure: true, reason });
    equal(arcs(changes), ['m: delivering → deferred'], 'changes');
    equal(changes[0]?.reason, reason, 'reason of the change');
    const entry = await scene.expectState('m', 'deferred');
    equal([entry.reason, entry.noteId, entry.attempt], [reason, note.noteId, 1], 'the entry');
    await scene.advance(3);
    await scene.claimNone({}, 'a quarter of the back-off is left');
    await scene.advance(1);
    equal((await scene.claimOne()).attempt, 2, 'attempt');
  });

  test('only failures of the note itself count towards its back-off', async (scene) => {
    await scene.append('m');
    for (const failure of [true, false, true]) {
      await scene.settle({ token: (await scene.claimOne()).token, to: 'deferred', after: 0, failure, reason });
    }
    const note = await scene.claimOne();
    equal([note.attempt, note.failures], [4, 2], 'attempt and failures');
  });

  test('a deferred note keeps its place: younger messages of its stream wait', async (scene) => {
    await scene.append('m1');
    const note = await scene.claimOne();
    await scene.settle({ token: note.token, to: 'deferred', after: scene.units(4), failure: true, reason });
    await scene.append('m2', scene.entry('other', { conversationId: 'other' }));
    equal(idsOf(await scene.claimOne()), ['other'], 'only the other conversation goes on');
  });

  test('delivering → unconfirmed: the attempt becomes an unknown attempt of each member', async (scene) => {
    await scene.append('m1', 'm2');
    const note = await scene.claimOne();
    const to = { to: 'unconfirmed', after: scene.units(2), absent: false, counted: 0, reason } as const;
    const changes = await scene.settle({ token: note.token, ...to });
    equal(arcs(changes), ['m1: delivering → unconfirmed', 'm2: delivering → unconfirmed'], 'changes');
    for (const id of ['m1', 'm2']) {
      const entry = await scene.expectState(id, 'unconfirmed');
      equal(entry.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], `unknown attempts of ${id}`);
      equal(entry.reason, reason, `reason of ${id}`);
    }
  });

  test('each unknown attempt remembers that the server answered it with an error', async (scene) => {
    await scene.append('m');
    const note = await scene.claimOne();
    const to = { to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const;
    await scene.settle({ token: note.token, ...to, ended: 'fault' });
    const attempt = { tag: note.tag, place: note.frozen.place, ended: 'fault' };
    equal((await scene.get('m')).unknownAttempts, [attempt], 'the entry');
    const probe = await scene.probeOne();
    equal(probe.unknownAttempts, [attempt], 'the probe');
    // Whatever a probe says, the attempt ended as it did.
    await scene.settle({ token: probe.token, ...to, ended: 'silence' });
    equal((await scene.probeOne()).unknownAttempts, [attempt], 'the next probe');
  });

  test('delivering → dead: kept and readable, with its reason', async (scene) => {
    await scene.append('m');
    const note = await scene.claimOne();
    const changes = await scene.settle({ token: note.token, to: 'dead', sent: 'no', reason });
    equal(arcs(changes), ['m: delivering → dead'], 'changes');
    equal(changes[0]?.reason, reason, 'reason of the change');
    const entry = await scene.expectState('m', 'dead');
    equal([entry.reason, entry.message, entry.unknownAttempts], [reason, scene.entry('m').message, []], 'the entry');
    isTrue(entry.endedAt !== undefined, 'endedAt is set');
  });

  test('delivering → dead, not known whether sent: the attempt stays unknown', async (scene) => {
    await scene.append('m');
    const note = await scene.claimOne();
    await scene.settle({ token: note.token, to: 'dead', sent: 'unknown', reason });
    const entry = await scene.expectState('m', 'dead');
    equal(entry.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'unknown attempts');
  });

  test('a dead note no longer holds back the younger messages of its stream', async (scene) => {
    await scene.append('m1');
    const note = await scene.claimOne();
    await scene.append('m2');
    await scene.settle({ token: note.token, to: 'dead', sent: 'no', reason });
    equal(idsOf(await scene.claimOne()), ['m2'], 'the next note');
  });

  test('delivering → held, by the hook: the note is dissolved and no attempt counts', async (scene) => {
    await scene.append('m');
    const changes = await scene.settle({ token: (await scene.claimOne()).token, to: 'held' });
    equal(arcs(changes), ['m: delivering → held'], 'changes');
    const entry = await scene.expectState('m', 'held');
    equal([entry.noteId, entry.attempt, entry.unknownAttempts], [undefined, 0, []], 'the entry');
    await scene.claimNone({ ignorePickup: true }, 'it is held');
  });

  test('delivering → cancelled, by the hook', async (scene) => {
    await scene.append('m');
    const changes = await scene.settle({ token: (await scene.claimOne()).token, to: 'cancelled' });
    equal(arcs(changes), ['m: delivering → cancelled'], 'changes');
    equal((await scene.expectState('m', 'cancelled')).message, undefined, 'the text in the tombstone');
  });

  test('settlements in one call are applied in order, each independently', async (scene) => {
    for (const id of ['m1', 'm2', 'm3']) await scene.append(scene.entry(id, { conversationId: id }));
    const tokens = new Map((await scene.claim()).map((note) => [idsOf(note)[0] ?? '', note.token]));
    const token = (id: string) => tokens.get(id) ?? '';
    const { lost, changes } = await scene.storage.settle([
      { token: token('m2'), to: 'delivered' },
      { token: 'no-such-note:1', to: 'delivered' },
      { token: token('m1'), to: 'dead', sent: 'no', reason },
      { token: token('m1'), to: 'unclaim' },
      { token: token('m3'), to: 'unclaim' },
    ]);
    equal(lost, ['no-such-note:1', token('m1')], 'tokens lost');
    equal(arcs(changes), ['m2: delivering → delivered', 'm1: delivering → dead', 'm3: delivering → spooled'], 'changes');
  });

  test('concurrent calls of settle all take effect', async (scene) => {
    const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
    for (const id of ids) await scene.append(scene.entry(id, { conversationId: id }));
    const notes = await scene.claim();
    await Promise.all(notes.map(({ token }) => scene.settle({ token, to: 'delivered' })));
    equal((await scene.storage.counts()).delivered, ids.length, 'delivered');
  });
}
