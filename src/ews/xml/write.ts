/**
 * Escaping, complete: whatever string goes in, the same text comes out of any XML parser, and nothing else.
 *
 * Characters that XML 1.0 forbids (control characters, U+FFFE, U+FFFF, lone surrogates) become U+FFFD rather than vanish,
 * so that a reader sees that something was there. A raw CR would be read as LF by every parser; as a reference it survives.
 */

// In a regular expression with the u flag, the surrogate range matches lone surrogates only.
const forbidden = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff\\ud800-\\udfff';
const inText = new RegExp(`[&<>\\r${forbidden}]`, 'u');
const inTextAll = new RegExp(inText.source, 'gu');
const inAttribute = new RegExp(`[&<>"'\\t\\n\\r${forbidden}]`, 'u');
const inAttributeAll = new RegExp(inAttribute.source, 'gu');

const references: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
]);

const reference = (character: string): string => references.get(character) ?? '\ufffd';

/** Text between two tags. */
export function escapeText(value: string): string {
  return inText.test(value) ? value.replace(inTextAll, reference) : value;
}

/** Text between the quotes of an attribute, single or double. */
export function escapeAttribute(value: string): string {
  return inAttribute.test(value) ? value.replace(inAttributeAll, reference) : value;
}
