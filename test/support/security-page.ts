import { readFileSync } from 'node:fs';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

/**
 * The numbers that docs/security.md gives, in order, for the class of hostile inputs whose row begins so: of inputs tried, then of those that escaped. The tests
 * that try them compare, so that the page says what is tried.
 *
 * @throws {Error} when no row, or more than one, begins so.
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
