import { describe, it } from 'vitest';
import { type SpoolKind, simulate } from './run.ts';

/** The same runs each time; another first seed gives different ones. */
const chosen = process.env.OFFLINE_IM_SEED === undefined ? undefined : Number(process.env.OFFLINE_IM_SEED);

export interface Runs {
  readonly kind: SpoolKind;
  /** From seed 1, or another. @default 1 */
  readonly first?: number;
  readonly count: number;
  /** Seeds that found something before. @default [] */
  readonly known?: readonly number[];
}

/** Registers a test for each kind of spool. */
export function simulated(kinds: readonly Runs[]): void {
  const runs = kinds.map(({ first = 1, known = [], ...rest }) => ({ ...rest, known, first: chosen ?? first }));
  describe('a simulated host, network, server and disk', () => {
    it.each(runs)('never break the promise ($kind, $count runs from seed $first)', async ({ kind, first, count, known }) => {
      const seeds = Array.from({ length: count }, (_, index) => first + index);
      for (const seed of chosen === undefined ? [...known, ...seeds] : seeds) {
        await simulate(kind, seed).catch((error: unknown) => {
          throw new Error(`Repeat it: npm run simulate -- --spool ${kind} --runs 1 --seed ${seed}\n${error}`, { cause: error });
        });
      }
    });
  });
}
