import type { NewSpoolEntry } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import { arcs, idsOf, type Scene, type Test } from '../scene.ts';

export function mergeTests(test: Test): void {
  test('a note takes the messages of one conversation, in order', async (scene) => {
    await scene.append('m1', 'm2', 'm3');
    equal(idsOf(await scene.claimOne()), ['m1', 'm2', 'm3'], 'entries');
  });

  const apart: Readonly<Record<string, Partial<NewSpoolEntry>>> = {
    mailbox: { lane: 'carol@contoso.test' },
    conversation: { conversationId: 'another' },
    audience: { audience: 'federated' },
  };
  for (const [what, parts] of Object.entries(apart)) {
    test(`messages of another ${what} never share a note, and do not wait for each other`, async (scene) => {
      await scene.append('m1', scene.entry('m2', parts));
      equal((await scene.claim()).map(idsOf).sort(), [['m1'], ['m2']], 'notes');
    });
  }

  test('a message with other recipients ends the run: it and later messages wait their turn', async (scene) => {
    await scene.append('m1', withCarol(scene, 'm2'), 'm3');
    for (const id of ['m1', 'm2', 'm3']) {
      const note = await scene.claimOne();
      equal(idsOf(note), [id], 'entries of the one note that may go');
      await scene.claimNone({}, 'the others wait for it');
      await scene.settle({ token: note.token, to: 'delivered' });
    }
  });

  test('a note takes at most maxEntries messages', async (scene) => {
    await scene.append('m1', 'm2', 'm3');
    const note = await scene.claimOne({ maxEntries: 2 });
    equal(idsOf(note), ['m1', 'm2'], 'entries');
    await scene.settle({ token: note.token, to: 'delivered' });
    equal(idsOf(await scene.claimOne({ maxEntries: 2 })), ['m3'], 'entries of the next note');
  });

  test('a note takes at most maxBytes, but always at least one message', async (scene) => {
    const heavy = (id: string, weight: number) => scene.entry(id, { weight });
    await scene.append(heavy('m1', 500), heavy('m2', 60), heavy('m3', 40), heavy('m4', 1));
    for (const ids of [['m1'], ['m2', 'm3'], ['m4']]) {
      const note = await scene.claimOne({ maxBytes: 100 });
      equal(idsOf(note), ids, 'entries');
      await scene.settle({ token: note.token, to: 'delivered' });
    }
  });

  test('a lighter message never overtakes one that is too heavy for the note', async (scene) => {
    const heavy = (id: string, weight: number) => scene.entry(id, { weight });
    await scene.append(heavy('m1', 60), heavy('m2', 60), heavy('m3', 10));
    equal(idsOf(await scene.claimOne({ maxBytes: 100 })), ['m1'], 'entries');
  });

  test('a split note leaves as single entries, in order, due at once, that never merge again', async (scene) => {
    await scene.append('m1', 'm2');
    const note = await scene.claimOne();
    await scene.append('m3', 'm4');
    const reason = { code: 'EWS_ERROR', text: 'one is bad' } as const;
    const changes = await scene.settle({ token: note.token, to: 'split', reason });
    equal(arcs(changes), ['m1: delivering → spooled', 'm2: delivering → spooled'], 'changes');
    const single = await scene.expectState('m1', 'spooled');
    equal([single.noteId, single.attempt, single.reason], [undefined, 0, reason], 'an entry that was split off');
    await scene.reopen();
    for (const ids of [['m1'], ['m2'], ['m3', 'm4']]) {
      const next = await scene.claimOne();
      equal(idsOf(next), ids, 'entries');
      equal([next.noteId === note.noteId, next.attempt], [false, 1], 'a note of its own');
      await scene.settle({ token: next.token, to: 'delivered' });
    }
  });

  test('when a single entry is rejected again, the others are still sent', async (scene) => {
    await scene.append('m1', 'm2');
    const reason = { code: 'EWS_ERROR', text: 'one is bad' } as const;
    await scene.settle({ token: (await scene.claimOne()).token, to: 'split', reason });
    await scene.settle({ token: (await scene.claimOne()).token, to: 'dead', sent: 'no', reason });
    await scene.expectState('m1', 'dead');
    equal(idsOf(await scene.claimOne()), ['m2'], 'the next single');
  });
}

function withCarol(scene: Scene, id: string): NewSpoolEntry {
  const entry = scene.entry(id);
  const to = [...entry.message.to, { address: 'carol@contoso.test' }];
  return scene.entry(id, { message: { ...entry.message, to } });
}
