import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, cells } from './cells.ts';

const page = join(import.meta.dirname, '..', 'docs', 'compatibility.md');
const marks = { start: '<!-- matrix: start -->', end: '<!-- matrix: end -->' };

/** One row of the table in docs/compatibility.md, without its result. */
export function rowOf(name: string, { does, packages }: Cell): string {
  const versions = Object.entries(packages).map(([packageName, version]) => `${packageName} ${version}`);
  return `| \`${name}\` | ${versions.join(', ')} | ${does} |`;
}

/** Rewrites the table: the cell that has passed now, and of the others those whose row is unchanged since they passed. */
export async function writePassed(passed: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [start, end] = [text.indexOf(marks.start) + marks.start.length, text.indexOf(marks.end)];
  const before = text.slice(start, end).split('\n');
  const rows = Object.entries(cells).flatMap(([name, cell]) => {
    const row = rowOf(name, cell);
    return name === passed || before.includes(row) ? [row] : [];
  });
  const table = ['', '| Cell | With | What it does |', '|---|---|---|', ...rows, ''].join('\n');
  await writeFile(page, text.slice(0, start) + table + text.slice(end));
}
