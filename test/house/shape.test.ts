import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const linesOf = (name: string): number => readFileSync(join(src, name), 'utf8').split('\n').length - 1;

/** The suites have a file per subject, however many there are. */
const suites = /^testing\/(spool|transport)-conformance(\/|$)/;
/** Generated from the schema of Exchange, one line per type. */
const generated: ReadonlySet<string> = new Set(
  ['grammar.ts', 'answer-grammar.ts'].map((name) => `testing/simulator/schema/${name}`),
);

describe('the source tree', () => {
  it('has no file of more than 300 lines', () => {
    const long = files
      .filter((name) => !generated.has(name) && linesOf(name) > 300)
      .map((name) => `${name}: ${linesOf(name)} lines`);
    expect(long).toEqual([]);
  });

  it('has no folder of more than 14 entries', () => {
    const folders = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(src, name)).isDirectory(),
    );
    const crowded = folders.filter((name) => !suites.test(name) && readdirSync(join(src, name)).length > 14);
    expect(folders.length).toBeGreaterThan(30);
    expect(crowded).toEqual([]);
  });

  it('has files with a median of 80 to 130 lines, testing excluded', () => {
    const lengths = files
      .filter((name) => !name.startsWith('testing'))
      .map(linesOf)
      .sort((one, other) => one - other);
    const median = lengths[Math.floor(lengths.length / 2)];
    expect(median).toBeGreaterThanOrEqual(80);
    expect(median).toBeLessThanOrEqual(130);
  });

  it('has nothing in its root but the entries of the package', () => {
    const { exports: entries } = JSON.parse(readFileSync(join(src, '../package.json'), 'utf8')) as { exports: object };
    const names = Object.keys(entries).filter((name) => name !== './package.json');
    const published = names.map((name) => (name === '.' ? 'index.ts' : `${name.slice(2).replaceAll('/', '-')}.ts`));
    const root = files.filter((name) => !name.includes('/'));
    expect(root.filter((name) => name !== 'cli.ts').sort()).toEqual(published.sort());
  });
});
