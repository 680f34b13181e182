import { utf8Length } from '../../../core/text.ts';

/** Whether a text takes more bytes than that; no character takes more than three of them. */
export const isLonger = (text: string, bytes: number): boolean => text.length * 3 > bytes && utf8Length(text) > bytes;

/**
 * The text of a request's bytes: by its byte order mark, by the charset of its content type, by what an XML declaration says. UTF-8 where nothing does, or where that is
 * no encoding; a byte order mark of UTF-8 stays for whoever reads the text.
 */
export function textOfBody(bytes: Uint8Array, contentType: string | undefined): string {
  const [first, second, third] = bytes;
  const wide = markOf(first, second);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  if (first === 0xef && second === 0xbb && third === 0xbf) return decoderOf('utf-8').decode(bytes);
  const charset = /;\s*charset\s*=\s*"?([\w:.-]+)/i.exec(contentType ?? '')?.[1];
  return decoderOf(charset ?? declaredIn(bytes)).decode(bytes);
}

/** UTF-16 by its mark, or by the first character of XML. */
function markOf(first: number | undefined, second: number | undefined): string | undefined {
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c) ? 'utf-16be' : undefined;
}

function declaredIn(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return undefined;
  const head = String.fromCharCode(...bytes.subarray(0, 120));
  return /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w:.-]+)["']/.exec(head)?.[1];
}

function decoderOf(label: string | undefined): InstanceType<typeof TextDecoder> {
  // Bytes that are no UTF-16 are often called so, by programs that write XML into a string first.
  const wanted = label === undefined || /^utf-?16/i.test(label) ? 'utf-8' : label;
  if (/^utf-?8$/i.test(wanted)) return utf8;
  try {
    return new TextDecoder(wanted, { ignoreBOM: true });
  } catch {
    return utf8;
  }
}

/** It keeps nothing between two texts. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
