/**
 * Random documents that the schema allows: every optional element and attribute present or not, choices of any kind, any value.
 * What must be in a document, the facts, is given; the rest is random.
 */
import { messagesNs, soapNs, typesNs } from '../../../src/ews/xml/namespaces.ts';
import type { XmlElement } from '../../../src/ews/xml/read.ts';
import type { Grammar, Particle, TypeRule } from '../../../src/testing/simulator/schema/read-grammar.ts';
import { anyValue, type Draw, pick } from './any-value.ts';
import { ofMessages } from './whole-grammar.ts';

/** The given content of an element. */
export interface Facts {
  /** `undefined`: left out. */
  readonly attributes?: Readonly<Record<string, string | undefined>>;
  readonly text?: string;
  /** By local name: the elements given, or none. Other names are random. */
  readonly children?: Readonly<Record<string, readonly Facts[]>>;
  /** All children, in order. */
  readonly exactly?: readonly (readonly [name: string, facts: Facts])[];
}

export interface Chance extends Draw {
  /** Probability of optional content, 0 to 1. */
  readonly often: number;
  /** Maximum of elements that are not required. */
  readonly most: number;
  /** Values for an element or attribute, by `Parent/Child` or `Type/@attribute`, instead of random ones. */
  readonly known?: (path: string, type: string) => readonly string[] | undefined;
  /** Probability that a type is stated that applies anyway. @default 0 */
  readonly typed?: number;
}

export interface Namespaces {
  readonly [prefix: string]: string;
}
const ews: Namespaces = { m: messagesNs, t: typesNs };

const deepest = 24;

/** A SOAP 1.1 element around a random document. */
export function inSoap(name: string, children: readonly XmlElement[]): XmlElement {
  return { ns: soapNs, name, attributes: new Map(), children, text: '' };
}

export class Documents {
  readonly #grammar: Grammar;
  readonly #namespaces: Namespaces;
  readonly #depths = new Map<string, number>();

  constructor(grammar: Grammar, namespaces: Namespaces = ews) {
    this.#grammar = grammar;
    this.#namespaces = namespaces;
  }

  /** An element of that type; `name` with the prefix of its namespace. */
  draw(name: string, type: string, chance: Chance, facts: Facts = {}): XmlElement {
    return new Writing(this.#grammar, this.#namespaces, chance, (one) => this.#depthOf(one)).element(name, type, facts, 0, '');
  }

  /** The minimal depth of an element of that type. */
  #depthOf(type: string, under: readonly string[] = []): number {
    const known = this.#depths.get(type);
    if (known !== undefined) return known;
    if (under.includes(type)) return Number.POSITIVE_INFINITY;
    const rule = this.#grammar.rule(type);
    if (rule === undefined) return 1;
    const least = (particle: Particle): number => {
      if (particle.min === 0 || particle.kind === 'any') return 0;
      if (particle.kind === 'element') return this.#depthOf(particle.type, [...under, type]);
      const parts = particle.parts.map(least);
      if (parts.length === 0) return 0;
      return particle.kind === 'choice' ? Math.min(...parts) : Math.max(...parts);
    };
    const depth = 1 + Math.max(0, ...rule.content.map(least));
    if (under.length === 0) this.#depths.set(type, depth);
    return depth;
  }
}

class Writing {
  readonly #grammar: Grammar;
  readonly #namespaces: Namespaces;
  readonly #chance: Chance;
  readonly #depthOf: (type: string) => number;
  #left: number;

  constructor(grammar: Grammar, namespaces: Namespaces, chance: Chance, depthOf: (type: string) => number) {
    this.#grammar = grammar;
    this.#namespaces = namespaces;
    this.#chance = chance;
    this.#depthOf = depthOf;
    this.#left = chance.most;
  }

  element(name: string, type: string, facts: Facts, depth: number, parent: string): XmlElement {
    const [prefix = '', local = ''] = name.split(':');
    const base = { ns: this.#namespaces[prefix] ?? '', name: local };
    const rule = this.#grammar.rule(type);
    const path = `${parent}/${local}`;
    if (rule === undefined) {
      const text = type.startsWith('xs:') ? this.#value(path, type, facts.text) : (facts.text ?? '');
      return {
        ...base,
        attributes: new Map(Object.entries(facts.attributes ?? {}) as [string, string][]),
        children: this.#as(facts),
        text,
      };
    }
    const attributes = this.#attributes(rule, type, facts, local);
    if (rule.simple !== undefined) return { ...base, attributes, children: [], text: this.#value(path, rule.simple, facts.text) };
    const children: XmlElement[] = [];
    if (facts.exactly !== undefined) {
      for (const [one, own] of facts.exactly) {
        const particle = elementNamed(rule.content, one);
        children.push(
          particle === undefined ? this.#plain(one, own) : this.element(particle.name, particle.type, own, depth + 1, local),
        );
      }
    } else for (const particle of rule.content) this.#particle(particle, facts, children, depth + 1, local);
    return { ...base, attributes, children, text: '' };
  }

  #as({ exactly = [] }: Facts): readonly XmlElement[] {
    return exactly.map(([name, facts]) => this.#plain(name, facts));
  }

  /** What the schema leaves open. */
  #plain(name: string, facts: Facts): XmlElement {
    const [prefix, local] = name.includes(':') ? name.split(':') : ['t', name];
    const attributes = new Map(Object.entries(facts.attributes ?? {}) as [string, string][]);
    return {
      ns: this.#namespaces[prefix ?? ''] ?? '',
      name: local ?? '',
      attributes,
      children: this.#as(facts),
      text: facts.text ?? '',
    };
  }

  #value(path: string, type: string, given: string | undefined): string {
    if (given !== undefined) return given;
    const known = this.#chance.known?.(path, type);
    return known !== undefined ? pick(this.#chance.random, known) : anyValue(this.#grammar, type, this.#chance);
  }

  #attributes(rule: TypeRule, type: string, facts: Facts, local: string): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>();
    const given = facts.attributes ?? {};
    for (const [name, { type: of, required }] of rule.attributes) {
      if (name in given ? given[name] === undefined : !required && !this.#happens()) continue;
      attributes.set(name, this.#value(`${local}/@${name}`, of, given[name]));
    }
    const typed = this.#chance.typed ?? 0;
    if (typed > 0 && this.#chance.random() < typed && !type.startsWith('Anonymous')) this.#type(type, attributes);
    return attributes;
  }

  /** The type that it has anyway, as .NET serializers state it. */
  #type(type: string, attributes: Map<string, string>): void {
    attributes.set('xmlns:xsi', 'http://www.w3.org/2001/XMLSchema-instance');
    attributes.set('xmlns:own', ofMessages.has(type) ? messagesNs : typesNs);
    attributes.set('xsi:type', `own:${type}`);
  }

  #happens(): boolean {
    return this.#chance.random() < this.#chance.often;
  }

  #particle(particle: Particle, facts: Facts, into: XmlElement[], depth: number, parent: string): void {
    if (particle.kind === 'element') {
      const given = facts.children?.[particle.name.slice(2)];
      if (given !== undefined) {
        for (const one of given) into.push(this.element(particle.name, particle.type, one, depth, parent));
        return;
      }
    }
    const wanted = namesIn(particle).some((name) => (facts.children?.[name]?.length ?? 0) > 0);
    const least = wanted ? Math.max(1, particle.min) : particle.min;
    const times = wanted ? least : this.#times(particle, least, depth);
    for (let count = 0; count < times; count++) this.#once(particle, facts, into, depth, parent);
  }

  #times({ max }: Particle, least: number, depth: number): number {
    let times = least;
    while (times < Math.min(max, 3) && depth < deepest && this.#left > 0 && this.#happens()) {
      times += 1;
      this.#left -= 1;
    }
    return times;
  }

  #once(particle: Particle, facts: Facts, into: XmlElement[], depth: number, parent: string): void {
    const { random } = this.#chance;
    switch (particle.kind) {
      case 'any':
        into.push({ ns: 'urn:any', name: 'Any', attributes: new Map(), children: [], text: pick(random, this.#chance.texts) });
        return;
      case 'element':
        into.push(this.element(particle.name, particle.type, {}, depth, parent));
        return;
      case 'sequence':
        for (const part of particle.parts) this.#particle(part, facts, into, depth, parent);
        return;
      case 'all':
        for (const part of [...particle.parts].sort(() => random() - 0.5)) this.#particle(part, facts, into, depth, parent);
        return;
      case 'choice': {
        const wanted = particle.parts.find((part) => namesIn(part).some((name) => (facts.children?.[name]?.length ?? 0) > 0));
        const open = particle.parts.filter((part) => !namesIn(part).some((name) => facts.children?.[name]?.length === 0));
        const depths = open.map((part) => this.#depth(part));
        const narrow = depth >= deepest || this.#left <= 0;
        const shallow = open.filter((_, at) =>
          narrow ? depths[at] === Math.min(...depths) : depths[at] !== Number.POSITIVE_INFINITY,
        );
        const part = wanted ?? pick(random, shallow);
        if (part.min === 0 && wanted === undefined && part.kind === 'element')
          into.push(this.element(part.name, part.type, {}, depth, parent));
        else this.#particle(part, facts, into, depth, parent);
        return;
      }
    }
  }

  #depth(particle: Particle): number {
    if (particle.kind === 'element') return this.#depthOf(particle.type);
    return particle.kind === 'any' ? 1 : Math.max(0, ...particle.parts.map((part) => this.#depth(part)));
  }
}

function namesIn(particle: Particle): readonly string[] {
  if (particle.kind === 'element') return [particle.name.slice(2)];
  return particle.kind === 'any' ? [] : particle.parts.flatMap(namesIn);
}

function elementNamed(content: readonly Particle[], name: string): Extract<Particle, { kind: 'element' }> | undefined {
  for (const particle of content) {
    if (particle.kind === 'element' && particle.name.slice(2) === name) return particle;
    if (particle.kind === 'any' || particle.kind === 'element') continue;
    const within = elementNamed(particle.parts, name);
    if (within !== undefined) return within;
  }
  return undefined;
}
