import { describe, expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors/offline-im-error.ts';
import { child, childrenOf, descendant, parseXml, textOf } from '../../../src/ews/xml/read.ts';
import { numbersOfRow } from '../../support/security-page.ts';

function refused(source: string, limits?: Parameters<typeof parseXml>[1]): boolean {
  try {
    parseXml(source, limits);
    return false;
  } catch (error) {
    return hasCode(error, 'XML_UNREADABLE');
  }
}

describe('parseXml', () => {
  it('reads qualified names, unqualified attributes, and text with CDATA', () => {
    const root = parseXml('<a xmlns="u" xmlns:p="v" x="1" p:y="2">one<p:b>&lt;</p:b><![CDATA[<&amp;]]><!-- no -->two</a>');
    expect([root.ns, root.name, root.text]).toEqual(['u', 'a', 'one<&amp;two']);
    expect([...root.attributes]).toEqual([['x', '1']]);
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

  it('reads a repeated tag with the namespaces in scope at that point', () => {
    const root = parseXml(
      '<r xmlns:p="u"><p:b x="1"/><p:b x="1"/><q xmlns:p="v"><p:b x="1"/><p:b x="1"><p:b x="1"/></p:b></q><p:b x="1"/></r>',
    );
    const spaces = (el: typeof root): unknown[] => [el.ns, el.attributes.get('x'), ...el.children.map(spaces)];
    const [u, v] = [
      ['u', '1'],
      ['v', '1'],
    ];
    expect(spaces(root)).toEqual(['', undefined, u, u, ['', undefined, v, [...(v ?? []), v]], u]);
    const quoted = parseXml('<r><a x="1>2" y="3"/><a x="1>2" y="4"/><a x="1>2"/></r>');
    expect(quoted.children.map(({ attributes }) => [...attributes.values()])).toEqual([['1>2', '3'], ['1>2', '4'], ['1>2']]);
    expect(refused('<r><a x="1"/><a x="1"/><a x="1"/></r>', { maxNodes: 6 })).toBe(true);
    expect(refused('<r><a x="1"/><a x="1"/><a x="1"/></r>', { maxNodes: 7 })).toBe(false);
  });

  it('decodes references, also beyond the BMP and in attributes', () => {
    const root = parseXml('<a x="&#10;&#x9;&quot;">&#13;&#x1F600;&#128512;&amp;lt;&apos;</a>');
    expect(root.text).toBe("\r😀😀&lt;'");
    expect(root.attributes.get('x')).toBe('\n\t"');
  });

  it('keeps whitespace, digits and booleans unchanged', () => {
    expect(parseXml('<a> 007 </a>').text).toBe(' 007 ');
    expect(parseXml('<a>true</a>').text).toBe('true');
    expect(parseXml('<a>1\r\n2</a>').text).toBe('1\n2');
  });

  it('replaces references to characters that XML forbids, which Exchange writes', () => {
    expect(parseXml('<a>&#x1;&#xFFFE;&#xD800;&#1114112;&#9999999999;</a>').text).toBe('\ufffd'.repeat(5));
  });

  it('accepts names that are special in JavaScript', () => {
    const root = parseXml('<a><toString/><hasOwnProperty x="1"/><q:__proto__ xmlns:q="u" __proto__="2"/></a>');
    expect(root.children.map((c) => c.name)).toEqual(['toString', 'hasOwnProperty', '__proto__']);
    expect(root.children[2]?.attributes.get('__proto__')).toBe('2');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(parseXml('<__proto__/>').name).toBe('__proto__');
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

  it('limits depth and length', () => {
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

  const unfinished = [
    `<a ${'b="1" '.repeat(20_000)}`,
    `<a${' '.repeat(200_000)}`,
    `<a>${'<'.repeat(100_000)}`,
    `<a b="${'x'.repeat(200_000)}`,
  ];
  it('needs time linear in the length of hostile input', () => {
    const started = performance.now();
    for (const bad of unfinished) {
      expect(refused(bad)).toBe(true);
    }
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  const contradictory: readonly [string, string][] = [
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['a declaration twice', '<a xmlns:p="u" xmlns:p="v"/>'],
    ['an instruction', '<a><?x y?></a>'],
    ['an instruction that hides elements', '<a><?x " ?><b>first</b><?y " ?></a>'],
    ['an instruction before the root', '<?xml version="1.0"?><?x y?><a/>'],
    ['a declaration in the middle', '<a><?xml version="1.0"?></a>'],
    ['attributes at the end', '<a></a b="1">'],
    ['an end that is empty', '<a></a/>'],
    ['two prefixes', '<p:q:a xmlns:p="u"/>'],
    ['a prefix whose namespace is taken back', '<p:a xmlns:p="u"><p:b xmlns:p=""/></p:a>'],
  ];
  it.each(contradictory)('refuses %s', (_, source) => {
    expect(refused(source)).toBe(true);
  });

  it('ignores attributes of other namespaces', () => {
    expect([...parseXml('<a xmlns:x="u" x:Class="Success" Class="Error" xml:lang="en"/>').attributes]).toEqual([
      ['Class', 'Error'],
    ]);
  });

  const squared: readonly [string, (n: number) => string][] = [
    [
      'namespaces declared by one element and by each of its children',
      (n) => `<r ${names(n, (k) => `xmlns:a${k}="u"`)}>${'<b xmlns:c="u"/>'.repeat(n)}</r>`,
    ],
    [
      'namespaces declared at each level',
      (n) => `${names(60, (k) => `<l ${names(n / 60, (j) => `xmlns:p${k}x${j}="u"`)}>`)}${'<b/>'.repeat(n)}${'</l>'.repeat(60)}`,
    ],
    ['attributes of different names', (n) => `<r>${`<b ${names(100, (k) => `a${k}="1"`)}/>`.repeat(n / 100)}</r>`],
    ['comments', (n) => `<r>${'<!---->'.repeat(n)}</r>`],
    ['sections', (n) => `<r>${'<![CDATA[]]>'.repeat(n)}</r>`],
    ['references', (n) => `<r>${'&#65;'.repeat(n)}</r>`],
  ];
  it.each(squared)('needs time linear in the length of %s', (_, make) => {
    const cpu = (n: number): number => {
      const source = make(n);
      const start = process.cpuUsage();
      parseXml(source);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    };
    cpu(1_200);
    // In quadratic time it would take tens of seconds.
    expect(cpu(12_000)).toBeLessThan(2_000);
  });

  it('tries as many as docs/security.md says', () => {
    expect(numbersOfRow('XML within its limits').tried).toEqual([squared.length, unfinished.length]);
    expect(numbersOfRow('XML that readers take in two ways').tried).toEqual([contradictory.length]);
  });

  it('repeats nothing of the document in its errors', () => {
    try {
      parseXml('<secret-text>');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });
});

function names(count: number, make: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => make(n)).join(' ');
}
