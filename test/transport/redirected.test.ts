/** A custom fetch that follows redirects although it was asked not to: a response from elsewhere proves nothing, whatever it says. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { created, ok } from '../ews/support/responses.ts';
import { makeNote } from '../graph/support/canned.ts';
import { hastyClock } from '../support/hasty-clock.ts';

const follows: typeof fetch = (input, init) => fetch(input, { ...init, redirect: 'follow' });
const tag = 'note-1:1';
const list = JSON.stringify({
  value: [
    {
      id: 'x',
      isDraft: false,
      singleValueExtendedProperties: [{ id: 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag', value: tag }],
    },
  ],
});
let server: Server;
let origin = '';
let asked: string[] = [];
/** Status of every first response, and of the one behind it. */
let hop = 307;
let behind = 202;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = '', method = '' } = request;
    asked.push(`${method} ${url}`);
    request.resume().on('end', () => {
      if (!url.startsWith('/elsewhere')) return response.writeHead(hop, { location: `/elsewhere${url}` }).end();
      const body = url.includes('ews') ? created(ok) : method === 'GET' ? list : '';
      return response.writeHead(url.includes('ews') || method === 'GET' ? 200 : behind).end(behind === 401 ? '' : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ways: readonly (readonly [string, (fetch: typeof globalThis.fetch) => Transport])[] = [
  [
    'EwsTransport',
    (fetch) =>
      new EwsTransport({
        url: `${origin}/ews`,
        credentials: basicAuth({ username: 'a', password: 'p' }),
        fetch,
        clock: hastyClock,
      }),
  ],
  [
    'GraphTransport',
    (fetch) => new GraphTransport({ root: origin, credential: async () => ({ token: 'abc' }), fetch, clock: hastyClock }),
  ],
];
const signal = new AbortController().signal;

describe.each(ways)('%s', (_, make) => {
  it.each([
    [307, 202],
    [308, 202],
    [307, 401],
    [302, 202],
    [303, 202],
  ])('%i, then %i', async (first, second) => {
    [hop, behind, asked] = [first, second, []];
    const transport = make(follows);
    const note = makeNote(transport as never, 1);
    const [outcome] = await transport.deliver([note], { signal, mayWrite: () => true });
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_UNREADABLE' } });
    // Followed, so that this proves something; and not resent because of what came from there.
    expect(asked).toHaveLength(2);
    const [result] = await transport.probe([{ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }], { signal });
    expect(result?.status).toBe('unknown');
  });
});
