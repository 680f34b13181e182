import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { escapeAttribute } from '../../../ews/xml/write.ts';
import { answerGrammar } from './answer-grammar.ts';
import { grammar } from './grammar.ts';
import { type Particle, readParticle } from './read-grammar.ts';

/** Which of the two schemas. */
export type SchemaName = 'messages' | 'types';

/** The whole grammar, as it is written out for clients that ask for a schema. */
interface Whole {
  /** Types of global elements, by name with prefix. */
  readonly elements: ReadonlyMap<string, string>;
  /** Rules of types, by name. */
  readonly rules: ReadonlyMap<string, string>;
  /** Names of types that belong to the messages; the others are those of the types. */
  readonly ofMessages: ReadonlySet<string>;
}

function readWhole(): Whole {
  const [requests = '', ...requestRules] = grammar.split('\n');
  const [others = '', messageTypes = '', ...answerRules] = answerGrammar.split('\n');
  const entries = `${requests} ${others}`.split(' ').map((entry): [string, string] => cut(entry, '='));
  return {
    elements: new Map(entries),
    rules: new Map([...requestRules, ...answerRules].map((line): [string, string] => cut(line, ' '))),
    ofMessages: new Set(messageTypes.split(' ')),
  };
}

/** The elements that are global, by name with prefix. */
export function globalElements(): ReadonlyMap<string, string> {
  return readWhole().elements;
}

/** One of the two schemas of EWS, written anew from the grammar that requests are judged by. */
export function writeSchema(schema: SchemaName): string {
  const { elements, rules, ofMessages } = readWhole();
  const own = schema === 'messages' ? 'm' : 't';
  const ownType = (name: string): boolean => ofMessages.has(name) === (own === 'm');
  // Types without a name in the original stand where their element does.
  const isOwn = (name: string): boolean =>
    name.startsWith('Anonymous') ? usedBy(name, rules, elements, ofMessages) === own : ownType(name);
  const writer = new SchemaWriter(own, (name) => {
    if (name.startsWith('xs:')) return name;
    return `${name.startsWith('Anonymous') ? usedBy(name, rules, elements, ofMessages) : ofMessages.has(name) ? 'm' : 't'}:${name}`;
  });
  const declared = [...elements]
    .filter(([name]) => name.startsWith(`${own}:`))
    .map(([name, type]) => writer.global(name.slice(2), type));
  const defined = [...rules].filter(([name]) => isOwn(name)).map(([name, rule]) => writer.type(name, rule));
  const imported = own === 'm' ? `<xs:import namespace="${typesNs}" schemaLocation="types.xsd"/>` : '';
  return (
    `<?xml version="1.0" encoding="utf-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="${messagesNs}" xmlns:t="${typesNs}" ` +
    `targetNamespace="${own === 'm' ? messagesNs : typesNs}" elementFormDefault="qualified">\n${[imported, ...declared, ...defined].filter((line) => line !== '').join('\n')}\n</xs:schema>\n`
  );
}

/** The schema of the type or element that has a type without a name. */
function usedBy(name: string, rules: Whole['rules'], elements: Whole['elements'], ofMessages: Whole['ofMessages']): 'm' | 't' {
  const use = new RegExp(`=${name}\\b`);
  for (const [element, type] of elements) if (type === name) return element.startsWith('m:') ? 'm' : 't';
  for (const [type, rule] of rules) {
    if (use.test(rule))
      return type.startsWith('Anonymous') ? usedBy(type, rules, elements, ofMessages) : ofMessages.has(type) ? 'm' : 't';
  }
  return 't';
}

/** Writes the declarations of one schema. */
class SchemaWriter {
  readonly #own: 'm' | 't';
  readonly #typeName: (name: string) => string;

  constructor(own: 'm' | 't', typeName: (name: string) => string) {
    this.#own = own;
    this.#typeName = typeName;
  }

  global(name: string, type: string): string {
    return type === 'any' ? `<xs:element name="${name}"/>` : `<xs:element name="${name}" type="${this.#typeName(type)}"/>`;
  }

  type(name: string, rule: string): string {
    const [head = '', ...attributes] = rule.split(/ @(?=[\w*])/);
    const written = attributes.map((one) => this.#attribute(one)).join('');
    if (head.startsWith('~')) return this.#textType(name, head.slice(2), written);
    const base = /^: (\S+)/.exec(head)?.[1];
    const model = head.slice(head.indexOf('=') + 1).trim();
    const content = model === '' ? '' : this.#group(readParticle(model));
    const inner =
      base === undefined
        ? `${content}${written}`
        : `<xs:complexContent><xs:extension base="${this.#typeName(base)}">${content}${written}</xs:extension></xs:complexContent>`;
    return `<xs:complexType name="${name}">${inner}</xs:complexType>`;
  }

  #textType(name: string, text: string, attributes: string): string {
    if (attributes === '') return `<xs:simpleType name="${name}">${this.#simple(text)}</xs:simpleType>`;
    return `<xs:complexType name="${name}"><xs:simpleContent><xs:extension base="${this.#typeName(text)}">${attributes}</xs:extension></xs:simpleContent></xs:complexType>`;
  }

  #simple(text: string): string {
    if (text.includes(' or '))
      return `<xs:union>${text
        .split(' or ')
        .map((one) => this.#inline(one))
        .join('')}</xs:union>`;
    if (text.startsWith('list ')) return `<xs:list>${this.#inline(text.slice(5))}</xs:list>`;
    if (text.startsWith('"')) {
      const values = text
        .slice(1, -1)
        .split('|')
        .map((value) => `<xs:enumeration value="${escapeAttribute(value)}"/>`);
      return `<xs:restriction base="xs:string">${values.join('')}</xs:restriction>`;
    }
    const [base = '', ...facets] = text.split(' ');
    return `<xs:restriction base="${this.#typeName(base)}">${facets.map(writeFacet).join('')}</xs:restriction>`;
  }

  #inline(text: string): string {
    return `<xs:simpleType>${this.#simple(text)}</xs:simpleType>`;
  }

  #attribute(written: string): string {
    if (written === '*') return '<xs:anyAttribute processContents="lax"/>';
    const [name, type] = cut(written, '=');
    const use = type.endsWith('?') ? '' : ' use="required"';
    const plain = type.replace(/\?$/, '');
    return plain === 'any'
      ? `<xs:attribute name="${name}"${use}/>`
      : `<xs:attribute name="${name}" type="${this.#typeName(plain)}"${use}/>`;
  }

  /** A model as a type may have one: a single element needs a sequence around it. */
  #group(particle: Particle): string {
    const isGroup = particle.kind !== 'element' && particle.kind !== 'any';
    return isGroup ? this.#particle(particle) : `<xs:sequence>${this.#particle(particle)}</xs:sequence>`;
  }

  #particle(particle: Particle): string {
    const { min, max } = particle;
    const least = min === 1 ? '' : ` minOccurs="${min}"`;
    const times = `${least}${max === 1 ? '' : ` maxOccurs="${max === Number.POSITIVE_INFINITY ? 'unbounded' : max}"`}`;
    switch (particle.kind) {
      case 'any':
        return `<xs:any processContents="lax"${times}/>`;
      case 'element': {
        const [prefix, name] = cut(particle.name, ':');
        if (prefix !== this.#own) return `<xs:element ref="${particle.name}"${times}/>`;
        const type = particle.type === 'any' ? '' : ` type="${this.#typeName(particle.type)}"`;
        return `<xs:element name="${name}"${type}${times}/>`;
      }
      case 'sequence': {
        // One thing that is repeated is a choice in the original: proxies, such as PHP's, take a list for that, and not for a sequence.
        const [only, ...others] = particle.parts;
        if (max === 1 || only === undefined || others.length > 0) return this.#members(particle, times);
        const isPlainChoice = only.kind === 'choice' && only.min === 1 && only.max === 1;
        return this.#members({ kind: 'choice', parts: isPlainChoice ? only.parts : particle.parts }, times);
      }
      case 'choice':
      case 'all':
        return this.#members(particle, times);
    }
  }

  #members({ kind, parts }: { readonly kind: string; readonly parts: readonly Particle[] }, times: string): string {
    return `<xs:${kind}${times}>${parts.map((part) => this.#particle(part)).join('')}</xs:${kind}>`;
  }
}

const facetNames: Readonly<Record<string, string>> = {
  'length>=': 'minLength',
  'length=': 'length',
  '>=': 'minInclusive',
  '<=': 'maxInclusive',
};

function writeFacet(facet: string): string {
  const [, sign = '', limit = ''] = /^(length>=|length=|>=|<=)(.*)$/.exec(facet) ?? [];
  const name = facetNames[sign];
  if (name !== undefined) return `<xs:${name} value="${limit}"/>`;
  return `<xs:pattern value="${escapeAttribute(facet.slice(1, -1))}"/>`;
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
