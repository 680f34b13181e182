import { OfflineImError } from '../../core/errors/offline-im-error.ts';

/** The document itself is never quoted: it may hold message text. */
export function unreadable(why: string): OfflineImError {
  return new OfflineImError('XML_UNREADABLE', `The document is not readable XML: ${why}.`);
}

const pattern = /&(?:#([0-9]{1,10})|#x([0-9a-fA-F]{1,10})|([A-Za-z]{1,8}));/y;

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Text with its character references decoded: XML's own five names and numbers, nothing else.
 *
 * Exchange writes references to characters that XML forbids (`&#x1;`) when a mailbox holds them; they become U+FFFD, since
 * refusing the whole response would lose the outcome of every note in it.
 */
export function decodeReferences(text: string): string {
  let from = text.indexOf('&');
  if (from === -1) return text;
  // One at a time: replace() would keep every match with all its groups until the end, a hundred times the text. Joined now and then: `+=` keeps every part.
  let decoded = text.slice(0, from);
  let parts: string[] = [];
  while (from !== -1) {
    pattern.lastIndex = from;
    const [whole = '', decimal, hexadecimal, name] = pattern.exec(text) ?? [];
    const next = text.indexOf('&', from + whole.length);
    parts.push(characterOf(decimal, hexadecimal, name), text.slice(from + whole.length, next === -1 ? undefined : next));
    from = next;
    if (parts.length < 4_096 && from !== -1) continue;
    decoded += parts.join('');
    parts = [];
  }
  return decoded;
}

function characterOf(decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined): string {
  if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
  if (hexadecimal !== undefined) return character(Number.parseInt(hexadecimal, 16));
  const known = name === undefined ? undefined : named.get(name);
  if (known === undefined) throw unreadable('it refers to an entity that XML does not define');
  return known;
}

function character(code: number): string {
  const allowed =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff);
  return allowed ? String.fromCodePoint(code) : '\ufffd';
}

/** The namespaces that an element declares, and the scope it stands in. A chain, no deeper than elements may be nested. */
export interface Scope {
  readonly declared: ReadonlyMap<string, string>;
  readonly outer: Scope | undefined;
}

const xmlNs = 'http://www.w3.org/XML/1998/namespace';
const noAttributes: ReadonlyMap<string, string> = new Map();

/** The scope of a document's root. */
export const unscoped: Scope = { declared: new Map([['xml', xmlNs]]), outer: undefined };

// XML's NameStartChar and NameChar without the colon. What one step takes grows with the name, never with the document.
const nameStart =
  'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}';
const part = `[${nameStart}][${nameStart}\\-.0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040]*`;
/** With at most one prefix. */
const qualified = `(?:(${part}):)?(${part})`;
const blank = '[ \\t\\r\\n]';

/** A tag without declarations, as it was read. */
interface ReadTag {
  readonly outer: Scope;
  readonly written: string;
  readonly ns: string;
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly empty: boolean;
  readonly count: number;
}

/** Different tags that are kept, and the UTF-16 units of one: an answer repeats a few short ones for each of its items. */
const mostKept = 32;
const longestKept = 128;

/** Reads one opening tag after another of a document; its fields are those of the latest. */
export class OpeningTag {
  /** As it was written, for the closing tag. */
  written = '';
  ns = '';
  name = '';
  attributes = noAttributes;
  scope: Scope = unscoped;
  /** Has it no content (`<a/>`)? */
  empty = false;
  /** Attributes and declarations. */
  count = 0;

  readonly #source: string;
  readonly #start = new RegExp(`<${qualified}`, 'uy');
  readonly #attribute = new RegExp(`${blank}+${qualified}${blank}*=${blank}*(?:"([^"<]*)"|'([^'<]*)')`, 'uy');
  readonly #end = /[ \t\r\n]*(\/?)>/y;
  /** By their text, up to the first `>`. */
  readonly #kept = new Map<string, ReadTag>();

  constructor(source: string) {
    this.#source = source;
  }

  /** Reads the tag that begins at `at`, and says where it ends. Stops reading attributes beyond `mostAttributes`. */
  read(at: number, outer: Scope, mostAttributes: number): number {
    const first = this.#source.indexOf('>', at) + 1;
    const text = first > at && first - at <= longestKept ? this.#source.slice(at, first) : '';
    const kept = this.#kept.get(text);
    if (kept?.outer === outer && kept.count <= mostAttributes) {
      this.written = kept.written;
      this.ns = kept.ns;
      this.name = kept.name;
      this.attributes = kept.attributes;
      this.empty = kept.empty;
      this.count = kept.count;
      this.scope = outer;
      return first;
    }
    const end = this.#read(at, outer, mostAttributes);
    // One that ends at the first `>` reads the same wherever its namespaces are the same ones.
    if (text !== '' && end === first && this.scope === outer && this.#kept.size < mostKept) {
      const { written, ns, name, attributes, empty, count } = this;
      this.#kept.set(text, { outer, written, ns, name, attributes, empty, count });
    }
    return end;
  }

  #read(at: number, outer: Scope, mostAttributes: number): number {
    const [start, prefix, name = ''] = this.#match(this.#start, at) ?? [];
    if (start === undefined) throw broken();
    this.written = start.slice(1);
    this.name = name;
    this.attributes = noAttributes;
    this.scope = outer;
    const end = this.#readAttributes(at + start.length, outer, mostAttributes);
    this.ns = namespaceOf(prefix ?? '', this.scope);
    const [closing, slash] = this.#match(this.#end, end) ?? [];
    if (closing === undefined) throw broken();
    this.empty = slash !== '';
    return end + closing.length;
  }

  #readAttributes(from: number, outer: Scope, most: number): number {
    let at = from;
    let attributes: Map<string, string> | undefined;
    let declared: Map<string, string> | undefined;
    let prefixed: [prefix: string, local: string][] | undefined;
    this.count = 0;
    while (this.count < most) {
      const [whole, prefix, local = '', double, single] = this.#match(this.#attribute, at) ?? [];
      if (whole === undefined) break;
      at += whole.length;
      this.count++;
      if (prefix !== undefined && prefix !== 'xmlns') {
        prefixed ??= [];
        prefixed.push([prefix, local]);
        decodeReferences(double ?? single ?? '');
        continue;
      }
      const value = decodeReferences((double ?? single ?? '').replaceAll(/\r\n|[\t\r\n]/g, ' '));
      if (prefix === 'xmlns' || local === 'xmlns') {
        declared ??= new Map();
        if (prefix === undefined) addOnce(declared, '', value);
        else addOnce(declared, local, checkedNamespace(local, value));
      } else {
        attributes ??= new Map();
        addOnce(attributes, local, value);
      }
    }
    if (attributes !== undefined) this.attributes = attributes;
    if (declared !== undefined) this.scope = { declared, outer };
    if (prefixed !== undefined) this.#requireDifferent(prefixed);
    return at;
  }

  /** Attributes of a namespace are none of EWS's, but no reader may take the first of two where another takes the last. */
  #requireDifferent(prefixed: readonly (readonly [prefix: string, local: string])[]): void {
    const seen = new Map<string, string>();
    for (const [prefix, local] of prefixed) addOnce(seen, `${namespaceOf(prefix, this.scope)} ${local}`, '');
  }

  #match(pattern: RegExp, at: number): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(this.#source);
  }
}

function addOnce(map: Map<string, string>, name: string, value: string): void {
  if (map.has(name)) throw unreadable('an element has an attribute twice');
  map.set(name, value);
}

/** A prefix can't be taken back, and those of XML itself belong to XML. */
function checkedNamespace(prefix: string, ns: string): string {
  if (ns === '' || prefix === 'xmlns' || (prefix === 'xml') !== (ns === xmlNs)) {
    throw unreadable('a prefix is declared for a namespace it cannot have');
  }
  return ns;
}

function namespaceOf(prefix: string, scope: Scope): string {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const ns = at.declared.get(prefix);
    // A prefix that was taken back has none, wherever it was.
    if (ns !== undefined && (ns !== '' || prefix === '')) return ns;
    if (ns !== undefined) break;
  }
  if (prefix !== '') throw unreadable('a name has a prefix without a namespace');
  return '';
}

function broken(): Error {
  return unreadable('a tag is broken or cut off');
}
