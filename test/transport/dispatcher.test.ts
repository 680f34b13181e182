/** Transports over undici dispatchers, on real sockets: the same promise as over fetch. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { Agent, Client, EnvHttpProxyAgent, interceptors, Pool, ProxyAgent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../src/ews/options.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { fetchOver, type HttpDispatcher } from '../../src/transport/dispatcher.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, ok } from '../ews/support/responses.ts';

const closing: (() => unknown)[] = [];
let asked: IncomingMessage[] = [];
let sockets = new Set<unknown>();
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let origin = '';

beforeEach(async () => {
  [asked, sockets] = [[], new Set()];
  answer = (_, response) => response.end(created(ok));
  const server = createServer((request, response) => {
    asked.push(request);
    sockets.add(request.socket);
    request.resume().on('end', () => answer(request, response));
  });
  origin = await listening(server);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Destroyed after the test, before the server is closed. */
function kept<Kept extends { destroy(): Promise<void> }>(dispatcher: Kept): Kept {
  closing.push(() => dispatcher.destroy());
  return dispatcher;
}

function ews(dispatcher: HttpDispatcher, options: Partial<EwsTransportOptions> = {}): EwsTransport {
  return new EwsTransport({
    url: `${origin}/EWS/Exchange.asmx?a=b`,
    credentials: basicAuth({ username: 'alice', password: 'p' }),
    savedCopyFolder: 'sentitems',
    dispatcher,
    ...options,
  });
}

async function deliver(transport: EwsTransport, n = 1, signal?: AbortSignal) {
  const [outcome] = await transport.deliver([makeNote(transport, n)], always(signal));
  return outcome;
}

/** A proxy that opens tunnels, and responds with that status. */
async function connectProxy(status = 200): Promise<{ readonly url: string; readonly tunnels: string[] }> {
  const tunnels: string[] = [];
  const server = createServer();
  server.on('connect', ({ url = '' }, client, head) => {
    tunnels.push(url);
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port] = url.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  return { url: await listening(server), tunnels };
}

const makers = {
  Agent: () => new Agent(),
  Pool: () => new Pool(origin, { connections: 2 }),
  Client: () => new Client(origin),
  EnvHttpProxyAgent: () => new EnvHttpProxyAgent(),
};

describe('a dispatcher', () => {
  it.each(Object.entries(makers))('%s delivers notes, and keeps its connections', async (_, make) => {
    const transport = ews(kept(make()));
    for (let n = 0; n < 5; n++) expect(await deliver(transport, n)).toMatchObject({ status: 'delivered' });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(5).fill('POST /EWS/Exchange.asmx?a=b'));
    expect(asked[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa('alice:p')}`,
      'content-type': 'text/xml; charset=utf-8',
      'accept-encoding': 'identity',
    });
    // The next request may come before undici knows that the last one is over.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('connects through the tunnel of a proxy', async () => {
    const proxy = await connectProxy();
    const transport = ews(kept(new ProxyAgent({ uri: proxy.url, proxyTunnel: true })));
    for (let n = 0; n < 3; n++) expect(await deliver(transport, n)).toMatchObject({ status: 'delivered' });
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(origin).host]));
    expect(asked).toHaveLength(3);
  });

  it('with a proxy that requires a login has sent nothing', async () => {
    const proxy = await connectProxy(407);
    const outcome = await deliver(ews(kept(new ProxyAgent({ uri: proxy.url, proxyTunnel: true }))));
    expect(outcome?.status).toMatch(/deferred|blocked/);
    expect(outcome).toMatchObject(outcome?.status === 'blocked' ? { sent: 'no' } : {});
    expect(asked).toEqual([]);
  });

  it('that cannot connect has sent nothing', async () => {
    const nobody = createTcpServer();
    const url = await listening(nobody);
    nobody.close();
    const transport = ews(kept(new Agent()), { url: `${url}/ews` });
    expect(await deliver(transport)).toMatchObject({ status: 'deferred', error: { code: 'ENDPOINT_UNREACHABLE' } });
  });

  it('whose connection breaks before the response leaves the note in doubt, and resends nothing', async () => {
    answer = (request) => request.socket.destroy();
    expect(await deliver(ews(kept(new Agent())))).toMatchObject({ status: 'unconfirmed', error: { code: 'CONNECTION_LOST' } });
    expect(asked).toHaveLength(1);
  });

  it.each([302, 307, 308])('does not follow a redirect: %i', async (status) => {
    answer = (_, response) => response.writeHead(status, { location: '/elsewhere' }).end();
    expect(await deliver(ews(kept(new Agent())))).not.toMatchObject({ status: 'delivered' });
    expect(asked).toHaveLength(1);
  });

  it('that follows redirects anyway proves nothing', async () => {
    answer = (request, response) => {
      if (request.url === '/elsewhere') response.end(created(ok));
      else response.writeHead(307, { location: '/elsewhere' }).end();
    };
    const transport = ews(kept(new Agent()).compose(interceptors.redirect({ maxRedirections: 3 })));
    expect(await deliver(transport)).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_UNREADABLE' } });
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['before the headers', () => undefined],
    ['in the body', (response: ServerResponse) => void response.write('<')],
  ])('respects the time-out %s', async (_, begin) => {
    const clock = new ManualClock();
    answer = (_request, response) => {
      begin(response);
      void clock.advance(60_000);
    };
    const outcome = await deliver(ews(kept(new Agent()), { requestTimeout: 60_000, clock }));
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'REQUEST_TIMEOUT' } });
  });

  it.each([
    ['before the headers', () => undefined],
    ['in the body', (response: ServerResponse) => void response.write('<')],
  ])('respects an abort %s, and closes its connection', async (_, begin) => {
    const abort = new AbortController();
    const closed = Promise.withResolvers<void>();
    answer = (request, response) => {
      request.socket.once('close', () => closed.resolve());
      begin(response);
      setImmediate(() => abort.abort());
    };
    const outcome = await deliver(ews(kept(new Agent())), 1, abort.signal);
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'REQUEST_ABORTED' } });
    await closed.promise;
  });

  it('stops reading at the size limit', async () => {
    answer = (_, response) => response.end(' '.repeat(5_000) + created(ok));
    const transport = ews(kept(new Agent()), { maxResponseBytes: 4_096 });
    expect(await deliver(transport)).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_TOO_LARGE' } });
  });

  it.each([undefined, null, {}, { statusCode: 200, headers: {} }, { statusCode: '200', headers: {}, body: {} }])(
    'that resolves with %j leaves the note in doubt',
    async (value) => {
      const dispatcher = { request: async () => value } as unknown as HttpDispatcher;
      expect(await deliver(ews(dispatcher))).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_UNREADABLE' } });
    },
  );

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', (bytes: Buffer) => bytes],
    ['deflate, gzip', (bytes: Buffer) => gzipSync(deflateSync(bytes))],
  ])('decompresses %s, even if the server was asked not to compress', async (encoding, compress) => {
    answer = (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(compress(Buffer.from(created(ok))));
    expect(await deliver(ews(kept(new Agent())))).toMatchObject({ status: 'delivered' });
  });

  it.each([
    ['a way that nobody knows', 'sdch', Buffer.from(created(ok)), 'RESPONSE_UNREADABLE'],
    [
      'a body declared to be compressed thousands of times',
      Array(3_000).fill('br').join(),
      Buffer.from('-'),
      'RESPONSE_UNREADABLE',
    ],
    ['nothing at all, said to be gzip', 'gzip', Buffer.alloc(0), 'RESPONSE_UNREADABLE'],
    ['gzip that breaks off', 'gzip', gzipSync(created(ok)).subarray(0, 40), 'CONNECTION_LOST'],
    ['what is no gzip', 'gzip', Buffer.from(created(ok)), 'CONNECTION_LOST'],
    ['gzip that swells beyond the limit', 'gzip', gzipSync(' '.repeat(5_000_000) + created(ok)), 'RESPONSE_TOO_LARGE'],
  ])('derives no verdict from %s: the note is in doubt', async (_, encoding, bytes, code) => {
    answer = (_request, response) =>
      response.writeHead(200, { 'content-encoding': encoding, 'content-length': bytes.length }).end(bytes);
    const transport = ews(kept(new Agent()), { maxResponseBytes: 1_000_000 });
    expect(await deliver(transport)).toMatchObject({ status: 'unconfirmed', error: { code } });
  });

  it.each([new Uint8Array(3), new URLSearchParams('a=b'), new Blob(['text']), new FormData()])(
    'is not asked to send a body that is not text: %o',
    async (body) => {
      const dispatcher = { request: () => expect.unreachable('nothing is sent') };
      const sent = fetchOver(dispatcher)(`${origin}/x`, { method: 'POST', body });
      await expect(sent).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    },
  );

  it('passes a response to a custom login that it can read in any way', async () => {
    answer = (request, response) => {
      if (request.headers.authorization !== undefined) response.end(created(ok));
      else response.writeHead(401, { 'www-authenticate': ['Negotiate', 'Bearer'], 'x-nonce': 'n1' }).end('{"nonce":"n2"}');
    };
    const seen: unknown[] = [];
    const transport = ews(kept(new Agent()), {
      credentials: {
        scheme: 'nonce',
        authenticate: async (send) => {
          const first = await send({});
          const copy = first.clone();
          seen.push(
            [...first.headers].map(([name]) => name),
            first.headers.get('www-authenticate'),
            first.ok,
            await copy.text(),
          );
          const { nonce } = (await first.json()) as { nonce: string };
          seen.push(first.bodyUsed);
          return send({ authorization: `Nonce ${nonce}` });
        },
      },
    });
    expect(await deliver(transport)).toMatchObject({ status: 'delivered' });
    expect(seen).toEqual([
      expect.arrayContaining(['x-nonce', 'www-authenticate']),
      'Negotiate, Bearer',
      false,
      '{"nonce":"n2"}',
      true,
    ]);
    expect(asked[1]?.headers.authorization).toBe('Nonce n2');
  });

  it('cannot be combined with a fetch', () => {
    const options = { dispatcher: kept(new Agent()), fetch: globalThis.fetch };
    const expected = expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('dispatcher') });
    expect(() => ews(options.dispatcher, options)).toThrow(expected);
    expect(() => new GraphTransport({ credential: async () => ({ token: 't' }), ...options })).toThrow(expected);
    expect(() => ews({} as HttpDispatcher)).toThrow(expected);
  });

  it('carries every request of both transports', async () => {
    const mailboxes = ['alice@contoso.test', 'bob@contoso.test'];
    const exchange = await startExchangeSimulator({ mailboxes });
    closing.push(() => exchange.close());
    let dispatched = 0;
    const counted = kept(new Agent()).compose((dispatch) => (options, handler) => {
      dispatched += 1;
      return dispatch(options, handler);
    });
    const credentials = basicAuth({ username: 'alice@contoso.test', password: 'any' });
    for (const transport of [
      new EwsTransport({ url: exchange.url, credentials, dispatcher: counted }),
      new GraphTransport({
        root: exchange.graphUrl,
        credential: async () => ({ token: exchange.tokens.issue('alice@contoso.test') }),
        dispatcher: counted,
      }),
    ]) {
      const note = makeNote(transport, 1, { tag: `${transport.name}:1` });
      expect(await transport.deliver([note], always())).toMatchObject([{ status: 'delivered' }]);
      const [result] = await transport.probe([{ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }], always());
      expect(result?.status).toBe('found');
    }
    expect(dispatched).toBeGreaterThanOrEqual(4);
  });
});
