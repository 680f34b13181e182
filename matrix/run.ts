import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pack } from '../test/package/packed.ts';
import { type Cell, cells } from './cells.ts';
import { writeEntries } from './entries.ts';
import { writePassed } from './table.ts';

const run = promisify(execFile);
/** ms; a cell that hangs must not hold up the others. */
const limit = { install: 300_000, command: 180_000 };

async function main(names: readonly string[], write: boolean): Promise<boolean> {
  const unknown = names.filter((name) => !Object.hasOwn(cells, name));
  if (unknown.length > 0) throw new Error(`No cell ${unknown.join(', ')}; there are ${Object.keys(cells).join(', ')}.`);
  const packed = await pack();
  const passed: string[] = [];
  const loaded = new Set<string>();
  let asked = 0;
  try {
    for (const [name, cell] of Object.entries(cells)) {
      if (names.length > 0 && !names.includes(name)) continue;
      asked += 1;
      const started = Date.now();
      const { entries, fault } = await runCell(cell, packed.tarball);
      const seconds = ((Date.now() - started) / 1000).toFixed(1);
      console.log(`${fault === undefined ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds} s, ${entries.length} entries`);
      if (fault !== undefined) console.log(fault);
      else {
        passed.push(name);
        // At once: a run that is cut keeps what has passed.
        if (write) await writePassed(name);
        for (const entry of entries) loaded.add(entry);
      }
    }
  } finally {
    await packed.remove();
  }
  const all = Object.keys(packed.manifest.exports).flatMap((subpath) =>
    subpath.endsWith('.json') ? [] : [`offline-im${subpath.slice(1)}`],
  );
  const missed = names.length > 0 ? [] : all.filter((entry) => !loaded.has(entry));
  if (missed.length > 0) console.log(`FAILED No cell loads ${missed.join(', ')}.`);
  return passed.length === asked && missed.length === 0;
}

/** The entries that its program loads; what went wrong, with its output, when something did. */
async function runCell(cell: Cell, tarball: string): Promise<{ entries: readonly string[]; fault?: string }> {
  const project = await mkdtemp(join(tmpdir(), 'offline-im-cell-'));
  let entries: readonly string[] = [];
  try {
    for (const folder of cell.folders) await cp(join(import.meta.dirname, folder), project, { recursive: true });
    const manifest = {
      ...(await readJson(join(project, 'package.json'))),
      private: true,
      dependencies: { ...cell.packages, 'offline-im': `file:${tarball}` },
      // Those of an example name the package as it is published; a cell has its own.
      devDependencies: {},
      allowScripts: Object.fromEntries(Object.keys(cell.packages).map((name) => [name, true])),
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest, undefined, 2));
    await exec(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock'], project, limit.install);
    entries = await writeEntries(project, cell.without);
    for (const command of cell.commands) await exec(command, project, limit.command);
    return { entries };
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    return { entries, fault: `${message.split('\n')[0]}\n${stdout}${stderr}`.slice(0, 8_000) };
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

async function readJson(file: string): Promise<object> {
  return JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as object;
}

/** This Node comes first in the path: a cell's own `node` runs only where the cell names its file. */
async function exec([program = '', ...args]: readonly string[], cwd: string, timeout: number): Promise<void> {
  const { NODE_OPTIONS: _options, ...environment } = process.env;
  const path = [dirname(process.execPath), join(cwd, 'node_modules', '.bin'), environment.PATH].join(':');
  await run(program, args, {
    cwd,
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 32 * 1024 ** 2,
    env: { ...environment, PATH: path, NO_COLOR: '1', CI: '1', NEXT_TELEMETRY_DISABLED: '1' },
  });
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean', default: false } } });
process.exitCode = (await main(positionals, values.write)) ? 0 : 1;
