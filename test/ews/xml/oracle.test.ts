import fc from 'fast-check';
import { ParseOption, XmlCData, XmlDocument, XmlElement as XmlNode, XmlText } from 'libxml2-wasm';
import { expect, it } from 'vitest';
import { hasCode } from '../../../src/core/errors/offline-im-error.ts';
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';

/** An element as both readers can describe it. */
interface Shape {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly text: string;
  readonly children: readonly Shape[];
}

function ours(source: string): Shape | undefined {
  try {
    return shapeOf(parseXml(source));
  } catch (error) {
    if (hasCode(error, 'XML_UNREADABLE')) return undefined;
    throw error;
  }
}

function shapeOf({ ns, name, attributes, text, children }: XmlElement): Shape {
  const named = [...attributes].map(([key, value]) => `${key}=${value}`).sort();
  return { name: `${ns}|${name}`, attributes: named, text, children: children.map(shapeOf) };
}

/** The document as read by libxml2, a trusted XML parser. */
function theirs(source: string): Shape | undefined {
  try {
    using document = XmlDocument.fromString(source, { option: ParseOption.XML_PARSE_NONET });
    return readNode(document.root);
  } catch {
    return undefined;
  }
}

function readNode(node: XmlNode): Shape {
  const children: Shape[] = [];
  let text = '';
  for (let at = node.firstChild; at !== null; at = at.next) {
    if (at instanceof XmlNode) children.push(readNode(at));
    else if (at instanceof XmlText || at instanceof XmlCData) text += at.content;
  }
  const attributes = node.attrs.filter(({ prefix }) => prefix === '').map(({ name, value }) => `${name}=${value}`);
  return { name: `${node.namespaceUri}|${node.name}`, attributes: attributes.sort(), text, children };
}

const name = fc.constantFrom('a', 'b', 'p:a', 'p:b', 'q:c', 'é', '_1');
const blank = fc.constantFrom('', ' ', '\n', '\t ', '\r\n');
const text = fc.constantFrom(
  '',
  'x',
  ' 1\r\n2\r3 ',
  '&amp;',
  '&#65;&#x1F600;',
  '<![CDATA[<&]]]>',
  '<!-- c -->',
  ']]',
  '>',
  '😀',
  '"\'',
);
const attribute = fc
  .tuple(fc.constantFrom('k', 'l', 'p:k', 'xml:lang'), fc.constantFrom('"', "'"), fc.constantFrom('', 'v', '&lt;', 'a\n\tb', '>'))
  .map(([key, quote, value]) => ` ${key}=${quote}${value}${quote}`);
const declarations = ' xmlns="u" xmlns:p="v" xmlns:q="w"';

const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  content: fc.array(fc.oneof({ maxDepth: 4 }, text, tie('element')), { maxLength: 4 }).map((parts) => parts.join('')),
  element: fc
    .tuple(name, fc.array(attribute, { maxLength: 2 }), blank, tie('content'), fc.constantFrom('', declarations, ' xmlns=""'))
    .map(([tag, attributes, space, content, declared]) =>
      content === ''
        ? `<${tag}${declared}${attributes.join('')}${space}/>`
        : `<${tag}${declared}${attributes.join('')}${space}>${content}</${tag}${space}>`,
    ),
}));
const document = element.map((inner) => `<?xml version="1.0"?>\n<p:r${declarations}>${inner}</p:r><!-- end -->\n`);

it('reads what libxml2 reads', () => {
  fc.assert(
    fc.property(document, (source) => {
      expect(ours(source)).toEqual(theirs(source));
    }),
    { numRuns: 1500 },
  );
});

const pieces = [
  '<',
  '>',
  '/',
  '&',
  ';',
  '"',
  "'",
  '=',
  ' ',
  '<a>',
  '</a>',
  'p:',
  ':',
  ']]>',
  '<!--',
  '-->',
  '--',
  '<![CDATA[',
  '<?x?>',
  '&#0;',
  'xmlns:p=""',
  ' k="1"',
  '\u0300',
  '-',
];

it('accepts nothing that libxml2 rejects, however a document is damaged', () => {
  fc.assert(
    fc.property(
      document,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...pieces), fc.nat(6)), { minLength: 1, maxLength: 3 }),
      (source, damages) => {
        const damaged = damages.reduce((at, [where, piece, cut]) => {
          const from = where % (at.length + 1);
          return at.slice(0, from) + piece + at.slice(from + cut);
        }, source);
        const read = ours(damaged);
        // What XML forbids but Exchange writes; and namespace names that are no URI, which only libxml2 rejects.
        const names = [...damaged.matchAll(/xmlns(?::[^\s=]+)?\s*=\s*(["'])([\s\S]*?)\1/g)].map(([, , ns = '']) => ns);
        const comparable =
          read !== undefined &&
          !damaged.includes('&#0;') &&
          !JSON.stringify(read).includes('\ufffd') &&
          names.every((ns) => /^[uvw]?$/.test(ns));
        if (comparable && damaged.isWellFormed()) expect(read, damaged).toEqual(theirs(damaged));
      },
    ),
    { numRuns: 4000 },
  );
});
