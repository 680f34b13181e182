import type { Spread } from './table.ts';

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The median of the ratios round by round, steadier than the ratio of two medians while the machine's load changes; and the smallest and the largest. */
export function compared(ours: readonly number[], theirs: readonly number[]): { reached: number; spread: Spread } {
  return spreadOf(ours.map((figure, round) => figure / (theirs[round] ?? Number.NaN)));
}

export function spreadOf(rounds: readonly number[]): { reached: number; spread: Spread } {
  return { reached: median(rounds), spread: [Math.min(...rounds), Math.max(...rounds)] };
}

/** How many a second, when `count` take as long as `work` does. */
export async function perSecond(count: number, work: () => Promise<unknown> | undefined): Promise<number> {
  globalThis.gc?.();
  const started = performance.now();
  await work();
  return count / ((performance.now() - started) / 1_000);
}

/** So many calls at a time, as many callers make them. */
export async function atATime(inFlight: number, count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}
