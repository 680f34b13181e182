import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { type CmdletBlock, nameKey } from './list-output.ts';
import { isNoise } from './terminal-text.ts';

/**
 * `ConvertTo-Csv` and `Export-Csv` separate by the comma, or by the semicolon of many regions; tables of wikis and mails by bars; spreadsheets, and tables
 * that are copied from a page, by tabs.
 */
const separators = [',', ';', '|', '\t'] as const;
/** A line between rows, with the corners that consoles draw. */
const rule = /^[\s|:+=\u2500-\u257f-]+$/;

/** What PowerShell names scopes: text below a listing does not begin like this. */
const scope = /^(?:global$|(?:site|tag|service):\S)/i;

/**
 * Reads objects whose values are separated by a character: a line of names, a line per object.
 *
 * A scope that is left out would pass for one that sets nothing: a line that begins as a scope does is read, also below a gap or another listing, or refused.
 *
 * @param text Cleaned, with its tabs.
 * @param wanted The names that the line of names must have, folded.
 * @returns Nothing when there is no such line.
 */
export function readCsv(
  text: string,
  wanted: ReadonlySet<string>,
  fail: (found: string) => OfflineImError,
): readonly CmdletBlock[] {
  const lines = text.replaceAll(/[\u2502\u2503\u2551]/g, '|').split('\n');
  for (const separator of separators) {
    const at = lines.findIndex((line) => {
      const names = line.includes(separator) ? cellsOf(line, separator).map(nameKey) : [];
      return [...wanted].every((name) => names.includes(name));
    });
    if (at >= 0) return readRows(lines.slice(at), separator, wanted, fail);
  }
  return [];
}

function readRows(
  lines: readonly string[],
  separator: string,
  wanted: ReadonlySet<string>,
  fail: (found: string) => OfflineImError,
): readonly CmdletBlock[] {
  let names: readonly string[] = [];
  const blocks: Map<string, string>[] = [];
  let isBelow = false;
  let isShort = false;
  for (const line of wholeLines(lines, separator, fail)) {
    if (rule.test(line) && line.trim() !== '') continue;
    const cells = cellsOf(line, separator);
    const identity = cells[names.indexOf('identity')] ?? '';
    if (scope.test(identity)) {
      const missing = names.length - cells.length;
      // Empty cells at the end of a line are white space there, which programs cut off.
      const isWhole = missing === 0 || (separator === '\t' && (missing > 0 || cells.slice(missing).every((cell) => cell === '')));
      if (!isWhole) throw fail(`A row has ${cells.length} cells instead of ${names.length}: ${quoted(line)}`);
      blocks.push(new Map(names.map((name, index) => [name, cells[index] ?? ''])));
      isShort = missing > 0;
      continue;
    }
    // A cell of several lines without its quotes.
    if (isShort && cells.some((cell) => /^(?:true|false)$/i.test(cell)))
      throw fail(`A row continues on the next line: ${quoted(line)}`);
    // Only then: a value may be the word, too.
    const keys = cells.map(nameKey);
    if (keys.includes('identity')) {
      const twice = keys.find((key, index) => wanted.has(key) && keys.indexOf(key) < index);
      if (twice !== undefined) throw fail(`The header has ${quoted(twice)} twice: ${quoted(line)}`);
      [names, isBelow] = [keys, false];
      continue;
    }
    if (line.trim() === '' || isNoise(line.trim()) || cells.length !== names.length) isBelow = true;
    if (isBelow) continue;
    const last = blocks.at(-1);
    if (separator === '|' && last !== undefined && cells.includes('')) {
      // In a frame, the rest of values that were too long for their columns.
      for (const [index, name] of names.entries()) last.set(name, `${last.get(name) ?? ''} ${cells[index] ?? ''}`.trim());
    } else blocks.push(new Map(names.map((name, index) => [name, cells[index] ?? ''])));
  }
  return blocks;
}

/** A value in quotes may go on in the next line. */
function* wholeLines(lines: readonly string[], separator: string, fail: (found: string) => OfflineImError): Generator<string> {
  let row = '';
  let quotes = 0;
  for (const line of lines) {
    quotes += line.split('"').length - 1;
    row = row === '' ? line : `${row} ${line}`;
    if (quotes % 2 === 1) continue;
    yield row;
    row = '';
    quotes = 0;
  }
  if (row.includes(separator)) throw fail(`A quotation mark is not closed in ${quoted(row)}`);
}

/** Without the bars at both ends of a table's line. A quote within quotes is doubled. */
function cellsOf(line: string, separator: string): readonly string[] {
  const inner = separator === '|' ? line.trim().replace(/^\|/, '').replace(/\|$/, '') : line;
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (const part of inner.split(/(["|,;\t])/)) {
    if (part === '"') isQuoted = !isQuoted;
    else if (part === separator && !isQuoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += part;
  }
  return [...cells, cell.trim()];
}
