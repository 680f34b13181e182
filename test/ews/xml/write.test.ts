import fc from 'fast-check';
import { XmlDocument } from 'libxml2-wasm';
import { describe, expect, it } from 'vitest';
import { parseXml } from '../../../src/ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../src/ews/xml/write.ts';
import { anyText, expectedText, withoutMark } from '../support/any-text.ts';

/** The document as read by libxml2, a trusted XML parser. */
function libxml(xml: string): { text: string; attribute: string } {
  using document = XmlDocument.fromString(xml);
  return { text: document.root.content, attribute: document.root.attr('b')?.value ?? '' };
}

describe('escaping', () => {
  it('escapes the characters that matter', () => {
    expect(escapeText('<a b="c">&\'\r\n\t]]>')).toBe('&lt;a b="c"&gt;&amp;\'&#13;\n\t]]&gt;');
    expect(escapeAttribute('<"\'&>\r\n\t')).toBe('&lt;&quot;&apos;&amp;&gt;&#13;&#10;&#9;');
    expect(escapeText('\0\u001f\ufffe\uffff\ud800x\udc00')).toBe('\ufffd\ufffd\ufffd\ufffd\ufffdx\ufffd');
    expect(escapeText('😀\u{1fffe}\u0085\u2028\u007f')).toBe('😀\u{1fffe}\u0085\u2028\u007f');
  });

  it('returns clean text unchanged', () => {
    const text = 'Are you there? Привет 你好 שלום 😀';
    expect(escapeText(text)).toBe(text);
  });

  it('preserves any text, read by libxml2 and by our own reader', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, attribute) => {
        const xml = `<a b="${escapeAttribute(attribute)}">${escapeText(text)}</a>`;
        const expected = { text: expectedText(text), attribute: expectedText(attribute) };
        const read = libxml(xml);
        expect(withoutMark(read.text)).toBe(withoutMark(expected.text));
        expect(withoutMark(read.attribute)).toBe(withoutMark(expected.attribute));
        const own = parseXml(xml);
        expect({ text: own.text, attribute: own.attributes.get('b') }).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
