import { OfflineImError } from './errors/offline-im-error.ts';

/** What Node's `node:crypto` has and WebCrypto has not: a digest without a turn through a thread pool, which costs many times the digest of a short text. */
interface AtOnce {
  hash(algorithm: 'sha256', text: string, encoding: 'hex'): string;
}

/** Where to look for it; browsers have no `process`. */
interface Platform {
  readonly process?: { getBuiltinModule?(name: string): unknown };
  readonly crypto?: { readonly subtle?: { digest(algorithm: 'SHA-256', data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> } };
}

/** SHA-256 of the UTF-8 of a text without lone surrogates, as lower-case hexadecimal digits. */
export type Sha256 = (text: string) => string | Promise<string>;

/** @param platform Where it runs; asked once. */
export function sha256On(platform: Platform): Sha256 {
  const found = platform.process?.getBuiltinModule?.('node:crypto') as Partial<AtOnce> | undefined;
  const hash = found?.hash;
  if (typeof hash === 'function') return (text) => hash('sha256', text, 'hex');
  const encoder = new TextEncoder();
  return async (text) => {
    const subtle = platform.crypto?.subtle;
    if (subtle === undefined) {
      const message =
        'This page has no WebCrypto: browsers have it in secure contexts only. Serve the page over https, or from localhost.';
      throw new OfflineImError('INSECURE_CONTEXT', message);
    }
    const digest = await subtle.digest('SHA-256', encoder.encode(text));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}

let ofThisPlatform: Sha256 | undefined;

/** {@link Sha256} in the fastest way that this platform has. */
export const sha256: Sha256 = (text) => {
  ofThisPlatform ??= sha256On(globalThis);
  return ofThisPlatform(text);
};
