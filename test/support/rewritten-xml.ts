/**
 * An equivalent document as another server, a proxy or a later version would write it: other prefixes, declarations elsewhere,
 * white space, comments, CDATA, references, quotes, attributes and elements of foreign namespaces. Any XML reader reads the same
 * from it.
 */
import { parseXml, type XmlElement } from '../../src/ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../src/ews/xml/write.ts';

export interface Rewriting {
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** Probability of foreign content, 0 to 1. @default 0 */
  readonly foreign?: number;
}

const foreign: readonly string[] = [
  '<o:Other xmlns:o="urn:other"/>',
  '<o:ResponseCode xmlns:o="urn:other"/>',
  '<Items xmlns="urn:other"/>',
  '<o:RootFolder xmlns:o="urn:other" IncludesLastItemInRange="true" TotalItemsInView="0"/>',
];
const foreignAttributes: readonly string[] = [
  'xmlns:o="urn:other" o:ResponseClass="Error"',
  'xmlns:o="urn:other" o:Id="x" o:TotalItemsInView="9"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"',
  'xml:lang="de"',
  'xmlns:unused="urn:unused"',
];
const between: readonly string[] = ['', '', '\n  ', '\r\n\t', '<!-- ErrorServerBusy -->', '\n<!--<m:Items/>-->\n'];

/** Rewrites a document at random. Foreign content is empty, and never placed inside an EWS list of items. */
export function rewrittenXml(source: string | XmlElement, { random, foreign: often = 0 }: Rewriting): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  let counter = 0;

  const text = (value: string): string => {
    const styles = [
      escapeText,
      (raw: string) => (raw.includes(']]>') || /[\r]/.test(raw) ? escapeText(raw) : `<![CDATA[${raw}]]>`),
      (raw: string) =>
        [...raw].map((one) => (random() < 0.3 ? `&#x${one.codePointAt(0)?.toString(16)};` : escapeText(one))).join(''),
      (raw: string) => `${escapeText(raw.slice(0, 2))}<!-- - -->${escapeText(raw.slice(2))}`,
    ];
    return value === '' ? '' : pick(styles)(value);
  };

  const attribute = (name: string, value: string): string => {
    const quote = pick(['"', "'"]);
    return `${pick([' ', '\n', '  '])}${name}${pick(['=', ' = '])}${quote}${escapeAttribute(value)}${quote}`;
  };

  /** @param scope The namespaces in scope, by prefix. */
  const write = (element: XmlElement, scope: ReadonlyMap<string, string>, inFault: boolean): string => {
    const inner = new Map(scope);
    const known = [...scope].flatMap(([prefix, ns]) => (ns === element.ns ? [prefix] : []));
    let prefix = known.length > 0 && random() < 0.8 ? pick(known) : undefined;
    let declarations = '';
    if (prefix === undefined) {
      // The code of a fault is a qualified name, whose prefix belongs to the document.
      prefix = element.ns === '' || (random() < 0.3 && !inFault) ? '' : `n${counter++}`;
      if ((scope.get('') ?? '') !== element.ns || prefix !== '') {
        declarations = attribute(prefix === '' ? 'xmlns' : `xmlns:${prefix}`, element.ns);
      }
      inner.set(prefix, element.ns);
    }
    const name = prefix === '' ? element.name : `${prefix}:${element.name}`;
    const attributes = [...element.attributes].sort(() => random() - 0.5).map((one) => attribute(...one));
    const more = random() < often ? ` ${pick(foreignAttributes)}` : '';
    const head = `${name}${declarations}${attributes.join('')}${more}`;
    const fault = inFault || element.name === 'Fault';
    const leaf = element.children.length === 0;
    if (leaf && element.text === '')
      return pick([
        `<${head}/>`,
        `<${head} />`,
        `<${head}></${name}>`,
        `<${head}>${leaf && !fault ? '<!-- -->' : ''}</${name} >`,
      ]);
    if (leaf) return `<${head}>${text(element.text)}</${name}>`;
    const parts = element.children.map((one) => pick(between) + write(one, inner, fault));
    if (
      random() < often &&
      element.name !== 'Body' &&
      element.name !== 'Envelope' &&
      element.name !== 'ResponseMessages' &&
      element.name !== 'Items' &&
      element.name !== 'Folders'
    )
      parts.splice(Math.floor(random() * (parts.length + 1)), 0, pick(foreign));
    return `<${head}>${parts.join('')}${pick(between)}</${name}>`;
  };

  const heads = [
    '',
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="utf-8"?>\n',
    "\ufeff<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>",
    '<!-- x -->',
  ];
  return (
    pick(heads) +
    write(typeof source === 'string' ? parseXml(source) : source, new Map([['', '']]), false) +
    pick(['', '\n', '<!-- end -->'])
  );
}
