import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { readTables } from '../../src/gating/table-output.ts';

const fail = (found: string): OfflineImError => new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}.`);
const read = (...lines: string[]) => readTables(lines.join('\n'), fail).map((block) => Object.fromEntries(block));

describe('a table', () => {
  it('has an object per row, its cells below the dashes of each column', () => {
    expect(read('Identity   EnableOfflineIm', '--------   ---------------', 'Global     True', 'Site:A     False')).toEqual([
      { identity: 'Global', enableofflineim: 'True' },
      { identity: 'Site:A', enableofflineim: 'False' },
    ]);
  });

  it('has values that stand on the right, also longer than their name', () => {
    expect(read('Identity   Size', '--------   ----', 'Global        1', 'Site:A    12345', 'Site:B   123456')).toEqual([
      { identity: 'Global', size: '1' },
      { identity: 'Site:A', size: '12345' },
      { identity: 'Site:B', size: '123456' },
    ]);
    expect(read('A        Size', '-        ----', 'Global      1')).toEqual([{ a: 'Global', size: '1' }]);
    // Without a space to cut at, the dashes decide.
    expect(read('A Size', '- ----', 'abcdefg')).toEqual([{ a: 'ab', size: 'cdefg' }]);
  });

  it('has values longer than their name in the middle, but never below the dashes of the column before', () => {
    expect(read('Identity   Size X', '--------   ---- -', 'Site:B   123456 y')).toEqual([
      { identity: 'Site:B', size: '123456', x: 'y' },
    ]);
    expect(read('Name Size', '---- ----', 'a bcdefgh')).toEqual([{ name: 'a bcd', size: 'efgh' }]);
  });

  it('has names of several words whole, up to where the next column begins', () => {
    expect(read('Identity     X', '--------     -', 'Site:Red mond')).toEqual([{ identity: 'Site:Red mond', x: '' }]);
    expect(read('Identity     X', '--------     -', 'Site:Red mon')).toEqual([{ identity: 'Site:Red mon', x: '' }]);
  });

  it('has no value in a text that ends with one', () => {
    expect(read('Identity Text', '-------- ----', 'Global   is True')).toEqual([{ identity: 'Global', text: 'is True' }]);
    expect(read('Identity     X', '--------     -', 'Site:Is True')).toEqual([{ identity: 'Site:Is True', x: '' }]);
  });

  it('is read where a page has made its spaces one, as far as it can be told', () => {
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

  it('ends at an empty line and at the prompt; another may follow', () => {
    expect(read('Identity', '--------', 'Global', '', 'Site:A')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '  ', 'x')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '  PS C:\\>', 'Site:A')).toEqual([{ identity: 'Global' }]);
    expect(read('Identity', '--------', 'Global', '', 'X', '-', 'y')).toEqual([{ identity: 'Global' }, { x: 'y' }]);
  });

  it('goes on in the next line where a long value was wrapped', () => {
    expect(read('Identity Text', '-------- ----', 'Global   one', '         two', 'Site:A   x', '', '')).toEqual([
      { identity: 'Global', text: 'one two' },
      { identity: 'Site:A', text: 'x' },
    ]);
    expect(read('Identity Text', '-------- ----', '         one')).toEqual([{ identity: '', text: 'one' }]);
    expect(read('Identity Text', '-------- ----', 'Tag:Some x', 'more')).toEqual([{ identity: 'Tag:Some more', text: 'x' }]);
  });

  it('goes on in several columns at once, and where only one column has anything', () => {
    expect(read('Identity Text Note', '-------- ---- ----', 'Global   a    b', '         c    d')).toEqual([
      { identity: 'Global', text: 'a c', note: 'b d' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Sales    x', 'North')).toEqual([{ identity: 'Sales North', text: 'x' }]);
  });

  it('but not where the line has a setting or a name of its own', () => {
    expect(read('Identity Text', '-------- ----', 'Site:A   True', 'B        False')).toEqual([
      { identity: 'Site:A', text: 'True' },
      { identity: 'B', text: 'False' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Global   x', 'Sales    y')).toEqual([
      { identity: 'Global', text: 'x' },
      { identity: 'Sales', text: 'y' },
    ]);
  });

  it('but not where the line names another scope, with nothing set', () => {
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'Global', 'Tag:B')).toEqual([
      { identity: 'Site:A', text: 'x' },
      { identity: 'Global', text: '' },
      { identity: 'Tag:B', text: '' },
    ]);
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'global2')).toMatchObject([{ identity: 'Site:A global2' }]);
    expect(read('Identity Text', '-------- ----', 'Site:A   x', 'a global')).toMatchObject([{ identity: 'Site:A a global' }]);
  });

  it.each(['Site:Red...', 'Site:Red…'])('that cuts off an Identity is refused: %s', (identity) => {
    expect(() => read('Identity     X', '--------     -', `${identity.padEnd(13)}y`)).toThrow(
      /^The table cuts off the Identity ".+"; print it with Format-List, which does not\.$/,
    );
    expect(read('Identity     X', '--------     -', `${`${identity}a`.padEnd(13)}y`)).toHaveLength(1);
    expect(read('Name         X', '--------     -', `${identity.padEnd(13)}y`)).toHaveLength(1);
  });

  it('is none without dashes below its names', () => {
    expect(read('Identity X', 'Global   y')).toEqual([]);
    expect(read('-- x', 'Identity', 'a --', 'b')).toEqual([]);
    expect(read('Identity X', '-------- x', 'Global   y')).toEqual([]);
    expect(read('--------')).toEqual([]);
    expect(read('')).toEqual([]);
  });
});
