import { equal, isTrue } from '../assert.ts';
import { idsOf, reason, type Test } from '../scene.ts';

export function frozenTests(test: Test): void {
  test('a retry is the same note: same id, members, class and subject, with the next attempt', async (scene) => {
    await scene.append('m1', 'm2');
    const first = await scene.claimOne();
    await scene.append('m3');
    await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
    const again = await scene.claimOne();
    equal(again.noteId, first.noteId, 'note id');
    equal(idsOf(again), ['m1', 'm2'], 'members');
    equal(again.frozen, first.frozen, 'what is frozen');
    equal([again.attempt, again.failures], [2, 1], 'attempt and failures');
    isTrue(again.token !== first.token, 'another token');
    isTrue(again.tag !== first.tag, 'another tag');
  });

  test('later messages form the next note', async (scene) => {
    await scene.append('m1');
    const first = await scene.claimOne();
    await scene.append('m2');
    await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
    await scene.settle({ token: (await scene.claimOne()).token, to: 'delivered' });
    const next = await scene.claimOne();
    equal(idsOf(next), ['m2'], 'members');
    isTrue(next.noteId !== first.noteId, 'another note id');
    equal(next.attempt, 1, 'attempt');
  });

  test('a retry passes the frozen values to freeze, a new note passes none', async (scene) => {
    await scene.append('m');
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
    await scene.claimOne();
    equal(
      scene.frozen,
      [
        { members: ['m'], previous: undefined },
        { members: ['m'], previous: first.frozen },
      ],
      'calls of freeze',
    );
  });

  test('a retry is the same note after a restart', async (scene) => {
    await scene.append('m1', 'm2');
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: false, reason });
    await scene.reopen();
    await scene.append('m3');
    const again = await scene.claimOne();
    equal([again.noteId, idsOf(again), again.frozen], [first.noteId, ['m1', 'm2'], first.frozen], 'the note');
    equal([again.attempt, again.failures], [2, 0], 'attempt and failures');
  });

  test('a retry uses the place configured now, and an unknown attempt keeps its own', async (scene) => {
    await scene.append('m');
    const old = scene.place;
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    scene.place = { ...old, endpoint: 'https://new.contoso.test/ews' };
    const probe = await scene.probeOne();
    equal(probe.unknownAttempts, [{ tag: first.tag, place: old }], 'what the probe searches for');
    await scene.settle({ token: probe.token, to: 'deferred', after: 0, failure: false, reason });
    const second = await scene.claimOne();
    equal(second.frozen.place, scene.place, 'place of the second attempt');
    equal(second.unknownAttempts, [{ tag: first.tag, place: old }], 'unknown attempts');
    await scene.settle({ token: second.token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    equal(
      (await scene.probeOne()).unknownAttempts,
      [
        { tag: first.tag, place: old },
        { tag: second.tag, place: scene.place },
      ],
      'what the next probe searches for',
    );
  });

  for (const verb of ['hold', 'cancel'] as const) {
    test(`a member that leaves by ${verb} changes neither the id nor the other members of the note`, async (scene) => {
      await scene.append('m1', 'm2', 'm3');
      const first = await scene.claimOne();
      await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
      await scene.storage[verb](['m2']);
      const again = await scene.claimOne();
      equal([again.noteId, idsOf(again), again.attempt], [first.noteId, ['m1', 'm3'], 2], 'the note');
      await scene.settle({ token: again.token, to: 'deferred', after: 0, failure: true, reason });
      await scene.storage[verb](['m1', 'm3']);
      await scene.claimNone({ ignorePickup: true }, 'all have left');
    });
  }

  test('an unclaimed new note is dissolved: no attempt is consumed', async (scene) => {
    await scene.append('m1');
    const before = await scene.get('m1');
    const note = await scene.claimOne();
    await scene.settle({ token: note.token, to: 'unclaim' });
    equal(await scene.get('m1'), before, 'the entry');
    await scene.append('m2');
    const next = await scene.claimOne();
    equal([idsOf(next), next.attempt, next.unknownAttempts], [['m1', 'm2'], 1, []], 'the next note');
  });

  test('an unclaimed retry is still the deferred note, due at once', async (scene) => {
    await scene.append('m1');
    const first = await scene.claimOne();
    await scene.settle({ token: first.token, to: 'deferred', after: 0, failure: true, reason });
    const before = await scene.get('m1');
    const second = await scene.claimOne();
    await scene.append('m2');
    await scene.settle({ token: second.token, to: 'unclaim' });
    equal(await scene.get('m1'), before, 'the entry');
    const again = await scene.claimOne();
    equal([again.noteId, again.attempt, again.failures, idsOf(again)], [first.noteId, 2, 1, ['m1']], 'the note');
    isTrue(again.token !== second.token, 'another token');
  });

  test('refreeze, where supported, replaces the frozen values for the probe and the retry', async (scene) => {
    await scene.append('m1', 'm2');
    const note = await scene.claimOne();
    const frozen = { ...note.frozen, subject: 'another subject', place: { ...note.frozen.place, folder: 'another' } };
    if (scene.storage.refreeze === undefined) return;
    equal(await scene.storage.refreeze([{ token: note.token, frozen }]), [], 'tokens lost');
    equal(await scene.storage.renew([note.token], scene.units(9)), [], 'the token still counts');
    await scene.settle({ token: note.token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason });
    await scene.reopen();
    const probe = await scene.probeOne();
    equal(probe.frozen, frozen, 'what the probe shows');
    equal(probe.unknownAttempts, [{ tag: note.tag, place: frozen.place }], 'where it looks');
    await scene.settle({ token: probe.token, to: 'deferred', after: 0, failure: false, reason });
    equal((await scene.claimOne()).frozen.subject, 'another subject', 'subject of the retry');
    equal(await scene.storage.refreeze?.([{ token: note.token, frozen }]), [note.token], 'a token of an earlier claim');
  });
}
