import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatheredBytes } from '../../src/core/text.ts';

describe('bytes that arrive in parts', () => {
  it('are equal to the bytes sent, however they were split', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 90_000 }), { maxLength: 12 }), (parts) => {
        const bytes = new GatheredBytes();
        for (const part of parts) bytes.add(part);
        expect(Buffer.from(bytes.whole()).equals(Buffer.concat(parts))).toBe(true);
        expect(bytes.length).toBe(bytes.whole().byteLength);
      }),
    );
  });

  it('are copied only if there is more than one part', () => {
    const first = Uint8Array.of(1, 2, 3);
    const bytes = new GatheredBytes();
    bytes.add(new Uint8Array());
    bytes.add(first);
    expect(bytes.whole()).toBe(first);
    bytes.add(Uint8Array.of(4));
    first.fill(9);
    expect([...bytes.whole()]).toEqual([1, 2, 3, 4]);
  });
});
