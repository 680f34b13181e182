import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { fromBase64Url, toBase64Url } from '../../core/text.ts';
import type { LazyKey } from './keys.ts';

/** The prefix of everything that this version sealed: `sealed1.<key id>.<nonce>.<ciphertext and tag>`. */
const prefix = 'sealed1.';

/** How many bytes a nonce has: random, so that processes need not agree. */
const nonceBytes = 12;

/** What a sealed value is, and what it belongs to: a value that was moved does not open. */
export interface Binding {
  readonly field: 'head' | 'body' | 'subject' | 'place' | 'reason';
  readonly to: readonly string[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Seals with AES-256-GCM and a fresh nonce per value. */
export class Sealer {
  readonly #first: LazyKey;
  readonly #byId: ReadonlyMap<string, LazyKey>;

  constructor(keys: readonly LazyKey[]) {
    const [first] = keys;
    if (first === undefined) throw new OfflineImError('OPTION_INVALID', 'keys is empty; expected at least one { id, key }.');
    this.#first = first;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  /** Seals any plain data; JSON escapes lone surrogates and NUL, so every text comes back as it was. */
  async seal(value: unknown, binding: Binding): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
    const additionalData = bytesOf(binding);
    const plain = encoder.encode(JSON.stringify(value));
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, await this.#first.load(), plain);
    return `${prefix}${this.#first.id}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`;
  }

  /** @throws {OfflineImError} `SPOOL_KEY_MISSING`, `SPOOL_SEAL_BROKEN`; `SPOOL_VERSION` for what a later version sealed */
  async open<Value>(text: string, binding: Binding): Promise<Value> {
    if (isSealed(text) && !text.startsWith(prefix)) {
      const version = text.slice(0, text.indexOf('.'));
      const message = `The ${binding.field} of an entry is sealed as ${quoted(version)}; this library opens sealed1. A later version wrote it; use that version.`;
      throw new OfflineImError('SPOOL_VERSION', message, { details: { field: binding.field } });
    }
    const [keyId = '', nonce = '', ciphertext = '', ...more] = isSealed(text) ? text.slice(prefix.length).split('.') : [];
    const iv = fromBase64Url(nonce);
    const sealed = fromBase64Url(ciphertext);
    if (iv?.length !== nonceBytes || sealed === undefined || more.length > 0) {
      throw broken(`The ${binding.field} of an entry is not sealed, or was altered.`, { field: binding.field });
    }
    const key = this.#byId.get(keyId);
    if (key === undefined) {
      const message = `The ${binding.field} of an entry is sealed with the key ${quoted(keyId)}, which is not among the keys.`;
      throw new OfflineImError('SPOOL_KEY_MISSING', message, { details: { keyId, field: binding.field } });
    }
    const loaded = await key.load();
    try {
      const additionalData = bytesOf(binding);
      const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, loaded, sealed);
      return JSON.parse(decoder.decode(plain)) as Value;
    } catch {
      // The cause says no more, and might quote what it parsed.
      const message = `The ${binding.field} of an entry cannot be opened: ${quoted(keyId)} is now a different key, or the entry was altered or moved.`;
      throw broken(message, { keyId, field: binding.field });
    }
  }
}

/** Whether this version or a later one sealed a text. */
export function isSealed(text: string): boolean {
  return /^sealed[1-9]\d{0,3}\./.test(text);
}

export function broken(message: string, details: Readonly<Record<string, unknown>>): OfflineImError {
  return new OfflineImError('SPOOL_SEAL_BROKEN', message, { details });
}

function bytesOf({ field, to }: Binding): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(['offline-im seal 1', field, ...to]));
}
