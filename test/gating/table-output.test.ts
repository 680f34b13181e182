import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { readTables } from '../../src/gating/table-output.ts';

const fail = (found: string): OfflineImError => new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}.`);
const read = (...lines: string[]) => readTables(lines.join('\n'), fail).map((block) => Object.fromEntries(block));

describe('a table', () => {
  it('has one object per row, with cells below the dashes of each column', () => {
    expect(read('Identity   EnableOfflineIm', '--------   ---------------', 'Global     True', 'Site:A     False')).toEqual([
      { identity: 'Global', enableofflineim: 'True' },
      { identity: 'Site:A', enableofflineim: 'False' },
    ]);
  });

  it('may have right-aligned values, also longer than their header', () => {
    expect(read('Identity   Size', '--------   ----', 'Global        1', 'Site:A    12345', 'Site:B   123456')).toEqual([
      { identity: 'Global', size: '1' },
      { identity: 'Site:A', size: '12345' },
      { identity: 'Site:B', size: '123456' },
    ]);
    expect(read('A        Size', '-        ----', 'Global      1')).toEqual([{ a: 'Global', size: '1' }]);
    // Without a space to cut at, the dashes decide.
    expect(read('A Size', '- ----', 'abcdefg')).toEqual([{ a: 'ab', size: 'cdefg' }]);
  });

  it('may have centred values longer than their header, but never below the dashes of the column before', () => {
    expect(read('Identity   Size X', '--------   ---- -', 'Site:B   123456 y')).toEqual([
      { identity: 'Site:B', size: '123456', x: 'y' },
    ]);
    expect(read('Name Size', '---- ----', 'a bcdefgh')).toEqual([{ name: 'a bcd', size: 'efgh' }]);
  });

  it('may have names of several words, up to the start of the next column', () => {
    expect(read('Identity     X', '--------     -', 'Site:Red mond')).toEqual([{ identity: 'Site:Red mond', x: '' }]);
    expect(read('Identity     X', '--------     -', 'Site:Red mon')).toEqual([{ identity: 'Site:Red mon', x: '' }]);
  });

  it('has no value in text that ends with one', () => {
    expect(read('Identity Text', '-------- ----', 'Global   is True')).toEqual([{ identity: 'Global', text: 'is True' }]);
    expect(read('Identity     X', '--------     -', 'Site:Is True')).toEqual([{ identity: 'Site:Is True', x: '' }]);
  });

  it('is read with collapsed spaces, as far as that is unambiguous', () => {
    expect(read('  Identity EnableOfflineIm', '  -------- ---------------', '  Global True ', 'Site:A  False')).toEqual([
      { identity: 'Global', enableofflineim: 'True' },
      { identity: 'Site:A', enableofflineim: 'False' },
    ]);
    expect(read('EnableOfflineIm Identity', '--------------- --------', 'True Site:Redmond North')).toEqual([
      { enableofflineim: 'True', identity: 'Site:Redmond North' },
    ]);
    expect(read('Identity EnableOfflineIm Other', '-------- --------------- -----', 'Global True False')).toEqual([
      { identity: 'Global', enableofflineim: 'True', other: 'False' },
    ]);
  });

  it('may be indented, have one column, a short last row, and names in any case', () => {
    expect(read('  IDENTITY  X ', '  --------  - ', '  Global', '  Site:A    y')).toEqual([
      { identity: 'Global', x: '' },
      { identity: 'Site:A', x: 'y' },
    ]);
    expect(read('Identity', '--------', 'Global')).toEqual([{ identity: 'Global' }]);
  });

  it('ends at an empty line or a prompt; another table may follow', () => {
    expect(read('Identity', '--------', 'Global', '', 'Site:A')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '  ', 'x')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '  PS C:\\>', 'Site:A')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '', 'X', '-', 'y')).toEqual([{ identity: 'Global' }, { x: 'y' }]);
  });

  it('continues on the next line if a long value was wrapped', () => {
    expect(read('Identity Text', '-------- ----', 'Global   one', '         two', 'Site:A   x', '', '')).toEqual([
      { identity: 'Global', text: 'one two' },
      { identity: 'Site:A', text: 'x' },
    ]);
    expect(read('Identity Text', '-------- ----', '         one')).toEqual([{ identity: '', text: 'one' }]);
    expect(read('Identity Text', '-------- ----', 'Tag:Some x', 'more')).toEqual([{ identity: 'Tag:Some more', text: 'x' }]);
  });

  it('continues in several columns at once, even if only one column has text', () => {
    expect(read('Identity Text Note', '-------- ---- ----', 'Global   a    b', '         c    d')).toEqual([
      { identity: 'Global', text: 'a c', note: 'b d' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Sales    x', 'North')).toEqual([{ identity: 'Sales North', text: 'x' }]);
  });

  it('does not continue on a line with a setting or name of its own', () => {
    expect(read('Identity Text', '-------- ----', 'Site:A   True', 'B        False')).toEqual([
      { identity: 'Site:A', text: 'True' },
      { identity: 'B', text: 'False' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Global   x', 'Sales    y')).toEqual([
      { identity: 'Global', text: 'x' },
      { identity: 'Sales', text: 'y' },
    ]);
  });

  it('does not continue on a line that names another scope with nothing set', () => {
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'Global', 'Tag:B')).toEqual([
      { identity: 'Site:A', text: 'x' },
      { identity: 'Global', text: '' },
      { identity: 'Tag:B', text: '' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'global2')).toMatchObject([{ identity: 'Site:A global2' }]);
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'a global')).toMatchObject([{ identity: 'Site:A a global' }]);
  });

  it.each(['Site:Red...', 'Site:Red…'])('is refused if an Identity is truncated: %s', (identity) => {
    expect(() => read('Identity     X', '--------     -', `${identity.padEnd(13)}y`)).toThrow(
      /^The table truncates the Identity ".+"; print it with Format-List instead\.$/,
    );
    expect(read('Identity     X', '--------     -', `${`${identity}a`.padEnd(13)}y`)).toHaveLength(1);
    expect(read('Name         X', '--------     -', `${identity.padEnd(13)}y`)).toHaveLength(1);
  });

  it('needs dashes below its names', () => {
    expect(read('Identity X', 'Global   y')).toEqual([]);
    expect(read('-- x', 'Identity', 'a --', 'b')).toEqual([]);
    expect(read('Identity X', '-------- x', 'Global   y')).toEqual([]);
    expect(read('--------')).toEqual([]);
    expect(read('')).toEqual([]);
  });
});
