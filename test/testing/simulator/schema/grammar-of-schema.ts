/**
 * Generates grammar.ts and answer-grammar.ts of src/testing/simulator/schema from Microsoft's schema: the content of requests,
 * and of responses only, in a notation a twentieth as long. `node test/testing/simulator/schema/grammar-of-schema.ts` updates
 * them; the test beside it compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseXml, type XmlElement } from '../../../../src/ews/xml/read.ts';
import { isSchemaOperation, operationOf } from '../../../../src/testing/simulator/schema/operations.ts';

const folder = new URL('../../../../../shared/ews-schema/', import.meta.url);
const target = new URL('../../../../src/testing/simulator/schema/', import.meta.url);
const plain = (name: string): string => name.replace(/^[mt]:/, '');

interface Schema {
  readonly types: ReadonlyMap<string, { readonly ns: 'm' | 't'; readonly el: XmlElement }>;
  readonly elements: ReadonlyMap<string, XmlElement>;
  readonly groups: ReadonlyMap<string, XmlElement>;
  readonly substitutes: ReadonlyMap<string, readonly string[]>;
}

function readSchema(): Schema {
  const types = new Map<string, { ns: 'm' | 't'; el: XmlElement }>();
  const elements = new Map<string, XmlElement>();
  const groups = new Map<string, XmlElement>();
  const substitutes = new Map<string, string[]>();
  for (const [ns, file] of [
    ['m', 'Messages.xsd'],
    ['t', 'types.xsd'],
  ] as const) {
    for (const el of parseXml(readFileSync(new URL(file, folder), 'utf8'), { maxNodes: 1e6 }).children) {
      const name = el.attributes.get('name') ?? '';
      if (el.name === 'complexType' || el.name === 'simpleType') types.set(name, { ns, el });
      if (el.name === 'group' || el.name === 'attributeGroup') groups.set(name, el);
      if (el.name !== 'element') continue;
      elements.set(`${ns}:${name}`, el);
      const head = el.attributes.get('substitutionGroup');
      if (head !== undefined) substitutes.set(head, [...(substitutes.get(head) ?? []), `${ns}:${name}`]);
    }
  }
  return { types, elements, groups, substitutes };
}

interface Grammars {
  /** Types in requests, and in anything inside one. */
  readonly requests: string;
  /** Types only in responses and headers: the elements on the first line, on the second the names of the types of both in the messages namespace. */
  readonly answers: string;
}

function grammarsOfSchema(): Grammars {
  const schema = readSchema();
  const lines = new Map<string, string>();
  const wanted: string[] = [];
  const need = (type: string): string => {
    const name = plain(type);
    if (!name.startsWith('xs:') && !lines.has(name) && !wanted.includes(name)) wanted.push(name);
    return name;
  };
  let anonymous = 0;
  /** Anonymous types of elements and attributes get a name. */
  const typeOf = (el: XmlElement, ns: 'm' | 't'): string => {
    const named = el.attributes.get('type');
    if (named !== undefined) return need(named);
    const inline = el.children.find((c) => c.name === 'complexType' || c.name === 'simpleType');
    if (inline === undefined) return 'any';
    anonymous += 1;
    const name = `Anonymous${anonymous}`;
    lines.set(name, lineOf(name, ns, inline));
    return name;
  };
  const times = (el: XmlElement): string => {
    const [least, most] = [el.attributes.get('minOccurs') ?? '1', el.attributes.get('maxOccurs') ?? '1'];
    if (most === '0') throw new Error('an element that may not be there');
    if (most === 'unbounded') return least === '0' ? '*' : '+';
    if (most === '1') return least === '0' ? '?' : '';
    return `{${least},${most}}`;
  };
  /** Elements for which an element may only be the head of a substitution group. */
  const isAbstract = (ref: string): boolean => {
    const el = schema.elements.get(ref);
    const type = schema.types.get(plain(el?.attributes.get('type') ?? ''))?.el;
    return (
      el?.attributes.get('abstract') === 'true' || (schema.substitutes.has(ref) && type?.attributes.get('abstract') === 'true')
    );
  };
  const particle = (el: XmlElement, ns: 'm' | 't'): string => {
    switch (el.name) {
      case 'element': {
        const ref = el.attributes.get('ref');
        if (ref === undefined) return `${ns}:${el.attributes.get('name')}=${typeOf(el, ns)}${times(el)}`;
        const names = [...(isAbstract(ref) ? [] : [ref]), ...(schema.substitutes.get(ref) ?? [])];
        const refs = names.map((name) => `${name}=${typeOf(schema.elements.get(name) ?? el, 't')}`);
        return refs.length === 1 ? `${refs[0]}${times(el)}` : `(${refs.join('|')})${times(el)}`;
      }
      case 'any':
        return `any${times(el)}`;
      case 'group':
        return particle(schema.groups.get(plain(el.attributes.get('ref') ?? ''))?.children[0] ?? el, 't');
      case 'sequence':
      case 'choice':
      case 'all': {
        const separator = { sequence: ',', choice: '|', all: '&' }[el.name];
        const parts = el.children.filter((c) => c.name !== 'annotation').map((c) => particle(c, ns));
        return parts.length === 0 ? '' : `(${parts.filter((p) => p !== '').join(separator)})${times(el)}`;
      }
      default:
        throw new Error(`unknown particle ${el.name}`);
    }
  };
  const attributes = (el: XmlElement, ns: 'm' | 't'): string[] =>
    el.children.flatMap((a) => {
      if (a.name === 'anyAttribute') return [' @*'];
      if (a.name === 'attributeGroup') return attributes(schema.groups.get(plain(a.attributes.get('ref') ?? '')) ?? a, ns);
      if (a.name !== 'attribute') return [];
      if (a.attributes.get('use') === 'prohibited' || a.attributes.get('ref')?.startsWith('xml:') === true) return [];
      return [` @${a.attributes.get('name')}=${typeOf(a, ns)}${a.attributes.get('use') === 'required' ? '' : '?'}`];
    });
  const contentOf = (el: XmlElement, ns: 'm' | 't'): string => {
    const model = el.children.find((c) => ['sequence', 'choice', 'all', 'group'].includes(c.name));
    return (model === undefined ? '' : particle(model, ns)) + attributes(el, ns).join('');
  };
  const simple = (el: XmlElement, ns: 'm' | 't'): string => {
    const [body] = el.children.filter((c) => c.name !== 'annotation');
    if (body === undefined) throw new Error('an empty simple type');
    const inline = body.children.filter((c) => c.name === 'simpleType').map((c) => simple(c, ns));
    if (body.name === 'list') return `list ${inline[0] ?? need(body.attributes.get('itemType') ?? '')}`;
    if (body.name === 'union') {
      const members = (body.attributes.get('memberTypes') ?? '').split(/\s+/).filter((m) => m !== '');
      return [...members.map(need), ...inline].join(' or ');
    }
    const base = need(body.attributes.get('base') ?? '');
    const facets = body.children.filter((c) => c.name !== 'annotation');
    const values = facets.filter((f) => f.name === 'enumeration').map((f) => f.attributes.get('value') ?? '');
    if (values.length > 0) return `"${values.join('|')}"`;
    const written = facets.map((f) => {
      const value = f.attributes.get('value') ?? '';
      if (f.name === 'pattern') return ` /${value}/`;
      const sign = { minInclusive: '>=', maxInclusive: '<=', minLength: 'length>=', length: 'length=' }[f.name];
      if (sign === undefined) throw new Error(`unknown facet ${f.name}`);
      return ` ${sign}${value}`;
    });
    return base + written.join('');
  };
  const lineOf = (name: string, ns: 'm' | 't', el: XmlElement): string => {
    if (el.name === 'simpleType') return `${name} ~ ${simple(el, ns)}`;
    const inner = el.children.find((c) => c.name === 'complexContent' || c.name === 'simpleContent');
    const derived = inner?.children.find((c) => c.name === 'extension' || c.name === 'restriction');
    if (inner === undefined || derived === undefined) return `${name} = ${contentOf(el, ns)}`;
    const base = need(derived.attributes.get('base') ?? '');
    if (inner.name === 'simpleContent') return `${name} ~ ${base}${attributes(derived, ns).join('')}`;
    return derived.name === 'extension' ? `${name} : ${base} = ${contentOf(derived, ns)}` : `${name} = ${contentOf(derived, ns)}`;
  };

  const roots: string[] = [];
  const others: string[] = [];
  for (const [name, el] of schema.elements) {
    const isRequest = name.startsWith('m:') && isSchemaOperation(operationOf(plain(name)));
    if (isRequest) roots.push(`${name}=${need(el.attributes.get('type') ?? '')}`);
  }
  const readWanted = (): void => {
    for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
      const type = schema.types.get(next);
      if (type === undefined) throw new Error(`no type ${next}`);
      lines.set(next, ''); // It may contain itself.
      lines.set(next, lineOf(next, type.ns, type.el));
    }
  };
  readWanted();
  const ofRequests = new Map(lines);
  for (const [name, el] of schema.elements) {
    if (!roots.some((root) => root.startsWith(`${name}=`)))
      others.push(`${name}=${typeOf(el, name.startsWith('m:') ? 'm' : 't')}`);
  }
  readWanted();
  const ofAnswers = [...lines].filter(([name]) => !ofRequests.has(name)).map(([, line]) => line);
  const ofMessages = [...lines.keys()].filter((name) => schema.types.get(name)?.ns === 'm');
  const text = (first: readonly string[], rules: Iterable<string>): string =>
    [...first, ...[...rules].sort()].map((line) => line.trimEnd()).join('\n');
  return {
    requests: text([roots.sort().join(' ')], ofRequests.values()),
    answers: text([others.sort().join(' '), ofMessages.sort().join(' ')], ofAnswers),
  };
}

/** The generated files, by name. */
export function grammarFiles(): Readonly<Record<string, string>> {
  const { requests, answers } = grammarsOfSchema();
  const literal = (text: string): string => `\`${text.replace(/[\\`$]/g, '\\$&')}\``;
  const source = 'grammar-of-schema.ts in the tests writes it.';
  return {
    'grammar.ts': `/** What the EWS schema (2017 level) allows in requests; ${source} The notation is in read-grammar.ts. */\nexport const grammar = ${literal(requests)};\n`,
    'answer-grammar.ts': `/** What the EWS schema (2017 level) has besides, in answers and headers; ${source} The second line names the types of the messages. */\nexport const answerGrammar = ${literal(answers)};\n`,
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of Object.entries(grammarFiles())) writeFileSync(new URL(name, target), text);
}
