import { GraphFault } from '../errors.ts';
import type { Preferences } from '../json/prefer.ts';
import { memberOf } from './filter.ts';

/** Reads properties of things that Graph lists, by their names in any case. */
export class Properties<Item> {
  readonly #fields: ReadonlyMap<string, readonly [name: string, read: (item: Item) => unknown]>;

  constructor(fields: Readonly<Record<string, (item: Item) => unknown>>) {
    this.#fields = new Map(Object.entries(fields).map(([name, read]) => [name.toLowerCase(), [name, (item) => read(item)]]));
  }

  /** The name as Graph writes it; undefined where there is none. */
  nameOf(name: string): string | undefined {
    return this.#fields.get(name.toLowerCase())?.[0];
  }

  /** `from/emailAddress/address` too. */
  reader(path: string): ((item: Item) => unknown) | undefined {
    const [first = '', ...rest] = path.split('/');
    const read = this.#fields.get(first.toLowerCase())?.[1];
    return read && ((item) => rest.reduce(memberOf, read(item)));
  }

  /** Names of a `$select`; undefined where nothing is selected. */
  select(text: string | null): readonly string[] | undefined {
    return text?.split(',').map((one) => this.nameOf(one.trim()) ?? refuse(`Could not find a property named '${one.trim()}'.`));
  }

  /** Compares by an `$orderby`; undefined without one. */
  order(text: string | null): Order<Item> | undefined {
    if (text === null) return undefined;
    const terms = text.split(',').map((term) => {
      const [, path, direction = ''] = /^([\w/]+)(?:\s+(asc|desc))?$/i.exec(term.trim()) ?? [];
      const read = path === undefined ? undefined : this.reader(path);
      if (path === undefined || read === undefined) return refuse(`Could not order by '${term.trim()}'.`);
      return { name: path.toLowerCase(), read, sign: direction.toLowerCase() === 'desc' ? -1 : 1 };
    });
    return {
      names: terms.map(({ name }) => name),
      descending: terms[0]?.sign === -1,
      compare: (a, b) => {
        for (const { read, sign } of terms) {
          const [left, right] = [sortable(read(a)), sortable(read(b))];
          if (left !== right) return left < right ? -sign : sign;
        }
        return 0;
      },
    };
  }
}

/** An `$orderby`. */
export interface Order<Item> {
  /** What is ordered by, in lower case. */
  readonly names: readonly string[];
  readonly descending: boolean;
  compare(a: Item, b: Item): number;
}

function sortable(value: unknown): string | number {
  return typeof value === 'number' ? value : String(value ?? '').toLowerCase();
}

/** A part of a list. */
export interface Page {
  readonly top: number;
  readonly skip: number;
  readonly count: boolean;
}

/** `$top`, `$skip` and `$count`; a client may say by a header how much a page holds. */
export function readPage(parameters: URLSearchParams, { pageSize }: Pick<Preferences, 'pageSize'>): Page {
  return {
    top: wholeNumber(parameters.get('$top'), Math.min(pageSize ?? 10, 1000), 1, 1000),
    skip: wholeNumber(parameters.get('$skip'), 0, 0, Number.MAX_SAFE_INTEGER),
    count: parameters.get('$count')?.toLowerCase() === 'true',
  };
}

/** Throws for a query option that the resource does not have: ignored, it would bring more than was asked for. */
export function requireKnown(parameters: URLSearchParams, known: readonly string[]): void {
  for (const name of parameters.keys()) {
    if (name.startsWith('$') && !known.includes(name.toLowerCase())) refuse(`The query option '${name}' is not supported here.`);
  }
}

/** %20 rather than +, as Graph writes it. */
export const queryText = (query: URLSearchParams): string => query.toString().replaceAll('+', '%20');

function wholeNumber(text: string | null, otherwise: number, least: number, most: number): number {
  if (text === null) return otherwise;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) refuse('Invalid page size.');
  return number;
}

function refuse(why: string): never {
  throw new GraphFault('BadRequest', 400, why);
}
