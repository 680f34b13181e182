import fc from 'fast-check';
import { certain, outcomes } from '../same-as-memory.ts';

export const lanes = ['l0', 'l1', 'l2'] as const;
/** ms: time moves in these steps. Within one, each due time is its own, so that it is certain what comes first. */
export const unit = 100_000;

const oneOf = (...numbers: number[]): fc.Arbitrary<number> => fc.constantFrom(...numbers);
/** Around the number of rows that share a call. */
const many = oneOf(1, 2, 3, 4, 5, 31, 32, 33, 35, 36, 64, 70);
const some = { from: fc.nat(), count: many };

const append = fc.record({
  do: fc.constant('append' as const),
  count: many,
  conversations: oneOf(1, 2, 40, 10_000),
  recipients: oneOf(1, 2),
  pairs: fc.boolean(),
  again: fc.constantFrom(false, false, false, true),
});
/** @param most How many notes of a lane a claim takes at most. */
const claim = (most: fc.Arbitrary<number>) =>
  fc.record({
    do: fc.constant('claim' as const),
    kind: fc.constantFrom('deliver' as const, 'deliver' as const, 'probe' as const),
    most,
    of: fc.constantFrom(undefined, undefined, { only: ['l0'] }, { only: ['l2', 'l1'] }, { except: ['l1'] }),
    early: fc.boolean(),
    maxEntries: oneOf(1, 3, 40, 100),
    fails: fc.constantFrom(false, false, false, false, false, true),
  });
const settle = (all: fc.Arbitrary<(typeof outcomes)[number]>) =>
  fc.record({ do: fc.constant('settle' as const), ...some, outcomes: fc.array(all, { minLength: 1, maxLength: 3 }) });
const renew = fc.record({ do: fc.constant('renew' as const), ...some });
const actions = (...all: ('hold' | 'release' | 'cancel' | 'requeue' | 'purge')[]) =>
  fc.record({ do: fc.constantFrom(...all), ...some, force: fc.boolean() });

export const limited = fc.oneof(
  { weight: 4, arbitrary: append },
  { weight: 4, arbitrary: claim(oneOf(1, 5, 32, 40)) },
  { weight: 6, arbitrary: settle(fc.constantFrom(...certain)) },
  { weight: 1, arbitrary: renew },
  { weight: 2, arbitrary: actions('hold', 'cancel', 'purge') },
);
export const unlimited = fc.oneof(
  { weight: 3, arbitrary: append },
  { weight: 4, arbitrary: claim(oneOf(10_000)) },
  { weight: 6, arbitrary: settle(fc.constantFrom(...outcomes)) },
  { weight: 1, arbitrary: renew },
  { weight: 4, arbitrary: actions('hold', 'release', 'cancel', 'requeue', 'purge') },
);
export type Operation = typeof unlimited extends fc.Arbitrary<infer One> ? One : never;

export interface Step {
  /** Run at once: SQLite has one transaction for them. */
  readonly together: readonly Operation[];
  /** Which of the spools on one file. */
  readonly by: number;
  readonly later: number;
  readonly expires: boolean;
}

export const steps = (operation: fc.Arbitrary<Operation>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      together: fc.array(operation, { minLength: 1, maxLength: 5 }),
      by: fc.nat(1),
      later: oneOf(0, 1, 1, 2, 4),
      expires: fc.constantFrom(false, false, false, true),
    }),
    { minLength: 6, maxLength: 14, size: 'max' },
  );
