/** Requests to a server whose certificate only the config trusts: any response of that server, and Autodiscover. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Secrets } from '../../src/cli/config/secrets.ts';
import { fetchTrusting } from '../../src/cli/config/transport.ts';
import { connection } from '../../src/cli/doctor/server.ts';
import type { DiscoverOptions } from '../../src/ews/autodiscover/options.ts';
import { loopbackCertificate, loopbackKey } from '../support/loopback-certificate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-authority-'));
  await writeFile(join(folder, 'ca.pem'), loopbackCertificate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.each([
  ['205 Reset Content', 205],
  ['304 Not Modified', 304],
  ['600 Odd', 502],
  ['999 Odd', 502],
  ['503 Service Unavailable', 503],
])('a response with status %s is handled, and never ends the process', async (line, status) => {
  const server = createTlsServer({ key: loopbackKey, cert: loopbackCertificate }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(`HTTP/1.1 ${line}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetchTrusting(loopbackCertificate)(`https://127.0.0.1:${port}/`, { method: 'POST', body: 'x' });
  expect(answer.status).toBe(status);
  await answer.body?.cancel();
  server.close();
});

it.each(['says nothing', 'drips'])('the doctor disconnects from a server that %s, and keeps no connection', async (kind) => {
  const sockets: Socket[] = [];
  const drips: NodeJS.Timeout[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined).resume());
    // The header of a handshake record that is never completed.
    const head = [0x16, 0x03, 0x03, 0x40, 0x00, 0x02];
    if (kind === 'drips') drips.push(setInterval(() => socket.write(Buffer.from([head.shift() ?? 0])), 20));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [finding] = await connection(`https://127.0.0.1:${port}/`, undefined, 100);
  expect(finding).toMatchObject({ check: 'tls', status: 'fail' });
  expect(finding?.text).toContain('ETIMEDOUT');
  for (const socket of sockets) if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  for (const drip of drips) clearInterval(drip);
  server.close();
});

it.each([
  ['with ca trusts it for Autodiscover as for EWS', 'ca.pem', 'function'],
  ['without ca asks as the platform does', undefined, 'undefined'],
])('a config %s', async (_, ca, expected) => {
  let given: DiscoverOptions | undefined;
  vi.resetModules();
  vi.doMock('../../src/ews/autodiscover/discover.ts', () => ({
    discoverEws: async (_address: string, options: DiscoverOptions) => {
      given = options;
      return { url: 'https://mail.contoso.test/EWS/Exchange.asmx', service: 'json' };
    },
  }));
  const { transportOf } = await import('../../src/cli/config/transport.ts');
  const place = { env: { SECRET: 'p' }, cwd: folder, secrets: new Secrets() };
  const ews = { username: 'alice', password: { env: 'SECRET' }, ca };
  await transportOf({ ews }, 'alice@contoso.test', place, new AbortController().signal);
  expect(typeof given?.fetch).toBe(expected);
  vi.doUnmock('../../src/ews/autodiscover/discover.ts');
  vi.resetModules();
});
