import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

/**
 * The numbers in docs/security.md, in order, for the class of hostile inputs whose row starts with this text: number of inputs
 * tried, then number of escapes. The tests with these inputs compare them, so that the page matches the tests.
 *
 * @throws {Error} if no row, or more than one, starts like this.
 */
export function numbersOfRow(start: string): { readonly tried: readonly number[]; readonly escaped: readonly number[] } {
  const rows = page.split('\n').filter((line) => line.startsWith(`| ${start}`));
  const [row] = rows;
  if (row === undefined || rows.length > 1)
    throw new Error(`docs/security.md has ${rows.length} rows that begin with "${start}".`);
  const [, , tried = '', escaped = ''] = row.split('|');
  const numbersIn = (cell: string): number[] => [...cell.matchAll(/\d[\d,]*/g)].map(([text]) => Number(text.replaceAll(',', '')));
  return { tried: numbersIn(tried), escaped: numbersIn(escaped) };
}
