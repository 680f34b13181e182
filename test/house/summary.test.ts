import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** The closing lines of .ci/run, for reports by name. */
async function summary(reports: Readonly<Record<string, unknown>>, exitCode: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-summary-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, report] of Object.entries(reports)) {
    await writeFile(join(folder, name), typeof report === 'string' ? report : JSON.stringify(report));
  }
  const { stdout } = await promisify(execFile)(process.execPath, ['.ci/summary.mjs', relative(root, folder), String(exitCode)], {
    cwd: root,
  });
  return stdout.trimEnd().split('\n');
}

const counted = { numPassedTests: 2, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0 };
const file = (name: string, assertionResults: readonly object[], more: object = {}) => ({
  name: join(root, name),
  status: 'failed',
  assertionResults,
  ...more,
});

it('lists failures last, with file and beginning of the reason, after skipped tests and why', async () => {
  const skipped = { status: 'skipped', fullName: 'behind PgBouncer (apt-get install pgbouncer) goes on' };
  const failed = {
    status: 'failed',
    fullName: 'adds up',
    failureMessages: ['AssertionError: expected 1 to be 2\n  at a.test.ts:3'],
  };
  const short = { ...counted, testResults: [file('test/b.test.ts', [skipped, skipped]), file('test/a.test.ts', [failed])] };
  expect(await summary({ 'vitest-short.json': short, 'matrix.txt': 'ok     bun  3 s\n' }, 1)).toEqual([
    'skipped: test/b.test.ts: 2 of 2, the first: behind PgBouncer (apt-get install pgbouncer) goes on',
    'failed: test/a.test.ts: adds up',
    '    AssertionError: expected 1 to be 2',
    '      at a.test.ts:3',
    '2 passed, 1 failed, 2 skipped',
  ]);
});

it('reports a file that cannot be loaded, type errors and a cell of the matrix as one failure each', async () => {
  const long = { ...counted, numFailedTests: 0, testResults: [file('test/c.test.ts', [], { message: 'SyntaxError: x' })] };
  const texts = {
    'types.txt': 'src/a.ts(1,1): error TS2322\n',
    'matrix.txt': 'ok     bun  3 s\nFAILED deno  4 s\nno such module\n',
  };
  const lines = await summary({ 'vitest-long.json': long, ...texts }, 2);
  expect(lines.filter((line) => line.startsWith('failed'))).toEqual([
    'failed: test/c.test.ts: the file itself',
    'failed: matrix',
    'failed: types',
  ]);
  expect(lines.at(-1)).toBe('2 passed, 3 failed, 2 skipped');
});

it('reports a run that failed without a failed test, and a passed run in one line', async () => {
  expect((await summary({}, 7)).at(0)).toMatch(/^failed: no test, but the run: .*\(exit code 7\)$/);
  expect(await summary({}, 0)).toEqual(['0 passed, 0 failed, 0 skipped']);
});
