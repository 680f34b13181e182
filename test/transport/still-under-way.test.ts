/** What a host's fetch still has under way, or does besides, when it has settled: it neither leaves any more nor says what became of the send. */

import { execFile } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent, buildConnector, RetryAgent, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { basicAuth, type EwsTransportOptions } from '../../src/index.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { watchRequest } from '../../src/transport/request-watch.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, ok } from '../ews/support/responses.ts';
import { listen } from '../support/loopback-servers.ts';

type Fetch = typeof globalThis.fetch;

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.on('error', () => {})) body += String(chunk);
  return body;
}

/** Counts what arrives, and accepts it. */
async function accepting(): Promise<{ origin: string; arrived: string[] }> {
  const arrived: string[] = [];
  const origin = await serve(async (request, response) => {
    arrived.push(await read(request));
    if (request.url?.startsWith('/graph')) response.writeHead(202).end();
    else response.writeHead(200, { 'content-type': 'text/xml' }).end(created(ok));
  });
  return { origin, arrived };
}

function ews(origin: string, options: Partial<EwsTransportOptions>): Transport {
  const credentials = basicAuth({ username: 'alice', password: 'p' });
  return new EwsTransport({ url: `${origin}/ews`, credentials, savedCopyFolder: 'sentitems', ...options });
}

function graph(origin: string, options: { fetch: Fetch; requestTimeout?: number }): Transport {
  const credential = { getToken: async () => ({ token: 'a', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  return new GraphTransport({ credential, root: `${origin}/graph`, ...options });
}

async function outcomeOf(transport: Transport): Promise<DeliveryOutcome | undefined> {
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  await transport.close?.();
  return outcome;
}

type Connect = 'at once' | 'late' | 'never';

/** Connects as the list says, request by request; late is when it is told to. */
function connecting(ways: Connect[]): { dispatcher: () => Agent; connected: Promise<void>; goOn(): void } {
  const real = buildConnector({});
  const [turn, connected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const connect: buildConnector.connector = (options, callback) => {
    const way = ways.shift();
    if (way === 'never') setImmediate(() => callback(refused, null));
    else if (way === 'at once') real(options, callback);
    else
      turn.promise.then(() =>
        real(options, (...result) => {
          callback(...result);
          setTimeout(connected.resolve, 50);
        }),
      );
  };
  return { dispatcher: () => new Agent({ connect }), connected: connected.promise, goOn: turn.resolve };
}

const post = (dispatcher: Agent, input: unknown, init: object = {}): Promise<Response> =>
  undiciFetch(String(input), { ...init, dispatcher }) as unknown as Promise<Response>;

/** Makes each request twice at once, and takes the first answer. */
const hedging =
  (dispatcher: () => Agent): Fetch =>
  (input, init) =>
    Promise.race([post(dispatcher(), input, init), post(dispatcher(), input, init)]);

describe.each([
  ['EWS', ews],
  ['Graph', graph],
])('over %s', (_name, make) => {
  it('of two requests at once, the one that is still connecting when the other was answered is not written', async () => {
    const { origin, arrived } = await accepting();
    const { dispatcher, connected, goOn } = connecting(['at once', 'late']);
    expect(await outcomeOf(make(origin, { fetch: hedging(dispatcher) }))).toMatchObject({ status: 'delivered' });
    goOn();
    await connected;
    expect(arrived).toHaveLength(1);
  });

  it('nor is the one that is still connecting when the other was refused, since the send is told as unsent', async () => {
    let arrived = 0;
    const origin = await serve(async (request, response) => {
      await read(request);
      arrived += 1;
      response.writeHead(429).end();
    });
    const { dispatcher, connected, goOn } = connecting(['at once', 'late']);
    expect(await outcomeOf(make(origin, { fetch: hedging(dispatcher) }))).toMatchObject({ status: 'deferred' });
    goOn();
    await connected;
    expect(arrived).toBe(1);
  });

  it('nor is the one that is still connecting when the other could not, since the send is told as unsent', async () => {
    const { origin, arrived } = await accepting();
    const { dispatcher, connected, goOn } = connecting(['never', 'late']);
    expect(await outcomeOf(make(origin, { fetch: hedging(dispatcher) }))).toMatchObject({ status: 'deferred' });
    goOn();
    await connected;
    expect(arrived).toHaveLength(0);
  });

  it('nor is one that was begun after the time was up, and that its fetch did not wait for', async () => {
    const { origin, arrived } = await accepting();
    const { dispatcher, connected, goOn } = connecting(['late', 'late']);
    const gaveUp = Promise.withResolvers<void>();
    const deaf: Fetch = async (input, init) => {
      const { signal, ...rest } = init ?? {};
      post(dispatcher(), input, rest).catch(() => {});
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      post(dispatcher(), input, rest).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
      gaveUp.resolve();
      throw new TypeError('fetch failed');
    };
    expect(await outcomeOf(make(origin, { fetch: deaf, requestTimeout: 100 }))).toMatchObject({ status: 'deferred' });
    await gaveUp.promise;
    await new Promise((resolve) => setImmediate(resolve));
    goOn();
    await connected;
    expect(arrived).toHaveLength(0);
  });

  it('a proxy that refuses a report of the lost send does not make the send unsent', async () => {
    let arrived = 0;
    const origin = await serve(async (request) => {
      await read(request);
      arrived += 1;
      request.socket.destroy();
    });
    const proxy = await serve((_, response) => void response.writeHead(407).end());
    const reporting: Fetch = async (input, init) => {
      try {
        return await fetch(input, init);
      } catch (error) {
        const id = new Headers(init?.headers).get('client-request-id') ?? '';
        await new Promise((resolve) => {
          httpRequest(`${proxy}/report`, { method: 'POST', headers: { 'client-request-id': id } }, (answer) => {
            answer.resume().on('end', resolve);
          }).end('lost');
        });
        throw error;
      }
    };
    expect(await outcomeOf(make(origin, { fetch: reporting }))).toMatchObject({ status: 'unconfirmed' });
    expect(arrived).toBe(1);
  });
});

it('a RetryAgent sends a note once if the answer breaks off in the middle', async () => {
  let arrived = 0;
  const origin = await serve(async (request, response) => {
    await read(request);
    arrived += 1;
    const body = created(ok);
    response.writeHead(200, { 'content-type': 'text/xml', 'content-length': body.length }).write(body.slice(0, 60));
    setTimeout(() => request.socket.destroy(), 20);
  });
  const dispatcher = new RetryAgent(new Agent(), { methods: ['POST'], minTimeout: 1, maxRetries: 2 });
  expect(await outcomeOf(ews(origin, { dispatcher }))).toMatchObject({ status: 'unconfirmed' });
  expect(arrived).toBe(1);
});

// In a process of its own: in this one, other tests may have a fetch that never settles.
it('nothing listens any more once a request that was given up has ended', async () => {
  const child = join(import.meta.dirname, 'watch-ends-child.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [child]);
  expect(JSON.parse(stdout)).toEqual({ status: 'deferred', meanwhile: true });
});

it('the alert that another request met says nothing of the send', () => {
  const watch = watchRequest('an-id', true);
  const made = (path: string) => ({ method: 'POST', path, origin: 'https://a', headers: ['client-request-id', 'an-id'] });
  const [send, report] = [made('/ews'), made('/report')];
  const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  const written = (request: object): EventEmitter => {
    const socket = new EventEmitter().on('error', () => {});
    channel('undici:request:create').publish({ request });
    channel('undici:client:sendHeaders').publish({ request, socket });
    return socket;
  };
  const failed = (request: object): void => channel('undici:request:error').publish({ request });
  written(send);
  failed(send);
  written(report).emit('error', alert);
  failed(report);
  expect(watch.fact()).toBe('written');
  expect(watch.socketError()).toBeUndefined();
  watch.end();
  const alone = watchRequest('an-id', true);
  written(made('/ews')).emit('error', alert);
  expect(alone.socketError()).toBe(alert);
  alone.end();
});
