import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';
import { readEnvelope, readTree } from '../../../src/ews/xml/tree.ts';

/** The result of a reader for a document, as plain data; all refusals are equal, whatever their text. */
function madeBy(read: (source: string) => XmlElement, source: string): unknown {
  try {
    return plain(read(source));
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

function plain({ ns, name, attributes, children, text }: XmlElement): unknown {
  return { ns, name, attributes: [...attributes], text, children: children.map(plain) };
}

const pieces = [
  '<a>',
  '</a>',
  '<b/>',
  '<p:c xmlns:p="urn:p">',
  '</p:c>',
  '<p:d/>',
  '<e x="1" y=\'2\'>',
  '</e>',
  '<f x="1" x="1"/>',
  '<g xmlns="urn:g"/>',
  '<h p:x="1"/>',
  'text',
  ' ',
  '\r\n',
  '&amp;',
  '&#13;',
  '&#x1F600;',
  '&nbsp;',
  '&#0;',
  '&',
  ']]>',
  '<![CDATA[<x>&amp;]]>',
  '<![CDATA[',
  '<!-- c -->',
  '<!-- -- -->',
  '<!DOCTYPE a>',
  '<?pi?>',
  '<?xml version="1.0"?>',
  '\ufeff',
  '<',
  '>',
  '<toString/>',
  '<valueOf constructor="1"/>',
  '\u0000',
  '\ud800',
];

describe('the tree reader', () => {
  it('reads any document as the response reader does', () => {
    const documents = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
    const wrapped = documents.map((inner) => `<r xmlns:q="urn:q">${inner}</r>`);
    fc.assert(
      fc.property(fc.oneof(documents, wrapped), (source) => {
        const made = madeBy(parseXml, source);
        // Where it does not matter, this reader may accept what the other refuses: two hyphens in a comment, a control character.
        if (made !== 'XML_UNREADABLE') expect(madeBy(readTree, source)).toEqual(made);
      }),
      { numRuns: 3_000 },
    );
  });
});

/** Without the white space around the operation, which has no meaning. */
function withoutBodyText(read: (source: string) => XmlElement, source: string): unknown {
  return madeBy((text) => {
    const root = read(text);
    return { ...root, children: root.children.map((one, at) => (at === root.children.length - 1 ? { ...one, text: '' } : one)) };
  }, source);
}

const usual = ['<m:A xmlns:m="urn:m"><t:B x="1">text &amp; &#13;</t:B></m:A>', '<a/>', '\n  <s:Header/>\n', ' '];
const confusing = [
  ...[
    '<s:Header xmlns:t="">',
    '<t:x xmlns:t="">',
    '<s:Body xmlns:t="">',
    '<s:Body>',
    '</s:Body>',
    '<s:Body/>',
    '<s:Body xmlns="urn:b">',
    '<Body>',
    '</Body>',
    '<s:Header>',
    '</s:Header>',
    '</s:Envelope>',
  ],
  ...[
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<!-- </s:Body> -->',
    '<?xml version="1.0"?>',
    '\ufeff',
    '<t:a b="</s:Body>"/>',
    '<u:unbound/>',
    'text',
  ],
];

describe('the envelope reader', () => {
  const envelope = (header: string, body: string, after = ''): string =>
    `<?xml version="1.0"?><s:Envelope xmlns:s="urn:s" xmlns:t="urn:t">${header}<s:Body>${body}</s:Body>${after}</s:Envelope>${after}`;

  it('reads any request as the tree reader does', () => {
    const some = fc.array(fc.constantFrom(...usual, ...confusing), { maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(some, some, fc.oneof(fc.constant(''), some), (header, body, after) => {
        const source = envelope(header, body, after);
        expect(withoutBodyText(readEnvelope, source)).toEqual(withoutBodyText(readTree, source));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['a body that is quoted in CDATA', envelope('<t:h><![CDATA[<s:Body>', '<a/>', ' ]]></t:h><s:Body/>')],
    ['a prefix that is taken back', envelope('', '<t:a/>', '').replace('<s:Body', '<s:Body xmlns:t=""')],
    ['a header that leaves no room', envelope(`<s:Header>${'<a/>'.repeat(30_000)}</s:Header>`, '<a/>'.repeat(30_000), '')],
    ['a body inside the header', envelope('<s:Header>', '<a/>', '</s:Header><s:Body/>')],
    ['two bodies', envelope('<s:Body><b/></s:Body>', '<a/>')],
    ['a comment behind the body that closes it', envelope('', '<a/>', '<!-- </s:Body> -->')],
    ['two operations', envelope('', '<a/><b/>')],
    ['an operation that closes the body', envelope('', '<a/></s:Body><s:Body><b/>')],
    ['an entity of its own', `<!DOCTYPE x [<!ENTITY e "x">]>${envelope('', '<a>&e;</a>')}`],
    ['names of the envelope, used inside', envelope('<s:Header><t:v V="1"/></s:Header>', '<t:a x="1">&lt;<![CDATA[<&]]></t:a>')],
    [
      'another prefix of the body',
      '<a:Envelope xmlns:a="urn:s"><b:Body xmlns:b="urn:s" xmlns="urn:d"><c/></b:Body></a:Envelope>',
    ],
  ])('reads %s as the tree reader does', (_what, source) => {
    expect(withoutBodyText(readEnvelope, source)).toEqual(withoutBodyText(readTree, source));
  });
});
