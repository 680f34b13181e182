import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { root } from './process.ts';

// Under Jest it runs in the matrix (cell ews-app-jest), where Jest is installed.
it('ews-app passes its own tests under Vitest', async () => {
  await mkdir(join(root, '.tmp'), { recursive: true });
  const folder = await mkdtemp(join(root, '.tmp', 'ews-app-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(root, 'examples/ews-app'), folder, { recursive: true });
  const alias = { 'offline-im/testing': join(root, 'src/testing.ts') };
  const config = { resolve: { alias }, test: { globals: true, include: ['*.test.mjs'], testTimeout: 240_000 } };
  await writeFile(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};`);
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _env, ...env } = process.env;
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--no-color'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env: { ...env, NO_COLOR: '1' } }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toMatch(/Tests\s+3 passed \(3\)/);
});
