import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { fetchOver } from '../../src/transport/dispatcher.ts';

it('reads no more of a compressed answer over a dispatcher than is decompressed', async () => {
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
