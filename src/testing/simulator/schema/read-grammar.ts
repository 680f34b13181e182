import { grammar } from './grammar.ts';

/** What may stand in an element, and how often. `name` has the prefix of its namespace: `m:` messages, `t:` types. */
export type Particle =
  | { readonly kind: 'element'; readonly name: string; readonly type: string; readonly min: number; readonly max: number }
  | { readonly kind: 'any'; readonly min: number; readonly max: number }
  | {
      readonly kind: 'sequence' | 'choice' | 'all';
      readonly parts: readonly Particle[];
      readonly min: number;
      readonly max: number;
    };

/** An attribute that a type has. */
interface AttributeRule {
  readonly type: string;
  readonly required: boolean;
}

/** A type as it is used: what it inherits is in it. `simple`: its text, for a type without children. */
export interface TypeRule {
  readonly content: readonly Particle[];
  readonly simple: string | undefined;
  readonly attributes: ReadonlyMap<string, AttributeRule>;
  readonly anyAttribute: boolean;
}

/**
 * Reads the grammar, at the first request and not before. Its first line has an entry for each request, every other a type:
 *
 * - `Name : Base = content @attribute=Type?`: children, after those of the base. `,` in that order, `|` one of them, `&` in any order;
 *   `?`, `*`, `+` and `{2,5}` say how often; `t:Subject=xs:string` is an element and its type.
 * - `Name ~ text @attribute=Type?`: text only. `"A|B"` one of these, `list X`, `X or Y`, or a type with what narrows it.
 */
export class Grammar {
  readonly #lines = new Map<string, string>();
  readonly #rules = new Map<string, TypeRule>();
  readonly #requests = new Map<string, string>();

  constructor(text: string) {
    const [requests = '', ...lines] = text.split('\n');
    for (const entry of requests.split(' ')) this.#requests.set(...halves(entry, '='));
    for (const line of lines) this.#lines.set(line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1));
  }

  /** Type of a request's element, by its local name. */
  requestType(element: string): string | undefined {
    return this.#requests.get(`m:${element}`);
  }

  /** Undefined for what the schema itself leaves open. */
  rule(type: string): TypeRule | undefined {
    const line = this.#lines.get(type);
    if (line === undefined) return undefined;
    let rule = this.#rules.get(type);
    if (rule === undefined) {
      rule = this.#read(line);
      this.#rules.set(type, rule);
    }
    return rule;
  }

  #read(line: string): TypeRule {
    const [head = '', ...written] = line.split(/ @(?=[\w*])/);
    const base = /^: (\S+)/.exec(head)?.[1];
    const inherited = base === undefined ? undefined : this.rule(base);
    const attributes = new Map(inherited?.attributes);
    for (const attribute of written) {
      const [name, type] = halves(attribute, '=');
      if (name !== '*') attributes.set(name, { type: type.replace('?', ''), required: !type.endsWith('?') });
    }
    const anyAttribute = inherited?.anyAttribute === true || written.includes('*');
    if (!head.startsWith('~')) {
      const model = head.slice(head.indexOf('=') + 1).trim();
      const own = model === '' ? [] : [readParticle(model)];
      return { content: [...(inherited?.content ?? []), ...own], simple: undefined, attributes, anyAttribute };
    }
    const simple = head.slice(2);
    const below = this.#lines.get(simple)?.startsWith('~') === true ? this.rule(simple) : undefined;
    for (const [name, rule] of below?.attributes ?? []) if (!attributes.has(name)) attributes.set(name, rule);
    return { content: [], simple: below?.simple ?? simple, attributes, anyAttribute };
  }
}

/** Reads one content model. */
export function readParticle(model: string): Particle {
  return new ParticleReader(model).read();
}

class ParticleReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Particle {
    if (this.#text[this.#at] !== '(') return this.#single();
    const parts: Particle[] = [];
    let separator = ',';
    do {
      this.#at += 1;
      parts.push(this.read());
      if (this.#text[this.#at] !== ')') separator = this.#text[this.#at] ?? ',';
    } while (this.#text[this.#at] !== ')');
    this.#at += 1;
    const kind = separator === '|' ? 'choice' : separator === '&' ? 'all' : 'sequence';
    return { kind, parts, ...this.#times() };
  }

  #single(): Particle {
    const [, name = '', type] = this.#take(/([\w:.-]+)(?:=([\w:.-]+))?/y);
    return type === undefined ? { kind: 'any', ...this.#times() } : { kind: 'element', name, type, ...this.#times() };
  }

  #times(): { min: number; max: number } {
    const [written = ''] = this.#take(/[?*+]|\{\d+,\d+\}|/y);
    if (written.startsWith('{')) {
      const [min = 0, max = 0] = written.slice(1, -1).split(',').map(Number);
      return { min, max };
    }
    return {
      min: written === '?' || written === '*' ? 0 : 1,
      max: written === '*' || written === '+' ? Number.POSITIVE_INFINITY : 1,
    };
  }

  #take(pattern: RegExp): RegExpExecArray | readonly string[] {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? [];
    this.#at += found[0]?.length ?? 0;
    return found;
  }
}

function halves(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

let read: Grammar | undefined;

/** The grammar of requests. */
export function requestGrammar(): Pick<Grammar, 'requestType' | 'rule'> {
  read ??= new Grammar(grammar);
  return read;
}
