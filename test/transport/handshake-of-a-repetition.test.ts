/** A host's fetch that repeats a send whose answer was lost, and meets a server that refuses the handshake: its error speaks of the repetition alone. */

import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it } from 'vitest';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { basicAuth } from '../../src/index.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { loopbackCertificate, loopbackKey } from '../support/loopback-certificate.ts';
import { listen } from '../support/loopback-servers.ts';

type Fetch = typeof globalThis.fetch;

/** A server that processes the first send and loses its answer; whoever comes next meets another one, which refuses the handshake. */
async function thenRefusesHandshakes(): Promise<{ url: string; arrived: string[] }> {
  const arrived: string[] = [];
  const tls = { cert: loopbackCertificate, key: loopbackKey };
  const second = createServer({ ...tls, minVersion: 'TLSv1.3' });
  second.on('tlsClientError', () => {});
  const first = createServer({ ...tls, maxVersion: 'TLSv1.2' }, async (request) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    arrived.push(body);
    const port = (first.address() as AddressInfo).port;
    first.close(() => {});
    await listen(second, port);
    request.socket.destroy();
  });
  const port = await listen(first);
  return { url: `https://localhost:${port}/ews`, arrived };
}

describe.each<[string, () => Fetch]>([
  [
    'undici',
    () => {
      const dispatcher = new Agent({
        connect: { rejectUnauthorized: false, maxVersion: 'TLSv1.2', host: '127.0.0.1' } as never,
        allowH2: false,
      });
      return ((input: string, init: object) => undiciFetch(input, { ...init, dispatcher })) as unknown as Fetch;
    },
  ],
  [
    'node:https',
    () => (input, init) =>
      new Promise((resolve, reject) => {
        const url = String(input);
        const headers = Object.fromEntries(new Headers(init?.headers));
        const options = {
          method: 'POST',
          headers,
          rejectUnauthorized: false,
          maxVersion: 'TLSv1.2',
          agent: false,
          family: 4,
        } as const;
        const request = httpsRequest(url, options, (response) => {
          response.resume().on('end', () => resolve(new Response('', { status: response.statusCode ?? 500 })));
        });
        request.on('error', reject).end(init?.body);
      }),
  ],
])('a handshake over %s', (_name, make) => {
  it('that is refused after the answer to a send was lost does not make the send unsent', async () => {
    const { url, arrived } = await thenRefusesHandshakes();
    const fetch = make();
    const retried: Fetch = async (input, init) => {
      for (let tries = 0; ; tries++) {
        try {
          return await fetch(input, init);
        } catch (error) {
          if (tries > 0) throw error;
        }
      }
    };
    const credentials = basicAuth({ username: 'alice', password: 'p' });
    const transport = new EwsTransport({ url, credentials, savedCopyFolder: 'sentitems', fetch: retried });
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    await transport.close();
    expect(arrived).toHaveLength(1);
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
  });
});
