import { pick } from '../../support/by-schema/any-value.ts';

/** The bytes of a document, and its stated content type. */
export interface SpeltBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const said = /^\ufeff?<\?xml[^>]*\?>\s*/;

/** A document in one of the encodings that XML may have: the text read is always the same. */
export function speltBytes(xml: string, random: () => number): SpeltBytes {
  const types = ['text/xml; charset=utf-8', 'text/xml;charset="UTF-8"', 'text/xml', 'application/xml', 'text/xml; charset=utf8'];
  const plain = { bytes: new TextEncoder().encode(xml), contentType: pick(random, types) };
  if (random() < 0.7) return plain;
  const bare = xml.replace(said, '');
  switch (pick(random, ['utf-16le', 'utf-16be', 'latin1'])) {
    case 'utf-16le':
      return {
        bytes: utf16(`\ufeff<?xml version="1.0" encoding="utf-16"?>${bare}`, true),
        contentType: pick(random, ['text/xml; charset=utf-16', 'text/xml']),
      };
    case 'utf-16be':
      return {
        bytes: utf16(`\ufeff<?xml version="1.0" encoding="utf-16"?>${bare}`, false),
        contentType: pick(random, ['text/xml; charset=utf-16', 'text/xml; charset=utf-16be', 'text/xml']),
      };
    default: {
      const bytes = latin1(`<?xml version="1.0" encoding="iso-8859-1"?>${bare}`);
      const contentType = pick(random, ['text/xml; charset=iso-8859-1', 'text/xml']);
      return bytes === undefined ? plain : { bytes, contentType };
    }
  }
}

function utf16(text: string, little: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), little);
  return new Uint8Array(view.buffer);
}

/** What has no place in it is written as a reference, where references can stand. */
function latin1(text: string): Uint8Array<ArrayBuffer> | undefined {
  const fits = [...text].every((one) => (one.codePointAt(0) ?? 0) <= 0x7e || (one.codePointAt(0) ?? 0) >= 0xa0);
  if (!fits) return undefined;
  if (/[^\0-\xff]/u.test(text) && /<!\[CDATA\[|<!--/.test(text)) return undefined;
  const written = text.replace(/[^\0-\xff]/gu, (one) => `&#${one.codePointAt(0)};`);
  return Uint8Array.from(written, (one) => one.charCodeAt(0));
}
