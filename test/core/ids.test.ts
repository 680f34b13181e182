import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';

type TimeOrderedId = typeof import('../../src/core/text.ts').timeOrderedId;
let timeOrderedId: TimeOrderedId;

// As in a new process: other tests in this one have already made ids with later times.
beforeEach(async () => {
  vi.resetModules();
  ({ timeOrderedId } = await import('../../src/core/text.ts'));
});

afterAll(() => vi.resetModules());

const far = Date.UTC(2100, 0, 1);

describe('an id', () => {
  it('is a UUID even if the clock starts at 0', () => {
    expect(timeOrderedId(0)).toMatch(/^00000000-0000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is a UUID of version 7 (RFC 9562) with the time in its first 48 bits', () => {
    const id = timeOrderedId(far + 5);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(far + 5);
  });

  it('sorts after every earlier one: in the same ms, thousands in one ms, and after the clock is set back', () => {
    const times = [far + 10, ...Array<number>(10_000).fill(far + 10), far + 9, far - 86_400_000, far + 10, far + 11];
    const ids = times.map((time) => timeOrderedId(time));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has random bits of its own: no two of 5,000 end alike', () => {
    const ends = Array.from({ length: 5_000 }, () => timeOrderedId(far + 100).slice(19));
    expect(new Set(ends).size).toBe(ends.length);
    expect(new Set(ends.map((end) => end[0])).size).toBe(4);
  });

  it('has the right variant whatever the random bits are', () => {
    expect(timeOrderedId(far + 200, new Uint8Array(8).fill(0xff))).toMatch(/-bfff-f{12}$/);
    expect(timeOrderedId(far + 200, new Uint8Array(8))).toMatch(/-8000-0{12}$/);
  });
});
