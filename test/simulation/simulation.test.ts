import { describe, it } from 'vitest';
import { type SpoolKind, simulate } from './run.ts';

/** The same runs each time; another first seed makes others. */
const chosen = process.env.OFFLINE_IM_SEED === undefined ? undefined : Number(process.env.OFFLINE_IM_SEED);
const first = chosen ?? 1;

interface Runs {
  readonly kind: SpoolKind;
  readonly count: number;
  /** Seeds that once found something. */
  readonly known: readonly number[];
}

/** Few enough for every change; `npm run simulate` has as many as one likes. */
const runs: readonly Runs[] = [
  { kind: 'memory', count: 120, known: [12796] },
  { kind: 'file', count: 50, known: [30177] },
  { kind: 'sqlite', count: 15, known: [1072] },
  { kind: 'indexeddb', count: 25, known: [2048] },
];

describe('a simulated host, network, server and disk', () => {
  it.each(runs)(`never see the promise broken ($kind, $count runs from seed ${first})`, async ({ kind, count, known }) => {
    const seeds = Array.from({ length: count }, (_, index) => first + index);
    for (const seed of chosen === undefined ? [...known, ...seeds] : seeds) {
      await simulate(kind, seed).catch((error: unknown) => {
        throw new Error(`Repeat it: npm run simulate -- --spool ${kind} --runs 1 --seed ${seed}\n${error}`, { cause: error });
      });
    }
  });
});
