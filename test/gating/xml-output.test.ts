/** The XML of `ConvertTo-Xml` and `Export-Clixml`: objects, their properties, and what is refused. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { readXml, unescaped } from '../../src/gating/xml-output.ts';

const fail = (found: string): OfflineImError => new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}.`);
const read = (xml: string) => readXml(xml, 'x', fail).map((block) => Object.fromEntries(block));
const object = (...properties: string[]): string => `<Object>${properties.join('')}</Object>`;
const x = '<Property Name="X">1</Property>';

describe('XML of objects', () => {
  it('has properties with whitespace in and around them, and empty ones', () => {
    expect(read(`<Objects>${object('<Property  Name="X"\n  Type="T" > a </Property>', '<Nil Name="Y" />')}</Objects>`)).toEqual([
      { x: 'a', y: '' },
    ]);
  });

  it('may have empty objects, nested objects, and properties without a value', () => {
    expect(read(`<Objects><Object Type="T" />${object(x)}</Objects>`)).toEqual([{ x: '1' }]);
    expect(read(`<Objects>${object(x, object('<Property Name="Y">2</Property>'))}</Objects>`)).toEqual([{ y: '2' }, { x: '1' }]);
    expect(read('<Objects><Property Name="Y">2</Property></Object></Objects>')).toEqual([]);
  });

  it('is refused if it ends early, even after a complete object', () => {
    for (const xml of [`<Objects>${object(x)}\nPS>`, `<Objects><Object>${x}</Objects>`])
      expect(() => read(xml)).toThrow('The output starts like XML, but does not end.');
  });

  it('is refused with a comment or an error', () => {
    for (const inner of ['<!-- none -->', '<S S="Error">Access denied</S>'])
      expect(() => read(`<Objs>${inner}</Objs>`)).toThrow('The XML has a comment or an error.');
  });

  it('is refused if text beside it names the setting, except for prompts', () => {
    const xml = `<Objects>${object(x)}</Objects>`;
    expect(() => read(`${xml}\nx : 2`)).toThrow('The output has x in an unexpected place.');
    expect(read(`   PS C:\\> Get-Y | Select x\n${xml}`)).toEqual([{ x: '1' }]);
  });
});

it.each([
  ['&lt;&gt;&amp;&quot;&apos;', '<>&"\''],
  ['&#65;&#x42;&#x1f600;&#x10FFFF;', 'AB\u{1f600}\u{10ffff}'],
  ['&#x110000;&#1114112;&GT;&nbsp;', '&#x110000;&#1114112;&GT;&nbsp;'],
  ['_x000D__x0041_', '\rA'],
])('XML references are decoded: %s', (text, plain) => expect(unescaped(text)).toBe(plain));
