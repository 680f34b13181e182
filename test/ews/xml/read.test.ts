import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors/offline-im-error.ts';
import { child, childrenOf, descendant, parseXml, textOf } from '../../../src/ews/xml/read.ts';

function refused(source: string, limits?: Parameters<typeof parseXml>[1]): boolean {
  try {
    parseXml(source, limits);
    return false;
  } catch (error) {
    return hasCode(error, 'XML_UNREADABLE');
  }
}

describe('parseXml', () => {
  it('reads names by namespace, attributes by local name, text with CDATA', () => {
    const root = parseXml('<a xmlns="u" xmlns:p="v" x="1" p:y="2">one<p:b>&lt;</p:b><![CDATA[<&amp;]]><!-- no -->two</a>');
    expect([root.ns, root.name, root.text]).toEqual(['u', 'a', 'one<&amp;two']);
    expect([...root.attributes]).toEqual([
      ['x', '1'],
      ['y', '2'],
    ]);
    expect(textOf(root, 'v', 'b')).toBe('<');
    expect(textOf(root, 'u', 'b')).toBeUndefined();
  });

  it('scopes namespaces', () => {
    const root = parseXml('<p:a xmlns:p="u"><p:b xmlns:p="v"><p:c/></p:b><p:c/><c xmlns=""/></p:a>');
    expect(root.children.map((c) => `${c.ns}|${c.name}`)).toEqual(['v|b', 'u|c', '|c']);
    expect(descendant(root, 'v', 'c')).toBe(child(root, 'v', 'b')?.children[0]);
    expect(childrenOf(root, 'u', 'c')).toHaveLength(1);
    expect(descendant(root, 'v', 'nothing')).toBeUndefined();
    expect(childrenOf(undefined, 'u', 'c')).toEqual([]);
  });

  it('decodes references, also beyond the basic plane and in attributes', () => {
    const root = parseXml('<a x="&#10;&#x9;&quot;">&#13;&#x1F600;&#128512;&amp;lt;&apos;</a>');
    expect(root.text).toBe("\r😀😀&lt;'");
    expect(root.attributes.get('x')).toBe('\n\t"');
  });

  it('keeps blanks, digits and booleans as they are', () => {
    expect(parseXml('<a> 007 </a>').text).toBe(' 007 ');
    expect(parseXml('<a>true</a>').text).toBe('true');
    expect(parseXml('<a>1\r\n2</a>').text).toBe('1\n2');
  });

  it('replaces references to characters that XML forbids, as Exchange writes them', () => {
    expect(parseXml('<a>&#x1;&#xFFFE;&#xD800;&#1114112;&#9999999999;</a>').text).toBe('\ufffd'.repeat(5));
  });

  it('takes names that are special in JavaScript as names', () => {
    const root = parseXml('<a><toString/><hasOwnProperty x="1"/><q:__proto__ xmlns:q="u" __proto__="2"/></a>');
    expect(root.children.map((c) => c.name)).toEqual(['toString', 'hasOwnProperty', '__proto__']);
    expect(root.children[2]?.attributes.get('__proto__')).toBe('2');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(refused('<__proto__/>')).toBe(true);
  });

  it.each([
    '',
    ' ',
    'text',
    '<a>',
    '<a><b></a>',
    '<a></b>',
    '<a/><b/>',
    '<a/>text',
    'text<a/>',
    '<a',
    '<a b>',
    '<a b=1/>',
    '<a b="1/>',
    '<a><!-- </a>',
    '<a><![CDATA[ </a>',
    '<a>]]></a>',
    '<a>&nbsp;</a>',
    '<a>&b</a>',
    '<a>&</a>',
    '<a>< b></a>',
    '<p:a/>',
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<!-- x --><!DOCTYPE a><a/>',
    '<#text>x</#text>',
    '<1a/>',
  ])('refuses %j', (source) => {
    expect(refused(source)).toBe(true);
  });

  it('bounds depth and length', () => {
    const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(refused(nested(64))).toBe(false);
    expect(refused(nested(65))).toBe(true);
    expect(refused(nested(100_000))).toBe(true);
    expect(refused(nested(3), { maxDepth: 2 })).toBe(true);
    expect(refused(nested(100), { maxDepth: 100 })).toBe(false);
    expect(refused('<a/>', { maxLength: 3 })).toBe(true);
    expect(refused(`<a>${'<b/>'.repeat(49_999)}</a>`)).toBe(false);
    expect(refused(`<a>${'<b/>'.repeat(50_000)}</a>`)).toBe(true);
    expect(refused(`<a ${Array.from({ length: 9 }, (_, n) => `a${n}=""`).join(' ')}/>`, { maxNodes: 9 })).toBe(true);
  });

  it('takes time in proportion to hostile input', () => {
    const started = performance.now();
    for (const bad of [
      `<a ${'b="1" '.repeat(20_000)}`,
      `<a${' '.repeat(200_000)}`,
      `<a>${'<'.repeat(100_000)}`,
      `<a b="${'x'.repeat(200_000)}`,
    ]) {
      expect(refused(bad)).toBe(true);
    }
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('says nothing of the document in its errors', () => {
    try {
      parseXml('<secret-text>');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });
});
