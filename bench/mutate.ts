/**
 * `npm run mutate -- src/gating src/message`: changes the sources one place at a time, and counts the changes that a unit test notices.
 * `MUTATE_EVERY=5` tries every fifth change, `MUTATE_AGAIN=1` those that no test noticed the last time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Result {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly was: string;
  readonly becomes: string;
  readonly status: 'killed' | 'hung' | 'survived' | 'not covered';
}

/** ms without a result after which a change counts as one that never ends. */
const patience = 120_000;
const root = join(import.meta.dirname, '..');
const targets = process.argv.slice(2);
if (targets.length === 0) throw new Error('Name a folder or a file: npm run mutate -- src/gating');
for (const target of targets) {
  console.log(`\n# ${target}`);
  const last = join(root, '.tmp/mutation', `${target.replaceAll('/', '-')}.jsonl`);
  const isAgain = process.env.MUTATE_AGAIN !== undefined;
  const report = isAgain ? last.replace(/jsonl$/, 'again.jsonl') : last;
  mkdirSync(dirname(report), { recursive: true });
  writeFileSync(report, '');
  // A change that keeps the process busy for ever takes it along; the next one goes on behind it.
  const attempt = (): Promise<number | 'hung' | null> => run(target, report, isAgain ? last : '');
  for (let end = await attempt(); end !== 0; end = await attempt()) {
    if (end !== 'hung') throw new Error(`vitest ended with ${end}`);
  }
  show(resultsIn(report));
}

function run(target: string, report: string, last: string): Promise<number | 'hung' | null> {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.mutate.config.ts'], {
    cwd: root,
    stdio: 'inherit',
    detached: true,
    env: { ...process.env, MUTATE: target, MUTATE_REPORT: report, MUTATE_LAST: last },
  });
  const started = Date.now();
  let isHung = false;
  const watch = setInterval(() => {
    if (Date.now() - Math.max(started, statSync(report).mtimeMs) < patience) return;
    isHung = true;
    kill(child);
  }, 1_000);
  const stop = (): void => kill(child);
  process.once('SIGTERM', () => process.exit(143));
  process.once('exit', stop);
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      clearInterval(watch);
      process.off('exit', stop);
      resolve(isHung ? 'hung' : code);
    });
  });
}

/** With the process of its own that the tests run in. */
function kill({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function resultsIn(report: string): readonly Result[] {
  const lines = readFileSync(report, 'utf8').trim().split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Result).filter(({ status }) => status !== undefined);
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
