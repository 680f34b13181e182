/**
 * Reads values out of JSON that a stranger wrote: own properties only, whatever they are called, and nothing thrown.
 */

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
