/**
 * Reads values out of JSON that a stranger wrote: own properties only, whatever they are called, and nothing thrown.
 */

/** Nothing that Graph says here goes deeper than some ten levels, or has more than some hundred values a message. */
const deepest = 64;
const mostValues = 20_000;

/**
 * Parses a text within bounds, which it checks before anything is made of it: a megabyte of `{}` would become a hundred
 * megabytes of objects. `why` is a phrase for an error; nothing of the text is in it.
 */
export function parseJson(text: string): { readonly value: unknown } | { readonly why: string } {
  const excess = excessOf(text);
  if (excess !== undefined) return { why: excess };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { why: /^\s*</.test(text) ? 'a page, not JSON' : 'not JSON' };
  }
}

/**
 * Counts what stands outside of strings: each value but the first comes after a comma or an opening bracket. A name that an
 * object has twice is excess too: `JSON.parse` keeps the last, another reader the first, and a list that one of them shows empty proves nothing.
 */
function excessOf(text: string): string | undefined {
  let values = 1;
  /** Of each bracket that is open: the names of an object, undefined of a list. */
  const open: (Set<string> | undefined)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        // "
        const end = endOfString(text, at);
        const names = nameNext ? open.at(-1) : undefined;
        if (names !== undefined && isRepeated(names, text.slice(at + 1, end))) return 'ambiguous: an object has a name twice';
        nameNext = false;
        at = end;
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        nameNext = text.charCodeAt(at) === 0x7b;
        open.push(nameNext ? new Set() : undefined);
        values += 1;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        nameNext = false;
        open.pop();
        break;
      case 0x2c: // ,
        nameNext = open.at(-1) !== undefined;
        values += 1;
    }
    if (open.length > deepest) return `nested more than ${deepest} levels deep`;
    if (values > mostValues) return `of more than ${mostValues} values`;
  }
  return undefined;
}

/** Whether an object has that name already, however either is escaped; adds it. */
function isRepeated(names: Set<string>, written: string): boolean {
  let name = written;
  if (written.includes('\\')) {
    try {
      name = String(JSON.parse(`"${written}"`));
    } catch {
      return false; // no JSON, which is said in its turn
    }
  }
  if (names.has(name)) return true;
  names.add(name);
  return false;
}

/** Where the string that begins at `start` ends: at the first quotation mark with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text.charCodeAt(escapes - 1) === 0x5c) escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
  }
  return text.length;
}

/** An object, not a list. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An own property of an object; undefined of everything else. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/** The same when it is a string that is neither empty nor longer than `most` UTF-16 units. */
export function textField(value: unknown, name: string, most: number): string | undefined {
  const text = field(value, name);
  return typeof text === 'string' && text !== '' && text.length <= most ? text : undefined;
}

/** A date-time field in ms since 1970. Graph writes up to seven digits of a second's fraction. */
export function timeField(value: unknown, name: string): number | undefined {
  const text = textField(value, name, 40);
  if (text === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  return Number.isNaN(time) ? undefined : time;
}

/** A list field; undefined when it is none. */
export function listField(value: unknown, name: string): readonly unknown[] | undefined {
  const list = field(value, name);
  return Array.isArray(list) ? list : undefined;
}
