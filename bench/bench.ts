/**
 * Every bench, each in a process of its own, one after the other: `npm run bench [-- NAME…] [--write]`. Prints one table; `--write` writes it, with a plot, to
 * docs/benchmarks.md, anew after each bench: a run that is cut keeps what it has measured. A bench that ends with an error is named in both, and makes the run fail; a goal that is missed does not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { watchConditions } from './report/conditions.ts';
import { type Conditions, type Measured, pageOf, plotOf } from './report/page.ts';
import { redisVersion } from './spool/redis-server.ts';
import { printTable, type Row, whysOf } from './table.ts';

/** Name and file; every one prints by `printTable`. */
const benches: Readonly<Record<string, string>> = {
  ews: 'ews.ts',
  graph: 'graph.ts',
  simulator: 'simulator.ts',
  telemetry: 'telemetry.ts',
  import: 'import-time.ts',
  // The longest come last.
  lists: 'lists.ts',
  spool: 'spool.ts',
};

const docs = join(import.meta.dirname, '..', 'docs');

async function measure(name: string, file: string, folder: string): Promise<Measured> {
  const collected = join(folder, name);
  const child = spawn(process.execPath, ['--expose-gc', join(import.meta.dirname, file)], {
    // Its own table goes to stderr: stdout is for the whole one.
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, OFFLINE_IM_BENCH_ROWS: collected },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const lines = await readFile(collected, 'utf8').catch(() => '');
  const rows = lines.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as Row[])));
  return { name, rows, failed: code !== 0 || rows.length === 0 };
}

async function writePage(measured: readonly Measured[], under: Conditions): Promise<void> {
  await writeFile(join(docs, 'benchmarks.svg'), plotOf(measured));
  await writeFile(join(docs, 'benchmarks.md'), pageOf(measured, under));
}

async function main(names: readonly string[], write: boolean): Promise<boolean> {
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) throw new Error(`No bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`);
  if (write && names.length > 0) throw new Error('The page shows one run of all: leave the names out.');
  const conditions = watchConditions(redisVersion());
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-bench-'));
  const measured: Measured[] = [];
  try {
    for (const [name, file] of Object.entries(benches)) {
      if (names.length > 0 && !names.includes(name)) continue;
      measured.push(await measure(name, file, folder));
      if (write) await writePage(measured, conditions());
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const all = measured.flatMap(({ name, rows }) => rows.map((row) => ({ ...row, what: `${name}: ${row.what}` })));
  printTable(all);
  for (const line of whysOf(all)) console.log(line);
  const failed = measured.filter((one) => one.failed);
  for (const { name } of failed) console.error(`The bench ${name} ended with an error, or gave no figure.`);
  const under = conditions();
  console.log(`\n${under.machine}. ${under.load}\n${under.versions}\n${under.minutes} minutes`);
  return failed.length === 0;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: 'boolean', default: false } } });
process.exitCode = (await main(positionals, values.write)) ? 0 : 1;
