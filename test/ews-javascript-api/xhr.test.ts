/** Whatever an XHR does to a request must become an outcome: no hang, no unhandled rejection, no secret in an error. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { ExchangeService, Uri, WebCredentials, XhrApi } from 'ews-javascript-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FromExchangeServiceOptions, fromExchangeService, type XhrRequest } from '../../src/ews-javascript-api.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/harness.ts';
import { created } from '../ews/support/responses.ts';
import { paced } from '../support/pace.ts';

const unheard: unknown[] = [];
const onUnheard = (reason: unknown): void => {
  unheard.push(reason);
};
const closing: (() => void)[] = [];

beforeEach(() => {
  process.on('unhandledRejection', onUnheard);
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('unhandledRejection', onUnheard);
  expect(unheard.splice(0)).toEqual([]);
});

async function sendTo(
  url: string,
  xhr?: { xhr(request: XhrRequest): unknown },
  options: FromExchangeServiceOptions = {},
): Promise<DeliveryOutcome> {
  const service = new ExchangeService();
  service.Url = new Uri(url);
  service.Credentials = new WebCredentials('alice@contoso.test', 'hunter2');
  if (xhr !== undefined) service.XHRApi = xhr as never;
  const transport = fromExchangeService(service, options);
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  if (outcome === undefined) throw new Error('an outcome is missing');
  expect(inspect(outcome, { depth: 20, showHidden: true })).not.toMatch(/hunter2|secret text|Basic /);
  return outcome;
}

async function serve(handle: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/EWS/Exchange.asmx`;
}

describe('the XHR of the library', () => {
  it.each(['', 'plain text', '<html></html>', '<a'])('reports HTTP 500 with the body %j as an outcome', async (body) => {
    const url = await serve((_, response) => response.writeHead(500).end(body));
    expect(await sendTo(url)).toMatchObject({ status: 'unconfirmed', error: { code: 'HTTP_STATUS' } });
  });

  it.each([204, 205, 304, 307, 308, 400, 404, 429, 503, 599])('reports HTTP %s as an outcome', async (status) => {
    const url = await serve((_, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    const outcome = await sendTo(url);
    expect(outcome.status).not.toBe('delivered');
    if (status === 429) expect(outcome).toMatchObject({ status: 'deferred', retryAfter: 7000 });
  });

  it('follows no redirect: login and message go nowhere else', async () => {
    let elsewhere = 0;
    const other = await serve((_, response) => {
      elsewhere += 1;
      response.end(created('NoError'));
    });
    const url = await serve((_, response) => response.writeHead(307, { location: other }).end());
    expect((await sendTo(url)).status).toBe('unconfirmed');
    expect(elsewhere).toBe(0);
  });

  it('knows that a refused connection carried nothing', async () => {
    expect(await sendTo('http://127.0.0.1:1/EWS/Exchange.asmx')).toMatchObject({
      status: 'deferred',
      scope: 'endpoint',
      error: { code: 'ENDPOINT_UNREACHABLE', details: { connectionCode: 'ECONNREFUSED' } },
    });
  });

  it('assumes that a reset connection may have carried the request', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy());
    expect(await sendTo(url)).toMatchObject({ status: 'unconfirmed', error: { code: 'CONNECTION_LOST' } });
  });

  it('releases the connection at the deadline', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
    closing.push(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await sendTo(url, undefined, { requestTimeout: paced(300) })).toMatchObject({
      status: 'unconfirmed',
      error: { code: 'REQUEST_TIMEOUT' },
    });
    const [socket] = sockets;
    if (socket?.readyState === 'open') await new Promise((resolve) => socket.once('close', resolve));
    expect(sockets).toHaveLength(1);
  });

  it('stops reading at the size limit', async () => {
    let written = 0;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' });
      const more = (): void => {
        for (let goOn = true; goOn && written < 200_000_000 && !response.destroyed; written += 65_536)
          goOn = response.write(' '.repeat(65_536));
        if (written < 200_000_000) response.once('drain', more);
      };
      more();
    });
    expect((await sendTo(url, undefined, { maxResponseBytes: 100_000 })).status).toBe('unconfirmed');
    expect(written).toBeLessThan(50_000_000);
  });

  it('keeps the options set by the host', async () => {
    let seen: unknown;
    const url = await serve((request, response) => {
      seen = request.headers['x-host'];
      response.end(created('NoError'));
    });
    expect((await sendTo(url, new XhrApi({ headers: { 'x-host': 'kept' } }) as never)).status).toBe('delivered');
    expect(seen).toBe('kept');
  });
});

describe('an XHR of the host', () => {
  const url = 'http://127.0.0.1:1/EWS/Exchange.asmx';
  const okay = { status: 200, responseText: created('NoError'), headers: { 'content-type': 'text/xml' } };
  const withRequest = (request: XhrRequest): object => ({ config: request, request });

  it('carries the request', async () => {
    const seen: XhrRequest[] = [];
    const xhr = {
      xhr: async (request: XhrRequest) => {
        seen.push(request);
        return okay;
      },
    };
    expect((await sendTo(url, xhr)).status).toBe('delivered');
    expect(seen.map(({ type, url: to, allowRedirect }) => [type, to, allowRedirect])).toEqual([['POST', url, false]]);
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => /^content-type$/i.test(name))).toHaveLength(1);
  });

  const misbehaviours: Readonly<Record<string, (request: XhrRequest) => unknown>> = {
    'resolves with nothing': async () => undefined,
    'resolves with null': async () => null,
    'resolves with text': async () => okay.responseText,
    'resolves without a status': async () => ({ responseText: okay.responseText }),
    'resolves with status 0': async () => ({ status: 0 }),
    'resolves with status 1000': async () => ({ ...okay, status: 1000 }),
    'resolves without a body': async () => ({ status: 200 }),
    'resolves with what is no text': async () => ({ status: 200, responseText: { a: 1 } }),
    'throws at once': () => {
      throw new Error('no');
    },
    'rejects with nothing': () => Promise.reject(),
    'rejects with a string': () => Promise.reject('secret text'),
    'rejects with the request in what is no Error': (request) => Promise.reject(withRequest(request)),
    'rejects with the request in an Error': (request) =>
      Promise.reject(Object.assign(new Error('secret text'), withRequest(request))),
    'rejects with the request in a cause': (request) =>
      Promise.reject(
        new Error('secret text', { cause: Object.assign(new Error('hunter2'), { code: 'ECONNRESET', ...withRequest(request) }) }),
      ),
    'rejects with a code that it only repeats': (request) =>
      Promise.reject(Object.assign(new Error('network'), { code: 'ECONNREFUSED', ...withRequest(request) })),
    'rejects with a read that was refused': () =>
      Promise.reject(Object.assign(new Error(), { code: 'EHOSTUNREACH', syscall: 'read' })),
  };

  it.each(Object.entries(misbehaviours))('that %s leaves the note unconfirmed', async (_, xhr) => {
    expect((await sendTo(url, { xhr })).status).toBe('unconfirmed');
  });

  it('that never responds is abandoned at the deadline', async () => {
    const outcome = await sendTo(url, { xhr: () => new Promise(() => {}) }, { requestTimeout: 50 });
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'REQUEST_TIMEOUT' } });
  });

  it('that rejects after the deadline has no effect', async () => {
    const xhr = () => new Promise((_, reject) => setTimeout(() => reject({ status: 500 }), 100));
    expect((await sendTo(url, { xhr }, { requestTimeout: 20 })).status).toBe('unconfirmed');
    await new Promise((resolve) => setTimeout(resolve, 120));
  });

  it('none of whose attempts connected has sent nothing', async () => {
    const refused = (): Error => Object.assign(new Error('secret text'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const xhr = (request: XhrRequest) =>
      Promise.reject(Object.assign(new Error('x', { cause: new AggregateError([refused(), refused()]) }), { config: request }));
    expect(await sendTo(url, { xhr })).toMatchObject({ status: 'deferred', error: { code: 'ENDPOINT_UNREACHABLE' } });
  });
});
