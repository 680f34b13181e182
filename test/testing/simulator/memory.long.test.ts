import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('10,000 tests against one instance leave its memory as it was', async () => {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const args = ['--expose-gc', join(import.meta.dirname, 'memory-child.ts'), '10000'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const { used, pending } = JSON.parse(stdout) as { used: number[]; pending: number };
  expect([used.length, pending]).toEqual([10, 0]);
  // What is compiled and cached in the first tenths stays. After that the heap wavers by some hundred kilobytes; one item that each test left would be ten megabytes.
  const growth = (used[9] ?? Number.NaN) - (used[2] ?? Number.NaN);
  expect(growth, used.map((bytes) => `${(bytes / 1e6).toFixed(1)} MB`).join(', ')).toBeLessThan(1_400_000);
});
