import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const program = join(import.meta.dirname, '..', 'all.ts');

/** Programs instead of `npm run typecheck`, `npm run lint` and Vitest; each leaves a file named after its process id. */
interface Programs {
  readonly typecheck?: string;
  readonly lint?: string;
  readonly vitest?: string;
}

const forEver = 'setInterval(() => {}, 1_000); console.log("running");';
const endsWith = (code: number, text: string): string => `console.log(${JSON.stringify(text)}); process.exitCode = ${code};`;

/** `npm test` in a folder with these; a signal is sent once its tests run. */
async function npmTest(programs: Programs, signal?: NodeJS.Signals) {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-npm-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pids = join(folder, 'pids');
  await mkdir(pids);
  await mkdir(join(folder, 'node_modules', 'vitest'), { recursive: true });
  const files = {
    'typecheck.mjs': programs.typecheck,
    'lint.mjs': programs.lint,
    'node_modules/vitest/vitest.mjs': programs.vitest,
  };
  for (const [name, source = ''] of Object.entries(files)) {
    const leavesId = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(pids)} + '/' + process.pid, '');\n`;
    await writeFile(join(folder, name), leavesId + source);
  }
  const npm = join(folder, 'npm.mjs');
  await writeFile(npm, `await import('./' + process.argv[4] + '.mjs');`);
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: { PATH: process.env.PATH, npm_execpath: npm },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let isSent = signal === undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      // Once: the output of the checks comes later.
      if (isSent || !chunk.includes('running')) return;
      isSent = true;
      child.kill(signal);
    });
  }
  const [code] = await once(child, 'close');
  const alive = (await readdir(pids)).filter((pid) => isAlive(Number(pid)));
  return { code, text, alive };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('npm test passes if types, lint and tests do, and shows them one after the other', async () => {
  const { code, text } = await npmTest({ typecheck: endsWith(0, 't'), lint: endsWith(0, 'l'), vitest: endsWith(0, 'tested') });
  expect({ code, text }).toEqual({ code: 0, text: 'tested\n\ntypes: good\nt\n\nlint: good\nl\n' });
});

it.each([
  ['types', { typecheck: endsWith(2, 'TS2322'), vitest: forEver }, 2, 'types: failed (exit code 2)\nTS2322'],
  ['lint', { lint: endsWith(3, 'unused'), vitest: forEver }, 3, 'lint: failed (exit code 3)\nunused'],
] as const)('npm test stops the tests and fails if %s fails', async (_, programs, code, text) => {
  const ran = await npmTest(programs);
  expect(ran).toMatchObject({ code, alive: [], text: expect.stringContaining(text) });
  expect(ran.text).toContain('tests: not all of them were run');
});

it('npm test fails if the tests do, or if types fail after the tests have ended', async () => {
  expect(await npmTest({ vitest: endsWith(1, 'a test failed') })).toMatchObject({ code: 1 });
  const untilTested = `import { existsSync } from 'node:fs';
    const timer = setInterval(() => existsSync('tested') && (clearInterval(timer), process.exitCode = 2), 5);`;
  const vitest = `writeFileSync('tested', '');`;
  expect(await npmTest({ typecheck: untilTested, vitest })).toMatchObject({ code: 2 });
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('npm test stops everything it has started on %s, with exit code %i', async (signal, code) => {
  const ran = await npmTest({ typecheck: forEver, lint: forEver, vitest: forEver }, signal);
  expect(ran).toMatchObject({ code, alive: [] });
});
