/** `npm run mutate -- src/gating src/message`: Stryker over these folders, one after the other, each against its own unit tests. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('Name a folder: npm run mutate -- src/gating');
for (const folder of folders) {
  console.log(`\n# ${folder}`);
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const { status } = spawnSync(process.execPath, [stryker, 'run'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MUTATE: folder },
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
