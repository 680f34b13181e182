import { equal, isTrue } from '../spool-conformance/assert.ts';
import { statuses, type Test } from './scene.ts';

/** Probes for notes that may have been sent. */
export function probeTests(test: Test): void {
  test('probing no notes makes no request and returns no results', async (scene) => {
    equal(await scene.probe([]), [], 'results');
    equal(scene.harness.exchange.requests(), 0, 'requests');
  });

  test('sent notes are found, unsent ones absent, in the order of the call', async (scene) => {
    const [a, b, c, d] = [scene.note(), scene.note(), scene.note(), scene.note()];
    await scene.deliver([b, d]);
    equal(statuses(await scene.probe([a, b, c, d])), ['absent', 'found', 'absent', 'found'], 'results');
  });

  test('only the exact tag counts: no tag that begins or ends alike, and no later attempt', async (scene) => {
    const sent = scene.note({ tag: 'note-1/11', id: 'note-1' });
    await scene.deliver([sent]);
    const others = ['note-1/1', 'note-1/111', 'ote-1/11', 'note-1/12', 'x'].map((tag) => scene.note({ tag }));
    equal(
      statuses(await scene.probe(others)),
      others.map(() => 'absent'),
      'results',
    );
    equal(statuses(await scene.probe([sent])), ['found'], 'the tag itself');
  });

  test('a note is found if any of its attempts is found', async (scene) => {
    const [first, second, third] = [scene.note(), scene.note(), scene.note()];
    await scene.deliver([second]);
    equal(
      statuses(await scene.probeFor([[first, second, third], [first, third], [second]])),
      ['found', 'absent', 'found'],
      'results',
    );
  });

  test('an attempt at a place that is no longer configured is unknown, never absent', async (scene) => {
    const note = scene.note();
    const place = { ...note.place, endpoint: 'https://somewhere-else.test/' };
    equal(
      statuses(await scene.probeFor([[{ ...note, place }], [note, { ...note, tag: 'other', place }]])),
      ['unknown', 'unknown'],
      'results',
    );
  });

  test('hundreds of tags can be probed in one call', async (scene) => {
    const notes = scene.notes(130);
    await scene.deliver(notes.filter((_, at) => at % 3 === 0));
    equal(
      statuses(await scene.probe(notes)),
      notes.map((_, at) => (at % 3 === 0 ? 'found' : 'absent')),
      'results',
    );
  });

  test('a probe changes nothing in the mailboxes', async (scene) => {
    const { exchange, from, to } = scene.harness;
    const notes = scene.notes(2);
    await scene.deliver(notes);
    const look = (): unknown => [exchange.arrived(to.address), exchange.copies(from.address), exchange.drafts(from.address)];
    const before = look();
    await scene.probe([...notes, scene.note()]);
    equal(look(), before, 'mailboxes');
  });

  test('an aborted probe returns unknown, not absent', async (scene) => {
    const note = scene.note();
    await scene.deliver([note]);
    const [result] = await scene.probe([note], AbortSignal.abort());
    equal(result?.status, 'unknown', 'result');
  });

  test(
    'a failed search returns unknown, not absent',
    async (scene) => {
      const notes = scene.notes(2);
      await scene.arrange({ kind: 'search-fails' });
      equal(statuses(await scene.probe(notes)), ['unknown', 'unknown'], 'results');
    },
    { needs: ['search-fails'] },
  );

  test(
    'a copy that arrives late is found once it is there',
    async (scene) => {
      const note = scene.note();
      await scene.arrange({ kind: 'late-copy' });
      await scene.deliver([note]);
      await scene.harness.exchange.settle();
      equal(statuses(await scene.probe([note])), ['found'], 'results');
    },
    { needs: ['late-copy'] },
  );

  test(
    'a copy that someone moved is found',
    async (scene) => {
      const note = scene.note();
      await scene.deliver([note]);
      await scene.arrange({ kind: 'copies-moved' });
      equal(statuses(await scene.probe([note])), ['found'], 'results');
    },
    { needs: ['copies-moved'] },
  );

  test(
    'a draft with the tag is reported and removed; other drafts stay',
    async (scene) => {
      const { exchange, from } = scene.harness;
      const [asked, other] = [scene.note(), scene.note()];
      await scene.arrange({ kind: 'old-draft', note: asked });
      await scene.arrange({ kind: 'old-draft', note: other });
      equal(await scene.probe([asked]), [{ status: 'draft', removed: true }], 'results');
      equal(
        exchange.drafts(from.address).map(({ subject }) => subject),
        [other.subject],
        'drafts',
      );
      // A second probe may find it where it was moved to.
      const [again] = await scene.probe([asked]);
      isTrue(again?.status === 'absent' || (again?.status === 'draft' && again.removed), 'once it is removed');
      equal(exchange.drafts(from.address).length, 1, 'drafts after the second probe');
    },
    { needs: ['old-draft'] },
  );

  test(
    'a note waiting in the Outbox is pending, and stays there',
    async (scene) => {
      const note = scene.note();
      await scene.arrange({ kind: 'in-outbox', note });
      equal(statuses(await scene.probe([note])), ['pending'], 'results');
      equal(statuses(await scene.probe([note])), ['pending'], 'the second probe');
      isTrue(scene.texts().length === 0, 'nothing was sent');
    },
    { needs: ['in-outbox'] },
  );
}
