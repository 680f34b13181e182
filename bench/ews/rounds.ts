import type { Note } from '../../src/transport/contract.ts';
import { compared } from '../median.ts';
import type { Row } from '../table.ts';
import type { Contender } from './contender.ts';

/** One measurement: so many notes, by so many a request, so many requests at a time. */
export interface Load {
  readonly notes: readonly Note[];
  readonly by: number;
  readonly concurrency: number;
  /** In how many slices a contender's turn is cut. */
  readonly slices: number;
}

/** How long these notes take, in seconds. */
async function time(contender: Contender, notes: readonly Note[], { by, concurrency }: Load): Promise<number> {
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
  return (performance.now() - started) / 1000;
}

/**
 * Rates, in notes a second, by contender and round. In each round every contender delivers all the notes, slice by slice in
 * turns and in another order each time, so that whatever else the machine does strikes them alike.
 */
export async function measure(contenders: readonly Contender[], load: Load, rounds: number): Promise<Map<Contender, number[]>> {
  const rates = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const slice = Math.max(load.by * load.concurrency, Math.ceil(load.notes.length / load.slices));
  const warmUp = load.notes.slice(0, Math.ceil(load.notes.length / 5));
  for (const contender of contenders) await time(contender, warmUp, load);
  for (let round = 0; round < rounds; round++) {
    const seconds = new Map<Contender, number>();
    for (let at = 0, turn = round; at < load.notes.length; at += slice, turn++) {
      for (let place = 0; place < contenders.length; place++) {
        const contender = contenders[(turn + place) % contenders.length];
        if (contender === undefined) continue;
        globalThis.gc?.();
        const took = await time(contender, load.notes.slice(at, at + slice), load);
        seconds.set(contender, (seconds.get(contender) ?? 0) + took);
      }
    }
    for (const [contender, took] of seconds) rates.get(contender)?.push(load.notes.length / took);
  }
  return rates;
}

/** See {@link compared}. */
export function ratio(
  rates: ReadonlyMap<Contender, readonly number[]>,
  of: Contender,
  to: Contender,
): Pick<Row, 'reached' | 'spread'> {
  return compared(rates.get(of) ?? [], rates.get(to) ?? []);
}
