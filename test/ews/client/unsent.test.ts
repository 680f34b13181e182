/** Real handshakes and proxies that fail: nothing reaches the server, so nothing may be in doubt. */

import { execFile } from 'node:child_process';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { ExchangeService, Uri, WebCredentials } from 'ews-javascript-api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { fromExchangeService } from '../../../src/ews-javascript-api.ts';
import { basicAuth } from '../../../src/index.ts';
import { ntlmAuth } from '../../../src/ntlm.ts';
import type { DeliveryOutcome, Transport } from '../../../src/transport/contract.ts';
import { loopbackCertificate, loopbackKey } from '../../support/loopback-certificate.ts';
import { programOf } from '../../support/program.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { always, makeNote } from '../support/note.ts';
import { created, ok } from '../support/responses.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
const run = promisify(execFile);

// Other files share the process: its trusted certificates are restored.
const trusted = getCACertificates('default');
beforeAll(() => setDefaultCACertificates([loopbackCertificate]));
afterAll(() => setDefaultCACertificates(trusted));
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function tcp(onSocket: (socket: Socket) => void): Promise<number> {
  return listening(
    createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onSocket(socket);
    }),
  );
}

/** What a TLS server that answers every request has received. */
async function tls(options: TlsOptions): Promise<{ readonly port: number; readonly read: string[] }> {
  const read: string[] = [];
  const server = createTlsServer({ cert: loopbackCertificate, key: loopbackKey, ...options }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      read.push(data.toString('latin1'));
      const body = created(ok);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
  });
  return { port: await listening(server), read };
}

const clients = {
  fetch: (url: string, requestTimeout: number): Transport =>
    new EwsTransport({
      url,
      credentials: basicAuth({ username: 'alice', password: 'p' }),
      savedCopyFolder: 'sentitems',
      requestTimeout,
    }),
  ntlm: (url: string, requestTimeout: number): Transport =>
    new EwsTransport({
      url,
      credentials: ntlmAuth({ username: 'alice', password: 'p' }),
      savedCopyFolder: 'sentitems',
      requestTimeout,
    }),
  adapter: (url: string, requestTimeout: number): Transport => {
    const service = new ExchangeService();
    service.Url = new Uri(url);
    service.Credentials = new WebCredentials('alice', 'p');
    return fromExchangeService(service, { savedCopyFolder: 'sentitems', requestTimeout });
  },
} as const;

const unsent = { status: 'deferred', scope: 'endpoint', error: { code: 'ENDPOINT_UNREACHABLE' } };

async function deliver(
  client: keyof typeof clients,
  port: number,
  { host = '127.0.0.1', deadline = 10_000 } = {},
): Promise<DeliveryOutcome | undefined> {
  const transport = clients[client](`https://${host}:${port}/EWS/Exchange.asmx`, deadline);
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  await transport.close?.();
  return outcome;
}

const alerts = [
  10, 20, 21, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90, 100, 109, 110, 112, 113, 115, 116, 120, 121,
  255,
];
const breaks: readonly [string, (socket: Socket) => void][] = [
  ['closed', (socket) => socket.end()],
  ['reset', (socket) => socket.resetAndDestroy()],
  ['garbage', (socket) => socket.end(Buffer.alloc(2_000, 7))],
  ['HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')],
  ['half a ServerHello', (socket) => socket.end(Buffer.from([0x16, 3, 3, 0, 122, 2, 0, 0, 118]))],
];
const demands: readonly [string, TlsOptions][] = [
  ['an old protocol', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
  ['no cipher in common', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }],
  ['a client certificate, TLS 1.2', { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }],
  ['a client certificate, TLS 1.3', { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }],
];
const clientsOfTls = ['fetch', 'ntlm', 'adapter'] as const;
const final = [403, 407];
const passing = [400, 500, 502, 503, 504];
const silent: readonly [string, string][] = [
  ['without a word', ''], // undici connects again and again, until the deadline
  ['in another protocol', 'SSH-2.0-OpenSSH\r\n'],
];

it('tries as many handshakes and proxies as docs/security.md says', () => {
  // With a wrong name, and one that continues after the deadline; with a proxy that responds unencrypted.
  const handshakes = alerts.length + breaks.length + demands.length + 2;
  const proxies = final.length + passing.length + silent.length + 1;
  expect(numbersOfRow('TLS handshakes').tried).toEqual([handshakes, clientsOfTls.length, proxies]);
});

describe.each(clientsOfTls)('%s: a failed handshake has sent nothing', (client) => {
  it('after any fatal alert', async () => {
    let alert = 0;
    const port = await tcp((socket) => socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, alert]))));
    for (alert of alerts) {
      expect(await deliver(client, port), `alert ${alert}`).toMatchObject(unsent);
    }
  });

  it.each(breaks)('after a ClientHello: %s', async (_, answer) => {
    const port = await tcp((socket) => socket.once('data', () => answer(socket)));
    expect(await deliver(client, port)).toMatchObject(unsent);
  });

  it.each(demands)('over %s', async (_, options) => {
    const { port, read } = await tls(options);
    expect(await deliver(client, port)).toMatchObject(unsent);
    expect(read).toEqual([]);
  });

  it('with a certificate for another name', async () => {
    const { port, read } = await tls({});
    const proxy = await tcp((socket) =>
      socket
        .pipe(connect(port, '127.0.0.1'))
        .on('error', () => {})
        .pipe(socket),
    );
    expect(await deliver(client, proxy, { host: 'other.localhost' })).toMatchObject(unsent);
    expect(read).toEqual([]);
  });

  it('even if the peer continues after the deadline', async () => {
    const { port, read } = await tls({});
    let goOn = (): void => {};
    const proxy = await tcp((socket) => {
      const server = connect(port, '127.0.0.1').on('error', () => {});
      sockets.add(server);
      server.pipe(socket);
      socket.pause();
      goOn = () => socket.pipe(server);
    });
    expect(await deliver(client, proxy, { deadline: 300 })).toMatchObject(unsent);
    goOn();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(read).toEqual([]);
  });

  it('unlike a completed one, after which anything may have been read', async () => {
    const port = await listening(
      createTlsServer({ cert: loopbackCertificate, key: loopbackKey }, (socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.destroy());
      }),
    );
    // The first leg of NTLM carries no note.
    expect((await deliver(client, port))?.status).toBe(client === 'ntlm' ? 'deferred' : 'unconfirmed');
  });
});

describe('a proxy that does not connect', () => {
  const script = programOf(new URL('../support/deliver-once.ts', import.meta.url));

  async function through(
    answer: string,
    { url = 'https://mail.contoso.test/EWS/Exchange.asmx', deadline = 60_000 } = {},
  ): Promise<unknown> {
    const port = await tcp((socket) => socket.once('data', () => socket.end(answer)));
    const proxy = `http://127.0.0.1:${port}`;
    const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: '' };
    const { stdout } = await run(process.execPath, [script, url, String(deadline)], { env, timeout: 300_000 });
    return JSON.parse(stdout);
  }

  it.each(final)('blocks the endpoint for a lasting reason: HTTP %i', async (status) => {
    expect(await through(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`)).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
      sent: 'no',
      code: 'ENDPOINT_UNREACHABLE',
      text: expect.stringMatching(new RegExp(`proxy.*HTTP ${status}`)),
    });
  });

  it.each(passing)('defers its notes for a temporary reason: HTTP %i', async (status) => {
    const outcome = await through(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint', code: 'ENDPOINT_UNREACHABLE' });
  });

  it.each(silent)('%s', async (_, answer) => {
    expect(await through(answer, { deadline: 3_000 })).toMatchObject({ status: 'deferred', scope: 'endpoint' });
  });

  it('blocks the endpoint if it answers an unencrypted request with 407', async () => {
    const outcome = await through('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n', {
      url: 'http://mail.contoso.test/EWS/Exchange.asmx',
    });
    expect(outcome).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
      sent: 'no',
      text: expect.stringMatching(/proxy.*407/),
    });
  });
});
