/** A fetch or an agent of the host that repeats requests by itself, over real connections: what may have been processed leaves once. */

import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, interceptors, RetryAgent, fetch as undiciFetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { basicAuth, type EwsTransportOptions } from '../../src/index.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, ok } from '../ews/support/responses.ts';
import { overNodeHttp } from '../support/fetch-over-node-http.ts';

type Fetch = typeof globalThis.fetch;
type Step = 'reset' | 'answer' | 'login' | number;

let steps: Step[] = [];
const arrived: string[] = [];
const server = createServer((request, response) => void serve(request, response));
let origin = '';
beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  arrived.length = 0;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Takes the next step once the request is read whole; the last one goes for all that follow. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request.on('error', () => {})) body += String(chunk);
  arrived.push(body);
  const step = steps.length > 1 ? steps.shift() : steps[0];
  if (step === 'reset') request.socket.destroy();
  else if (step === 'login') response.writeHead(401, { 'www-authenticate': 'Digest realm="x"', 'retry-after': '0' }).end();
  else if (typeof step === 'number') response.writeHead(step, { 'retry-after': '0' }).end();
  else if (request.url?.startsWith('/graph')) response.writeHead(202).end();
  else response.writeHead(200, { 'content-type': 'text/xml' }).end(created(ok));
}

/** As fetch-retry, p-retry and hosts' own loops do it. */
function retried(fetch: Fetch, again: (status: number) => boolean = (status) => status >= 404): Fetch {
  return async (input, init) => {
    for (let tries = 0; ; tries++) {
      try {
        const response = await fetch(input, init);
        if (tries >= 3 || !again(response.status)) return response;
        await response.arrayBuffer();
      } catch (error) {
        if (tries >= 3) throw error;
      }
    }
  };
}

const retry = { methods: ['POST' as const], minTimeout: 1, maxRetries: 3, statusCodes: [404, 408, 429, 503] };
const hosts: readonly [string, () => Partial<EwsTransportOptions>][] = [
  ['a fetch in a loop', () => ({ fetch: retried((input, init) => globalThis.fetch(input, init)) })],
  ['the fetch of the package undici', () => ({ fetch: retried(undiciFetch as unknown as Fetch) })],
  ['a client on node:http', () => ({ fetch: retried(overNodeHttp) })],
  ['a RetryAgent', () => ({ dispatcher: new RetryAgent(new Agent(), retry) })],
  ['an interceptor', () => ({ dispatcher: new Agent().compose(interceptors.retry(retry)) })],
];

async function deliver(make: () => Partial<EwsTransportOptions>): Promise<DeliveryOutcome | undefined> {
  const credentials = basicAuth({ username: 'alice', password: 'p' });
  return outcomeOf(new EwsTransport({ url: `${origin}/ews`, credentials, savedCopyFolder: 'sentitems', ...make() }));
}

async function outcomeOf(transport: Transport): Promise<DeliveryOutcome | undefined> {
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  await transport.close?.();
  return outcome;
}

describe.each(hosts)('%s that repeats by itself', (_name, make) => {
  it.each<[string, Step[]]>([
    ['a connection that was lost', ['reset', 'answer']],
    ['a connection that was lost, before a refusal', ['reset', 429]],
    ['a server that was not available', [503, 'answer']],
    ['a status that a proxy may give after it passed the send on', [408, 'answer']],
    ['such a status, before a refusal', [404, 429]],
  ])('sends a note once, and leaves it in doubt, after %s', async (_what, way) => {
    steps = way;
    expect(await deliver(make)).toMatchObject({ status: 'unconfirmed' });
    expect(arrived).toHaveLength(1);
  });

  it('may repeat what the server refused', async () => {
    steps = [429, 'answer'];
    expect(await deliver(make)).toMatchObject({ status: 'delivered' });
    expect(arrived).toHaveLength(2);
  });
});

it.each<[string, Fetch]>([
  ['fetch', (input, init) => globalThis.fetch(input, init)],
  ['node:http', overNodeHttp],
])("a host's own login over %s, with a challenge, is served", async (_name, fetch) => {
  steps = ['login', 'answer'];
  expect(await deliver(() => ({ fetch: retried(fetch, (status) => status === 401) }))).toMatchObject({ status: 'delivered' });
  expect(arrived).toHaveLength(2);
});

describe.each<[string, Fetch]>([
  ['fetch', (input, init) => globalThis.fetch(input, init)],
  ['node:http', overNodeHttp],
])('a loop over %s that ignores the end of the send', (_name, fetch) => {
  const loop = (): { fetch: Fetch; ended: Promise<unknown>; goOn(): void } => {
    const [turn, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    const deaf: Fetch = async (input, init) => {
      const { signal: _, ...rest } = init ?? {};
      for (let tries = 0; ; tries++) {
        const failed = await fetch(input, rest).then(
          ({ status }) => status === 503,
          () => true,
        );
        if (failed && tries === 0) await turn.promise;
        if (tries > 0) {
          ended.resolve(undefined);
          throw new TypeError('fetch failed');
        }
      }
    };
    return { fetch: deaf, ended: ended.promise, goOn: turn.resolve };
  };

  it('writes nothing of a send that was told as unsent', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    steps = ['answer'];
    const { fetch: deaf, ended, goOn } = loop();
    expect(await deliver(() => ({ fetch: deaf, requestTimeout: 1_000 }))).toMatchObject({ status: 'deferred' });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    goOn();
    await ended;
    expect(arrived).toHaveLength(0);
  });

  it('writes a send that is in doubt no second time', async () => {
    steps = [503, 'answer'];
    const { fetch: deaf, ended, goOn } = loop();
    expect(await deliver(() => ({ fetch: deaf, requestTimeout: 1_000 }))).toMatchObject({ status: 'unconfirmed' });
    goOn();
    await ended;
    expect(arrived).toHaveLength(1);
  });
});

it('another server of the host is no way around it', async () => {
  steps = ['reset', 'answer'];
  const other = origin.replace('127.0.0.1', 'localhost');
  const failover: Fetch = (input, init) => fetch(input, init).catch(() => fetch(String(input).replace(origin, other), init));
  expect(await deliver(() => ({ fetch: failover }))).toMatchObject({ status: 'unconfirmed' });
  expect(arrived).toHaveLength(1);
});

it.each(hosts)(
  '%s, through a proxy in the same process that passes each request on with its headers, sends a note once',
  async (_name, make) => {
    const proxy = createServer((incoming, outgoing) => {
      const onward = httpRequest(origin + incoming.url, { method: 'POST', headers: incoming.headers, agent: false }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/ews`;
    try {
      steps = ['answer'];
      expect(await deliver(() => ({ ...make(), url }))).toMatchObject({ status: 'delivered' });
      steps = [503, 'answer'];
      expect(await deliver(() => ({ ...make(), url }))).toMatchObject({ status: 'unconfirmed' });
      steps = ['reset', 'answer'];
      expect(await deliver(() => ({ ...make(), url }))).toMatchObject({ status: 'unconfirmed' });
      expect(arrived).toHaveLength(3);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  },
);

it('a note over Graph is sent once, too', async () => {
  steps = ['reset', 'answer'];
  const fetch = retried((input, init) => globalThis.fetch(input, init));
  const root = `${origin}/graph`;
  const credential = { getToken: async () => ({ token: 'a', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const transport = new GraphTransport({ credential, root, fetch });
  expect(await outcomeOf(transport)).toMatchObject({ status: 'unconfirmed' });
  expect(arrived).toHaveLength(1);
});
