import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { asError, isUint8Array } from '../../core/errors/thrown.ts';

/** What of a WebCrypto `CryptoKey` matters here: structural, so that these types need neither those of the DOM nor those of Node. */
export interface CryptoKeyLike {
  readonly type: string;
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
}

/** A key that text is encrypted with, and its name. */
export interface SealKey {
  /** 1 to 64 letters, digits, `-` or `_`. Stored beside what the key encrypts; never give the same id to another key. */
  readonly id: string;
  /** 32 random bytes, or a `CryptoKey` for AES-GCM with 256 bits that may encrypt and decrypt. */
  readonly key: Uint8Array | CryptoKeyLike;
}

/** Keys of {@link sealed}. */
export interface SealOptions {
  /**
   * The first encrypts, all decrypt. To rotate, put a new key first; remove an old one when nothing encrypted with it
   * is left.
   */
  readonly keys: readonly SealKey[];
  /**
   * 32 random bytes (more are allowed), or a `CryptoKey` for HMAC with SHA-256 that may sign: what the spool must compare is replaced by a hash with this
   * key. It must not change while anything is in the spool, and must not be one of `keys`.
   */
  readonly routingKey: Uint8Array | CryptoKeyLike;
}

/** A key as WebCrypto takes it. */
type WebKey = Parameters<typeof crypto.subtle.encrypt>[1];

/** A key that is imported when it is first used. */
export interface LazyKey {
  readonly id: string;
  load(): Promise<WebKey>;
}

const keyBytes = 32;

/** @throws {OfflineImError} `OPTION_INVALID` */
export function checkedKeys({ keys, routingKey }: SealOptions): { readonly keys: readonly LazyKey[]; readonly routing: LazyKey } {
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('keys', 'is empty; expected at least one { id, key }');
  const ids = new Set<string>();
  for (const [index, one] of (keys as readonly SealKey[]).entries()) {
    const where = `keys[${index}]`;
    if (typeof one?.id !== 'string' || !/^[\w-]{1,64}$/.test(one.id)) {
      throw invalid('keys', `has the id ${quoted(one?.id)} at ${where}; expected 1 to 64 letters, digits, - or _`);
    }
    if (ids.has(one.id)) throw invalid('keys', `has the id ${quoted(one.id)} twice; expected a different id for each key`);
    ids.add(one.id);
    checkSecret('keys', `${where}.key`, one.key, (bytes) => bytes === keyBytes, {
      name: 'AES-GCM',
      usages: ['encrypt', 'decrypt'],
    });
    if (one.key === routingKey || sameBytes(one.key, routingKey)) {
      throw invalid('routingKey', `is also ${where}.key; expected a separate key`);
    }
  }
  checkSecret('routingKey', 'routingKey', routingKey, (bytes) => bytes >= keyBytes, { name: 'HMAC', usages: ['sign'] });
  return {
    keys: keys.map(({ id, key }: SealKey) => lazy(id, key, { name: 'AES-GCM' }, ['encrypt', 'decrypt'])),
    routing: lazy('routingKey', routingKey, { name: 'HMAC', hash: 'SHA-256' }, ['sign']),
  };
}

function checkSecret(
  option: string,
  where: string,
  key: unknown,
  fits: (bytes: number) => boolean,
  expected: { readonly name: string; readonly usages: readonly string[] },
): void {
  if (isUint8Array(key)) {
    if (!fits(key.length)) throw invalid(option, `has ${key.length} bytes at ${where}; expected ${keyBytes}`);
    return;
  }
  const { algorithm, usages } = (key ?? {}) as Partial<CryptoKeyLike> & {
    algorithm?: { length?: unknown; hash?: { name?: unknown } };
  };
  const right =
    algorithm?.name === expected.name &&
    expected.usages.every((usage) => usages?.includes(usage)) &&
    (expected.name === 'AES-GCM' ? algorithm.length === keyBytes * 8 : algorithm.hash?.name === 'SHA-256');
  if (right) return;
  const kind = expected.name === 'AES-GCM' ? 'AES-GCM with 256 bits' : 'HMAC with SHA-256';
  throw invalid(
    option,
    `is of the wrong kind at ${where}; expected ${keyBytes} bytes, or a CryptoKey for ${kind} that may ${expected.usages.join(' and ')}`,
  );
}

function sameBytes(one: unknown, other: unknown): boolean {
  return (
    isUint8Array(one) && isUint8Array(other) && one.length === other.length && one.every((byte, index) => byte === other[index])
  );
}

function lazy(
  id: string,
  key: Uint8Array | CryptoKeyLike,
  algorithm: { readonly name: string; readonly hash?: string },
  usages: ('encrypt' | 'decrypt' | 'sign')[],
): LazyKey {
  // A copy: the caller may wipe its own.
  const raw = isUint8Array(key) ? Uint8Array.from(key) : undefined;
  let loaded: Promise<WebKey> | undefined;
  const imported = async (bytes: Uint8Array<ArrayBuffer>): Promise<WebKey> =>
    crypto.subtle.importKey('raw', bytes, algorithm, false, usages);
  return {
    id,
    load() {
      loaded ??= (raw === undefined ? Promise.resolve(key as WebKey) : imported(raw)).catch((cause: unknown) => {
        // A platform that could not do it now is asked again.
        loaded = undefined;
        throw new OfflineImError('SPOOL_FAILED', `The key ${quoted(id)} could not be loaded: ${asError(cause).name}.`, { cause });
      });
      return loaded;
    },
  };
}

function invalid(option: string, what: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${option} ${what}.`, { details: { option } });
}
