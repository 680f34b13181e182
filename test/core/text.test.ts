import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8Length } from '../../src/core/text.ts';
import { anyText } from '../ews/support/any-text.ts';

it.each(['', 'a', '\u007f\u0080', '\u07ff\u0800', '\uffff', '\u{1F600}', '\ud83d', '\ude00\ud83d', '\ud83d\ud83d\ude00'])(
  'counts the UTF-8 bytes of %j',
  (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  },
);

it('counts the UTF-8 bytes of any text as an encoder does', () => {
  fc.assert(fc.property(anyText, (text) => utf8Length(text) === new TextEncoder().encode(text).length));
});
