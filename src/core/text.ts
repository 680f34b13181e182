import { OfflineImError } from './errors/offline-im-error.ts';

/** The length of a text in UTF-8 bytes, without encoding it, which takes ten times as long. Lone surrogates take three bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A surrogate pair takes four bytes in all: its second half adds nothing.
    if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at += 1;
  }
  return bytes;
}

/** The number of code units that one call of `String.fromCharCode` takes without overflowing the stack. */
const atOnce = 0x2000;

export function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let from = 0; from < bytes.length; from += atOnce) binary += String.fromCharCode(...bytes.subarray(from, from + atOnce));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The bytes of a base64url text; `undefined` if the text is not base64url. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Bytes. */
const blockSize = 64 * 1024;

/**
 * Joins bytes that arrive in parts. Every part is copied and released: for a server that sends byte by byte, keeping the parts would keep a view of some hundred bytes
 * for each byte, far beyond any limit on the length.
 */
export class GatheredBytes {
  /** The only part so far: most bodies are one part, which needs no copy. */
  #first: Uint8Array | undefined;
  /** All full but the last. */
  readonly #blocks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    if (this.#length === 0) {
      this.#first = part;
      this.#length = part.byteLength;
      return;
    }
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      this.#length = 0;
      this.#copy(first);
    }
    this.#copy(part);
  }

  whole(): Uint8Array {
    if (this.#first !== undefined) return this.#first;
    const whole = new Uint8Array(this.#length);
    for (const [index, block] of this.#blocks.entries()) {
      const at = index * blockSize;
      whole.set(block.subarray(0, this.#length - at), at);
    }
    return whole;
  }

  #copy(part: Uint8Array): void {
    for (let done = 0; done < part.byteLength; ) {
      const at = this.#length % blockSize;
      if (at === 0) this.#blocks.push(new Uint8Array(blockSize));
      const piece = part.subarray(done, done + blockSize - at);
      this.#blocks.at(-1)?.set(piece, at);
      done += piece.byteLength;
      this.#length += piece.byteLength;
    }
  }
}

/** Shared, since making one takes time and it keeps nothing between whole texts. */
const utf8 = new TextDecoder();

/**
 * The text of a document's bytes, in the order of RFC 7303: by its byte order mark, the charset of its content type, the encoding in its XML declaration; UTF-8 if nothing
 * names one. `undefined` if a name is no encoding and the bytes are not UTF-8 either.
 */
export function decodeText(bytes: Uint8Array, contentType: string): string | undefined {
  const [first, second] = bytes;
  let marked: string | undefined;
  // UTF-16 by its mark, or by the zero beside its first character, which is ASCII in XML and JSON. UTF-8 has its mark for this, whatever is said beside it.
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) marked = 'utf-16le';
  else if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) marked = 'utf-16be';
  else if (first === 0xef && second === 0xbb) return utf8.decode(bytes);
  const name = marked ?? /\bcharset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1] ?? declaredIn(bytes) ?? 'utf-8';
  if (marked === undefined && /^utf-?(8$|16)/i.test(name)) return utf8.decode(bytes);
  for (const [label, fatal] of [[name], ['utf-8', true]] as const) {
    try {
      const decoder = new TextDecoder(label, { fatal: fatal === true });
      // Bytes that are no UTF-16 are often called so, by programs that write XML into a string first.
      const misnamed = marked === undefined && decoder.encoding.startsWith('utf-16');
      return (misnamed ? utf8 : decoder).decode(bytes);
    } catch {
      // no encoding of that name; perhaps UTF-8 all the same
    }
  }
  return undefined;
}

/** Every encoding that may be declared so has ASCII's bytes for it. Blank lines before it are no XML, and come all the same. */
function declaredIn(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 256));
  return /^\s*<\?xml\s[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1];
}

/** Whether a text is a single line of at most so many UTF-16 units: no control characters, no line or paragraph separators. */
export function isOneLine(text: string, longest: number): boolean {
  return text.length <= longest && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}

/** Characters that no part of an address may hold: XML replaces some of them, and the others are invisible. */
export const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Noncharacter_Code_Point}]/u;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Quotation marks and brackets beyond ASCII, which word processors put around words, and which the URL parser would take into a name. */
export const quotation = /(?![\0-\x7f])[\p{Pi}\p{Pf}\p{Ps}\p{Pe}]/u;

/** The part after the last `@`, in lower case. In a parsed address it is normalised. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/**
 * A domain in the form in which domains are compared: lower case, with Unicode labels as A-labels. `undefined` if it is not a domain.
 *
 * The URL parser supports IDN in every runtime, but it also reads `1.2` as an IPv4 address and `a/b` as a path.
 */
export function toAsciiDomain(domain: string): string | undefined {
  const lower = domain.toLowerCase();
  const ascii = /^[a-z0-9.-]*$/.test(lower);
  if (!ascii && (unseen.test(domain) || quotation.test(domain) || /[^a-z0-9.\u0080-\u{10ffff}-]/iu.test(domain)))
    return undefined;
  const plain = ascii && !/(^|\.)xn--/.test(lower);
  const encoded = plain ? lower : URL.parse(`http://${domain}/`)?.hostname;
  if (encoded === undefined || encoded.length > 253) return undefined;
  const labels = encoded.split('.');
  if (!labels.every((part) => label.test(part))) return undefined;
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : encoded;
}

/** Node's synchronous digest. WebCrypto takes each one through a thread pool, which costs many times the digest of a short text. */
interface AtOnce {
  hash(algorithm: 'sha256', text: string, encoding: 'hex'): string;
}

/** The part of the platform that is used; browsers have no `process`. */
interface Platform {
  readonly process?: { getBuiltinModule?(name: string): unknown };
  readonly crypto?: { readonly subtle?: { digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> } };
}

/** Lower-case hexadecimal digits; where the platform takes its time, later. */
export type Digest = string | Promise<string>;

/** SHA-256 of the UTF-8 of a text without lone surrogates. */
export type Sha256 = (text: string) => Digest;

/** The fastest SHA-256 of a platform, which is looked for once. */
export function sha256On(platform: Platform): Sha256 {
  const found = platform.process?.getBuiltinModule?.('node:crypto') as Partial<AtOnce> | undefined;
  const hash = found?.hash;
  if (typeof hash === 'function') return (text) => hash('sha256', text, 'hex');
  const encoder = new TextEncoder();
  return async (text) => {
    const subtle = platform.crypto?.subtle;
    if (subtle === undefined) {
      const message =
        'This page has no WebCrypto: browsers offer it in secure contexts only. Serve the page over https or from localhost.';
      throw new OfflineImError('INSECURE_CONTEXT', message);
    }
    const digest = await subtle.digest('SHA-256', encoder.encode(text));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}

let ofThisPlatform: Sha256 | undefined;

/** The fastest {@link Sha256} of this platform. */
export const sha256: Sha256 = (text) => {
  ofThisPlatform ??= sha256On(globalThis);
  return ofThisPlatform(text);
};

/**
 * A random UUID (version 4) for client-request-id, by which an administrator finds the request in the server's logs. Browsers have `crypto.randomUUID`, which is twenty
 * times as fast, in secure contexts only.
 */
export function newRequestId(): string {
  return typeof crypto.randomUUID === 'function' ? crypto.randomUUID() : fromRandomBytes();
}

function fromRandomBytes(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let id = '';
  for (let at = 0; at < 16; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) id += '-';
    id += hex[bytes[at] ?? 0];
  }
  return id;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let lastTime = 0;
/** The beginning of an id made at that time. */
let timePart = '00000000-0000-7';
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562). Ids made later sort later, even within the same ms of one process, which keeps a storage's indexes compact.
 *
 * @param now The wall clock, in ms since 1970 UTC.
 * @param given Eight random bytes, of which 62 bits are used. @default fresh ones
 */
export function timeOrderedId(now: number, given?: Uint8Array): string {
  // If the clock is set back, the order stays; a full counter borrows the next ms.
  if (now > lastTime) begin(Math.floor(now));
  else if (++counter > 0xfff) begin(lastTime + 1);
  const [random, from] = given === undefined ? [pool, eightRandomBytes()] : [given, 0];
  const byte = (index: number): string => hex[random[from + index] ?? 0] ?? '';
  const variant = hex[0x80 | ((random[from] ?? 0) & 0x3f)] ?? '';
  const count = digits.charAt(counter >> 8) + (hex[counter & 0xff] ?? '');
  // V8 joins short strings at once; a long one would stay a chain of parts until it is used.
  const node = byte(2) + byte(3) + byte(4) + (byte(5) + byte(6) + byte(7));
  return `${timePart}${count}-${variant + byte(1)}-${node}`;
}

function begin(time: number): void {
  lastTime = time;
  counter = 0;
  const digitsOfTime = time.toString(16).padStart(12, '0');
  timePart = `${digitsOfTime.slice(0, 8)}-${digitsOfTime.slice(8)}-7`;
}

const digits = '0123456789abcdef';

/** Random bytes are fetched many at a time, since each fetch costs as much as hundreds of bytes. None is used twice. */
const pool = new Uint8Array(8 * 512);
let used = pool.length;

/** The position of the next eight bytes. */
function eightRandomBytes(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += 8;
  return used - 8;
}
