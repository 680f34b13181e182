/**
 * How long `import 'offline-im'` takes in a fresh process, from the built package: the median of ten in turns, and beside it the same for undici.
 * Run by `npm run bench:import`, which builds first. The goal is half of undici's.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { compared, median } from './median.ts';
import { printTable, type Row } from './table.ts';

const root = join(import.meta.dirname, '..');
const runs = 10;

/** A child that measures one import, the module loader warmed by an empty one. */
const measure = `
  await import('data:text/javascript,');
  const start = performance.now();
  await import(process.argv[1]);
  process.stdout.write(String(performance.now() - start));
`;

function importTime(specifier: string): number {
  const argv = ['--input-type=module', '-e', measure, specifier];
  return Number(execFileSync(process.execPath, argv, { cwd: root, encoding: 'utf8' }));
}

const specifiers = ['offline-im', 'offline-im/file', 'offline-im/testing', 'undici'];
const times = new Map<string, number[]>(specifiers.map((specifier) => [specifier, []]));
// In turns, so that whatever else the machine does strikes them alike.
for (let run = 0; run < runs; run++) for (const one of specifiers) times.get(one)?.push(importTime(one));
const theirs = times.get('undici') ?? [];
console.log(`node ${process.version}, median of ${runs} fresh processes`);
printTable(
  specifiers.map((specifier): Row => {
    const ours = times.get(specifier) ?? [];
    const row = { what: `import '${specifier}'`, figure: `${median(ours).toFixed(1)} ms` };
    if (specifier !== 'offline-im') return row;
    return { ...row, against: "import 'undici'", ...compared(ours, theirs), goal: { atMost: 0.5 } };
  }),
);
