import { describe, expect, it } from 'vitest';
import { GroupCommit, SerialQueue } from '../../../src/core/queues.ts';

/** Doubles numbers in groups; rejects a group with a negative one. */
function doubling(most = 256) {
  const groups: number[][] = [];
  const queue = new SerialQueue();
  const group = new GroupCommit<number, number>(queue, most, async (items) => {
    groups.push([...items]);
    await Promise.resolve();
    if (items.some((item) => item < 0)) throw new Error(`bad: ${items.join()}`);
    return items.map((item) => 2 * item);
  });
  return { group, groups, queue };
}

describe('SerialQueue', () => {
  it('starts an operation when the one before has ended, even if it failed', async () => {
    const queue = new SerialQueue();
    const log: string[] = [];
    const operation =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const first = queue.run(operation('a', true));
    const second = queue.run(operation('b'));
    await expect(first).rejects.toThrow('a');
    await expect(second).resolves.toBe('b');
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('is idle once all requested operations are done', async () => {
    const queue = new SerialQueue();
    let done = false;
    const running = queue.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done = true;
    });
    await queue.idle();
    expect(done).toBe(true);
    await running;
  });
});

describe('GroupCommit', () => {
  it('combines operations that arrive while another runs', async () => {
    const { group, groups, queue } = doubling();
    let release = (): void => {};
    const blocked = queue.run(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const results = [1, 2, 3].map((item) => group.add(item));
    await Promise.resolve();
    release();
    await blocked;
    expect(await Promise.all(results)).toEqual([2, 4, 6]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it('tries each alone if a batch fails, so that a bad one fails alone', async () => {
    const { group, groups } = doubling();
    const results = await Promise.allSettled([1, -2, 3].map((item) => group.add(item)));
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([2, 'Error: bad: -2', 6]);
    expect(groups).toEqual([[1, -2, 3], [1], [-2], [3]]);
  });

  it('does not retry a single item', async () => {
    const { group, groups } = doubling();
    await expect(group.add(-1)).rejects.toThrow('bad: -1');
    expect(groups).toEqual([[-1]]);
  });

  it('makes groups of limited size, in order, without losing any', async () => {
    const { group, groups } = doubling(4);
    const results = await Promise.all(Array.from({ length: 10 }, (_, index) => group.add(index)));
    expect(results).toEqual(Array.from({ length: 10 }, (_, index) => 2 * index));
    expect(groups.map(({ length }) => length)).toEqual([4, 4, 2]);
  });

  it('goes on after a failure', async () => {
    const { group } = doubling();
    await expect(group.add(-1)).rejects.toThrow();
    await expect(group.add(4)).resolves.toBe(8);
  });

  it('rejects all waiting items at once for a failure that is not theirs, and goes on with later ones', async () => {
    const groups: number[][] = [];
    let down = true;
    const group = new GroupCommit<number, number>(
      new SerialQueue(),
      2,
      async (items) => {
        groups.push([...items]);
        await Promise.resolve();
        if (down) throw new Error('down');
        return [...items];
      },
      () => false,
    );
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => group.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
    down = false;
    expect(await Promise.all([6, 7, 8].map((item) => group.add(item)))).toEqual([6, 7, 8]);
    expect(groups).toEqual([[1, 2], [6, 7], [8]]);
  });

  it('stops trying items alone at such a failure; finished items keep their results', async () => {
    const groups: number[][] = [];
    const group = new GroupCommit<number, number>(
      new SerialQueue(),
      256,
      async (items) => {
        groups.push([...items]);
        await Promise.resolve();
        if (items.length > 1) throw new Error('one of them');
        if (items[0] === 2) throw new Error('down');
        return [...items];
      },
      (error) => error instanceof Error && error.message !== 'down',
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => group.add(item)));
    expect(outcomes.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
      1,
      'Error: down',
      'Error: down',
    ]);
    expect(groups).toEqual([[1, 2, 3], [1], [2]]);
  });
});
