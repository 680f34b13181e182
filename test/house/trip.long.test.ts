import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('one send() and one flush enter few files: `npm run trip` lists them in order, and fails above its limits', () => {
  const root = join(import.meta.dirname, '../..');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bench/trip.ts'], { cwd: root, encoding: 'utf8' });
  expect(stdout.match(/^## .*$/gm)).toHaveLength(2);
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
