import { describe, it } from 'vitest';
import { type SpoolKind, simulate } from './run.ts';

const first = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 30));

/** Some hundreds of runs; `npm run simulate` has as many as one likes. */
const runs: readonly { readonly kind: SpoolKind; readonly count: number }[] = [
  { kind: 'memory', count: 120 },
  { kind: 'file', count: 50 },
  { kind: 'sqlite', count: 15 },
  { kind: 'indexeddb', count: 25 },
];

describe('a simulated host, network, server and disk', () => {
  it.each(runs)(`never see the promise broken ($kind, $count runs from seed ${first})`, async ({ kind, count }) => {
    for (let seed = first; seed < first + count; seed++) {
      await simulate(kind, seed).catch((error: unknown) => {
        throw new Error(`Repeat it: npm run simulate -- --spool ${kind} --runs 1 --seed ${seed}\n${error}`, { cause: error });
      });
    }
  });
});
