import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, sha256On } from '../../src/core/text.ts';

describe('sha256', () => {
  it('returns the digest of the example in FIPS 180-2', async () => {
    expect(await sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('returns the same digest where there is only WebCrypto, as in browsers', async () => {
    const inBrowsers = sha256On({ crypto: globalThis.crypto });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 300 }), async (text) => {
        expect(await inBrowsers(text)).toBe(await sha256(text));
      }),
      { numRuns: 200 },
    );
  });

  it('rejects with a code on a page without WebCrypto, such as one over plain HTTP', async () => {
    for (const platform of [{}, { crypto: {} }]) {
      await expect(sha256On(platform)('abc')).rejects.toMatchObject({ code: 'INSECURE_CONTEXT' });
    }
  });

  it('uses WebCrypto if process.getBuiltinModule returns something else, as a bundler may cause', async () => {
    for (const given of [undefined, {}, { hash: 'none' }]) {
      const digest = sha256On({ crypto: globalThis.crypto, process: { getBuiltinModule: () => given } });
      expect(await digest('abc')).toBe(await sha256('abc'));
    }
  });
});
