/** What a custom fetch may resolve with. Whatever it is: a sent note is never reported as known unsent, and none as delivered without the response that says so. */
import { Readable } from 'node:stream';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, ok } from '../ews/support/responses.ts';
import { numbersOfRow } from '../support/security-page.ts';

const success = created(ok);
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const xml = { 'content-type': 'text/xml; charset=utf-8' };

/** ms. Endless bodies wait for it; anything that ends by itself has all the time a busy machine may take. */
const short = 60;
const generous = 60_000;

function ews(fetch: typeof globalThis.fetch, requestTimeout: number): Transport {
  const credentials = basicAuth({ username: 'alice', password: 'p' });
  const url = 'https://exchange.test/EWS/Exchange.asmx';
  return new EwsTransport({ url, credentials, fetch, savedCopyFolder: 'sentitems', requestTimeout });
}

function graph(fetch: typeof globalThis.fetch, requestTimeout: number): Transport {
  return new GraphTransport({ credential: async () => ({ token: 'secret-token' }), fetch, requestTimeout });
}

async function deliver(make: typeof ews, answer: () => unknown, requestTimeout = generous): Promise<DeliveryOutcome | undefined> {
  const transport = make((async () => answer()) as never, requestTimeout);
  const [outcome] = await transport.deliver([makeNote(transport, 1)], always());
  return outcome;
}

function streamOf(...parts: readonly unknown[]): ReadableStream {
  const rest = [...parts];
  return new ReadableStream({
    pull(controller) {
      const part = rest.shift();
      if (part instanceof Error) controller.error(part);
      else if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
}

/** Not the platform's own class: it accepts any body. */
const whole = (body: unknown, extra: object = {}): object => ({
  status: 200,
  ok: true,
  headers: new Headers(xml),
  body,
  ...extra,
});
const half = success.slice(0, success.length / 2);
const gone = (): never => {
  throw new Error('gone');
};
const fails = (_: unknown, done: (error: Error) => void): void => done(new Error('gone'));
const otherRealm = createContext({ ReadableStream, Headers, bytes, success });
const foreign = (code: string): unknown => runInContext(code, otherRealm);
const used = (): Response => {
  const response = new Response(success, { headers: xml });
  response.body?.getReader();
  return response;
};

const answers: readonly (readonly [string, () => unknown])[] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a text', () => success],
  ['an empty object', () => ({})],
  ['a status alone', () => ({ status: 200 })],
  ['a status that is no number', () => whole(streamOf(bytes(success)), { status: '200' })],
  ['no body', () => new Response(null, { headers: xml })],
  ['half a body', () => new Response(half, { headers: xml })],
  ['half a body and an error', () => whole(streamOf(bytes(half), new Error('reset')))],
  [
    'an error before any byte',
    () => whole(streamOf(Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' }))),
  ],
  ['a body that is locked', used],
  ['texts in the place of bytes', () => whole(streamOf(success))],
  ['texts without end', () => whole(new ReadableStream({ pull: (to) => to.enqueue('x'.repeat(1_000)) }))],
  ['a body that is a number', () => whole(7)],
  [
    'a reader that throws',
    () =>
      whole({
        getReader: () => {
          throw new Error('locked');
        },
      }),
  ],
  [
    'a reader without cancel, that fails',
    () =>
      whole({
        getReader: () => ({
          read: async () => {
            throw new Error('reset');
          },
        }),
      }),
  ],
  [
    'a reader that gives nothing',
    () => whole({ getReader: () => ({ read: async () => undefined, cancel: async () => undefined }) }),
  ],
  [
    'a text() that fails',
    () =>
      whole(undefined, {
        text: async () => {
          throw new Error('used');
        },
      }),
  ],
  [
    'headers that throw',
    () =>
      whole(streamOf(bytes(success)), {
        headers: {
          get: () => {
            throw new Error('gone');
          },
        },
      }),
  ],
  ['headers that are numbers', () => whole(streamOf(bytes(half)), { headers: { get: () => 7 } })],
  ['a redirect that was followed', () => whole(streamOf(bytes(success)), { redirected: true })],
  ['a status of 200 that calls itself an error', () => whole(streamOf(bytes(half)), { ok: false })],
  ['an error that calls itself a success', () => whole(streamOf(bytes(half)), { status: 500, ok: true })],
  ['a page', () => new Response('<html>hello</html>', { headers: { 'content-type': 'text/html' } })],
  [
    'half of it of another realm',
    () =>
      foreign(
        '({ status: 200, headers: new Headers(), body: new ReadableStream({ start(to) { to.enqueue(bytes(success.slice(0, 400))); to.close(); } }) })',
      ),
  ],
];

const endless: readonly (readonly [string, () => unknown])[] = [
  ['that never ends', () => whole(new ReadableStream({ pull: () => new Promise(() => undefined) }))],
  ['of empty chunks without end', () => whole(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(0)) }))],
  [
    'without end, there at once',
    () =>
      whole({ getReader: () => ({ read: async () => ({ done: false, value: new Uint8Array(0) }), cancel: () => undefined }) }),
  ],
  ['of Node that never ends', () => whole(new Readable({ read: () => undefined }))],
];

const bodies: readonly (readonly [string, (body: Readable) => object, number, number])[] = [
  ['that hangs', (body) => body, 0, short],
  ['that hangs after its first bytes', (body) => body, 400, short],
  ['that hangs, with a destroy() that fails in the end', (body) => Object.assign(body, { _destroy: fails }), 0, short],
  ['that is no stream of bytes', (body) => body.setEncoding('utf8'), 400, generous],
];

const destroys: readonly (readonly [string, () => object])[] = [
  ['that throws', () => ({ destroy: gone })],
  ['that rejects', () => ({ destroy: async () => gone() })],
  ['that is not one, beside a cancel()', () => ({ destroy: 7, cancel: gone })],
];

const retried: readonly (readonly [string, Error])[] = [
  [
    'ECONNREFUSED hung on what came before it',
    Object.assign(new Error('again'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      cause: { code: 'ECONNRESET', syscall: 'read' },
    }),
  ],
  [
    'a reset whose cause is a refused connection',
    Object.assign(new Error('reset'), { code: 'ECONNRESET', cause: { code: 'ECONNREFUSED' } }),
  ],
  [
    'a time-out of the answer, then no name',
    Object.assign(new Error('x'), { code: 'ENOTFOUND', cause: { code: 'UND_ERR_HEADERS_TIMEOUT' } }),
  ],
  [
    'several tries, one of which was reset',
    new AggregateError([
      { code: 'ECONNREFUSED', syscall: 'connect' },
      { code: 'ECONNRESET', syscall: 'write' },
    ]),
  ],
  ['a retry that broke', Object.assign(new Error('x'), { code: 'UND_ERR_REQ_RETRY', cause: { code: 'ECONNREFUSED' } })],
];

it('as many cases are tried as docs/security.md says', () => {
  const tried = [answers, endless, bodies, destroys, retried].reduce((sum, { length }) => sum + length, 0);
  expect(numbersOfRow('Answers, bodies and errors of a `fetch`').tried).toEqual([tried]);
});

describe.each([
  ['EWS', ews],
  ['Graph', graph],
] as const)('a response of a custom fetch over %s', (_name, make) => {
  it.each(answers)('is never mistaken for a note that was not sent, or was: %s', async (_what, answer) => {
    const outcome = await deliver(make, answer);
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
  });

  it.each(endless)('is given up at the deadline with a body %s', async (_what, answer) => {
    expect(await deliver(make, answer, short)).toMatchObject({ status: 'unconfirmed' });
  });

  it.each(bodies)('closes the connection of a Node body %s', async (_what, change, size, time) => {
    const body = new Readable({ read: () => undefined });
    if (size > 0) body.push(bytes(success.slice(0, size)));
    expect(await deliver(make, () => whole(change(body)), time)).toMatchObject({ status: 'unconfirmed' });
    expect(body.destroyed).toBe(true);
  });

  it.each(destroys)('is not affected by a destroy() %s', async (_what, extra) => {
    const hanging = { on: gone, [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: gone }) };
    expect(await deliver(make, () => whole({ ...hanging, ...extra() }), short)).toMatchObject({ status: 'unconfirmed' });
  });

  it.each(retried)('or an error of a fetch that retried leaves the note in doubt: %s', async (_what, error) => {
    const outcome = await deliver(make, () => {
      throw error;
    });
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
  });

  it.each([
    ['refused', Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED', syscall: 'connect' } })],
    ['timed out in connecting', Object.assign(new TypeError('x'), { cause: { code: 'ETIMEDOUT', syscall: 'connect' } })],
    [
      'all addresses refused',
      new TypeError('fetch failed', {
        cause: new AggregateError([
          { code: 'ECONNREFUSED', syscall: 'connect' },
          { code: 'ETIMEDOUT', syscall: 'connect' },
        ]),
      }),
    ],
  ])('may still prove by a failed connection that nothing was sent: %s', async (_what, error) => {
    const outcome = await deliver(make, () => {
      throw error;
    });
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint' });
  });
});

describe('a complete EWS response', () => {
  it.each<readonly [string, () => unknown]>([
    ['byte by byte', () => whole(streamOf(...Array.from(bytes(success), (byte) => Uint8Array.of(byte))))],
    ['as views of other kinds', () => whole(streamOf(Buffer.from(half), new DataView(bytes(success.slice(half.length)).buffer)))],
    [
      'of another realm',
      () =>
        foreign(
          '({ status: 200, headers: new Headers(), body: new ReadableStream({ start(to) { to.enqueue(bytes(success)); to.close(); } }) })',
        ),
    ],
    ['as a stream of Node', () => whole(nodeStream([Buffer.from(half), Buffer.from(success.slice(half.length))]))],
    ['as a text only', () => whole(undefined, { text: async () => success })],
  ])('is read: %s', async (_what, answer) => {
    expect(await deliver(ews, answer)).toMatchObject({ status: 'delivered' });
  });
});

/** In the form of node-fetch bodies. */
function nodeStream(parts: readonly Buffer[]): object {
  return {
    on: () => undefined,
    async *[Symbol.asyncIterator]() {
      yield* parts;
    },
  };
}
