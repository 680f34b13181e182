/** `npm run mutate -- src/gating src/message`: changes the sources one place at a time, and counts the changes that a unit test notices. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Result {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly was: string;
  readonly becomes: string;
  readonly status: 'killed' | 'hung' | 'survived' | 'not covered';
}

const root = join(import.meta.dirname, '..');
const targets = process.argv.slice(2);
if (targets.length === 0) throw new Error('Name a folder or a file: npm run mutate -- src/gating');
for (const target of targets) {
  console.log(`\n# ${target}`);
  const report = join(root, '.tmp/mutation', `${target.replaceAll('/', '-')}.json`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.mutate.config.ts'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MUTATE: target, MUTATE_REPORT: report },
  });
  if (status !== 0) {
    process.exitCode = 1;
    continue;
  }
  show(JSON.parse(readFileSync(report, 'utf8')) as readonly Result[]);
}

function show(results: readonly Result[]): void {
  const line = (name: string, some: readonly Result[]): string => {
    const noticed = some.filter(({ status }) => status === 'killed' || status === 'hung').length;
    return `${((100 * noticed) / some.length).toFixed(1).padStart(6)} %  ${String(noticed).padStart(5)} of ${String(some.length).padEnd(5)} ${name}`;
  };
  for (const { file, line: at, kind, was, becomes, status } of results) {
    if (status === 'killed' || status === 'hung') continue;
    const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 90);
    console.log(`${status}: ${file}:${at} ${kind}: ${short(was)} → ${short(becomes)}`);
  }
  for (const [file, some] of Map.groupBy(results, (result) => result.file)) console.log(line(file, some));
  console.log(line('all', results));
}
