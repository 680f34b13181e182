import { partsOf } from '../../../core/joined.ts';

/** Makes a foreign text storable: PostgreSQL refuses a whole query for one NUL. */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Whether PostgreSQL returns a text unchanged. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/**
 * Texts as written into a statement without parameters, whatever the settings of the connection: JSON that escapes everything that could end the quotes, or
 * differ in another encoding.
 */
export function writtenTexts(texts: readonly string[]): string {
  const json = JSON.stringify(texts.map(storableText)).replace(
    /[$\u007f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `ARRAY(SELECT json_array_elements_text($oim$${json}$oim$))`;
}

/** Texts as a parameter. For a list joined of several, the long ones are not serialized again. */
export function textArray(texts: readonly string[]): string {
  const parts = partsOf(texts).flatMap((part) => (part.length === 0 ? [] : elementsOf(part)));
  return `{${parts.join(',')}}`;
}

/** Lists of at least this length keep their serialized form. */
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

/** Whether a column is none of a parameter's texts: looked up in a hash, which `<> ALL` builds for a constant list only. */
export function isNoneOf(column: string, texts: string): string {
  return `${column} NOT IN (SELECT u FROM unnest(${texts}::text[]) u)`;
}
