import { equal, isTrue } from '../assert.ts';
import { arcs, idsOf, type Test } from '../scene.ts';

export function claimTests(test: Test): void {
  test('a message is claimed only once its pickup delay is over', async (scene) => {
    await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
    await scene.advance(3);
    await scene.claimNone({}, 'a quarter of the pickup delay is left');
    await scene.advance(1);
    equal(idsOf(await scene.claimOne()), ['m'], 'entries of the note');
  });

  test('a run is due when its first entry is; later entries go with it', async (scene) => {
    await scene.append(scene.entry('m1', { pickupIn: scene.units(2) }));
    await scene.advance(1);
    await scene.append(scene.entry('m2', { pickupIn: scene.units(100) }));
    await scene.claimNone({}, 'the first is not due yet');
    await scene.advance(1);
    equal(idsOf(await scene.claimOne()), ['m1', 'm2'], 'entries of the note');
  });

  test('a later entry that is due earlier waits for the first of its stream', async (scene) => {
    await scene.append(scene.entry('m1', { pickupIn: scene.units(2) }), scene.entry('m2', { pickupIn: 0 }));
    await scene.claimNone({}, 'the first is not due yet');
    await scene.advance(2);
    equal(idsOf(await scene.claimOne()), ['m1', 'm2'], 'entries of the note');
  });

  test('a claimed note shows its members as delivering, with their messages and attempt 1', async (scene) => {
    await scene.append('m1', 'm2');
    const given = scene.entry('m1').message;
    const note = await scene.claimOne();
    equal(idsOf(note), ['m1', 'm2'], 'entries');
    equal(note.entries[0]?.message, given, 'the message of the first');
    equal(
      note.entries.map(({ state, attempt, noteId }) => ({ state, attempt, noteId })),
      Array.from({ length: 2 }, () => ({ state: 'delivering', attempt: 1, noteId: note.noteId })),
      'entries as the claim shows them',
    );
    equal([note.attempt, note.lane, note.failures, note.probes, note.absences], [1, 'alice@contoso.test', 0, 0, 0], 'the note');
    equal([note.quietFor, note.unconfirmedFor, note.unknownAttempts, note.expired], [0, 0, [], false], 'a first attempt');
    const entry = await scene.expectState('m1', 'delivering');
    equal([entry.attempt, entry.noteId], [1, note.noteId], 'the entry as the storage shows it');
  });

  test('a claimed note is not claimed again, and holds back its stream', async (scene) => {
    await scene.append('m1');
    await scene.claimOne();
    await scene.append('m2');
    await scene.claimNone({ ignorePickup: true }, 'an older note of the stream is at work');
  });

  test('concurrent claims never take the same entry', async (scene) => {
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    for (const id of ids) await scene.append(scene.entry(id, { conversationId: id }));
    const claims = await Promise.all([1, 2, 3, 4].map(() => scene.claim({ limit: 5 })));
    equal(claims.flat().flatMap(idsOf).sort(), [...ids].sort(), 'entries of all claims');
  });

  test('perLane limits the notes of each lane, limit all notes together', async (scene) => {
    for (const lane of ['a', 'b', 'c']) {
      for (const c of ['1', '2', '3']) await scene.append(scene.entry(lane + c, { lane, conversationId: c }));
    }
    const first = await scene.claim({ perLane: 2, limit: 100 });
    equal(first.map(({ lane }) => lane).sort(), ['a', 'a', 'b', 'b', 'c', 'c'], 'lanes with two a lane');
    equal((await scene.claim({ perLane: 2, limit: 2 })).length, 2, 'notes with two in all');
    equal((await scene.claim()).length, 1, 'what was left');
  });

  test('a claim takes nothing from lanes that its filter leaves out', async (scene) => {
    for (const lane of ['a', 'b', 'c']) await scene.append(scene.entry(lane, { lane }));
    await scene.claimNone({ lanes: { only: ['x'] } }, 'nothing waits in that lane');
    await scene.claimNone({ lanes: { only: [] } }, 'no lane is named');
    equal(idsOf(await scene.claimOne({ lanes: { only: ['b'] } })), ['b'], 'only b');
    equal(idsOf(await scene.claimOne({ lanes: { except: ['a'] } })), ['c'], 'all but a');
    equal(idsOf(await scene.claimOne({ lanes: { except: [] } })), ['a'], 'all');
  });

  test('a busy lane starves no other, whatever is claimed in between', async (scene) => {
    for (const lane of ['a', 'b', 'c', 'd']) {
      for (let c = 0; c < 12; c++) await scene.append(scene.entry(`${lane}-${c}`, { lane, conversationId: `${c}` }));
    }
    const served = new Map<string, number>();
    for (let round = 0; round < 12; round++) {
      await scene.claim({ kind: 'probe' });
      for (const { lane } of await scene.claim({ limit: 1 })) served.set(lane, (served.get(lane) ?? 0) + 1);
    }
    isTrue(
      served.size === 4 && [...served.values()].every((notes) => notes >= 2),
      `each of four lanes gets some of twelve single claims, found ${JSON.stringify([...served])}`,
    );
  });

  test('ignorePickup claims entries before they are due', async (scene) => {
    await scene.append(scene.entry('m', { pickupIn: scene.units(4) }));
    equal(idsOf(await scene.claimOne({ ignorePickup: true })), ['m'], 'entries');
  });

  test('ignorePickup does not skip a back-off', async (scene) => {
    await scene.append('m');
    const { token } = await scene.claimOne();
    await scene.settle({ token, to: 'unclaim' });
    const again = await scene.claimOne();
    const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
    await scene.settle({ token: again.token, to: 'deferred', after: scene.units(4), failure: true, reason });
    await scene.claimNone({ ignorePickup: true }, 'its back-off is not over');
    await scene.advance(4);
    equal(idsOf(await scene.claimOne()), ['m'], 'entries after the back-off');
  });

  test('a claim is marked expired only when every member has expired', async (scene) => {
    await scene.append(scene.entry('m1', { expiresIn: scene.units(2) }), scene.entry('m2', { expiresIn: scene.units(9) }));
    await scene.advance(3);
    const note = await scene.claimOne();
    equal(note.expired, false, 'expired, while one has not');
    equal(arcs(await scene.settle({ token: note.token, to: 'unclaim' })).length, 2, 'changes');
    await scene.advance(7);
    equal((await scene.claimOne()).expired, true, 'expired, when all have');
  });

  test('a note unclaimed with a delay is due after the delay, and otherwise unchanged', async (scene) => {
    await scene.append('m1', 'm2', scene.entry('other', { conversationId: 'other' }));
    const before = await scene.get('m1');
    for (const note of await scene.claim()) {
      const after = idsOf(note)[0] === 'other' ? {} : { after: scene.units(4) };
      await scene.settle({ token: note.token, to: 'unclaim', ...after });
    }
    equal(await scene.get('m1'), before, 'the entry');
    equal(idsOf(await scene.claimOne()), ['other'], 'what can be claimed at once');
    await scene.advance(3);
    await scene.claimNone({}, 'a quarter of the delay is left');
    await scene.advance(1);
    const note = await scene.claimOne();
    equal([idsOf(note), note.attempt], [['m1', 'm2'], 1], 'the note after the delay');
  });

  for (const [kind, to] of [
    ['deliver', 'deferred'],
    ['probe', 'unconfirmed'],
  ] as const) {
    test(`a ${to} note unclaimed with a delay stays ${to} until the delay is over`, async (scene) => {
      await scene.append('m');
      const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
      const first = await scene.claimOne();
      if (to === 'deferred') await scene.settle({ token: first.token, to, after: 0, failure: true, reason });
      else await scene.settle({ token: first.token, to, after: 0, absent: false, counted: 0, reason });
      const before = await scene.get('m');
      await scene.settle({ token: (await scene.claimOne({ kind })).token, to: 'unclaim', after: scene.units(4) });
      equal(await scene.get('m'), before, 'the entry');
      await scene.advance(3);
      await scene.claimNone({ kind }, 'a quarter of the delay is left');
      await scene.advance(1);
      equal((await scene.claimOne({ kind })).noteId, first.noteId, 'note id');
    });
  }
}
