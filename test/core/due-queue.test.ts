import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from '../../src/core/queues.ts';

type Step =
  | { readonly do: 'set'; readonly key: string; readonly at: number }
  | { readonly do: 'drop'; readonly key: string }
  | { readonly do: 'take'; readonly by: number };

const key = fc.integer({ min: 0, max: 20 }).map(String);
const at = fc.integer({ min: 0, max: 50 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set'), key, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop'), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take'), by: at }) },
);

/** The reference: an array that is sorted at each call. */
class SortedArray {
  #items: { readonly key: string; readonly at: number }[] = [];

  set(key: string, at: number | undefined): void {
    this.#items = this.#items.filter((item) => item.key !== key);
    if (at !== undefined) this.#items.push({ key, at });
    this.#items.sort((a, b) => a.at - b.at);
  }

  /** All keys with the earliest time: their order is not specified. */
  earliest(): { readonly at: number; readonly keys: readonly string[] } | undefined {
    const at = this.#items[0]?.at;
    return at === undefined ? undefined : { at, keys: this.#items.filter((item) => item.at === at).map((item) => item.key) };
  }

  at(key: string): number | undefined {
    return this.#items.find((item) => item.key === key)?.at;
  }

  get size(): number {
    return this.#items.length;
  }
}

describe('DueQueue', () => {
  it('behaves like a sorted array under any sequence of set, move, drop and take', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const queue = new DueQueue();
        const array = new SortedArray();
        for (const one of steps) {
          if (one.do === 'take') {
            const earliest = array.earliest();
            const taken = queue.take(one.by);
            if (earliest === undefined || earliest.at > one.by) expect(taken).toBeUndefined();
            else {
              expect(earliest.keys).toContain(taken);
              array.set(taken ?? '', undefined);
            }
          } else {
            const before = array.at(one.key);
            const at = one.do === 'set' ? one.at : undefined;
            expect(queue.set(one.key, at)).toBe(at !== before);
            array.set(one.key, one.do === 'set' ? one.at : undefined);
          }
          expect([queue.peek(), queue.size]).toEqual([array.earliest()?.at, array.size]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('takes keys in the order of their times', () => {
    const queue = new DueQueue();
    const times = Array.from({ length: 500 }, (_, index) => (index * 7919) % 500);
    for (const time of times) queue.set(String(time), time);
    const taken = times.map(() => Number(queue.take(Number.POSITIVE_INFINITY)));
    expect(taken).toEqual([...times].sort((a, b) => a - b));
    expect(queue.take(Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it('takes nothing that is due later', () => {
    const queue = new DueQueue();
    queue.set('a', 10);
    expect([queue.take(9), queue.take(10), queue.take(11)]).toEqual([undefined, 'a', undefined]);
  });

  it('lists its keys in order of arrival, including those moved since', () => {
    const queue = new DueQueue();
    for (const key of ['a', 'b', 'c']) queue.set(key, 5);
    queue.set('a', 9);
    queue.set('b', undefined);
    queue.set('b', 1);
    expect([...queue.keys()]).toEqual(['a', 'c', 'b']);
  });

  it('handles a key moved back and forth a million times', () => {
    const queue = new DueQueue();
    queue.set('b', 5);
    for (let times = 0; times < 1_000_000; times++) queue.set('a', times % 10);
    expect([queue.size, queue.peek()]).toEqual([2, 5]);
    expect([queue.take(99), queue.take(99), queue.take(99)]).toEqual(['b', 'a', undefined]);
  });
});
