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
  const writer = new SchemaWriter(own, rules, (name) =>
    name.startsWith('xs:') ? name : `${ofMessages.has(name) ? 'm' : 't'}:${name}`,
  );
  const declared = [...elements]
    .filter(([name]) => name.startsWith(`${own}:`))
    .map(([name, type]) => writer.element(`name="${name.slice(2)}"`, type));
  const defined = [...rules]
    .filter(([name]) => !isAnonymous(name) && ofMessages.has(name) === (own === 'm'))
    .map(([name, rule]) => writer.type(` name="${name}"`, rule));
  const imported = own === 'm' ? `<xs:import namespace="${typesNs}" schemaLocation="types.xsd"/>` : '';
  return (
    `<?xml version="1.0" encoding="utf-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="${messagesNs}" xmlns:t="${typesNs}" ` +
    `targetNamespace="${own === 'm' ? messagesNs : typesNs}" elementFormDefault="qualified">\n${[imported, ...declared, ...defined].filter((line) => line !== '').join('\n')}\n</xs:schema>\n`
  );
}

/** Whether the original gives a type no name. It is written where its element or attribute is: proxies name their class by that. */
function isAnonymous(type: string): boolean {
  return /^Anonymous\d+$/.test(type);
}

/** Writes the declarations of one schema. */
class SchemaWriter {
  readonly #own: 'm' | 't';
  readonly #rules: ReadonlyMap<string, string>;
  readonly #typeName: (name: string) => string;

  constructor(own: 'm' | 't', rules: ReadonlyMap<string, string>, typeName: (name: string) => string) {
    this.#own = own;
    this.#rules = rules;
    this.#typeName = typeName;
  }

  element(naming: string, type: string): string {
    return this.#typed('xs:element', naming, type);
  }

  /** An element or attribute with its type: any, by name, or one of its own. */
  #typed(tag: string, naming: string, type: string): string {
    if (type === 'any') return `<${tag} ${naming}/>`;
    if (!isAnonymous(type)) return `<${tag} ${naming} type="${this.#typeName(type)}"/>`;
    return `<${tag} ${naming}>${this.type('', this.#rules.get(type) ?? '')}</${tag}>`;
  }

  type(naming: string, rule: string): string {
    const [head = '', ...attributes] = rule.split(/ @(?=[\w*])/);
    const written = attributes.map((one) => this.#attribute(one)).join('');
    if (head.startsWith('~')) return this.#textType(naming, head.slice(2), written);
    const base = /^: (\S+)/.exec(head)?.[1];
    const model = head.slice(head.indexOf('=') + 1).trim();
    const content = model === '' ? '' : this.#group(readParticle(model), naming === ' name="SingleRecipientType"');
    const inner =
      base === undefined
        ? `${content}${written}`
        : `<xs:complexContent><xs:extension base="${this.#typeName(base)}">${content}${written}</xs:extension></xs:complexContent>`;
    return `<xs:complexType${naming}>${inner}</xs:complexType>`;
  }

  #textType(naming: string, text: string, attributes: string): string {
    if (attributes === '') return `<xs:simpleType${naming}>${this.#simple(text)}</xs:simpleType>`;
    return `<xs:complexType${naming}><xs:simpleContent><xs:extension base="${this.#typeName(text)}">${attributes}</xs:extension></xs:simpleContent></xs:complexType>`;
  }

  #simple(text: string): string {
    if (text.includes(' or '))
      return `<xs:union>${text
        .split(' or ')
        .map((one) => this.#inline(one))
        .join('')}</xs:union>`;
    if (text.startsWith('list ')) return this.#list(text.slice(5));
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

  /** A list of a type that has a name says so: gSOAP finds no values in a restriction of one. */
  #list(items: string): string {
    return /^\w+$/.test(items) ? `<xs:list itemType="${this.#typeName(items)}"/>` : `<xs:list>${this.#inline(items)}</xs:list>`;
  }

  #inline(text: string): string {
    return `<xs:simpleType>${this.#simple(text)}</xs:simpleType>`;
  }

  #attribute(written: string): string {
    if (written === '*') return '<xs:anyAttribute processContents="lax"/>';
    const [name, type] = cut(written, '=');
    const use = type.endsWith('?') ? '' : ' use="required"';
    return this.#typed('xs:attribute', `name="${name}"${use}`, type.replace(/\?$/, ''));
  }

  /** A model as a type may have one: a single element needs a group around it. `choice`: of one, as one type has it, whose member .NET calls Item. */
  #group(particle: Particle, choice: boolean): string {
    if (particle.kind === 'sequence' && choice) return this.#particle({ ...particle, kind: 'choice' });
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
        return this.element(`name="${name}"${times}`, particle.type);
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
