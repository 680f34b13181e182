import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from '../test/package/packed.ts';
import { type Cell, cells } from './cells.ts';

const run = promisify(execFile);
/** ms; a cell that hangs must not hold up the others. */
const limit = { install: 300_000, command: 180_000 };

async function main(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !(name in cells));
  if (unknown.length > 0) throw new Error(`No cell ${unknown.join(', ')}; there are ${Object.keys(cells).join(', ')}.`);
  const packed = await pack();
  const failed: string[] = [];
  try {
    for (const [name, cell] of Object.entries(cells)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const started = Date.now();
      const found = await runCell(cell, packed.tarball);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${found === undefined ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds} s`);
      if (found !== undefined) {
        failed.push(name);
        console.log(found);
      }
    }
  } finally {
    await packed.remove();
  }
  return failed.length === 0;
}

/** What went wrong, with its output; `undefined` when nothing did. */
async function runCell({ folder, packages, commands }: Cell, tarball: string): Promise<string | undefined> {
  const project = await mkdtemp(join(tmpdir(), 'offline-im-cell-'));
  try {
    await cp(join(import.meta.dirname, folder), project, { recursive: true });
    const names = Object.keys(packages);
    const manifest = {
      private: true,
      dependencies: { ...packages, 'offline-im': `file:${tarball}` },
      allowScripts: Object.fromEntries(names.map((name) => [name, true])),
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest, undefined, 2));
    await exec(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock'], project, limit.install);
    for (const command of commands) await exec(command, project, limit.command);
    return undefined;
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    return `${message.split('\n')[0]}\n${stdout}${stderr}`.slice(0, 8_000);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

/** This Node comes last in the path, so that a cell's own `node` is found first only where the cell names it. */
async function exec([program = '', ...args]: readonly string[], cwd: string, timeout: number): Promise<void> {
  const { NODE_OPTIONS: _options, ...environment } = process.env;
  const path = [dirname(process.execPath), join(cwd, 'node_modules', '.bin'), environment.PATH].join(':');
  await run(program, args, {
    cwd,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 32 * 1024 ** 2,
    env: { ...environment, PATH: path, NO_COLOR: '1', CI: '1' },
  });
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
