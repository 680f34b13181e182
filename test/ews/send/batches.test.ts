import { describe, expect, it } from 'vitest';
import { always, useHarness } from '../support/harness.ts';
import { created, fault, ok } from '../support/responses.ts';

const h = useHarness();
const countOf = (body: string): number => (body.match(/<t:Message>/g) ?? []).length;
const sizes = (): number[] => h.server.requests.map(({ body }) => countOf(body));
const accept = ({ body }: { body: string }) => ({ body: created(...Array<string>(countOf(body)).fill(ok)) });

describe('notes are split into requests', () => {
  it('by count, in order', async () => {
    h.server.handler = accept;
    const outcomes = await h.deliver(7, { notesPerRequest: 3 });
    expect(sizes()).toEqual([3, 3, 1]);
    expect(outcomes.map((o) => o.status)).toEqual(Array(7).fill('delivered'));
    const order = h.server.requests.flatMap(({ body }) => body.match(/secret text \d/g) ?? []);
    expect(order).toEqual(Array.from({ length: 7 }, (_, n) => `secret text ${n}`));
  });

  it('50 by default', async () => {
    h.server.handler = accept;
    await h.deliver(51);
    expect(sizes()).toEqual([50, 1]);
  });

  it('by bytes as written; a note above the limit goes alone', async () => {
    h.server.handler = accept;
    const transport = h.transport({ maxRequestBytes: 4096 });
    const content = ['&'.repeat(300), '€'.repeat(600), 'x', '&'.repeat(2000), 'y'];
    const notes = content.map((text, n) => h.note(transport, n, { body: { type: 'text', content: text } }));
    expect((await transport.deliver(notes, always())).map((o) => o.status)).toEqual(Array(5).fill('delivered'));
    expect(sizes()).toEqual([1, 2, 1, 1]);
  });

  it('as full as their bytes allow, though escaping could have made them longer', async () => {
    h.server.handler = accept;
    const probe = h.transport();
    await probe.deliver([h.note(probe, 0, { body: { type: 'text', content: 'a'.repeat(3000) } })], always());
    const [request] = h.server.requests.splice(0);
    const item = request?.body.match(/<t:Message>.*<\/t:Message>/s)?.[0].length ?? 0;
    const transport = h.transport({ maxRequestBytes: 3 * item });
    const notes = Array.from({ length: 7 }, (_, n) =>
      h.note(transport, n, { body: { type: 'text', content: 'a'.repeat(3000) } }),
    );
    await transport.deliver(notes, always());
    expect(sizes()).toEqual([3, 3, 1]);
  });

  it('at each change of place', async () => {
    h.server.handler = accept;
    const transport = h.transport();
    const notes = [0, 1, 2, 3].map((n) => h.note(transport, n));
    const [first, second, third, fourth] = notes;
    if (!first || !second || !third || !fourth) throw new Error('four notes');
    const moved = { ...third, place: { ...third.place, folder: 'sentitems' } };
    await transport.deliver([first, second, moved, fourth], always());
    expect(sizes()).toEqual([2, 1, 1]);
    expect(h.server.requests.map(({ body }) => /DistinguishedFolderId Id="(\w+)"/.exec(body)?.[1])).toEqual([
      'conversationhistory',
      'sentitems',
      'conversationhistory',
    ]);
  });

  it('or into none', async () => {
    expect(await h.deliver(0)).toEqual([]);
    expect(h.server.requests).toHaveLength(0);
  });
});

describe('after a failure no later request of the delivery is sent', () => {
  const rows = [
    ['an unknown outcome', { status: 500 }],
    ['a lost item', { body: created(ok) }],
    ['a busy mailbox', { status: 500, body: fault('ErrorServerBusy') }],
    ['a closed endpoint', { status: 403 }],
  ] as const;
  it.each(rows)('%s', async (_, answer) => {
    h.server.handler = () => answer;
    const outcomes = await h.deliver(4, { notesPerRequest: 2 });
    expect(h.server.requests).toHaveLength(1);
    for (const later of outcomes.slice(2)) {
      expect(later).toMatchObject({ status: 'deferred', scope: 'note', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } });
    }
  });

  it('a failure that concerns one note holds up nothing', async () => {
    h.server.handler = (request) => {
      if (request.operation !== 'CreateItem') return { status: 500 };
      return h.server.operations().filter((name) => name === 'CreateItem').length === 1
        ? { body: created('ErrorInvalidRecipients', ok) }
        : accept(request);
    };
    expect((await h.deliver(4, { notesPerRequest: 2 })).map((o) => o.status)).toEqual([
      'rejected',
      'delivered',
      'delivered',
      'delivered',
    ]);
  });

  it('mayWrite is asked before each request', async () => {
    h.server.handler = accept;
    const transport = h.transport({ notesPerRequest: 1 });
    let asked = 0;
    const mayWrite = (): boolean => ++asked < 3;
    const outcomes = await transport.deliver(
      [0, 1, 2, 3].map((n) => h.note(transport, n)),
      { ...always(), mayWrite },
    );
    expect(outcomes.map((o) => o.status)).toEqual(['delivered', 'delivered', 'deferred', 'deferred']);
    expect(h.server.requests).toHaveLength(2);
  });
});

it('a note for a foreign endpoint is not sent, and holds up no other', async () => {
  h.server.handler = accept;
  const transport = h.transport({ notesPerRequest: 1 });
  const note = h.note(transport, 0);
  const endpoint = 'https://elsewhere.test/';
  const [outcome, next] = await transport.deliver(
    [{ ...note, place: { ...note.place, endpoint } }, h.note(transport, 1)],
    always(),
  );
  const message = 'The note was prepared for an endpoint that is no longer configured.';
  expect(outcome).toMatchObject({ status: 'deferred', error: { code: 'PLACE_GONE', message, details: { endpoint } } });
  expect(next).toMatchObject({ status: 'delivered' });
  expect(sizes()).toEqual([1]);
});
