import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';
import { accepts, isOptional } from './accepts.ts';
import { type Particle, requestGrammar, type TypeRule } from './read-grammar.ts';
import { brokenConstraint } from './simple-value.ts';
import { prefixed, tolerated } from './tolerances.ts';

/** What the schema forbids in a request, in the words of Exchange; undefined when it is valid, or nothing is known of it. */
export function violationIn(request: XmlElement): string | undefined {
  const type = requestGrammar().requestType(request.name);
  if (type === undefined || accepts(request, type)) return undefined;
  try {
    check(request, type);
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error.message;
    throw error;
  }
}

class Violation extends Error {}

function check(element: XmlElement, type: string): void {
  const rule = requestGrammar().rule(type);
  const name = prefixed(element);
  if (rule === undefined) {
    if (type.startsWith('xs:') && type !== 'xs:anyType') checkText(element, type, type);
    return;
  }
  checkAttributes(element, rule);
  if (tolerated(name, 'any content').length > 0) return;
  if (rule.simple !== undefined) {
    checkText(element, rule.simple, type);
    return;
  }
  if (element.text.trim() !== '' && tolerated(name, 'text').length === 0) {
    throw new Violation(`The element ${inWords(name)} cannot contain text.${listOf(firstNames(rule.content))}`);
  }
  new Children(element).match(rule.content);
}

function checkAttributes(element: XmlElement, { attributes, anyAttribute }: TypeRule): void {
  for (const [name, value] of element.attributes) {
    const rule = attributes.get(name);
    if (rule === undefined) {
      const allowed = anyAttribute || tolerated(prefixed(element), 'attribute').some((one) => one.name === name);
      if (allowed) continue;
      throw new Violation(`The '${name}' attribute is not declared.`);
    }
    if (value === '' && tolerated(prefixed(element), 'empty attribute').some((one) => one.name === name)) continue;
    const broken = brokenConstraint(value, rule.type);
    if (broken !== undefined) throw new Violation(invalidValue(`'${name}' attribute`, value, rule.type, broken));
  }
  for (const [name, { required }] of attributes) {
    if (required && !element.attributes.has(name)) throw new Violation(`The required attribute '${name}' is missing.`);
  }
}

function checkText(element: XmlElement, simple: string, type: string): void {
  const [first] = element.children;
  if (first !== undefined) {
    const what = `The element ${inWords(prefixed(element))} cannot contain child element ${inWords(prefixed(first))}`;
    throw new Violation(`${what} because the parent element's content model is text only.`);
  }
  const broken = brokenConstraint(element.text, simple);
  if (broken === undefined) return;
  throw new Violation(invalidValue(`'${nsOf(prefixed(element))}:${element.name}' element`, element.text, type, broken));
}

function invalidValue(what: string, value: string, type: string, broken: string): string {
  const named = type.startsWith('xs:') ? `http://www.w3.org/2001/XMLSchema:${type.slice(3)}` : `${typesNs}:${type}`;
  return `The ${what} is invalid - The value '${value}' is invalid according to its datatype '${named}' - ${broken}`;
}

/** The children of an element, read from first to last: the schema is deterministic, so that nothing is tried twice. */
class Children {
  readonly #parent: string;
  readonly #children: readonly XmlElement[];
  readonly #names: readonly string[];
  readonly #missing: ReadonlySet<string>;
  #at = 0;
  /** What could have stood where it is. */
  #expected = new Set<string>();

  constructor(element: XmlElement) {
    this.#parent = prefixed(element);
    this.#children = element.children;
    this.#missing = new Set(tolerated(this.#parent, 'missing child').map(({ name }) => name));
    const renamed = tolerated(this.#parent, 'child');
    this.#names = element.children.map((one) => {
      const name = prefixed(one);
      return renamed.find((tolerance) => tolerance.name === name)?.as ?? name;
    });
  }

  match(content: readonly Particle[]): void {
    for (const particle of content) this.#repeat(particle);
    if (this.#at < this.#children.length) this.#fail();
  }

  #repeat(particle: Particle): void {
    let count = 0;
    while (count < particle.max && this.#startsHere(particle)) {
      const before = this.#at;
      this.#once(particle);
      count += 1;
      if (this.#at === before) break;
    }
    const forgiven = this.#at === this.#children.length && particle.kind === 'element' && this.#missing.has(particle.name);
    if (count < particle.min && !isOptional(particle) && !forgiven) this.#fail();
  }

  #once(particle: Particle): void {
    switch (particle.kind) {
      case 'any':
        this.#at += 1;
        return;
      case 'element': {
        const element = this.#children[this.#at];
        this.#at += 1;
        this.#expected = new Set();
        if (element !== undefined) check(element, particle.type);
        return;
      }
      case 'sequence':
        for (const part of particle.parts) this.#repeat(part);
        return;
      case 'choice': {
        const chosen = particle.parts.find((part) => this.#startsHere(part));
        if (chosen !== undefined) this.#repeat(chosen);
        return;
      }
      case 'all': {
        const left = new Set(particle.parts);
        for (;;) {
          const next = [...left].find((part) => this.#startsHere(part));
          if (next === undefined) break;
          this.#repeat(next);
          left.delete(next);
        }
        if ([...left].some((part) => !isOptional(part))) this.#fail();
        return;
      }
    }
  }

  /** Whether the next child is one that it begins with. */
  #startsHere(particle: Particle): boolean {
    const name = this.#names[this.#at];
    for (const first of firsts(particle)) {
      if (name !== undefined && (first === name || first === 'any')) return true;
      this.#expected.add(first);
    }
    return false;
  }

  #fail(): never {
    const parent = `The element ${inWords(this.#parent)}`;
    const list = listOf([...this.#expected]);
    const child = this.#children[this.#at];
    if (child === undefined) throw new Violation(`${parent} has incomplete content.${list}`);
    throw new Violation(`${parent} has invalid child element ${inWords(prefixed(child))}.${list}`);
  }
}

/** Names that a particle can begin with. */
function firsts(particle: Particle): readonly string[] {
  if (particle.kind === 'element') return [particle.name];
  if (particle.kind === 'any') return ['any'];
  return particle.kind === 'sequence' ? firstNames(particle.parts) : particle.parts.flatMap(firsts);
}

function firstNames(parts: readonly Particle[]): readonly string[] {
  const names: string[] = [];
  for (const part of parts) {
    names.push(...firsts(part));
    if (!isOptional(part)) break;
  }
  return names;
}

function nsOf(name: string): string {
  return name.startsWith('m:') ? messagesNs : name.startsWith('t:') ? typesNs : name.slice(1, name.indexOf('}'));
}

function inWords(name: string): string {
  return `'${name.replace(/^(?:[mt]:|\{[^}]*\})/, '')}' in namespace '${nsOf(name)}'`;
}

function listOf(names: readonly string[]): string {
  const known = names.filter((name) => name !== 'any');
  if (known.length === 0) return '';
  const shown = known.map((name) => name.slice(2)).join(', ');
  return ` List of possible elements expected: '${shown}' in namespace '${nsOf(known[0] ?? '')}'.`;
}
