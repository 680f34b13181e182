import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `npm test`: types and lint beside the short tests. What goes after `--` is Vitest's. */
const { npm_execpath: npm, TEST_REPORTS: reports } = process.env;
if (npm === undefined) throw new Error('Start it with `npm test`: it runs scripts of package.json.');

interface Check {
  readonly name: string;
  readonly process: ChildProcess;
  readonly ended: Promise<{ code: number; text: string }>;
}

/** Its output is kept until it has ended: lines of three programs at once can't be read. */
function check(name: string, script: string): Check {
  const child = spawn(process.execPath, [npm ?? '', 'run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { name, process: child, ended: end(child).then((code) => ({ code, text: Buffer.concat(chunks).toString() })) };
}

/** A signal is a failure, as is a program that can't be started. */
function end(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

const checks = [check('types', 'typecheck'), check('lint', 'lint')];
const tests = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'short', ...process.argv.slice(2)], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
const tested = end(tests);
// Whoever has a type wrong needn't wait for the tests.
let areCut = false;
for (const { ended } of checks) {
  void ended.then(({ code }) => {
    // False where they have ended.
    if (code !== 0 && tests.kill()) areCut = true;
  });
}
let interrupted = 0;
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    interrupted = code;
    for (const child of [tests, ...checks.map((one) => one.process)]) child.kill(signal);
  });
}

const result = await tested;
const codes: number[] = [];
for (const { name, ended } of checks) {
  const { code, text } = await ended;
  process.stdout.write(`\n${name}: ${code === 0 ? 'good' : `failed (exit code ${code})`}\n${text}`);
  codes.push(code);
  // Beside Vitest's report, for whoever sums them up.
  if (code === 0 || interrupted !== 0 || reports === undefined || reports === '') continue;
  mkdirSync(reports, { recursive: true });
  writeFileSync(join(reports, `${name}.txt`), text);
}
if (interrupted !== 0 || areCut) process.stdout.write('\ntests: not all of them were run\n');
process.exitCode = [interrupted, ...codes, result].find((code) => code !== 0) ?? 0;
