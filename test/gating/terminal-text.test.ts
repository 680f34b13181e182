/** What belongs to a cmdlet's output, and what shells, terminals, editors and mail programs add. */
import { describe, expect, it } from 'vitest';
import { cleaned, isNoise, isStream } from '../../src/gating/terminal-text.ts';

describe('cleaned text', () => {
  it.each<[what: string, given: string, text: string]>([
    ['colours', 'a\u001b[32;1mb\u001b[0mc\u001b[md', 'abcd'],
    ['colours by their one-byte introducer, and as terminals print ESC', 'a\u009b32mb\u241b[1mc\u2190[0md^[[31me', 'abcde'],
    ['cursor moves', 'a\u001b[2Kb\u001b[?25hc\u001b[ qd', 'abcd'],
    ['a title, however it ends', 'a\u001b]0;title\u0007b\u001b]0;title\u001b\\c\u009d0;title\u009cd', 'abcd'],
    ['a title that never ends, but for its introducer', 'a\u001b]0;b', 'a0;b'],
    ['character sets and modes', 'a\u001b(Bb\u001b=c\u001b>d\u001b7e', 'abcde'],
    ['what is left of a colour where ESC was lost', 'a[32;1mb[0mc[md[1;22;333me', 'abcde'],
    ['a colour that is written out before a bracket', 'a[\\u001b[32mb\\u001b[m]c', 'a[b]c'],
    ['no name of a host in a prompt', '[mail1.contoso.com]: PS C:\\> a', '[mail1.contoso.com]: PS C:\\> a'],
    ['not what only looks like it', 'a[m1]b[1234m]c[1;m', 'a[m1]b[1234m]c[1;m'.replace('[m', '')],
    ['byte order marks', '\ufeffa', 'a'],
    ['byte order marks read as bytes', 'ï»¿a', 'a'],
    ['not such marks amid the text', 'aï»¿b', 'aï»¿b'],
    ['NULs and the mark of UTF-16 read as bytes', 'ÿþa\0b\0', 'ab'],
    ['the mark of the other order', 'þÿ\0a', 'a'],
    ['the mark as it is read as UTF-8', '\ufffd\ufffda\0', 'a'],
    ['no such mark where there was no NUL', 'ÿþa', 'ÿþa'],
    ['no such mark amid the text', 'aÿþ\0', 'aÿþ'],
    ['all line ends', 'a\r\nb\rc\u0085d\u2028e\u2029f\r\r\ng', 'a\nb\nc\nd\ne\nf\ng'],
    ['other spaces, but keeps tabs', 'a\u00a0b\tc\u3000d', 'a b\tc d'],
    ['invisible characters', 'a\u200bb\u00adc\u2066d', 'abcd'],
    ['other control characters', 'a\u0008b\u0001c', 'abc'],
    ['a wide colon', 'a\uff1ab', 'a:b'],
    ['empty lines before, and space behind, but no indent', '\n  \n  a  \n\n', '  a'],
  ])('contains none of these: %s', (_what, given, text) => {
    expect(cleaned(given)).toBe(text);
  });

  it('has no quote marks if every line had one', () => {
    expect(cleaned('> a\n>  b\n\n > c\n>d')).toBe('a\n b\n\nc\nd');
    expect(cleaned('> a\n  \n> b')).toBe('a\n  \nb');
    for (const text of ['> a\nb', '>> a\n>> b', 'a > b']) expect(cleaned(text)).toBe(text);
    expect(cleaned(`${'> '.repeat(11)}a`)).toBe('> a');
  });

  it('has no quote marks if only a listing was quoted, which begins with an Identity', () => {
    expect(cleaned('Hi > all\n > Identity : Global\n\t> b\n>> c')).toBe('Hi > all\nIdentity : Global\nb\n>> c');
    for (const text of ['a > identity\n> b', '> identity2\nb']) expect(cleaned(text)).toBe(text);
  });

  it('omits the header and footer of a transcript, between lines of asterisks', () => {
    const rule = '*'.repeat(22);
    expect(cleaned(['a', rule, 'start', rule, 'b', `  ${rule}`, 'end', rule, 'c'].join('\n'))).toBe('a\nb\nc');
    for (const rules of [1, 2, 3, 5, 6]) {
      const text = Array.from({ length: rules }, () => `${rule}\nx`).join('\n');
      expect(cleaned(text)).toBe(text);
    }
    for (const line of ['***** a', 'a *****', '****']) {
      const text = Array.from({ length: 4 }, () => `${line}\nx`).join('\n');
      expect(cleaned(text)).toBe(text);
    }
  });

  it('has no colours from UTF-16 read as bytes', () => {
    expect(cleaned(Buffer.from('a\u001b[32mb', 'utf16le').toString('latin1'))).toBe('ab');
  });
});

describe('noise', () => {
  it.each([
    'PS>',
    'PS C:\\Users\\admin> Get-CsClientPolicy',
    'PS /home/me>',
    '[sfb01]: PS C:\\>',
    '[sfb01] PS C:\\>',
    '[sfb01]:PS C:\\>',
    '[sfb01]:  PS C:\\>',
    '(venv) PS C:\\>',
    '(venv)PS>',
    '[sfb01]: (venv) PS C:\\>',
    '[PS] C:\\>',
    'C:\\> dir',
    'd:\\x>',
    '>> | fl',
    '$ pwsh',
    '# pwsh',
    '❯ pwsh',
    '➜ ~',
    'me@host:~$ pwsh',
    '[me@host ~]# pwsh',
    'me@host ~ % pwsh',
    'me@host:~$',
  ])('includes a prompt: %s', (line) => expect(isNoise(line)).toBe(true));

  it.each(['```', '```powershell', '*****', '**********'])('includes a fence: %s', (line) => expect(isNoise(line)).toBe(true));

  it.each(['+ Get-CsClientPolicy', 'At line:1 char:1', '~', '~~~~~~', '1 | x', '12 | x'])(
    'includes a line of an error record: %s',
    (line) => {
      expect(isNoise(line)).toBe(true);
    },
  );

  it.each(['WARNING: x', 'VERBOSE : x', 'AVERTISSEMENT : x', '警告: x', 'À NOTER: x'])(
    'includes a message of a stream: %s',
    (line) => {
      expect([isNoise(line), isStream(line)]).toEqual([true, true]);
    },
  );

  it.each([
    'Identity : Global',
    'Warning: x',
    'A: x',
    'WARNING x',
    '1WARNING: x',
    ' WARNING: x',
    `${'A'.repeat(31)}: x`,
    'xC:\\>',
    'a >> b',
    'a```',
    '``powershell',
    '```a b',
    '****',
    'a *****',
    '***** a',
    'a + b',
    'x At line:1',
    '~~ a',
    'a 1 | x',
    'x | y',
    'me@host',
    'a [PS] C:\\>',
    '$x',
  ])('does not include: %s', (line) => expect([line, isNoise(line)]).toEqual([line, false]));
});
