import { isArray } from './thrown.ts';

/** The most UTF-16 units of a value that an error shows. */
const longest = 100;

/** Characters that a log viewer could act on, and that JSON leaves unescaped: control characters, bidi marks, line separators. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A value as an error message shows it: a string in JSON quotes on one line, cut to a sane length; of anything else
 * only its kind, since `String(value)` can run code of the caller's. Never pass message text or a secret.
 */
export function quoted(value: unknown): string {
  if (typeof value !== 'string') return kindOf(value);
  const shown = value.length > longest ? `${cutAt(value, longest)}…` : value;
  return escapeInvisible(JSON.stringify(shown));
}

/** The same JSON with invisible characters escaped, for a terminal or a log. */
export function escapeInvisible(json: string): string {
  return json.replace(invisible, (character) => {
    return [...Array(character.length).keys()]
      .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
      .join('');
  });
}

/** The first `units` UTF-16 units, one less where that would split a surrogate pair. */
export function cutAt(text: string, units: number): string {
  const last = text.charCodeAt(units - 1);
  const splits = text.length > units && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? units - 1 : units);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (isArray(value)) return 'an array';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
