/**
 * What `import 'offline-im'` takes in a fresh process, from the built package: the processor's time, and how long it is, the median of many in turns, and beside it the same
 * for undici; and so with `require()`. Run by `npm run bench:import`, which builds first. The goal is half of undici's.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { compared, median } from './median.ts';
import { printTable, type Row } from './table.ts';

const root = join(import.meta.dirname, '..');
const runs = 20;

/** A child that measures one import, the module loader warmed by an empty one. */
const measure = (load: string) => `
  (async () => {
    await import('data:text/javascript,');
    const before = process.cpuUsage();
    const start = performance.now();
    await ${load}(process.argv[1]);
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(JSON.stringify({ ms, cpu: (user + system) / 1_000 }));
  })();
`;

interface Taken {
  readonly ms: number;
  readonly cpu: number;
}

function taken(load: 'import' | 'require', specifier: string): Taken {
  const argv = [`--input-type=${load === 'import' ? 'module' : 'commonjs'}`, '-e', measure(load), specifier];
  return JSON.parse(execFileSync(process.execPath, argv, { cwd: root, encoding: 'utf8' })) as Taken;
}

const measured = (['import', 'require'] as const).flatMap((load) =>
  ['offline-im', 'offline-im/file', 'offline-im/testing', 'undici'].map((specifier) => ({
    load,
    specifier,
    takes: [] as Taken[],
  })),
);
// In turns, so that whatever else the machine does strikes them alike.
for (let run = 0; run < runs; run++) for (const { load, specifier, takes } of measured) takes.push(taken(load, specifier));
console.log(`node ${process.version}, medians of ${runs} fresh processes`);
printTable(
  measured.flatMap(({ load, specifier, takes }): readonly Row[] => {
    const call = (of: string) => (load === 'import' ? `import '${of}'` : `require('${of}')`);
    const theirs = measured.find((one) => one.load === load && one.specifier === 'undici')?.takes ?? [];
    const [cpu, ms] = [takes.map((one) => one.cpu), takes.map((one) => one.ms)];
    const what = call(specifier);
    const figure = `${median(cpu).toFixed(1)} ms CPU, takes ${median(ms).toFixed(1)} ms`;
    if (specifier !== 'offline-im') return [{ what, figure }];
    const row = (name: string, of: (one: Taken) => number): Row => ({
      what: name,
      figure: `${median(takes.map(of)).toFixed(1)} ms`,
      against: call('undici'),
      ...compared(takes.map(of), theirs.map(of)),
      goal: { atMost: 0.5 },
      why: 'the remaining time finds, reads and compiles the files that every sender needs; the rest is loaded on use.',
    });
    return [row(what, (one) => one.ms), row(`${what}, CPU`, (one) => one.cpu)];
  }),
);
