/** Separated rows: which lines are rows, where a listing ends, and what must not be left out. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { readCsv } from '../../src/gating/csv-output.ts';

const fail = (found: string): OfflineImError => new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}.`);
const read = (...lines: string[]) =>
  readCsv(lines.join('\n'), new Set(['identity', 'x']), fail).map((block) => Object.fromEntries(block));
const global = { identity: 'Global', x: '1' };

describe('comma-separated output', () => {
  it('starts at the line with all the names, whatever stands above it', () => {
    expect(read('Identity,Y', 'Global,1')).toEqual([]);
    expect(read('Identity,Y', 'Site:A,2', 'Identity,X', 'Global,1')).toEqual([global]);
    expect(read('They have 5" screens', 'Identity,X', 'Global,1')).toEqual([global]);
  });

  it('has one row per line, whatever its Identity is', () => {
    expect(read('Identity,X', 'Global,1', 'Sales,True', 'Legal,')).toEqual([
      global,
      { identity: 'Sales', x: 'True' },
      { identity: 'Legal', x: '' },
    ]);
    expect(read('Identity,X', '|a|,1')).toEqual([{ identity: '|a|', x: '1' }]);
  });

  it('ends at an empty line, a prompt, or a line with other cells; below it, only lines that start like a scope are read', () => {
    for (const gap of ['', '   ', '  PS C:\\> Get-X | ft a,b', 'That is all, as I said, of it'])
      expect(read('Identity,X', 'Global,1', gap, 'so much,for today'), gap).toEqual([global]);
    expect(read('Identity,X', 'Global,1', '', 'Site:A,2')).toEqual([global, { identity: 'Site:A', x: '2' }]);
    expect(read('Identity,X', 'Global,1', '', 'Globally,it is on', 'not Site:A,yet', 'not global,yet')).toEqual([global]);
  });

  it('is refused if the row of a scope has more or fewer cells than the header', () => {
    expect(() => read('Identity,X', 'Global,1,2')).toThrow('A row has 3 cells instead of 2: "Global,1,2".');
    expect(() => read('Identity,X,Y', 'Global,1')).toThrow('A row has 2 cells instead of 3: "Global,1".');
  });

  it('may have more or fewer empty cells at the end of a line, as spreadsheets write them', () => {
    expect(read('Identity\tX\tY', 'Global\t1', 'Site:A\t2\t\t\t')).toEqual([
      { ...global, y: '' },
      { identity: 'Site:A', x: '2', y: '' },
    ]);
    expect(() => read('Identity\tX', 'Global\t1\t\tb')).toThrow('A row has 4 cells instead of 2');
  });

  it('is refused if a row continues on the next line, which could hold its settings', () => {
    const above = ['Identity\tText\tX', 'Global\ta'];
    for (const rest of ['b\tTrue', 'b\tfalse', 'b\tTrue\tc'])
      expect(() => read(...above, rest)).toThrow(/^A row continues on the next line: "b\\t.+"\.$/);
    expect(read(...above, 'truly\tfor today', 'what I said is true\t')).toEqual([{ identity: 'Global', text: 'a', x: '' }]);
  });

  it('is refused if a row has an unclosed quotation mark, but not if the text below has one', () => {
    expect(() => read('Identity,X', 'Global,"1', 'Site:A,2')).toThrow(
      'A quotation mark is not closed in "Global,\\"1 Site:A,2".',
    );
    expect(read('Identity,X', 'Global,1', '', 'They have 5" screens')).toEqual([global]);
  });
});

describe('a table drawn with bars', () => {
  it('may have bars and spaces at the ends of its lines, or none', () => {
    expect(read('| Identity | X |', '|---|---|', 'Global | 1', '  | Site:A | 2 |', '| Sales | 3 |')).toEqual([
      global,
      { identity: 'Site:A', x: '2' },
      { identity: 'Sales', x: '3' },
    ]);
  });

  it('continues on the next line if a cell is empty', () => {
    const names = '│ Identity │ X │';
    expect(read(names, '│ Site:Red │ 1 │', '│ mond │ │')).toEqual([{ identity: 'Site:Red mond', x: '1' }]);
    expect(read(names, '│ Global │ 1 │', '│ Site:A │ a │', '│ │ b │', '│ Site:B │ 2 │')).toEqual([
      global,
      { identity: 'Site:A', x: 'a b' },
      { identity: 'Site:B', x: '2' },
    ]);
    expect(read(names, '│ Sales │ │')).toEqual([{ identity: 'Sales', x: '' }]);
  });
});
