import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

interface Told {
  readonly used: readonly number[];
  readonly pending: number;
  readonly kinds: readonly string[];
}

async function run(tests: number, ofKinds: readonly string[] = []): Promise<Told> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const args = ['--expose-gc', join(import.meta.dirname, 'memory-child.ts'), String(tests), ...ofKinds];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as Told;
}

/** Bytes that each test leaves: the median of the slopes between all pairs of points (Theil–Sen), which a few outliers do not change. */
function slopeOf(used: readonly number[], testsBetween: number): number {
  const slopes = used.flatMap((from, at) => used.slice(at + 1).map((to, n) => (to - from) / ((n + 1) * testsBetween)));
  return slopes.sort((a, b) => a - b)[slopes.length >> 1] ?? Number.NaN;
}

it('a leak of a hundred bytes per test is visible in the slope', () => {
  const wavering = [30, -25, 12, -40, 22, 5, -18].map((noise, at) => 20e6 + noise * 1_000 + at * 300 * 100);
  expect(slopeOf(wavering, 300)).toBeGreaterThan(80);
});

it('10,000 tests of all kinds with one instance do not increase its memory', async () => {
  const { used, pending } = await run(10_000);
  expect([used.length, pending]).toEqual([10, 0]);
  // Compiled and cached code from the first half stays.
  expect(slopeOf(used.slice(5), 1_000), JSON.stringify(used)).toBeLessThan(80);
});

it.each([
  ['sent', 'received'],
  ['lost', 'moved'],
  ['tokens', 'added'],
  ['folders', 'delegate'],
  ['streamed', 'series'],
  ['parallel', 'waited'],
  ['restored'],
])('4,000 tests of one or two kinds (%s, %s) leave less than a hundred bytes each', async (...ofKinds) => {
  const { used, pending, kinds } = await run(4_000, ofKinds);
  expect([ofKinds.filter((kind) => !kinds.includes(kind)), used.length, pending]).toEqual([[], 10, 0]);
  expect(slopeOf(used.slice(4), 400), JSON.stringify(used)).toBeLessThan(80);
});
