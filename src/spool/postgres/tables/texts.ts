import { partsOf } from '../../../core/joined.ts';

/** A text of somebody else's: PostgreSQL keeps no NUL, and refuses the whole query for one. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Whether a text comes back from PostgreSQL as it was given. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/**
 * Texts as they are written into a statement that has no parameters, whatever the settings of the connection: JSON, in which all that could end the quotes, or
 * be another letter in another encoding, is escaped.
 */
export function writtenTexts(texts: readonly string[]): string {
  const json = JSON.stringify(texts.map(storableText)).replace(
    /[$\u007f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `ARRAY(SELECT json_array_elements_text($oim$${json}$oim$))`;
}

/** Texts as a parameter. A list that was joined of long ones is not written anew when only the short ones differ. */
export function textArray(texts: readonly string[]): string {
  const parts = partsOf(texts).flatMap((part) => (part.length === 0 ? [] : elementsOf(part)));
  return `{${parts.join(',')}}`;
}

/** From so many on, what was written of a list is kept with it. */
const long = 64;
const written = new WeakMap<readonly string[], string>();

function elementsOf(texts: readonly string[]): string {
  const known = texts.length < long ? undefined : written.get(texts);
  if (known !== undefined) return known;
  const plain = !/["\\\0]/.test(texts.join(''));
  const elements = plain
    ? `"${texts.join('","')}"`
    : texts.map((one) => `"${storableText(one).replace(/["\\]/g, '\\$&')}"`).join(',');
  if (texts.length >= long) written.set(texts, elements);
  return elements;
}

/** Whether a column is none of the texts of a parameter: looked up in a hash of them, which `<> ALL` makes of a constant list only. */
export function isNoneOf(column: string, texts: string): string {
  return `${column} NOT IN (SELECT u FROM unnest(${texts}::text[]) u)`;
}
