/** A host's client that loses the answer to a send and goes on to another path: what it is answered there says nothing of the first request, which may have arrived. */

import { channel } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, type Dispatcher, interceptors, RetryAgent, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { basicAuth, bearerAuth, type EwsTransportOptions } from '../../src/index.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { watchRequest } from '../../src/transport/request-watch.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, fault, ok } from '../ews/support/responses.ts';
import { overNodeHttp } from '../support/fetch-over-node-http.ts';
import { listen } from '../support/loopback-servers.ts';

type Fetch = typeof globalThis.fetch;
/** What a server does with a request it has read whole: resets the connection, breaks the answer off, or answers. */
type Step = 'reset' | 'half an answer' | 'accepted' | 'busy' | 'refused item' | number;

/** The next step is that of the next request; the last one goes for all that follow. */
async function serve(steps: Step[]): Promise<{ origin: string; paths: string[] }> {
  const paths: string[] = [];
  const server = createServer(async (request, response) => {
    for await (const _ of request.on('error', () => {}));
    paths.push(String(request.url));
    answer((steps.length > 1 ? steps.shift() : steps[0]) ?? 'accepted', request, response);
  });
  return { origin: `http://127.0.0.1:${await listen(server)}`, paths };
}

function answer(step: Step, request: IncomingMessage, response: ServerResponse): void {
  const xml = { 'content-type': 'text/xml' };
  if (step === 'reset') request.socket.destroy();
  else if (step === 'half an answer') {
    response.writeHead(200, { ...xml, 'content-length': 5_000 }).write('<');
    setTimeout(() => request.socket.destroy(), 20);
  } else if (typeof step === 'number') response.writeHead(step, { 'retry-after': '0' }).end();
  else if (step === 'busy') response.writeHead(500, xml).end(fault('ErrorServerBusy'));
  else if (step === 'refused item') response.writeHead(200, xml).end(created('ErrorMessageSizeExceeded'));
  else if (request.url?.includes('sendMail')) response.writeHead(202).end();
  else response.writeHead(200, xml).end(created(ok));
}

/** The other door of the same server. */
const second = (path: string): string => `/second${path}`;
const moved = (url: string): string => url.replace(/(?<=\d)\//, second('/'));

/** Tries the second path where the first one failed, as hosts with two gateways do. */
function failingOver(fetch: Fetch, again: (status: number) => boolean = (status) => status >= 404): Fetch {
  return async (input, init) => {
    try {
      const response = await fetch(input, init);
      const text = await response.text();
      if (!again(response.status)) return new Response(text, response);
    } catch {
      // As after a failure.
    }
    return fetch(moved(String(input)), init);
  };
}

const retry = { methods: ['POST' as const], minTimeout: 1, maxRetries: 1, statusCodes: [404, 500, 503] };

/** Each repetition goes to the second path. */
function switching(): Dispatcher.DispatcherComposeInterceptor {
  let tries = 0;
  return (dispatch) => (options, handler) =>
    dispatch({ ...options, path: tries++ === 0 ? options.path : second(options.path) }, handler);
}

type Way = { fetch: Fetch } | Pick<EwsTransportOptions, 'dispatcher'>;
const hosts: readonly [string, () => Way][] = [
  ['a fetch in a loop', () => ({ fetch: failingOver((input, init) => globalThis.fetch(input, init)) })],
  ['the fetch of the package undici', () => ({ fetch: failingOver(undiciFetch as unknown as Fetch) })],
  ['a client on node:http', () => ({ fetch: failingOver(overNodeHttp) })],
  ['a RetryAgent', () => ({ dispatcher: new RetryAgent(new Agent().compose(switching()), retry) })],
  ['an interceptor', () => ({ dispatcher: new Agent().compose(switching(), interceptors.retry(retry)) })],
];

const credentials = basicAuth({ username: 'alice', password: 'p' });
const ews = (origin: string, options: Partial<EwsTransportOptions>): Transport =>
  new EwsTransport({ url: `${origin}/ews`, credentials, savedCopyFolder: 'sentitems', ...options });

const credential = { getToken: async () => ({ token: 'a', expiresOnTimestamp: Date.now() + 3_600_000 }) };
const graph = (root: string, options: Way): Transport => new GraphTransport({ credential, root, ...(options as object) });

async function outcomeOf(transport: Transport): Promise<DeliveryOutcome | undefined> {
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  await transport.close?.();
  return outcome;
}

const isOpen = (outcome: DeliveryOutcome | undefined): boolean =>
  outcome?.status === 'unconfirmed' || (outcome?.status === 'blocked' && outcome.sent === 'unknown');

describe.each([
  ['EWS', ews],
  ['Graph', graph],
])('over %s', (_protocol, make) => {
  describe.each(hosts)('%s that goes on to another path', (_name, way) => {
    it.each<[string, Step, Step]>([
      ['after a lost connection, where its login is refused', 'reset', 401],
      ['after a lost connection, where it is forbidden', 'reset', 403],
      ['after a lost connection, where a proxy wants a login', 'reset', 407],
      ['after a lost connection, where there were too many', 'reset', 429],
      ['after a lost connection, where nothing is available', 'reset', 503],
      ['after a server that was not available, where there were too many', 503, 429],
      ['after a failure, where its login is refused', 500, 401],
    ])('leaves a send in doubt %s', async (_what, first, then) => {
      const { origin, paths } = await serve([first, then]);
      expect(isOpen(await outcomeOf(make(origin, way())))).toBe(true);
      expect(paths).toHaveLength(2);
    });

    it('has delivered what is accepted there', async () => {
      const { origin, paths } = await serve(['reset', 'accepted']);
      expect(await outcomeOf(make(origin, way()))).toMatchObject({ status: 'delivered' });
      expect(paths).toHaveLength(2);
    });
  });

  it.each<[string, Fetch]>([
    ['fetch', (input, init) => globalThis.fetch(input, init)],
    ['node:http', overNodeHttp],
  ])('a client over %s that goes on when an answer broke off leaves a send in doubt', async (_name, fetch) => {
    const { origin, paths } = await serve(['half an answer', 429]);
    expect(await outcomeOf(make(origin, { fetch: failingOver(fetch) }))).toMatchObject({ status: 'unconfirmed' });
    expect(paths).toHaveLength(2);
  });

  it('a host that says of its own that there were too many leaves a lost send in doubt', async () => {
    const { origin } = await serve(['reset']);
    const plain = { status: 429, headers: new Headers(), body: null };
    const mild = (async (input, init) => fetch(input, init).catch(() => plain)) as Fetch;
    expect(await outcomeOf(make(origin, { fetch: mild }))).toMatchObject({ status: 'unconfirmed' });
  });

  it.each<[string, Fetch]>([
    ['fetch', (input, init) => globalThis.fetch(input, init)],
    ['node:http', overNodeHttp],
  ])('what was refused on the first path counts no more, over %s', async (_name, fetch) => {
    for (const refused of [401, 307, 429]) {
      const { origin, paths } = await serve([refused, 429]);
      const way = { fetch: failingOver(fetch, (status) => status === refused) };
      expect(await outcomeOf(make(origin, way))).toMatchObject({ status: 'deferred' });
      expect(paths).toHaveLength(2);
    }
  });

  it('two requests at once on different paths, of which one is refused while the other is under way, leave a send in doubt', async () => {
    const arrived = Promise.withResolvers<void>();
    const server = createServer(async (request, response) => {
      for await (const _ of request.on('error', () => {}));
      if (request.url?.startsWith('/second')) await arrived.promise.then(() => response.writeHead(429).end());
      else arrived.resolve();
    });
    const origin = `http://127.0.0.1:${await listen(server)}`;
    const hedged: Fetch = (input, init) => {
      const first = fetch(input, init);
      first.catch(() => {});
      return Promise.race([first, fetch(moved(String(input)), init)]);
    };
    expect(await outcomeOf(make(origin, { fetch: hedged }))).toMatchObject({ status: 'unconfirmed' });
  });
});

it.each<[string, Step, Step]>([
  ['a fault after another failure', 500, 'busy'],
  ['a fault after a lost connection', 'reset', 'busy'],
  ['a refusal of the item after a lost connection', 'reset', 'refused item'],
])('what EWS says on the second path is no proof: %s', async (_what, first, then) => {
  const { origin, paths } = await serve([first, then]);
  const fetch = failingOver((input, init) => globalThis.fetch(input, init));
  expect(await outcomeOf(ews(origin, { fetch }))).toMatchObject({ status: 'unconfirmed' });
  expect(paths).toHaveLength(2);
});

it('a login does not send again what was lost on the first path and refused on the second', async () => {
  const { origin, paths } = await serve(['reset', 401, 'accepted']);
  let way = (url: string): string => url;
  const fetch: Fetch = async (input, init) => {
    try {
      return await globalThis.fetch(way(String(input)), init);
    } catch {
      way = moved;
      return globalThis.fetch(way(String(input)), init);
    }
  };
  let asked = 0;
  const tokens = bearerAuth({ getToken: () => `token-${asked++}` });
  expect(isOpen(await outcomeOf(ews(origin, { fetch, credentials: tokens })))).toBe(true);
  expect(paths).toEqual(['/ews', '/second/ews']);
});

it('a send over HTTP/2 that is lost counts, where all that undici tells of it is that it was written', () => {
  const watch = watchRequest('an-id', true);
  const made = (path: string) => ({ method: 'POST', path, origin: 'https://a', headers: ['client-request-id', 'an-id'] });
  const [first, then] = [made('/ews'), made('/second/ews')];
  for (const request of [first, then]) {
    channel('undici:request:create').publish({ request });
    channel('undici:request:bodySent').publish({ request });
    if (request === first) channel('undici:request:error').publish({ request });
  }
  channel('undici:request:headers').publish({ request: then, response: { statusCode: 401 } });
  expect(watch.sentBesides(401)).toBe(true);
  watch.end();
});
