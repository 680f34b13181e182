import type { Note } from '../../src/transport.ts';
import type { Contender } from './contender.ts';

/** One measurement: so many notes, by so many a request, so many requests at a time. */
export interface Load {
  readonly notes: readonly Note[];
  readonly by: number;
  readonly concurrency: number;
}

/** Notes a second. */
async function rate(contender: Contender, { notes, by, concurrency }: Load): Promise<number> {
  globalThis.gc?.();
  let next = 0;
  const started = performance.now();
  const one = async (): Promise<void> => {
    while (next < notes.length) {
      const batch = notes.slice(next, next + by);
      next += by;
      await contender.send(batch);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return notes.length / ((performance.now() - started) / 1000);
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/**
 * Rates by contender and round. The contenders take turns, in another order each round, so that whatever else the machine
 * does strikes them alike.
 */
export async function measure(contenders: readonly Contender[], load: Load, rounds: number): Promise<Map<Contender, number[]>> {
  const rates = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const warmUp = { ...load, notes: load.notes.slice(0, Math.max(load.by, load.notes.length / 5)) };
  for (const contender of contenders) await rate(contender, warmUp);
  for (let round = 0; round < rounds; round++) {
    const turn = round % contenders.length;
    for (const contender of [...contenders.slice(turn), ...contenders.slice(0, turn)]) {
      rates.get(contender)?.push(await rate(contender, load));
    }
  }
  return rates;
}

/** The median of the ratios round by round: steadier than the ratio of two medians while the machine's load changes. */
export function ratio(rates: ReadonlyMap<Contender, readonly number[]>, of: Contender, to: Contender): number {
  const others = rates.get(to) ?? [];
  return median((rates.get(of) ?? []).map((figure, round) => figure / (others[round] ?? Number.NaN)));
}
