import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';
import { type Particle, requestGrammar } from './read-grammar.ts';
import { brokenConstraint } from './simple-value.ts';

/**
 * Whether an element is what its type says, to the letter: nothing is tolerated, and nothing is said of what is wrong. Each type is compiled at
 * its first use. False sends the request to the reader that knows tolerances and finds the words.
 */
export function accepts(element: XmlElement, type: string): boolean {
  let test = tests.get(type);
  if (test === undefined) {
    test = compileType(type);
    tests.set(type, test);
  }
  return test(element);
}

type Test = (element: XmlElement) => boolean;
const tests = new Map<string, Test>();

function compileType(type: string): Test {
  const rule = requestGrammar().rule(type);
  if (rule === undefined) return type.startsWith('xs:') && type !== 'xs:anyType' ? textOnly(compileSimple(type)) : () => true;
  const attributes = new Map([...rule.attributes].map(([name, one]) => [name, compileSimple(one.type)] as const));
  const required = [...rule.attributes].filter(([, one]) => one.required).map(([name]) => name);
  const inner = rule.simple === undefined ? elementsOnly(rule.content) : textOnly(compileSimple(rule.simple));
  return (element) => {
    for (const [name, value] of element.attributes) {
      const fits = attributes.get(name);
      if (fits === undefined ? !rule.anyAttribute : !fits(value)) return false;
    }
    return required.every((name) => element.attributes.has(name)) && inner(element);
  };
}

const textOnly =
  (fits: (value: string) => boolean): Test =>
  ({ children, text }) =>
    children.length === 0 && fits(text);

function elementsOnly(content: readonly Particle[]): Test {
  const parts = content.map(compile);
  return ({ children, text }) => {
    if (text !== '' && text.trim() !== '') return false;
    let at = 0;
    for (const part of parts) {
      at = repeat(part, children, at);
      if (at === -1) return false;
    }
    return at === children.length;
  };
}

function compileSimple(type: string): (value: string) => boolean {
  if (type === 'xs:string') return () => true;
  if (type.startsWith('"')) {
    const values = new Set(type.slice(1, -1).split('|'));
    return (value) => values.has(value);
  }
  const named = type.includes(' ') || type.startsWith('xs:') ? undefined : requestGrammar().rule(type)?.simple;
  if (named !== undefined && named !== type) return compileSimple(named);
  return (value) => brokenConstraint(value, type) === undefined;
}

/** A particle as code: what it begins with, and where it ends (-1: it does not fit). */
interface Compiled {
  readonly min: number;
  readonly max: number;
  starts(element: XmlElement): boolean;
  once(children: readonly XmlElement[], at: number): number;
}

function repeat(part: Compiled, children: readonly XmlElement[], from: number): number {
  let at = from;
  let count = 0;
  for (; count < part.max; count++) {
    const next = children[at];
    if (next === undefined || !part.starts(next)) break;
    const end = part.once(children, at);
    if (end <= at) return end === -1 ? -1 : at;
    at = end;
  }
  return count < part.min ? -1 : at;
}

function compile(particle: Particle): Compiled {
  const { max } = particle;
  const min = isOptional(particle) ? 0 : particle.min;
  switch (particle.kind) {
    case 'any':
      return { min, max, starts: () => true, once: (_, at) => at + 1 };
    case 'element': {
      const [ns, local] = [particle.name.startsWith('m:') ? messagesNs : typesNs, particle.name.slice(2)];
      const starts: Test = ({ name, ns: of }) => name === local && of === ns;
      return { min, max, starts, once: (children, at) => (isOf(children[at], particle.type) ? at + 1 : -1) };
    }
    case 'sequence': {
      const parts = particle.parts.map(compile);
      const once: Compiled['once'] = (children, from) => {
        let at = from;
        for (const part of parts) {
          at = repeat(part, children, at);
          if (at === -1) return -1;
        }
        return at;
      };
      const last = parts.findIndex((part) => part.min > 0);
      const first = last === -1 ? parts : parts.slice(0, last + 1);
      return { min, max, starts: (element) => first.some((part) => part.starts(element)), once };
    }
    case 'choice': {
      const parts = particle.parts.map(compile);
      const once: Compiled['once'] = (children, at) => {
        const element = children[at];
        const chosen = element && parts.find((part) => part.starts(element));
        return chosen === undefined ? -1 : repeat(chosen, children, at);
      };
      return { min, max, starts: (element) => parts.some((part) => part.starts(element)), once };
    }
    case 'all': // left to the other reader
      return { min: 0, max, starts: () => true, once: () => -1 };
  }
}

const isOf = (element: XmlElement | undefined, type: string): boolean => element !== undefined && accepts(element, type);

/** Whether nothing at all will do. */
export function isOptional(particle: Particle): boolean {
  if (particle.min === 0) return true;
  if (particle.kind === 'element' || particle.kind === 'any') return false;
  return particle.kind === 'choice' ? particle.parts.some(isOptional) : particle.parts.every(isOptional);
}
