/** Equivalent responses as other servers and proxies write them: every verdict is that of the plain response. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../support/random.ts';
import { rewrittenXml } from '../support/rewritten-xml.ts';
import { check, closeScene } from './support/bent-scene.ts';

afterEach(closeScene);

let plain: readonly string[] = [];
beforeAll(async () => {
  plain = (await check({})).verdicts;
  await closeScene();
});

describe.each([
  ['with other prefixes, white space, comments, CDATA, references and quotes', 0],
  ['with empty elements and attributes of foreign namespaces as well', 0.3],
] as const)('%s', (_, foreign) => {
  it.each([1, 2])('seed %i', async (seed) => {
    const random = randomFrom(seed);
    const { verdicts } = await check({ on: (answer) => rewrittenXml(answer, { random, foreign }) });
    expect(verdicts).toEqual(plain);
  });
});
