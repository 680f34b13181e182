import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterOf } from '../../src/transport/fetch.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const waits = (value: string, more: Record<string, string> = {}): number | undefined =>
  retryAfterOf(new Headers({ 'retry-after': value, ...more }), now);

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 7 ', 7_000],
    ['007', 7_000],
    ['0', undefined],
    ['0.25', 250],
    ['1.0001', 1_001],
    // Sent twice, which a fetch joins: the longest.
    ['5, 30', 30_000],
    ['30, x', undefined],
    ['99999999999999999999', Number.MAX_SAFE_INTEGER],
    ['Sat, 28 Nov 2026 12:00:30 GMT', 30_000],
    ['Saturday, 28-Nov-26 12:00:30 GMT', 30_000],
    ['Sat Nov 28 12:00:30 2026', 30_000],
    ['2026-11-28T13:00:30+01:00', 30_000],
    ['Sat, 28 Nov 2026 11:59:00 GMT', undefined],
    // Values that Date.parse alone reads as years, or as a local time.
    ['-5', undefined],
    ['+30', undefined],
    ['2050', 2_050_000],
    ['1 1 2049', undefined],
    ['12/31/2049', undefined],
    ['2049-12-31', undefined],
    ['2049-12-31T00:00:00', undefined],
    ['Dec 31 2049', undefined],
    ['30s', undefined],
    ['"30"', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    ['Infinity', undefined],
    ['NaN', undefined],
    ['.', undefined],
    [',', undefined],
    ['', undefined],
    ['٣٠', undefined],
  ])('%j: %s ms', (value, expected) => {
    // The bytes of a header are Latin-1.
    const sent = Buffer.from(value, 'utf8').toString('latin1');
    expect(waits(sent)).toBe(expected);
  });

  it('a date is interpreted by the clock of the server', () => {
    const date = 'Sat, 28 Nov 2020 12:00:00 GMT';
    expect(waits('Sat, 28 Nov 2020 12:00:30 GMT', { date })).toBe(30_000);
    expect(waits('Sat, 28 Nov 2020 12:00:30 GMT', { date: '1' })).toBeUndefined();
  });

  it('is a positive number of ms or nothing, whatever the header contains', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789.,:-+ GMTZeE'), maxLength: 40 });
    fc.assert(
      fc.property(text, (value) => {
        const wait = waits(value);
        expect(wait === undefined || (Number.isFinite(wait) && wait > 0)).toBe(true);
      }),
    );
  });
});
