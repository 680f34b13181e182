import fc from 'fast-check';

const nasty = [
  ']]>',
  '<![CDATA[',
  '</t:Body><t:Importance>High</t:Importance>',
  '&#13;',
  '&lt;',
  '&amp;amp;',
  '"><x y="',
  "' z='",
  '<!-- ',
  '-->',
  '<?pi?>',
  '\r\n',
  '\r',
  '\n',
  '\t',
  '\0',
  '\u000b',
  '\u001b',
  '\ud83d',
  '\ude00',
  '😀',
  '\ufffe',
  '\uffff',
  '\ufeff',
  '\u202e',
  '\u2028',
  '\u0085',
  'שלום',
  '你好',
  '{{x}}',
];

/** Any string that a caller may pass, including lone surrogates, control characters and markup. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string()), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

/** The text to expect: the same, with U+FFFD for each character that XML 1.0 forbids. */
export function expectedText(text: string): string {
  let expected = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const allowed =
      [9, 10, 13].includes(code) || (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
    expected += allowed ? character : '\ufffd';
  }
  return expected;
}

/**
 * libxml2-wasm returns strings through a TextDecoder, which drops byte order marks at the start of each. The document still has
 * the mark: our own reader is compared without it.
 */
export const withoutMark = (text: string): string => text.replace(/^\ufeff+/, '');
