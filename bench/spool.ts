/**
 * What the spools cost: `npm run bench:spool [part…]`, beside the bare SQL or files that would do the same and beside pg-boss, measured in turns in the same run.
 * Every part runs in a process of its own, and its figures are printed when it ends. A goal that is missed is shown; nothing fails by it. A part that breaks, or goes
 * on for too long, fails the run at its end; the others are measured all the same.
 *
 * OFFLINE_IM_BENCH_ROUNDS and OFFLINE_IM_BENCH_WAITING (for the part `million`) make it shorter.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { type Part, parts } from './spool/parts.ts';
import { printTable, type Row } from './table.ts';

const asked = process.argv.slice(2);
const unknown = asked.find((name) => !parts.some((part) => part === name));
if (unknown !== undefined) throw new Error(`There is no part ${JSON.stringify(unknown)}; expected some of ${parts.join(', ')}.`);

/** ms; the longest takes some minutes. */
const limit = 1_800_000;

function run(part: Part): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'spool', 'part-process.ts'), [part], {
      execArgv: ['--expose-gc'],
      timeout: limit,
    });
    child.once('message', (rows) => resolve(rows as readonly Row[]));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The part ${part} ended with ${code ?? 'a signal'} and no figures.`)));
  });
}

console.log(`node ${process.version}`);
for (const part of parts) {
  if (asked.length > 0 && !asked.includes(part)) continue;
  console.error(`measuring ${part} …`);
  try {
    printTable(await run(part));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
