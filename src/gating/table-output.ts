import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { type CmdletBlock, nameKey } from './list-output.ts';
import { isNoise } from './terminal-text.ts';

interface Column {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the objects of PowerShell's table output, several tables too: a line of names, one of dashes below them, a row per object.
 *
 * @param text Cleaned.
 * @returns Nothing when there is no such table.
 */
export function readTables(text: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  const lines = text.split('\n');
  const blocks: Map<string, string>[] = [];
  for (let at = 1; at < lines.length; at++) {
    if (!/^ *-+(?: +-+)* *$/.test(lines[at] ?? '')) continue;
    const columns = columnsOf(lines[at - 1] ?? '', lines[at] ?? '');
    // Of this table alone: the first row of the next one is not the rest of a value of this one.
    const rows: Map<string, string>[] = [];
    for (at++; at < lines.length; at++) {
      const line = lines[at] ?? '';
      if (line.trim() === '' || isNoise(line.trim())) break;
      addRow(rows, columns, collapsedCells(line, columns) ?? cellsOf(line, columns), fail);
    }
    blocks.push(...rows);
  }
  return blocks;
}

function columnsOf(names: string, dashes: string): readonly Column[] {
  const groups = [...dashes.matchAll(/-+/g)].map((found) => ({ from: found.index, to: found.index + found[0].length }));
  const cells = cellsOf(names, groups);
  return groups.map((group, index) => ({ ...group, name: nameKey(cells[index] ?? '') }));
}

/** Cut where the next column's dashes begin; its values reach further left only where they are longer than its name and stand on the right. */
function cellsOf(line: string, columns: readonly { readonly from: number; readonly to: number }[]): readonly string[] {
  const cells: string[] = [];
  let start = 0;
  for (const [index, { to }] of columns.entries()) {
    const next = columns[index + 1];
    const cut = next === undefined ? line.length : cutBetween(line, Math.max(start, to), next.from);
    cells.push(line.slice(start, cut).trim());
    start = cut;
  }
  return cells;
}

/** Cells of a row whose spaces a page has made one, so that its columns are not below their names any more; `undefined` of any other, or where it can't be told. */
function collapsedCells(line: string, columns: readonly Column[]): readonly string[] | undefined {
  if (!cutsWord(line, columns)) return undefined;
  const words = line.trim().split(/ +/);
  // Of words that could be a part of an Identity, or of an empty cell, only one.
  if (words.length === columns.length && words.filter((word) => !isBoolean(word)).length === 1) return words;
  if (columns.length !== 2) return undefined;
  const [first = '', last = ''] = [words.at(0), words.at(-1)];
  if (isBoolean(last)) return [words.slice(0, -1).join(' '), last];
  return isBoolean(first) ? [first, words.slice(1).join(' ')] : undefined;
}

/** Where the cells of a line would end in the middle of a word. */
function cutsWord(line: string, columns: readonly Column[]): boolean {
  return !cellsOf(line, columns).every((cell) => cell === '' || ` ${line} `.includes(` ${cell} `));
}

const isBoolean = (text: string): boolean => /^(?:true|false)$/i.test(text);

function cutBetween(line: string, from: number, to: number): number {
  if (to >= line.length) return to;
  const spilled = line.lastIndexOf(' ', to - 1);
  return spilled >= from ? spilled : to;
}

function addRow(
  rows: Map<string, string>[],
  columns: readonly Column[],
  cells: readonly string[],
  fail: (found: string) => OfflineImError,
): void {
  const identity = cells[columns.findIndex(({ name }) => name === 'identity')] ?? '';
  if (/(?:\.\.\.|\u2026)$/.test(identity)) {
    throw fail(`The table truncates the Identity ${quoted(identity)}; print it with Format-List instead`);
  }
  const last = rows.at(-1);
  // Format-Table -Wrap: the rest of long values, and nothing in the other columns.
  const isOne = cells.filter((cell) => cell !== '').length === 1;
  const isRest = isOne || (!cells.some(isBoolean) && (identity === '' || /^\w+:/.test(last?.get('identity') ?? '')));
  if (last !== undefined && isRest && !/^(?:global$|\w+:)/i.test(identity)) {
    for (const [index, { name }] of columns.entries()) last.set(name, `${last.get(name) ?? ''} ${cells[index] ?? ''}`.trim());
    return;
  }
  rows.push(new Map(columns.map(({ name }, index) => [name, cells[index] ?? ''])));
}
