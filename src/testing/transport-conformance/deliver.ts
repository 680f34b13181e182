import { equal, isTrue, present } from '../spool-conformance/assert.ts';
import { statuses, type Test } from './scene.ts';

/** Delivery when nothing goes wrong. */
export function deliverTests(test: Test): void {
  test('delivering no notes makes no request and returns no outcomes', async (scene) => {
    equal(await scene.deliver([]), [], 'outcomes');
    equal(scene.harness.exchange.requests(), 0, 'requests');
  });

  test('a note arrives once, with its class, subject, text and recipients', async (scene) => {
    const { exchange, from, to, alsoTo, messageClass } = scene.harness;
    const note = scene.note({ to: [to, alsoTo], body: { type: 'html', content: '<p>one &amp; <b>two</b></p>' } });
    equal(await scene.deliverOne(note), { status: 'delivered', messageClass }, 'outcome');
    for (const { address } of [to, alsoTo]) {
      const found = exchange.arrived(address);
      equal(found.length, 1, `messages at ${address}`);
      const message = present(found[0], 'the message');
      equal([message.messageClass, message.subject, message.body], [messageClass, note.subject, note.body], 'the message');
      equal(message.from.toLowerCase(), from.address.toLowerCase(), 'from');
      equal(message.to.join().toLowerCase(), `${to.address},${alsoTo.address}`.toLowerCase(), 'to');
    }
  });

  test('the sender keeps one copy and no draft', async (scene) => {
    const { exchange, from } = scene.harness;
    const note = scene.note();
    await scene.deliver([note]);
    equal(
      exchange.copies(from.address).map(({ subject }) => subject),
      [note.subject],
      'copies',
    );
    equal(exchange.drafts(from.address), [], 'drafts');
  });

  test('notes of one call arrive in order, with one outcome each', async (scene) => {
    const notes = scene.notes(7);
    const outcomes = await scene.deliver(notes);
    equal(
      statuses(outcomes),
      notes.map(() => 'delivered'),
      'outcomes',
    );
    equal(
      scene.texts(),
      notes.map(({ body }) => body.content),
      'texts',
    );
  });

  test(
    'notes spread over several requests arrive in order',
    async (scene) => {
      const notes = scene.notes(5);
      await scene.deliver(notes);
      equal(
        scene.texts(),
        notes.map(({ body }) => body.content),
        'texts',
      );
    },
    { notesPerRequest: 2 },
  );

  test('concurrent deliveries do not interfere with each other', async (scene) => {
    const groups = Array.from({ length: 4 }, () => scene.notes(3));
    const signal = new AbortController().signal;
    const outcomes = await Promise.all(
      groups.map((notes) => scene.harness.transport.deliver(notes, { signal, mayWrite: () => true })),
    );
    isTrue(
      outcomes.flat().every(({ status }) => status === 'delivered'),
      'every note is delivered',
    );
    const texts = scene.texts();
    equal([...texts].sort(), groups.flatMap((notes) => notes.map(({ body }) => body.content)).sort(), 'texts');
    for (const notes of groups) {
      const own = notes.map(({ body }) => body.content);
      equal(
        texts.filter((text) => own.includes(text)),
        own,
        'order inside one delivery',
      );
    }
  });
}
