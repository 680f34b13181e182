import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../src/ews/xml/read.ts';
import { profileOf } from '../../../src/testing/simulator/schema/profile.ts';
import { type Omission, omit } from '../../../src/testing/simulator/xml/omit.ts';

const document =
  '<?xml version="1.0"?><s:E xmlns:s="urn:s"><t:A xmlns:t="urn:t" One="1" Two="&lt;2&gt;"><t:B>x &amp; y</t:B><t:B/><t:Lists><t:L/></t:Lists></t:A></s:E>';

describe('a profile that omits', () => {
  it('nothing returns the identical document', () => {
    expect(omit(document, [])).toBe(document);
  });

  it('something else returns an equivalent one', () => {
    expect(parseXml(omit(document, ['Other/Child']))).toEqual(parseXml(document));
  });

  it.each([
    ['A/@Two', '<t:B>x &amp; y</t:B><t:B/>', ' One="1"'],
    ['A/B', '', ' One="1" Two="&lt;2&gt;"'],
  ] as [Omission, string, string][])('%s', (part, content, attributes) => {
    const expected = `<s:E xmlns:s="urn:s"><t:A xmlns:t="urn:t"${attributes}>${content}<t:Lists><t:L/></t:Lists></t:A></s:E>`;
    expect(parseXml(omit(document, [part]))).toEqual(parseXml(expected));
  });

  it('an empty list keeps it once it has items', () => {
    const full = document.replace('<t:L/>', '<t:L><t:Item/></t:L>');
    expect(omit(document, ['A/Lists:empty'])).not.toContain('Lists');
    expect(omit(full, ['A/Lists:empty'])).toContain('Lists');
  });

  it.each(['RootFolder', 'A/B/C', 'A/', '/B', 'A/@', 'm:A/B'])('%s is refused', (omission) => {
    expect(() => profileOf({ omits: [omission as Omission] })).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
