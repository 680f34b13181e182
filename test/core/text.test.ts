import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, utf8Length } from '../../src/core/text.ts';
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

describe('the text of a document', () => {
  const said = (encoding: string, text = 'Größe “1”'): string => `<?xml version="1.0" encoding="${encoding}"?><a>${text}</a>`;
  const bytesOf = (text: string, encoding: 'utf8' | 'latin1' | 'utf16le'): Buffer => Buffer.from(text, encoding);
  /** What Latin 1 lacks has a byte in windows-1252. */
  const ansi = (text: string): Buffer => bytesOf(text.replace('“', '\x93').replace('”', '\x94'), 'latin1');
  const big = (text: string): Buffer => bytesOf(text, 'utf16le').swap16();

  it.each<[what: string, type: string, text: string, bytes: (text: string) => Buffer]>([
    ['UTF-8 that nothing names', 'text/xml', '<a>Größe</a>', (text) => bytesOf(text, 'utf8')],
    ['windows-1252 by its declaration', 'text/xml', said('windows-1252'), ansi],
    ['ISO-8859-1 by its declaration', '', said('ISO-8859-1', 'Größe'), ansi],
    ['a declaration after blank lines', '', `\r\n ${said('ISO-8859-1', 'Größe')}`, ansi],
    ['its declaration, where the type names nothing', 'text/xml; charset=""', said('latin1', 'Größe'), ansi],
    ['its type, whatever it declares', 'text/xml; charset=windows-1252', said('utf-8'), ansi],
    [
      'UTF-8 by its type, whatever it declares',
      'text/xml; Charset = "UTF-8"',
      said('ISO-8859-1'),
      (text) => bytesOf(text, 'utf8'),
    ],
    ['UTF-16 that nothing marks', 'text/xml', said('utf-16'), (text) => bytesOf(text, 'utf16le')],
    ['big-endian UTF-16 that nothing marks', 'text/xml; charset=utf-16', said('utf-16'), big],
    ['UTF-8 called UTF-16', 'text/xml; charset=utf-16', said('utf-16'), (text) => bytesOf(text, 'utf8')],
    ...['unicode', 'ucs-2', 'csunicode', 'iso-10646-ucs-2', 'unicodefeff', 'utf-16be', 'utf-16le', 'utf16'].map(
      (name): [string, string, string, (text: string) => Buffer] => [
        `UTF-8 called ${name}`,
        `text/xml; charset=${name}`,
        said(name),
        (text) => bytesOf(text, 'utf8'),
      ],
    ),
    ['UTF-8 under a name that is none', 'text/xml; charset=klingon', said('x'), (text) => bytesOf(text, 'utf8')],
    ['nothing', 'text/xml; charset=klingon', '', (text) => bytesOf(text, 'utf8')],
  ])('is read from %s', (_what, type, text, bytes) => {
    expect(decodeText(bytes(text), type)).toBe(text);
  });

  it.each(['text/xml; charset=iso-8859-1', 'text/xml; charset=utf-16', 'text/xml', ''])(
    'is that of its byte order mark, which is no part of it, under %j',
    (type) => {
      const text = said('windows-1252');
      const marked = `\ufeff${text}`;
      for (const bytes of [bytesOf(marked, 'utf8'), bytesOf(marked, 'utf16le'), big(marked)])
        expect(decodeText(bytes, type)).toBe(text);
    },
  );

  it.each(['klingon', 'utf-7', 'replacement', 'iso-2022-kr', '__proto__', 'constructor', 'x'.repeat(200), '..', '-', 'utf_8:'])(
    'is not known in the encoding %s, where it is no UTF-8',
    (name) => {
      const bytes = bytesOf(said(name, 'Größe'), 'latin1');
      expect(decodeText(bytes, 'text/xml')).toBeUndefined();
      expect(decodeText(bytes, `text/xml; charset=${name}`)).toBeUndefined();
      expect(decodeText(bytesOf(said(name, 'Size'), 'latin1'), 'text/xml')).toBe(said(name, 'Size'));
    },
  );
});
