/** Requests as lists of notes: halves, parts, and the effect of a fault for several notes. */
import { describe, expect, it } from 'vitest';
import { type Batch, batchesOf, halvesOf, partOf, RequestSize, refusedOnce } from '../../../src/ews/send/batches.ts';
import type { Note } from '../../../src/transport/contract.ts';
import { always, makeNote, useHarness } from '../support/harness.ts';
import { created, fault, message, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const same = { of: (messageClass: string): string => messageClass };
const place = { endpoint: 'https://e.test/', mailbox: 'alice@contoso.test', folder: 'sentitems' };
const notes = (count: number) => Array.from({ length: count }, (_, n) => makeNote({ placeOf: () => place }, n));

function batchOf(count: number): Batch {
  const [batch] = batchesOf(notes(count), { batchSize: 100, maxBytes: 1_000_000, classes: same });
  if (batch === undefined) throw new Error('one batch');
  return batch;
}

describe('a batch', () => {
  it.each([2, 3, 7])('of %s is halved in order, with every note once', (count) => {
    const [first, second] = halvesOf(batchOf(count));
    expect([...first.positions, ...second.positions]).toEqual(Array.from({ length: count }, (_, n) => n));
    expect(first.notes.length - second.notes.length).toBe(count % 2);
    expect([...first.items, ...second.items]).toEqual(batchOf(count).items);
  });

  it('is split into parts that keep place and position', () => {
    const part = partOf(batchOf(5), (at) => at % 2 === 1);
    expect(part).toMatchObject({ positions: [1, 3], place, refusals: 0 });
    expect(part.notes.map(({ id }) => id)).toEqual(['note-1', 'note-3']);
  });

  it('counts its refusals, and uses the class that the server accepts', () => {
    const again = refusedOnce({ ...batchOf(2), folder: 'f' }, { of: () => 'IPM.Note.Microsoft.Missed' });
    expect(again.refusals).toBe(1);
    expect(again.folder).toBeUndefined();
    expect(again.notes.map(({ messageClass }) => messageClass)).toEqual(Array(2).fill('IPM.Note.Microsoft.Missed'));
    for (const item of again.items) expect(item).toContain('<t:ItemClass>IPM.Note.Microsoft.Missed</t:ItemClass>');
  });
});

describe('one request', () => {
  const cut = (list: readonly Note[], maxBytes = 1_000_000) =>
    [...batchesOf(list, { batchSize: 100, maxBytes, classes: same })].map(({ notes: part }) => part.map(({ id }) => id));

  it.each([
    ['endpoint', 'https://other.test/'],
    ['mailbox', 'carol@contoso.test'],
    ['folder', 'conversationhistory'],
  ])('contains notes of one %s', (part, value) => {
    const [a, b, c] = notes(3) as [Note, Note, Note];
    const elsewhere = { ...b, place: { ...place, [part]: value } };
    expect(cut([a, elsewhere, c])).toEqual([['note-0'], ['note-1'], ['note-2']]);
  });

  it('is never above the size limit, however long each note is', () => {
    const [small, other, large] = notes(3).map((note, at) => ({
      ...note,
      body: { type: 'text' as const, content: 'x'.repeat([10, 10, 50_000][at] ?? 0) },
    })) as [Note, Note, Note];
    expect(cut([small, large, other], 40_000)).toEqual([['note-0'], ['note-2'], ['note-1']]);
    expect(cut([small, other, large], 55_000)).toEqual([['note-0', 'note-1', 'note-2']]);
  });
});

describe('the size of requests', () => {
  it('shrinks to one note after a fault for several', () => {
    const size = new RequestSize(50);
    size.faulted(1);
    expect(size.most).toBe(50);
    size.faulted(2);
    expect(size.most).toBe(1);
  });
});

describe('at a server', () => {
  const h = useHarness();
  const countOf = (body: string): number => (body.match(/<t:Message>/g) ?? []).length;

  it('that refuses a whole request because of one note, halving isolates that note, and the others are sent once', async () => {
    h.server.handler = ({ body }): Answer =>
      body.includes('note-2/1') ? { status: 413 } : { body: created(...Array<string>(countOf(body)).fill(ok)) };
    const outcomes = await h.deliver(4);
    expect(outcomes.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'rejected', 'delivered']);
    expect(h.server.requests.map(({ body }) => countOf(body))).toEqual([4, 2, 2, 1, 1]);
  });

  it('that may not be written to now, no later note overtakes the one that waits', async () => {
    h.server.handler = (): Answer => ({ body: created(ok) });
    const transport = h.transport({ notesPerRequest: 1 });
    let asked = 0;
    const mayWrite = () => asked++ > 0;
    const outcomes = await transport.deliver([h.note(transport, 0), h.note(transport, 1)], { ...always(), mayWrite });
    const notTried = { status: 'deferred', error: { code: 'NOT_ATTEMPTED' } };
    expect([outcomes, asked, h.server.requests]).toMatchObject([[notTried, notTried], 1, []]);
  });

  it('that answered a fault for several notes, each note is sent alone from then on', async () => {
    h.server.handler = ({ body }): Answer =>
      countOf(body) > 1 ? { status: 500, body: fault('ErrorInternalServerError') } : { body: created(ok) };
    const transport = h.transport();
    const of = (from: number) => Array.from({ length: 4 }, (_, n) => h.note(transport, from + n));
    for (const outcome of await transport.deliver(of(0), always()))
      expect(outcome).toMatchObject({ status: 'unconfirmed', ended: 'fault' });
    h.server.requests.length = 0;
    expect((await transport.deliver(of(4), always())).map(({ status }) => status)).toEqual(Array(4).fill('delivered'));
    expect(h.server.requests.map(({ body }) => countOf(body))).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ['a fault that comes before the first note', { status: 500, body: fault('ErrorServerBusy') }],
    ['an answer that is lost', { status: 502 }],
    [
      'an error for each note',
      {
        body: response(
          'CreateItem',
          [1, 2, 3, 4].map(() => message('CreateItem', 'ErrorInternalServerError')),
        ),
      },
    ],
  ] as [string, Answer][])('%s does not shrink later requests', async (_, answer) => {
    let first = true;
    h.server.handler = ({ body }): Answer => {
      if (!first) return { body: created(...Array<string>(countOf(body)).fill(ok)) };
      first = false;
      return answer;
    };
    const transport = h.transport();
    const of = (from: number) => Array.from({ length: 4 }, (_, n) => h.note(transport, from + n));
    await transport.deliver(of(0), always());
    h.server.requests.length = 0;
    await transport.deliver(of(4), always());
    expect(h.server.requests.map(({ body }) => countOf(body))).toEqual([4]);
  });
});

describe('the recorded ending of an unknown attempt', () => {
  const h = useHarness();
  const one = (code: string, responseClass = 'Error'): Answer => ({
    body: response('CreateItem', [message('CreateItem', code, { responseClass })]),
  });
  it.each([
    ['a fault', { status: 500, body: fault('ErrorInternalServerError') }, 'fault'],
    ['a fault with HTTP 200', { body: fault('ErrorOfTheFuture') }, 'fault'],
    ['an error for the note', one('ErrorInternalServerTransientError'), 'fault'],
    ['a warning', one('ErrorOfTheFuture', 'Warning'), 'fault'],
    ['a quota, which blocks', one('ErrorQuotaExceeded'), 'fault'],
    ['an HTTP error without a fault', { status: 500 }, undefined],
    ['a web page', { body: '<!doctype html><p>Sorry</p>' }, undefined],
    ['no answer for the note', { body: created() }, undefined],
    ['an answer that is cut off', { body: created(ok).slice(0, 500) }, undefined],
  ] as [string, Answer, 'fault' | undefined][])('%s: %3$s', async (_, answer, ended) => {
    h.server.handler = () => answer;
    const [outcome] = await h.deliver(1);
    expect(['unconfirmed', 'blocked']).toContain(outcome?.status);
    expect(outcome !== undefined && 'ended' in outcome ? outcome.ended : undefined).toBe(ended);
  });
});
