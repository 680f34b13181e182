/** The testing examples, run as their authors would run them: in their own project, with the packed package and their own runner. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Packed, pack, root } from '../package/packed.ts';

let packed: Packed;
beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed?.remove());

/** Copies the example, adds the dependencies in its package.json, and runs its tests. */
async function run(example: string, program: string): Promise<string> {
  const folder = join(packed.project, example);
  await cp(join(root, 'examples', example), folder, { recursive: true });
  const { devDependencies } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  for (const name of Object.keys(devDependencies)) {
    const at = join(folder, 'node_modules', name);
    await mkdir(dirname(at), { recursive: true });
    await symlink(name === 'offline-im' ? packed.installed : join(root, 'node_modules', name), at);
  }
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _env, ...env } = process.env;
  const args = [join(root, 'node_modules', program), 'run', '--reporter', 'verbose', '--testTimeout', '240000'];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    env: { ...env, NO_COLOR: '1' },
    timeout: 300_000,
  });
  return stdout;
}

it('testing-with-vitest passes its own tests', async () => {
  expect(await run('testing-with-vitest', 'vitest/vitest.mjs')).toMatch(/Tests\s+4 passed \(4\)/);
});

it('testing-with-msw passes its own tests', async () => {
  expect(await run('testing-with-msw', 'vitest/vitest.mjs')).toMatch(/Tests\s+2 passed \(2\)/);
});
