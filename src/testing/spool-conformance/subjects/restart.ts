import { equal } from '../assert.ts';
import { idsOf, reason, type Test } from '../scene.ts';
import { bring, situations } from '../states.ts';

/** What survives a restart of the process, and how work continues. */
export function restartTests(test: Test): void {
  for (const situation of situations) {
    if (situation === 'delivering') continue;
    test(`an entry that is ${situation} is the same after a restart`, async (scene) => {
      await bring(scene, 'm', situation);
      const before = [await scene.get('m'), await scene.storage.counts(), await scene.storage.findMessage('m')];
      await scene.reopen();
      await scene.reopen();
      equal(
        [await scene.get('m'), await scene.storage.counts(), await scene.storage.findMessage('m')],
        before,
        'entry and counts',
      );
    });
  }

  test('a note that was being delivered may have been sent: after a restart it is probed before it is sent again', async (scene) => {
    await scene.append('m1', 'm2');
    const note = await scene.claimOne({ lease: scene.units(9) });
    await scene.append('m3');
    await scene.reopen();
    await scene.expectState('m1', scene.afterRestart);
    await scene.claimNone({ ignorePickup: true }, 'it may have been sent');
    if (scene.afterRestart === 'delivering') await scene.advance(9);
    await scene.untilDue();
    const probe = await scene.probeOne();
    equal([probe.noteId, idsOf(probe), probe.frozen, probe.attempt], [note.noteId, ['m1', 'm2'], note.frozen, 1], 'the note');
    equal(probe.unknownAttempts, [{ tag: note.tag, place: note.frozen.place }], 'attempts to probe');
    await scene.settle({ token: probe.token, to: 'delivered' });
    equal(idsOf(await scene.claimOne()), ['m3'], 'the next note');
  });

  test('an attempt that the server answered with an error is remembered as such after a restart', async (scene) => {
    await scene.append('m');
    const note = await scene.claimOne();
    const to = { to: 'unconfirmed', after: 0, absent: false, counted: 0, ended: 'fault', reason } as const;
    await scene.settle({ token: note.token, ...to });
    await scene.reopen();
    const { unknownAttempts } = await scene.probeOne();
    equal(unknownAttempts, [{ tag: note.tag, place: note.frozen.place, ended: 'fault' }], 'attempts to probe');
  });

  for (const between of ['unclaimed', 'left until its lease ends', 'found absent', 'running'] as const) {
    test(`an attempt that was running is still probed after two restarts, when the probe in between is ${between}`, async (scene) => {
      await scene.append('m1', 'm2');
      const note = await scene.claimOne({ lease: scene.units(9) });
      await scene.reopen();
      if (scene.afterRestart === 'delivering') await scene.advance(9);
      await scene.untilDue();
      const first = await scene.probeOne({ lease: scene.units(3) });
      const attempts = [{ tag: note.tag, place: note.frozen.place }];
      equal(first.unknownAttempts, attempts, 'attempts of the first probe');
      if (between === 'unclaimed') await scene.settle({ token: first.token, to: 'unclaim' });
      if (between === 'found absent') {
        await scene.settle({ token: first.token, to: 'unconfirmed', after: 0, absent: true, counted: 0, reason });
      }
      if (between === 'left until its lease ends') {
        await scene.advance(3);
        await scene.storage.nextDue();
      }
      await scene.reopen();
      await scene.claimNone({ ignorePickup: true }, 'it may have been sent');
      if (scene.afterRestart === 'delivering') await scene.advance(3);
      await scene.untilDue();
      const second = await scene.probeOne();
      equal([second.noteId, idsOf(second), second.attempt], [note.noteId, ['m1', 'm2'], 1], 'the note');
      equal(second.unknownAttempts, attempts, 'what the second probe searches for');
      equal((await scene.get('m2')).unknownAttempts, attempts, 'what is known of the last member');
    });
  }

  test('a probe that was running is due again after a restart, with the findings of earlier ones', async (scene) => {
    await bring(scene, 'm', 'unconfirmed');
    const absent = { to: 'unconfirmed', after: 0, absent: true, counted: 5, reason } as const;
    await scene.settle({ token: (await scene.probeOne()).token, ...absent });
    await scene.probeOne({ lease: scene.units(3) });
    await scene.reopen();
    if (scene.afterRestart === 'delivering') await scene.advance(3);
    const probe = await scene.probeOne();
    equal([probe.probes, probe.absences, probe.unconfirmedFor, probe.attempt], [1, 1, 5, 1], 'what is known of it');
  });

  test('pickup times, back-offs and order survive a restart', async (scene) => {
    const early = { conversationId: 'early' };
    await scene.append(scene.entry('e', early), scene.entry('m1', { pickupIn: scene.units(6) }), 'm2', 'm3');
    await scene.settle({
      token: (await scene.claimOne()).token,
      to: 'deferred',
      after: scene.units(3),
      failure: true,
      reason,
    });
    await scene.append(scene.entry('e2', early));
    await scene.reopen();
    await scene.claimNone({}, 'nothing is due yet');
    await scene.advance(3);
    const retry = await scene.claimOne();
    equal([idsOf(retry), retry.attempt, retry.failures], [['e'], 2, 1], 'the retry');
    await scene.settle({ token: retry.token, to: 'delivered' });
    equal(idsOf(await scene.claimOne()), ['e2'], 'what waited for it');
    await scene.advance(3);
    equal(idsOf(await scene.claimOne()), ['m1', 'm2', 'm3'], 'the other conversation');
  });

  test('the order of releases and requeues survives a restart', async (scene) => {
    await scene.append('m1', 'm2', 'm3', 'm4');
    await scene.storage.hold(['m1', 'm2']);
    await scene.storage.release(['m2']);
    await scene.storage.release(['m1']);
    await scene.reopen();
    await scene.append('m5');
    equal(idsOf(await scene.claimOne()), ['m3', 'm4', 'm2', 'm1', 'm5'], 'order');
  });

  test('an entry probed alone is the same note after a restart', async (scene) => {
    await bring(scene, 'm', 'held, with an unknown attempt');
    await scene.storage.release(['m']);
    const { noteId, unknownAttempts } = await scene.get('m');
    await scene.reopen();
    const probe = await scene.probeOne();
    equal([probe.noteId, probe.unknownAttempts], [noteId, unknownAttempts], 'the note');
    const absent = { to: 'deferred', after: 0, failure: false, reason } as const;
    await scene.settle({ token: probe.token, ...absent });
    await scene.reopen();
    const note = await scene.claimOne();
    equal([note.noteId, note.attempt, note.unknownAttempts], [noteId, 1, unknownAttempts], 'the note that is sent then');
  });

  test('an empty storage can be reopened', async (scene) => {
    await scene.reopen();
    await scene.append('m');
    equal(idsOf(await scene.claimOne()), ['m'], 'the note');
  });
}
