import { equal, isTrue } from '../assert.ts';
import { arcs, idsOf, reason, type Scene, type Test } from '../scene.ts';

const unconfirmed = { to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const;

/** The arcs out of `unconfirmed`. */
export function probeTests(test: Test): void {
  test('an unconfirmed note is claimed only for a probe, never for delivery', async (scene) => {
    await mayHaveBeenSent(scene);
    await scene.claimNone({ ignorePickup: true }, 'it may have been sent');
    equal(idsOf(await scene.probeOne()), ['m1', 'm2'], 'entries of the probe');
  });

  test('younger notes of the stream wait for an unconfirmed one', async (scene) => {
    const { token } = await mayHaveBeenSent(scene);
    isTrue(token !== '', 'a token');
    await scene.append('m3');
    await scene.claimNone({ ignorePickup: true }, 'an older note may still arrive');
    const probe = await scene.probeOne();
    await scene.claimNone({ ignorePickup: true }, 'an older note is being probed');
    await scene.settle({ token: probe.token, to: 'delivered' });
    equal(idsOf(await scene.claimOne()), ['m3'], 'the next note');
  });

  test('a probe is due at its time, not before', async (scene) => {
    await mayHaveBeenSent(scene, scene.units(4));
    await scene.advance(3);
    await scene.claimNone({ kind: 'probe', ignorePickup: true }, 'a quarter of the wait is left');
    await scene.advance(1);
    await scene.probeOne();
  });

  test('a probe shows the note as sent, with its messages, and consumes no attempt', async (scene) => {
    const note = await mayHaveBeenSent(scene);
    const probe = await scene.probeOne();
    equal([probe.noteId, probe.attempt, probe.tag, probe.frozen], [note.noteId, 1, note.tag, note.frozen], 'the note');
    equal(probe.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'attempts to probe');
    equal(probe.entries[0]?.message, scene.entry('m1').message, 'the message of the first');
    isTrue(probe.token !== note.token, 'another token');
    equal((await scene.expectState('m1', 'unconfirmed')).attempt, 1, 'attempt');
    await scene.claimNone({ kind: 'probe' }, 'it is being probed');
  });

  test('quietFor counts from the end of the attempt; probes and absences count from the attempt on', async (scene) => {
    await mayHaveBeenSent(scene);
    const seen: unknown[] = [];
    for (const absent of [true, false, true, true]) {
      await scene.advance(2);
      const probe = await scene.probeOne();
      const quiet = Math.floor(probe.quietFor / scene.units(2));
      seen.push([quiet, probe.probes, probe.absences, probe.unconfirmedFor]);
      await scene.settle({ token: probe.token, ...unconfirmed, absent, counted: 7 });
    }
    equal(
      seen,
      [
        [1, 0, 0, 0],
        [2, 1, 1, 7],
        [3, 2, 0, 14],
        [4, 3, 1, 21],
      ],
      'quietFor in steps of two units, probes, absences in a row, unconfirmedFor',
    );
    const last = await scene.probeOne();
    equal([last.probes, last.absences, last.unconfirmedFor], [4, 2, 28], 'after two absences in a row');
  });

  test('unconfirmed → delivered: the note was found', async (scene) => {
    const note = await mayHaveBeenSent(scene);
    const changes = await scene.settle({ token: (await scene.probeOne()).token, to: 'delivered' });
    equal(arcs(changes), ['m1: unconfirmed → delivered', 'm2: unconfirmed → delivered'], 'changes');
    equal((await scene.expectState('m1', 'delivered')).noteId, note.noteId, 'note id');
  });

  test('unconfirmed → unconfirmed is not a change of state', async (scene) => {
    await mayHaveBeenSent(scene);
    const other = { code: 'REQUEST_TIMEOUT', text: 'The server did not answer.' } as const;
    equal(await scene.settle({ token: (await scene.probeOne()).token, ...unconfirmed, reason: other }), [], 'changes');
    equal((await scene.expectState('m1', 'unconfirmed')).reason, other, 'reason');
  });

  test('unconfirmed → deferred: the same note with the next attempt; the old attempt is still probed', async (scene) => {
    const note = await mayHaveBeenSent(scene);
    await scene.settle({ token: (await scene.probeOne()).token, ...unconfirmed, absent: true, counted: 3 });
    const changes = await scene.settle({
      token: (await scene.probeOne()).token,
      to: 'deferred',
      after: 0,
      failure: false,
      reason,
    });
    equal(arcs(changes), ['m1: unconfirmed → deferred', 'm2: unconfirmed → deferred'], 'changes');
    const again = await scene.claimOne();
    equal([again.noteId, again.attempt, idsOf(again)], [note.noteId, 2, ['m1', 'm2']], 'the note');
    equal(again.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'unknown attempts');
    await scene.settle({ token: again.token, ...unconfirmed });
    const probe = await scene.probeOne();
    equal(
      probe.unknownAttempts.map(({ tag }) => tag),
      [note.tag, again.tag],
      'what the next probe searches for',
    );
    equal([probe.probes, probe.absences, probe.unconfirmedFor], [0, 0, 0], 'probes and absences count anew');
  });

  test('unconfirmed → dead: whether it was sent stays unknown', async (scene) => {
    const note = await mayHaveBeenSent(scene);
    const dead = { code: 'OUTCOME_UNKNOWN', text: 'It could not be settled.' } as const;
    const changes = await scene.settle({ token: (await scene.probeOne()).token, to: 'dead', sent: 'unknown', reason: dead });
    equal(arcs(changes), ['m1: unconfirmed → dead', 'm2: unconfirmed → dead'], 'changes');
    const entry = await scene.expectState('m1', 'dead');
    equal([entry.reason, entry.unknownAttempts.map(({ tag }) => tag)], [dead, [note.tag]], 'the entry');
  });

  test('an unclaimed probe is due again, and does not count', async (scene) => {
    await mayHaveBeenSent(scene);
    equal(await scene.settle({ token: (await scene.probeOne()).token, to: 'unclaim' }), [], 'changes');
    const probe = await scene.probeOne();
    equal([probe.probes, probe.absences, probe.attempt], [0, 0, 1], 'probes, absences, attempt');
  });

  test('probes respect lanes and limits', async (scene) => {
    for (const lane of ['a', 'b']) {
      for (const c of ['1', '2']) await scene.append(scene.entry(lane + c, { lane, conversationId: c }));
    }
    for (const { token } of await scene.claim()) await scene.settle({ token, ...unconfirmed });
    equal((await scene.claim({ kind: 'probe', perLane: 1 })).map(({ lane }) => lane).sort(), ['a', 'b'], 'one a lane');
    const rest = await scene.claim({ kind: 'probe', lanes: { except: ['a'] } });
    equal(
      rest.map(({ lane }) => lane),
      ['b'],
      'all but a',
    );
    equal(
      (await scene.claim({ kind: 'probe', limit: 5 })).map(({ lane }) => lane),
      ['a'],
      'what was left',
    );
  });

  test('entries with unknown attempts keep them, and never merge with others', async (scene) => {
    const note = await mayHaveBeenSent(scene);
    await scene.settle({ token: (await scene.probeOne()).token, to: 'dead', sent: 'unknown', reason });
    await scene.append('m3');
    await scene.storage.requeue(['m1', 'm2'], { force: true });
    for (const id of ['m3', 'm1', 'm2']) {
      const next = await scene.claimOne();
      equal(idsOf(next), [id], 'members');
      equal(
        next.unknownAttempts.map(({ tag }) => tag),
        id === 'm3' ? [] : [note.tag],
        `unknown attempts of ${id}`,
      );
      await scene.settle({ token: next.token, to: 'delivered' });
    }
  });
}

/** A note of m1 and m2 whose first attempt may have been sent. */
async function mayHaveBeenSent(scene: Scene, after = 0) {
  await scene.append('m1', 'm2');
  const note = await scene.claimOne();
  await scene.settle({ token: note.token, ...unconfirmed, after });
  return note;
}
