import fc from 'fast-check';
import { describe, it } from 'vitest';
import { pickFrom } from '../../support/forgetful-disk.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { type Outcome, runCut, runWhole, type Step, twoAudiences } from './power-cut.ts';

const reason = { code: 'EWS_ERROR', text: 'ErrorX' } as const;
const outcomes: readonly Outcome[] = [
  { to: 'delivered' },
  { to: 'deferred', after: 1000, failure: true, reason },
  { to: 'unconfirmed', after: 1000, absent: false, counted: 0, reason },
  { to: 'dead', sent: 'no', reason },
  { to: 'dead', sent: 'unknown', reason },
  { to: 'held' },
  { to: 'cancelled' },
  { to: 'split', reason },
  { to: 'unclaim' },
];

interface Made {
  readonly name: string;
  readonly step: Step;
}

const make = (name: string, step: Step): Made => ({ name, step });
const ids = fc.subarray(['m0', 'm1', 'm2', 'm3-in', 'm3-out', 'm4-in', 'm4-out'], { minLength: 1 });

/** The state table has no arcs to `held`, `cancelled` and `split` for a note that was only probed. */
const settles = (outcome: Outcome): Step => {
  return async (world) => {
    const probing = world.claims.some(({ token }) => token.includes(':probe:'));
    if (!probing || !['held', 'cancelled', 'split'].includes(outcome.to)) await world.settle(outcome);
  };
};

const settle = fc.constantFrom(...outcomes).map((outcome) => make(`settle ${JSON.stringify(outcome)}`, settles(outcome)));

const step: fc.Arbitrary<Made> = fc.oneof(
  fc.integer({ min: 0, max: 4 }).map((n) => {
    const entries = n < 3 ? [newEntry(`m${n}`, { expiresIn: (n + 1) * 3_600_000 })] : twoAudiences(`m${n}`);
    const messageId = entries[0]?.messageId ?? '';
    return make(`append m${n}`, async (world) => {
      // Again while it is remembered: a duplicate. Never afterwards: entry ids are unique forever.
      const isOver = world.messageIds.has(messageId) && (await world.spool.findMessage(messageId)).length === 0;
      if (!isOver) await world.append(...entries);
    });
  }),
  fc.constantFrom(1, 2, 100).map((most) => make(`claim, ${most} a note`, (world) => world.claim('deliver', most))),
  fc.constant(make('claim to probe', (world) => world.claim('probe'))),
  settle,
  settle,
  settle,
  ids.map((some) => make(`hold ${some}`, ({ spool }) => spool.hold(some))),
  ids.map((some) => make(`release ${some}`, ({ spool }) => spool.release(some))),
  ids.map((some) => make(`cancel ${some}`, ({ spool }) => spool.cancel(some))),
  ids.map((some) => make(`purge ${some}`, ({ spool }) => spool.purge(some))),
  fc
    .tuple(ids, fc.boolean())
    .map(([some, force]) => make(`requeue ${some}${force ? ' by force' : ''}`, ({ spool }) => spool.requeue(some, { force }))),
  fc.constantFrom(10_000, 3_700_000, 90_000_000).map((ms) => make(`wait ${ms}`, ({ clock }) => clock.advance(ms))),
  fc.constant(
    make('expire', ({ spool }) =>
      spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } }),
    ),
  ),
  fc.constant(make('the process dies', (world) => world.restart())),
);

describe('a power cut anywhere in any sequence', () => {
  it('keeps acknowledged changes, and of others a part that the state table allows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 25, size: 'max' }),
        fc.noBias(fc.nat()),
        fc.constantFrom('random', 'nothing', 'killed'),
        async (made, seed, kind) => {
          const steps: readonly Step[] = [
            (world) => world.append(newEntry('m0'), newEntry('m1')),
            ...made.map((one) => one.step),
          ];
          const reference = await runWhole(steps);
          const first = pickFrom(seed)(reference.calls);
          // A range of cuts, so that rare sequences are cut in the middle of what makes them rare.
          for (let cutAt = first; cutAt < first + 12 && cutAt <= reference.calls; cutAt++) {
            const power = kind === 'killed' ? undefined : { pick: kind === 'random' ? pickFrom(seed + cutAt) : undefined };
            await runCut(steps, reference, cutAt, power);
          }
        },
      ),
      { numRuns: Number(process.env.OFFLINE_IM_RUNS ?? 250) },
    );
  });
});
