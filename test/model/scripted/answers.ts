import fc from 'fast-check';
import type { Scope } from '../../../src/transport/contract.ts';

/** The response of the simulated Exchange to one attempt: what really happens, and what the transport learns of it. */
export interface DeliverAnswer {
  readonly told:
    | 'delivered'
    | 'deferred'
    | 'unconfirmed'
    | 'rejected'
    | 'blocked'
    | 'not-attempted'
    | 'throws'
    /** The transport gives no outcome for this note and those after it. */
    | 'missing';
  readonly fate: 'sent' | 'draft' | 'nothing';
  readonly scope: Scope;
  readonly retryAfter: number | undefined;
  readonly splittable: boolean;
  /** What a rejection says about the draft. */
  readonly draft: 'none' | 'removed' | 'left';
  /** ms until the transport answers; Infinity: never, and it ignores its signal. */
  readonly takes: number;
  /** ms from the write until the server has processed it: never more than the deadline. */
  readonly processedAfter: number;
  /** ms from then until the saved copy can be found: both together stay below probeGrace. */
  readonly copyAfter: number;
  /** Whether a probe can remove the draft. */
  readonly removable: boolean;
}

/** The course of one probe of one note. It never lies. */
export interface ProbeAnswer {
  readonly told: 'truth' | 'unknown' | 'throws' | 'missing';
  /** A note that is sent but cannot be found yet is in the Outbox. */
  readonly outbox: boolean;
  readonly takes: number;
}

export const goodAnswer: DeliverAnswer = {
  told: 'delivered',
  fate: 'sent',
  scope: 'note',
  retryAfter: undefined,
  splittable: false,
  draft: 'none',
  takes: 0,
  processedAfter: 0,
  copyAfter: 0,
  removable: true,
};

export const goodProbe: ProbeAnswer = { told: 'truth', outbox: false, takes: 0 };

const second = 1_000;
const anyFate = fc.constantFrom<DeliverAnswer['fate']>('nothing', 'sent', 'draft');
const anyScope = fc.constantFrom<Scope>('note', 'mailbox', 'endpoint');

const timing = {
  retryAfter: fc.constantFrom(undefined, undefined, 0, 30 * second, 1_200 * second),
  takes: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.constantFrom(5 * second, 50 * second, 150 * second) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  ),
  processedAfter: fc.constantFrom(0, 0, 0, 20 * second, 59 * second),
  copyAfter: fc.constantFrom(0, 0, 10 * second, 120 * second, 235 * second),
  removable: fc.boolean(),
};

type Parts = Parameters<typeof fc.record<Omit<DeliverAnswer, keyof typeof timing>>>[0];

const answer = (parts: Partial<Parts>): fc.Arbitrary<DeliverAnswer> =>
  fc.record<DeliverAnswer>({
    told: fc.constant('delivered' as const),
    fate: fc.constant('nothing' as const),
    scope: fc.constant('note' as const),
    splittable: fc.constant(false),
    draft: fc.constant('none' as const),
    ...timing,
    ...parts,
  });

/** Every outcome of the contract, and violations of it. */
export const anyDeliverAnswer: fc.Arbitrary<DeliverAnswer> = fc.oneof(
  { weight: 2, arbitrary: answer({ told: fc.constant('delivered'), fate: fc.constant('sent') }) },
  { weight: 3, arbitrary: answer({ told: fc.constant('deferred'), scope: anyScope }) },
  { weight: 4, arbitrary: answer({ told: fc.constant('unconfirmed'), fate: anyFate, scope: anyScope }) },
  {
    weight: 3,
    arbitrary: answer({
      told: fc.constant('rejected'),
      scope: fc.constantFrom('note', 'note', 'mailbox'),
      splittable: fc.constantFrom(true, true, false),
      draft: fc.constantFrom('none', 'none', 'removed'),
    }),
  },
  {
    weight: 1,
    arbitrary: answer({
      told: fc.constant('rejected'),
      fate: fc.constant('draft'),
      draft: fc.constant('left'),
      splittable: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: answer({ told: fc.constant('blocked'), scope: fc.constantFrom('mailbox', 'endpoint') }) },
  {
    weight: 1,
    arbitrary: answer({ told: fc.constant('blocked'), fate: fc.constant('sent'), scope: fc.constantFrom('mailbox', 'endpoint') }),
  },
  { weight: 1, arbitrary: answer({ told: fc.constant('not-attempted') }) },
  { weight: 2, arbitrary: answer({ told: fc.constant('throws'), fate: anyFate }) },
  { weight: 1, arbitrary: answer({ told: fc.constant('missing'), fate: anyFate }) },
);

export const anyProbeAnswer: fc.Arbitrary<ProbeAnswer> = fc.record<ProbeAnswer>({
  told: fc.constantFrom('truth', 'truth', 'unknown', 'throws', 'missing'),
  outbox: fc.boolean(),
  takes: fc.constantFrom(0, 0, 20 * second, 200 * second, Number.POSITIVE_INFINITY),
});
