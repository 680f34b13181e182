import { decodeReferences, OpeningTag, type Scope, unreadable, unscoped } from './opening-tag.ts';

/** An element of a parsed document. Names are matched by namespace, whatever prefix a server chose. */
export interface XmlElement {
  /** Namespace URI; '' for none. */
  readonly ns: string;
  /** Local name. */
  readonly name: string;
  /** Attributes without a prefix, by name; those of a namespace are none that EWS defines. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text and CDATA, concatenated. */
  readonly text: string;
}

/** What {@link parseXml} accepts at most. */
export interface XmlLimits {
  /** How deep elements may be nested. 64 when left out. */
  readonly maxDepth?: number;
  /** How many elements and attributes there may be, which is what takes memory. 50,000 when left out. */
  readonly maxNodes?: number;
  /**
   * Length of all text, attributes and comments together, in UTF-16 units. Unlimited when left out.
   */
  readonly maxText?: number;
  /** Length in UTF-16 units. Unlimited when left out, since the client limits what it receives. */
  readonly maxLength?: number;
  /** The namespaces around the document, where it is a part of another. */
  readonly scope?: Scope;
}

/** An element that is not closed yet, with its name as it was written. */
interface Open {
  readonly written: string;
  readonly scope: Scope;
  /** The children of its element, once it has some. */
  children: XmlElement[] | undefined;
  readonly element: { -readonly [Key in keyof XmlElement]: XmlElement[Key] };
}

const declaration =
  /^<\?xml\s+version\s*=\s*(?:"1\.\d+"|'1\.\d+')(?:\s+encoding\s*=\s*(?:"[\w.-]+"|'[\w.-]+'))?(?:\s+standalone\s*=\s*(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/;
const longestDeclaration = 200;
const noChildren: readonly XmlElement[] = [];

/**
 * The root element of a well-formed document. Anything else, and anything beyond the limits, throws `XML_UNREADABLE`: what
 * is made of half a document would lose the outcomes of the other half.
 *
 * One pass, its time and memory in proportion to the document. Stricter than XML where an answer of EWS has no use for it and
 * readers differ: no DOCTYPE (so no entities of the document's own, and nothing external) and no processing instruction.
 */
export function parseXml(source: string, limits: XmlLimits = {}): XmlElement {
  const {
    maxDepth = 64,
    maxNodes = 50_000,
    maxText = Number.POSITIVE_INFINITY,
    maxLength = source.length,
    scope = unscoped,
  } = limits;
  if (source.length > maxLength) throw unreadable(`it is longer than ${maxLength} characters`);
  const tag = new OpeningTag(source);
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let nodes = 0;
  let written = 0;
  let at = source.startsWith('\ufeff') ? 1 : 0;
  at += declaration.exec(source.slice(at, at + longestDeclaration))?.[0].length ?? 0;
  for (;;) {
    const innermost = open.at(-1);
    const next = source.indexOf('<', at);
    const text = source.slice(at, next === -1 ? undefined : next);
    if (text !== '') {
      if (innermost === undefined) {
        if (!/^[ \t\r\n]*$/.test(text)) throw unreadable('it has text outside its root element');
      } else {
        if (text.includes(']]>')) throw unreadable('its text contains "]]>"');
        innermost.element.text += decodeReferences(lineBreaks(text));
      }
    }
    if (next === -1) break;
    const before = written + text.length;
    at = next;
    if (source.startsWith('</', at)) {
      if (innermost === undefined || !source.startsWith(innermost.written, at + 2)) throw mismatch();
      at += 2 + innermost.written.length;
      while (isSpace(source, at)) at++;
      if (source[at++] !== '>') throw mismatch();
      open.pop();
    } else if (source.startsWith('<!--', at)) {
      const end = endOf(source, at + 4, '--', 'a comment');
      if (source[end] !== '>') throw unreadable('a comment contains "--"');
      at = end + 1;
    } else if (source.startsWith('<![CDATA[', at)) {
      if (innermost === undefined) throw unreadable('it has text outside its root element');
      at = endOf(source, at + 9, ']]>', 'a CDATA section');
      innermost.element.text += lineBreaks(source.slice(next + 9, at - 3));
    } else if (source.startsWith('<!', at)) {
      throw unreadable('it declares a document type, which is not accepted');
    } else if (source.startsWith('<?', at)) {
      throw unreadable('it holds a processing instruction, which is not accepted');
    } else {
      if (innermost === undefined && root !== undefined) throw unreadable('it has more than one root element');
      if (open.length >= maxDepth) throw unreadable(`its elements are nested more than ${maxDepth} deep`);
      at = tag.read(at, innermost?.scope ?? scope, maxNodes - nodes);
      nodes += 1 + tag.count;
      if (nodes > maxNodes) throw unreadable(`it has more than ${maxNodes} elements and attributes`);
      const element = { ns: tag.ns, name: tag.name, attributes: tag.attributes, children: noChildren, text: '' };
      if (innermost === undefined) root = element;
      else if (innermost.children === undefined) innermost.element.children = innermost.children = [element];
      else innermost.children.push(element);
      if (!tag.empty) open.push({ written: tag.written, scope: tag.scope, children: undefined, element });
    }
    written = before + (source[next + 1] === '/' ? 0 : at - next);
    if (written > maxText) throw unreadable(`it has more than ${maxText} characters of text and attributes`);
  }
  if (open.length > 0) throw unreadable('it ends before its elements are closed');
  if (root === undefined) throw unreadable('it has no root element');
  return root;
}

/** The first child with that name. */
export function child(el: XmlElement | undefined, ns: string, name: string): XmlElement | undefined {
  return el?.children.find((c) => c.name === name && c.ns === ns);
}

/** All children with that name, in order. */
export function childrenOf(el: XmlElement | undefined, ns: string, name: string): readonly XmlElement[] {
  return el === undefined ? [] : el.children.filter((c) => c.name === name && c.ns === ns);
}

/** The text of the first child with that name. */
export function textOf(el: XmlElement | undefined, ns: string, name: string): string | undefined {
  return child(el, ns, name)?.text;
}

/** The first element below with that name, at any depth, in document order. */
export function descendant(el: XmlElement | undefined, ns: string, name: string): XmlElement | undefined {
  for (const c of el?.children ?? []) {
    if (c.name === name && c.ns === ns) return c;
    const below = descendant(c, ns, name);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** XML's line breaks are LF, whatever the document has; a CR that is meant is written as a reference. */
function lineBreaks(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

function isSpace(source: string, at: number): boolean {
  const code = source.charCodeAt(at);
  return code === 0x20 || code === 0x9 || code === 0xa || code === 0xd;
}

function endOf(source: string, from: number, end: string, what: string): number {
  const at = source.indexOf(end, from);
  if (at === -1) throw unreadable(`${what} is cut off`);
  return at + end.length;
}

function mismatch(): Error {
  return unreadable('a closing tag does not match its opening tag');
}

/**
 * A code as it may be kept and shown: one that looks like a code of Exchange or of SOAP, else ''. A server can write anything
 * in its place, what it was sent included.
 */
export function asCode(text: string): string {
  const code = text.trim();
  return /^(Error[A-Za-z0-9_]{1,80}|NoError|E-?\d{1,6}|Client|Server|Sender|Receiver|MustUnderstand|VersionMismatch)$/.test(code)
    ? code
    : '';
}
