import { type CmdletBlock, nameKey } from './list-output.ts';
import { isNoise } from './terminal-text.ts';

/**
 * `ConvertTo-Csv` and `Export-Csv` separate by the comma, or by the semicolon of many regions; tables of wikis and mails by bars; spreadsheets, and tables
 * that are copied from a page, by tabs.
 */
const separators = [',', ';', '|', '\t'] as const;
/** A line between rows, with the corners that consoles draw. */
const rule = /^[\s|:+=\u2500-\u257f-]+$/;

/**
 * Reads objects whose values are separated by a character: a line of names, a line per object.
 *
 * @param text Cleaned, with its tabs.
 * @param wanted The names that the line of names must have, folded.
 * @returns Nothing when there is no such line.
 */
export function readCsv(text: string, wanted: ReadonlySet<string>): readonly CmdletBlock[] {
  const lines = text.replaceAll(/[\u2502\u2503\u2551]/g, '|').split('\n');
  for (const separator of separators) {
    const at = lines.findIndex((line) => {
      const names = line.includes(separator) ? cellsOf(line, separator).map(nameKey) : [];
      return [...wanted].every((name) => names.includes(name));
    });
    if (at >= 0) return readRows(lines.slice(at), separator);
  }
  return [];
}

function readRows([header = '', ...lines]: readonly string[], separator: string): readonly CmdletBlock[] {
  const names = cellsOf(header, separator).map(nameKey);
  const blocks: CmdletBlock[] = [];
  let row = '';
  let quotes = 0;
  for (const line of lines) {
    // A value in quotes may go on in the next line.
    quotes += line.split('"').length - 1;
    row = row === '' ? line : `${row} ${line}`;
    if (quotes % 2 === 1) continue;
    const whole = row;
    row = '';
    quotes = 0;
    if (whole.trim() === '' || isNoise(whole.trim())) break;
    if (rule.test(whole)) continue;
    const cells = cellsOf(whole, separator);
    if (cells.length !== names.length) break;
    blocks.push(new Map(names.map((name, index) => [name, cells[index] ?? ''])));
  }
  return blocks;
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
