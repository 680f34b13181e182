/**
 * How long `import 'offline-im'` takes in a fresh process, from the built package: the median of ten, and beside it the same for undici.
 * Run by `npm run bench:import`, which builds first. The goal is half of undici's.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
/** undici is here for comparison only, so bench/package.json has it. */
const folderOf = (specifier: string): string => (specifier.startsWith('offline-im') ? root : import.meta.dirname);
const runs = 10;

/** A child that measures one import, the module loader warmed by an empty one. */
const measure = `
  await import('data:text/javascript,');
  const start = performance.now();
  await import(process.argv[1]);
  process.stdout.write(String(performance.now() - start));
`;

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function importTime(specifier: string): number {
  const figures = Array.from({ length: runs }, () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '-e', measure, specifier], {
        cwd: folderOf(specifier),
        encoding: 'utf8',
      }),
    ),
  );
  return median(figures);
}

console.log(`node ${process.version}, median of ${runs} fresh processes`);
for (const specifier of ['offline-im', 'offline-im/file', 'offline-im/testing', 'undici']) {
  console.log(`import '${specifier}'`.padEnd(30), `${importTime(specifier).toFixed(1)} ms`.padStart(9));
}
