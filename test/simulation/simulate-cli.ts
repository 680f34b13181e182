/**
 * `npm run simulate -- --runs 1000 --seed 1 --spool memory|file|sqlite|indexeddb`: that many runs, each with its own seed,
 * starting at `--seed`. A run that breaks the promise is shrunk and printed with the command that repeats it; exit code 1. 2 for
 * invalid options.
 */
import { parseArgs } from 'node:util';
import { type SpoolKind, simulate, spools } from './run.ts';

function wrong(name: string, text: string, expected: string): never {
  console.error(`--${name} is ${JSON.stringify(text)}; expected ${expected}.`);
  process.exit(2);
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least
    ? number
    : wrong(name, text, `a whole number, ${least} or more`);
}

const usage = `npm run simulate -- [options]
  --runs N       runs, each with a seed of its own (1000)
  --seed N       the first seed; the others are counted from it (drawn)
  --spool KIND   ${spools.join(', ')} (memory)
  --no-shrink    a run that breaks the promise is printed as it is`;

function optionsOf(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        runs: { type: 'string', default: '1000' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 30)) },
        spool: { type: 'string', default: 'memory' },
        'no-shrink': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const values = optionsOf(process.argv.slice(2));
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const runs = whole('runs', values.runs, 1);
const first = whole('seed', values.seed, 0);
const kind: SpoolKind = spools.find((one) => one === values.spool) ?? wrong('spool', values.spool, spools.join(', '));

console.log(`${runs} runs on ${kind}, seeds ${first} to ${first + runs - 1}`);
for (let run = 0; run < runs; run++) {
  const seed = first + run;
  try {
    await simulate(kind, seed, {}, !values['no-shrink']);
  } catch (error) {
    console.error(error);
    console.error(`Broken after ${run} good runs. Repeat it: npm run simulate -- --spool ${kind} --runs 1 --seed ${seed}`);
    process.exit(1);
  }
  if ((run + 1) % 100 === 0) console.log(`${run + 1} runs`);
}
console.log(`the promise held in ${runs} runs`);
