import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { decompressed } from '../../src/transport/decompressed.ts';
import { fetchOver, type HttpDispatcher } from '../../src/transport/dispatcher.ts';
import { always, makeNote } from '../ews/support/note.ts';

it('reads no more of a compressed response over a dispatcher than the limit, decompressed', async () => {
  const compressed = gzipSync(randomBytes(2_000_000));
  let taken = 0;
  const body = Readable.from(
    (function* () {
      for (let at = 0; at < compressed.length; at += 65_536) {
        taken = at;
        yield compressed.subarray(at, at + 65_536);
      }
    })(),
  );
  const answer = { statusCode: 200, headers: { 'content-encoding': 'gzip' }, body };
  const response = await fetchOver({ request: async () => answer })('http://exchange.test/', { method: 'POST', body: 'x' });
  const reader = response.body?.getReader();
  await reader?.read();
  await wait(200);
  expect(taken).toBeLessThan(1_000_000);
  let length = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) length += part.value.length;
  expect(taken).toBeGreaterThan(1_900_000);
  expect(length).toBeGreaterThan(1_900_000);
});

it.each([
  ['no chunk', []],
  ['empty chunks', [Buffer.alloc(0), Buffer.alloc(0)]],
])(
  'treats a compressed response without content over a dispatcher as empty, not as a broken connection: %s',
  async (_what, chunks) => {
    for (const encoding of ['gzip', 'deflate, gzip']) {
      const body = Readable.from(chunks);
      const answer = { statusCode: 200, headers: { 'content-encoding': encoding, 'transfer-encoding': 'chunked' }, body };
      const dispatcher = { request: async () => answer } as unknown as HttpDispatcher;
      const fetched = await fetchOver(dispatcher)('http://exchange.test/', { method: 'POST', body: 'x' });
      expect(await fetched.text()).toBe('');
      const url = 'https://exchange.test/EWS/Exchange.asmx';
      const again = { request: async () => ({ ...answer, body: Readable.from(chunks) }) } as unknown as HttpDispatcher;
      const credentials = basicAuth({ username: 'alice', password: 'p' });
      const transport = new EwsTransport({ url, credentials, dispatcher: again, savedCopyFolder: 'sentitems' });
      const [outcome] = await transport.deliver([makeNote(transport, 1)], always());
      expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_UNREADABLE' } });
    }
  },
);

it('reads a compressed response over a dispatcher whose first chunk is empty, and fails if it is truncated', async () => {
  const compressed = gzipSync('the whole of it');
  const fetched = async (parts: readonly Buffer[]) => {
    const answer = { statusCode: 200, headers: { 'content-encoding': 'gzip' }, body: Readable.from(parts) };
    return fetchOver({ request: async () => answer } as never)('http://exchange.test/', { method: 'POST', body: 'x' });
  };
  expect(await (await fetched([Buffer.alloc(0), compressed.subarray(0, 5), compressed.subarray(5)])).text()).toBe(
    'the whole of it',
  );
  await expect((await fetched([compressed.subarray(0, compressed.length - 9)])).text()).rejects.toThrow();
});

it('gives up a compressed response of endless empty chunks at the deadline', async () => {
  let taken = 0;
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for (; taken < 3_000_000; taken++) yield new Uint8Array(0);
  };
  const body = ReadableStream.from(parts()) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const reader = decompressed(['gzip'], body).getReader();
  const read = reader.read();
  await wait(20);
  await reader.cancel();
  await read;
  expect(taken).toBeLessThan(3_000_000);
});
