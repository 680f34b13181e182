import type { ExtendedFieldPath } from '../../store/extended-property.ts';
import { GraphFault } from '../errors.ts';
import { readPropertyId } from '../json/properties.ts';
import { type Token, tokensOf } from './tokens.ts';

/** A `$filter`, read: whether it lets an item through, and which of the items' own properties it names. */
export interface Filter<Item> {
  matches(item: Item): boolean;
  readonly properties: readonly string[];
}

/** What can be filtered by. */
export interface Filterable<Item> {
  /** Reads a property by its name or path; undefined where there is none of that name. */
  reader(path: string): ((item: Item) => unknown) | undefined;
  /** Reads an extended property; what has none leaves it out. */
  extended?(item: Item, path: ExtendedFieldPath): string | undefined;
}

/** `it` is the member that a lambda looks at. */
type Test<Item> = (item: Item, it?: unknown) => boolean;
type Operand<Item> = (item: Item, it?: unknown) => unknown;
type Literal = string | boolean | null;

/** Reads a `$filter`; throws `BadRequest` for what is none, or asks for more than the simulator knows. */
export function readFilter<Item>(text: string, of: Filterable<Item>): Filter<Item> {
  const reader = new FilterReader(tokensOf(text), of);
  const matches = reader.whole();
  return { matches: (item) => matches(item), properties: reader.properties };
}

/** Conditions and parentheses that a filter may have, as for Microsoft's OData reader. */
const mostNodes = 800;

class FilterReader<Item> {
  readonly properties: string[] = [];
  readonly #tokens: readonly Token[];
  readonly #of: Filterable<Item>;
  /** The variable of the lambda that is being read. */
  #variable: string | undefined;
  #at = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[], of: Filterable<Item>) {
    this.#tokens = tokens;
    this.#of = of;
  }

  whole(): Test<Item> {
    const test = this.#or();
    if (this.#at < this.#tokens.length) throw invalid();
    return test;
  }

  #or(): Test<Item> {
    let left = this.#and();
    while (this.#word('or')) left = either(left, this.#and());
    return left;
  }

  #and(): Test<Item> {
    let left = this.#not();
    while (this.#word('and')) left = both(left, this.#not());
    return left;
  }

  #not(): Test<Item> {
    this.#nodes += 1;
    if (this.#nodes > mostNodes) throw new GraphFault('BadRequest', 400, 'The filter is too long.');
    if (this.#word('not')) {
      const test = this.#not();
      return (item, it) => !test(item, it);
    }
    if (this.#sign('(')) {
      const test = this.#or();
      this.#expect(')');
      return test;
    }
    return this.#condition();
  }

  #condition(): Test<Item> {
    const name = this.#name();
    const call = name.toLowerCase();
    if (isCall(call)) return this.#functionOf(call);
    if (call === 'singlevalueextendedproperties/any') return this.#extended();
    const lambda = /^(.+)\/(any|all)$/i.exec(name);
    if (lambda?.[1] !== undefined) return this.#lambda(lambda[1], lambda[2]?.toLowerCase() === 'all');
    const value = this.#operand(name);
    if (this.#word('in')) return this.#oneOf(value);
    // A boolean by itself, as in `isRead and …`.
    if (this.#tokens[this.#at]?.kind !== 'name' || this.#next('and') || this.#next('or')) {
      return (item, it) => value(item, it) === true;
    }
    const operator = this.#name().toLowerCase();
    const wanted = this.#literal();
    if (!operators.has(operator)) throw invalid();
    return (item, it) => compares(value(item, it), operator, wanted);
  }

  /** `importance in ('high', 'low')` */
  #oneOf(value: Operand<Item>): Test<Item> {
    this.#expect('(');
    const wanted: Literal[] = [this.#literal()];
    while (this.#sign(',')) wanted.push(this.#literal());
    this.#expect(')');
    return (item, it) => wanted.some((one) => compares(value(item, it), 'eq', one));
  }

  /** `toRecipients/any(r: r/emailAddress/address eq '…')`, `categories/any(c: c eq '…')` */
  #lambda(path: string, all: boolean): Test<Item> {
    if (this.#variable !== undefined) throw invalid();
    const list = this.#operand(path);
    this.#expect('(');
    this.#variable = this.#name();
    this.#expect(':');
    const test = this.#or();
    this.#expect(')');
    this.#variable = undefined;
    return (item) => {
      const members = list(item);
      if (!Array.isArray(members)) return false;
      return all ? members.every((one) => test(item, one)) : members.some((one) => test(item, one));
    };
  }

  #functionOf(call: Call): Test<Item> {
    this.#expect('(');
    const value = this.#operand(this.#name());
    this.#expect(',');
    const part = this.#literal();
    this.#expect(')');
    // As in `contains(subject, 'x') eq true`.
    const wanted = this.#word('eq') ? this.#literal() : true;
    return (item, it) => compares(value(item, it) ?? '', call, part) === (wanted === true);
  }

  /** `singleValueExtendedProperties/Any(ep: ep/id eq '…' and ep/value eq '…')`, or with `contains(ep/value, '…')`. */
  #extended(): Test<Item> {
    this.#expect('(');
    const variable = this.#name();
    this.#expect(':');
    this.#exactly(`${variable}/id`);
    this.#exactly('eq');
    const path = readPropertyId(this.#literal());
    this.#exactly('and');
    const first = this.#name();
    const call = first.toLowerCase();
    // Values are text, unless they are cast: `cast(ep/value, Edm.Int32) gt 5`.
    const type = call === 'cast' ? this.#cast(`${variable}/value`) : undefined;
    if (isCall(call)) {
      this.#expect('(');
      this.#exactly(`${variable}/value`);
      this.#expect(',');
    } else if (type === undefined && first !== `${variable}/value`) throw invalid();
    const operator = isCall(call) ? call : this.#name().toLowerCase();
    if (!operators.has(operator) && !isCall(operator)) throw invalid();
    const wanted = String(this.#literal());
    if (isCall(call)) this.#expect(')');
    this.#expect(')');
    return (item) => {
      const value = this.#of.extended?.(item, path);
      return value !== undefined && compares(type === undefined ? value : cast(value, type), operator, wanted);
    };
  }

  #cast(operand: string): string {
    this.#expect('(');
    this.#exactly(operand);
    this.#expect(',');
    const type = this.#name().toLowerCase();
    this.#expect(')');
    return type;
  }

  #operand(name: string): Operand<Item> {
    const [first, ...rest] = name.split('/');
    if (first === this.#variable) return (_, it) => rest.reduce(memberOf, it);
    const read = this.#of.reader(name);
    if (read === undefined) throw invalid();
    this.properties.push(name.toLowerCase());
    return read;
  }

  #name(): string {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'name') throw invalid();
    return token.text;
  }

  #exactly(name: string): void {
    if (this.#name() !== name) throw invalid();
  }

  #literal(): Literal {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'string') return token.text;
    if (token?.kind !== 'name') throw invalid();
    const word = token.text.toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'null') return null;
    // A number, or a time; a word without quotes is no value, and nothing would ever equal it.
    if (!/^-?\d/.test(word) || (/^\d{4}-/.test(word) && Number.isNaN(Date.parse(word)))) throw invalid();
    return token.text;
  }

  #next(word: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'name' && token.text.toLowerCase() === word;
  }

  #word(word: string): boolean {
    if (!this.#next(word)) return false;
    this.#at += 1;
    return true;
  }

  #sign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#sign(sign)) throw invalid();
  }
}

type Call = 'contains' | 'startswith' | 'endswith';
const isCall = (name: string): name is Call => name === 'contains' || name === 'startswith' || name === 'endswith';
const operators: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'ge', 'lt', 'le']);

/** The text of an extended property as a value of that type of OData. */
function cast(value: string, type: string): unknown {
  if (/^edm\.(?:byte|int16|int32|int64|single|double|decimal)$/.test(type)) return Number(value);
  return value;
}

/** A member of a value, by its name in any case. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const wanted = name.toLowerCase();
  return Object.entries(value).find(([key]) => key.toLowerCase() === wanted)?.[1];
}

/** Strings are compared without case, as the store does; dates as times, numbers as numbers. */
function compares(value: unknown, operator: string, wanted: Literal): boolean {
  const left = comparable(value);
  // A number is there, or a time: a date by itself is its first moment.
  const isNumber = typeof left === 'number' && typeof wanted === 'string';
  const right = !isNumber ? comparable(wanted) : typeof value === 'number' ? Number(wanted) : Date.parse(wanted);
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'contains':
      return textOf(value).includes(textOf(wanted));
    case 'startswith':
      return textOf(value).startsWith(textOf(wanted));
    case 'endswith':
      return textOf(value).endsWith(textOf(wanted));
    case 'gt':
      return left !== null && right !== null && left > right;
    case 'ge':
      return left !== null && right !== null && left >= right;
    case 'lt':
      return left !== null && right !== null && left < right;
    default:
      return left !== null && right !== null && left <= right;
  }
}

const textOf = (value: unknown): string => String(value).toLowerCase();

function comparable(value: unknown): string | number | null {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const isTime = /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
  return isTime ? Date.parse(value) : value.toLowerCase();
}

function either<Item>(left: Test<Item>, right: Test<Item>): Test<Item> {
  return (item, it) => left(item, it) || right(item, it);
}

function both<Item>(left: Test<Item>, right: Test<Item>): Test<Item> {
  return (item, it) => left(item, it) && right(item, it);
}

function invalid(): GraphFault {
  return new GraphFault('BadRequest', 400, 'Invalid filter clause.');
}
