import type { SimulatedItem } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { messageFields } from '../json/message-json.ts';
import { propertyValue, readPropertyId } from '../json/properties.ts';
import { type Token, tokensOf } from './tokens.ts';

/** A `$filter`, read: whether it lets an item through, and which of the items' own properties it names. */
export interface Filter {
  matches(item: SimulatedItem): boolean;
  readonly properties: readonly string[];
}

type Test = (item: SimulatedItem) => boolean;

/** Reads a `$filter` for messages; throws `BadRequest` for what is none, or asks for more than the simulator knows. */
export function readFilter(text: string): Filter {
  const reader = new FilterReader(tokensOf(text));
  const matches = reader.whole();
  return { matches, properties: reader.properties };
}

class FilterReader {
  readonly properties: string[] = [];
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Test {
    const test = this.#or();
    if (this.#at < this.#tokens.length) throw invalid();
    return test;
  }

  #or(): Test {
    let left = this.#and();
    while (this.#word('or')) left = either(left, this.#and());
    return left;
  }

  #and(): Test {
    let left = this.#not();
    while (this.#word('and')) left = both(left, this.#not());
    return left;
  }

  #not(): Test {
    if (this.#word('not')) {
      const test = this.#not();
      return (item) => !test(item);
    }
    if (this.#sign('(')) {
      const test = this.#or();
      this.#expect(')');
      return test;
    }
    return this.#condition();
  }

  #condition(): Test {
    const name = this.#name();
    const call = name.toLowerCase();
    if (call === 'contains' || call === 'startswith') return this.#functionOf(call);
    if (call === 'singlevalueextendedproperties/any') return this.#extended();
    const value = this.#propertyReader(name);
    const operator = this.#name().toLowerCase();
    const wanted = this.#literal();
    return (item) => compares(value(item), operator, wanted);
  }

  #functionOf(call: 'contains' | 'startswith'): Test {
    this.#expect('(');
    const value = this.#propertyReader(this.#name());
    this.#expect(',');
    const part = String(this.#literal()).toLowerCase();
    this.#expect(')');
    return (item) => {
      const text = String(value(item) ?? '').toLowerCase();
      return call === 'contains' ? text.includes(part) : text.startsWith(part);
    };
  }

  /** `singleValueExtendedProperties/Any(ep: ep/id eq '…' and ep/value eq '…')`, or with `contains(ep/value, '…')`. */
  #extended(): Test {
    this.#expect('(');
    const variable = this.#name();
    this.#expect(':');
    this.#exactly(`${variable}/id`);
    this.#exactly('eq');
    const path = readPropertyId(this.#literal());
    this.#exactly('and');
    const first = this.#name();
    const call = first.toLowerCase();
    const isCall = call === 'contains' || call === 'startswith';
    if (isCall) {
      this.#expect('(');
      this.#exactly(`${variable}/value`);
      this.#expect(',');
    } else if (first !== `${variable}/value`) throw invalid();
    const operator = isCall ? call : this.#name().toLowerCase();
    const wanted = String(this.#literal());
    if (isCall) this.#expect(')');
    this.#expect(')');
    return (item) => {
      const value = propertyValue(item, path);
      return value !== undefined && compares(value, operator, wanted);
    };
  }

  #propertyReader(name: string): (item: SimulatedItem) => unknown {
    const [first = '', ...rest] = name.split('/');
    const field = Object.hasOwn(messageFields, first) ? messageFields[first] : undefined;
    if (field === undefined) throw invalid();
    this.properties.push(name);
    return (item) => rest.reduce((value, part) => (value as Record<string, unknown> | null)?.[part], field(item));
  }

  #name(): string {
    const token = this.#tokens[this.#at++];
    if (token?.kind !== 'name') throw invalid();
    return token.text;
  }

  #exactly(name: string): void {
    if (this.#name() !== name) throw invalid();
  }

  #literal(): string | boolean | null {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'string') return token.text;
    if (token?.kind !== 'name') throw invalid();
    if (token.text === 'true' || token.text === 'false') return token.text === 'true';
    return token.text === 'null' ? null : token.text;
  }

  #word(word: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'name' || token.text.toLowerCase() !== word) return false;
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

/** Strings are compared without case, as the store does; dates as times. */
function compares(value: unknown, operator: string, wanted: string | boolean | null): boolean {
  const [left, right] = [comparable(value), comparable(wanted)];
  switch (operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    case 'contains':
      return String(left).includes(String(right));
    case 'startswith':
      return String(left).startsWith(String(right));
    case 'gt':
      return left !== null && right !== null && left > right;
    case 'ge':
      return left !== null && right !== null && left >= right;
    case 'lt':
      return left !== null && right !== null && left < right;
    case 'le':
      return left !== null && right !== null && left <= right;
    default:
      throw invalid();
  }
}

function comparable(value: unknown): string | number | null {
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return null;
  const isTime = /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
  return isTime ? Date.parse(value) : value.toLowerCase();
}

function either(left: Test, right: Test): Test {
  return (item) => left(item) || right(item);
}

function both(left: Test, right: Test): Test {
  return (item) => left(item) && right(item);
}

function invalid(): GraphFault {
  return new GraphFault('BadRequest', 400, 'Invalid filter clause.');
}
