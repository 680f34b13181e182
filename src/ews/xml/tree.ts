import { XMLParser } from 'fast-xml-parser';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { decodeReferences, type Scope, unreadable, unscoped } from './opening-tag.ts';
import { parseXml, type XmlElement, type XmlLimits } from './read.ts';

const defaultDepth = 64;
const defaultNodes = 50_000;
const textKey = '#text';
const cdataKey = '#cdata';
const attributesKey = ':@';

// References are decoded by us: the parser's decoder takes HTML's names and counts its limits over the whole document.
// An attribute's prefix keeps names such as __proto__ from being special inside the parser.
const parserOptions = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: textKey,
  cdataPropName: cdataKey,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  jPath: false,
  strictReservedNames: true,
  onDangerousProperty: (name: string) => name, // else `toString` comes back renamed
} as const;

/** One parser a depth limit: its options are checked once, and it keeps no state between documents. */
const parsers = new Map<number, XMLParser>();

/**
 * The root element of a document that is wanted as a tree and read seldom. The parser is fast-xml-parser, behind a
 * check of what it lets pass; for the answers of EWS, which are many, `parseXml` takes a tenth of the time. Both make the same of what both accept (test/ews/xml).
 *
 * Anything not well-formed, with a DOCTYPE, or beyond the limits throws `XML_UNREADABLE`.
 */
export function readTree(source: string, limits: XmlLimits = {}): XmlElement {
  const maxDepth = limits.maxDepth ?? defaultDepth;
  if (limits.maxLength !== undefined && source.length > limits.maxLength) {
    throw unreadable(`it is longer than ${limits.maxLength} characters`);
  }
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  try {
    const { maxNodes = defaultNodes, maxText = Number.POSITIVE_INFINITY } = limits;
    requireWellFormed(text, { maxDepth, maxNodes, maxText });
    const roots = toElements(nodesOf(parserFor(maxDepth).parse(text)), unscoped).children;
    const root = roots[0];
    if (root === undefined) throw unreadable('it has no root element');
    return root;
  } catch (error) {
    // The parser's own messages may quote the document, so they stay out of ours, and out of the cause.
    throw error instanceof OfflineImError ? error : unreadable('the parser refused it');
  }
}

/**
 * The root element of a SOAP request, by the quick reader, in a tenth of the time. What that one refuses, `readTree` reads again: its word is
 * final.
 */
export function readEnvelope(source: string): XmlElement {
  try {
    return parseXml(source, { maxDepth: defaultDepth, maxNodes: defaultNodes });
  } catch {
    return readTree(source);
  }
}

type Node = Readonly<Record<string, unknown>>;

const noAttributes: ReadonlyMap<string, string> = new Map();
const noChildren: readonly XmlElement[] = [];

function parserFor(maxDepth: number): XMLParser {
  let parser = parsers.get(maxDepth);
  if (parser === undefined) {
    parser = new XMLParser({ ...parserOptions, maxNestedTags: maxDepth + 1 });
    parsers.set(maxDepth, parser);
  }
  return parser;
}

function nodesOf(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as Node[]) : [];
}

/** The parser's ordered list as elements, and the text between them. */
function toElements(nodes: readonly Node[], scope: Scope): { children: readonly XmlElement[]; text: string } {
  let text = '';
  let children: XmlElement[] | undefined;
  for (const node of nodes) {
    for (const key in node) {
      if (key === attributesKey) continue;
      if (key === textKey) text += decodeReferences(String(node[key]));
      else if (key === cdataKey) for (const part of nodesOf(node[key])) text += String(part[textKey] ?? '');
      else {
        children ??= [];
        children.push(toElement(key, node, scope));
      }
    }
  }
  return { children: children ?? noChildren, text };
}

function toElement(qualified: string, node: Node, outer: Scope): XmlElement {
  const raw = node[attributesKey];
  let scope = outer;
  let attributes = noAttributes;
  if (typeof raw === 'object' && raw !== null) [scope, attributes] = readAttributes(raw, outer);
  const colon = qualified.indexOf(':');
  const prefix = colon === -1 ? '' : qualified.slice(0, colon);
  const ns = namespaceOf(prefix, scope);
  if (!ns && prefix !== '') throw unreadable('a name has a prefix without a namespace');
  if (qualified.indexOf(':', colon + 1) !== -1) throw unreadable('a name has more than one prefix');
  const { children, text } = toElements(nodesOf(node[qualified]), scope);
  return { ns: ns ?? '', name: colon === -1 ? qualified : qualified.slice(colon + 1), attributes, children, text };
}

function namespaceOf(prefix: string, scope: Scope): string | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const ns = at.declared.get(prefix);
    if (ns !== undefined) return ns;
  }
  return undefined;
}

function readAttributes(raw: object, outer: Scope): [Scope, ReadonlyMap<string, string>] {
  let declared: Map<string, string> | undefined;
  let attributes: Map<string, string> | undefined;
  for (const key in raw) {
    const name = key.slice(1);
    const text = decodeReferences(String(Reflect.get(raw, key)));
    if (name === 'xmlns' || name.startsWith('xmlns:')) {
      declared ??= new Map();
      declared.set(name.slice(6), text);
    } else if (!name.includes(':')) {
      attributes ??= new Map();
      attributes.set(name, text);
    }
  }
  return [declared === undefined ? outer : { declared, outer }, attributes ?? noAttributes];
}

/**
 * Is a document well-formed, as far as it decides whether we may trust what the parser makes of it?
 *
 * fast-xml-parser reads a truncated document, crossed tags or a second root without complaint, and a truncated answer taken
 * for a whole one would lose outcomes. This pass looks at tags only: they are closed in order, there is one root, no text
 * beside it, no attribute twice, no DOCTYPE (so no entities of the document's own, and nothing external), no processing
 * instruction (no server or client writes one, and the parser reads them in its own way), no deeper nesting and no more
 * elements than allowed (each takes a hundred times the memory that it takes in the document).
 */
function requireWellFormed(
  source: string,
  { maxDepth, maxNodes, maxText }: { readonly maxDepth: number; readonly maxNodes: number; readonly maxText: number },
): void {
  let nodes = 0;
  let written = 0;
  const open: string[] = [];
  let rootSeen = false;
  // A declaration counts as text: the parser goes through it character by character.
  let position = source.startsWith('<?xml') ? endOf(source, 5, '?>', 'the XML declaration') : 0;
  written += position;
  for (;;) {
    const next = source.indexOf('<', position);
    const text = source.slice(position, next === -1 ? undefined : next);
    if (open.length === 0 && text.trim() !== '') throw unreadable('it has text outside its root element');
    if (open.length > 0 && text.includes(']]>')) throw unreadable('its text contains "]]>"');
    written += text.length;
    if (written > maxText) throw unreadable(`it has more than ${maxText} characters of text and attributes`);
    if (next === -1) break;
    position = next;
    if (source.startsWith('<!--', position)) {
      position = endOf(source, position + 4, '-->', 'a comment');
      written += position - next;
    } else if (source.startsWith('<![CDATA[', position)) {
      if (open.length === 0) throw unreadable('it has text outside its root element');
      position = endOf(source, position + 9, ']]>', 'a CDATA section');
      written += position - next;
    } else if (source.startsWith('<!', position)) {
      throw unreadable('it declares a document type, which is not accepted');
    } else if (source.startsWith('<?', position)) {
      throw unreadable('it holds a processing instruction, which is not accepted');
    } else {
      tag.lastIndex = position;
      const match = tag.exec(source);
      if (match === null) throw unreadable('a tag is broken or cut off');
      const [, closing, name = '', attributes = '', empty] = match;
      position = tag.lastIndex;
      if (closing !== '') {
        if (open.pop() !== name || attributes !== '' || empty !== '')
          throw unreadable('a closing tag does not match its opening tag');
        continue;
      }
      nodes += 1 + countOf(attributes, '=');
      written += attributes.length;
      if (nodes > maxNodes) throw unreadable(`it has more than ${maxNodes} elements and attributes`);
      requireDifferent(attributes);
      if (open.length === 0 && rootSeen) throw unreadable('it has more than one root element');
      rootSeen = true;
      if (open.length >= maxDepth) throw unreadable(`its elements are nested more than ${maxDepth} deep`);
      if (empty === '') open.push(name);
    }
  }
  if (open.length > 0) throw unreadable('it ends before its elements are closed');
  if (!rootSeen) throw unreadable('it has no root element');
}

/** A whole tag with its attributes: what one step may take grows with the tag, never with the document. */
const tag =
  /<(\/?)([A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*)((?:\s+[A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count++;
  return count;
}

const attributeName = /([^\s="']+)\s*=\s*(?:"[^"]*"|'[^']*')/g;

/** Of two attributes with one name, readers take the first or the last, as they please. */
function requireDifferent(attributes: string): void {
  const first = attributes.indexOf('=');
  if (first === -1 || attributes.indexOf('=', first + 1) === -1) return;
  const names = new Set<string>();
  for (const [, name = ''] of attributes.matchAll(attributeName)) {
    if (names.has(name)) throw unreadable('an element has an attribute twice');
    names.add(name);
  }
}

function endOf(source: string, from: number, end: string, what: string): number {
  const at = source.indexOf(end, from);
  if (at === -1) throw unreadable(`${what} is cut off`);
  return at + end.length;
}
