import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cells } from '../../matrix/cells.ts';
import { rowOf } from '../../matrix/table.ts';

const root = join(import.meta.dirname, '..', '..');
const page = await readFile(join(root, 'docs', 'compatibility.md'), 'utf8');

it('docs/compatibility.md has a row for each cell, with its versions when it passed, and no others', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(Object.entries(cells).map(([name, cell]) => rowOf(name, cell))).toEqual(expect.arrayContaining(rows));
});

it('.ci/run uses existing cells only', async () => {
  const [, names = ''] = /npm run matrix -- (.*?) >/.exec(await readFile(join(root, '.ci', 'run'), 'utf8')) ?? [];
  expect(Object.keys(cells)).toEqual(expect.arrayContaining(names.split(' ')));
});
