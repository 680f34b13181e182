import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { checkedOutcomes, checkedResults } from '../../src/spooler/answers.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const error = new OfflineImError('EWS_ERROR', 'It said no.');
const secret = 'the text of a message';

function outcomes(returned: unknown, notes = 1) {
  const warnings: Error[] = [];
  return { outcomes: checkedOutcomes(returned, notes, (warning) => warnings.push(warning)), warnings };
}

function results(returned: unknown, notes = 1) {
  const warnings: Error[] = [];
  return { results: checkedResults(returned, notes, (warning) => warnings.push(warning)), warnings };
}

const goodOutcomes: readonly object[] = [
  { status: 'delivered', messageClass: 'IPM.Note' },
  { status: 'deferred', scope: 'mailbox', error },
  { status: 'deferred', scope: 'note', error, retryAfter: 5 },
  { status: 'unconfirmed', scope: 'endpoint', error, retryAfter: 0, ended: 'fault' },
  { status: 'rejected', scope: 'note', splittable: false, draft: 'left', error },
  { status: 'blocked', scope: 'mailbox', sent: 'unknown', error, by: 'login', ended: 'silence' },
];

const goodResults: readonly object[] = [
  { status: 'found' },
  { status: 'found', tags: ['n:1', 'n:2'] },
  { status: 'absent' },
  { status: 'pending' },
  { status: 'draft', removed: true },
  { status: 'unknown', error },
  { status: 'unknown', scope: 'mailbox', error, retryAfter: 7, blocked: true },
];

const thenable = (then: (take: (value: unknown) => void) => void): object => Object.fromEntries([['then', then]]);

const throwing = {
  get status(): string {
    throw new Error(secret);
  },
};

const neither: readonly unknown[] = [
  undefined,
  null,
  'delivered',
  secret,
  5,
  [],
  {},
  { status: 'sent' },
  { status: 'Delivered', messageClass: 'IPM.Note' },
  { status: 'toString' },
  { status: { toString: () => 'delivered' }, messageClass: 'IPM.Note' },
  throwing,
  new Proxy(
    {},
    {
      get() {
        throw new Error(secret);
      },
    },
  ),
  Promise.resolve({ status: 'absent' }),
];

const noOutcome: readonly unknown[] = [
  ...neither,
  { status: 'delivered' },
  { status: 'delivered', messageClass: 5 },
  { status: 'delivered', messageClass: 'IPM.Note', ...thenable(() => undefined) },
  { status: 'deferred', scope: 'note' },
  { status: 'deferred', scope: 'note', error: new Error(secret) },
  { status: 'deferred', scope: 'note', error: { code: 'ECONNRESET', message: secret } },
  { status: 'deferred', scope: 'planet', error },
  { status: 'deferred', error },
  { status: 'rejected', scope: 'note', splittable: 'no', draft: 'none', error },
  { status: 'rejected', scope: 'note', splittable: false, draft: 'perhaps', error },
  { status: 'blocked', scope: 'mailbox', sent: 'yes', error },
  { status: 'absent' },
];

const noResult: readonly unknown[] = [
  ...neither,
  { status: 'draft' },
  { status: 'unknown' },
  { status: 'unknown', error: new Error(secret) },
  { status: 'delivered', messageClass: 'IPM.Note' },
];

describe('the result of deliver()', () => {
  it.each(goodOutcomes)('is used unchanged: %j', (outcome) => {
    expect(outcomes([outcome])).toEqual({ outcomes: [outcome], warnings: [] });
  });

  it.each(noOutcome.map((value) => [value]))(
    'that is not an outcome makes its note unconfirmed, with a warning (%#)',
    (value) => {
      const seen = outcomes([{ status: 'delivered', messageClass: 'IPM.Note' }, value], 2);
      expect(seen.outcomes).toMatchObject([
        { status: 'delivered' },
        { status: 'unconfirmed', scope: 'note', error: { code: 'TRANSPORT_FAILED' } },
      ]);
      expect(seen.warnings).toMatchObject([{ code: 'TRANSPORT_FAILED', message: expect.stringContaining('deliver()') }]);
      expect(seen.warnings[0]?.message).not.toContain(secret);
    },
  );

  it.each([
    undefined,
    null,
    'delivered',
    {},
    { length: 1, 0: { status: 'delivered', messageClass: 'IPM.Note' } },
    [],
    [{ status: 'delivered', messageClass: 'a' }],
    Array.from({ length: 3 }, () => ({ status: 'delivered', messageClass: 'a' })),
    new Array(2),
  ])('without exactly one outcome per note makes all of them unconfirmed: none can be attributed (%#)', (returned) => {
    const seen = outcomes(returned, 2);
    expect(seen.outcomes.map(({ status }) => status)).toEqual(['unconfirmed', 'unconfirmed']);
    expect(seen.warnings.length).toBeGreaterThan(0);
  });

  it('may come from another realm, or another copy of this library', () => {
    const foreign: unknown = runInNewContext(`[{ status: 'deferred', scope: 'mailbox', retryAfter: 9,
      error: Object.assign(new Error('Busy.'), { code: 'EWS_ERROR', details: { responseCode: 'ErrorServerBusy', more: 1 } }) }]`);
    const seen = outcomes(foreign);
    expect(seen.outcomes).toMatchObject([
      { status: 'deferred', scope: 'mailbox', retryAfter: 9, error: { code: 'EWS_ERROR', message: 'Busy.' } },
    ]);
    const [outcome] = seen.outcomes;
    expect(outcome?.status === 'deferred' && outcome.error).toBeInstanceOf(OfflineImError);
    expect(outcome?.status === 'deferred' && outcome.error.details).toEqual({ responseCode: 'ErrorServerBusy' });
  });

  it('is read once: later values of a getter are ignored', () => {
    let reads = 0;
    const sly = {
      get status() {
        reads += 1;
        return reads === 1 ? 'delivered' : 'lost';
      },
      messageClass: 'IPM.Note',
    };
    const seen = outcomes([sly]);
    expect(seen.outcomes).toEqual([{ status: 'delivered', messageClass: 'IPM.Note' }]);
    expect(reads).toBe(1);
  });

  it('always becomes one outcome per note, whatever it was', () => {
    const statuses = fc.constantFrom('delivered', 'deferred', 'unconfirmed', 'rejected', 'blocked', 'other');
    const shaped = fc.record(
      { status: statuses, scope: fc.anything(), error: fc.anything(), messageClass: fc.anything(), retryAfter: fc.anything() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.array(fc.oneof(shaped, fc.anything()))), fc.nat({ max: 4 }), (returned, notes) => {
        const seen = outcomes(returned, notes);
        expect(seen.outcomes).toHaveLength(notes);
        for (const outcome of seen.outcomes) {
          expect(outcome.status === 'delivered' || outcome.error instanceof OfflineImError).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the warning', () => {
  const kinds: readonly (readonly [string, unknown])[] = [
    ['null instead of an outcome', null],
    ['string instead of an outcome', 'sent'],
    ['object instead of an outcome', []],
    ['a promise instead of an outcome', { status: 'deferred', scope: 'note', error, ...thenable(() => undefined) }],
    ['a promise instead of an outcome', { status: 'delivered', messageClass: 'IPM.Note', ...thenable(() => undefined) }],
    ['an outcome of an unknown status', { status: 'sent' }],
    ['an answer that cannot be read', throwing],
    ['an answer whose messageClass is no text', { status: 'delivered', messageClass: '' }],
    ['an answer whose scope is none of note, mailbox, endpoint', { status: 'deferred', scope: 'planet', error }],
    ['an answer whose error is no OfflineImError', { status: 'deferred', scope: 'note', error: null }],
    ['an answer whose error is no OfflineImError', { status: 'deferred', scope: 'note', error: 'EWS_ERROR' }],
    ['an answer whose error is no OfflineImError', { status: 'deferred', scope: 'note', error: { code: 'EWS_ERROR' } }],
    ['an answer whose splittable is not true or false', { status: 'rejected', scope: 'note', draft: 'none', error }],
    ['an answer whose draft is none of none, removed, left', { status: 'rejected', scope: 'note', splittable: true, error }],
    ['an answer whose sent is none of no, unknown', { status: 'blocked', scope: 'note', error }],
  ];

  it.each(kinds)('states what was found: %s', (found, value) => {
    const [message] = outcomes([value]).warnings.map(({ message }) => message);
    expect(message).toBe(`deliver() of the transport returned ${found}; expected one answer per note, in order.`);
  });

  it.each<readonly [string, unknown]>([
    ['undefined instead of a result', undefined],
    ['a promise instead of a result', Promise.resolve({ status: 'found' })],
    ['a result of an unknown status', { status: 'delivered' }],
  ])('states what a probe returned: %s', (found, value) => {
    const [message] = results([value]).warnings.map(({ message }) => message);
    expect(message).toBe(`probe() of the transport returned ${found}; expected one answer per note, in order.`);
  });

  it('counts missing and surplus outcomes, once', () => {
    expect(outcomes([], 2).warnings).toMatchObject([{ message: expect.stringContaining('returned 0 answers to 2 notes;') }]);
    expect(outcomes(undefined, 2).warnings).toMatchObject([{ message: expect.stringContaining('returned undefined;') }]);
    expect(outcomes({}, 2).warnings).toMatchObject([{ message: expect.stringContaining('returned object;') }]);
  });

  it('handles promises that reject, in a list of wrong length or inside an outcome', async () => {
    const rejected = (): Promise<never> => Promise.reject(new Error(secret));
    outcomes([rejected(), rejected()], 1);
    results([{ status: 'found', draft: rejected() }]);
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('is not given for a draft of any kind, a negative retryAfter or an error with an unusual response code', () => {
    for (const draft of ['none', 'removed', 'left']) {
      const rejected = { status: 'rejected', scope: 'endpoint', splittable: true, draft, error };
      expect(outcomes([rejected])).toEqual({ outcomes: [rejected], warnings: [] });
    }
    expect(outcomes([{ status: 'deferred', scope: 'note', error, retryAfter: -5 }]).outcomes).toMatchObject([{ retryAfter: 0 }]);
    const foreign = { code: 'EWS_ERROR', message: 'No.', details: { responseCode: 5 } };
    const [outcome] = outcomes([{ status: 'deferred', scope: 'note', error: foreign }]).outcomes;
    expect(outcome?.status === 'deferred' && [outcome.error.cause, outcome.error.details]).toEqual([foreign, {}]);
  });

  it('mentions a promise only if "then" is a function', () => {
    const outcome = { status: 'blocked', scope: 'note', sent: 'no', error };
    // biome-ignore lint/suspicious/noThenProperty: what is not a function makes no thenable
    expect(outcomes([{ ...outcome, then: 'later' }])).toEqual({ outcomes: [outcome], warnings: [] });
  });
});

describe('the result of probe()', () => {
  it.each(goodResults)('is used unchanged: %j', (result) => {
    expect(results([result])).toEqual({ results: [result], warnings: [] });
  });

  it.each(noResult.map((value) => [value]))('that is invalid has no effect, with a warning (%#)', (value) => {
    const seen = results([value]);
    expect(seen.results).toMatchObject([{ status: 'unknown', scope: 'note', error: { code: 'TRANSPORT_FAILED' } }]);
    expect(seen.warnings).toMatchObject([{ code: 'TRANSPORT_FAILED', message: expect.stringContaining('probe()') }]);
    expect(seen.warnings[0]?.message).not.toContain(secret);
  });
});

describe('an invalid optional part', () => {
  const unreadable = (value: object, name: string): object =>
    Object.defineProperty(value, name, {
      enumerable: true,
      get() {
        throw new Error(secret);
      },
    });
  const deferred = { status: 'deferred', scope: 'note', error };
  const unconfirmed = { status: 'unconfirmed', scope: 'mailbox', error };
  const blocked = { status: 'blocked', scope: 'mailbox', sent: 'no', error };
  const unknown = { status: 'unknown', error };
  const found = { status: 'found' };
  const pending = { status: 'pending' };

  it.each<readonly [string, object]>([
    ['retryAfter is no number', { ...deferred, retryAfter: '5' }],
    ['retryAfter is no number', { ...unconfirmed, retryAfter: Number.NaN }],
    ['retryAfter is no number', unreadable({ ...deferred }, 'retryAfter')],
    ['ended is none of silence, fault', { ...unconfirmed, ended: 'badly' }],
    ['ended is none of silence, fault', { ...blocked, ended: '' }],
    ['by is none of login, sending', { ...blocked, by: 'someone' }],
  ])('invalidates an outcome, since it may prevent a resend: %s', (what, value) => {
    const seen = outcomes([value]);
    expect(seen.outcomes).toMatchObject([{ status: 'unconfirmed', error: { code: 'TRANSPORT_FAILED' } }]);
    expect(seen.warnings.map(({ message }) => message)).toEqual([
      `deliver() of the transport returned an answer whose ${what}; expected one answer per note, in order.`,
    ]);
  });

  it.each<readonly [string, object, object]>([
    ['draft is none of none, removed, left', { ...found, draft: true }, found],
    ['draft is none of none, removed, left', { ...pending, draft: secret }, pending],
    ['draft is none of none, removed, left', { ...unknown, draft: null }, unknown],
    ['draft is none of none, removed, left', unreadable({ ...found }, 'draft'), found],
    ['tags is no list', { ...found, tags: 'n:1' }, found],
    ['tags holds something other than text', { ...found, tags: ['n:1', 2] }, { ...found, tags: ['n:1'] }],
    ['scope is none of note, mailbox, endpoint', { ...unknown, scope: 'planet' }, unknown],
    ['blocked is not true or false', { ...unknown, blocked: 'yes' }, unknown],
    ['retryAfter is no number', { ...unknown, retryAfter: {} }, unknown],
  ])('of a probe result is ignored, with a warning: %s', (what, value, rest) => {
    const seen = results([value]);
    expect(seen.results).toEqual([rest]);
    expect(seen.warnings.map(({ message }) => message)).toEqual([
      `probe() of the transport returned an answer whose ${what}; that part counts as left out.`,
    ]);
  });

  it('is not a draft value of a rejection, meaning that none is left', () => {
    for (const draft of ['none', 'removed']) {
      for (const result of [found, pending, unknown]) {
        expect(results([{ ...result, draft }])).toEqual({ results: [result], warnings: [] });
      }
    }
  });

  it.each(['none', 'odd'])('does not invalidate proof: found with the draft %s is delivered', async (draft) => {
    const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 0 });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
    transport.answerProbe = () => ({ status: 'found', draft }) as never;
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'one' });
    await clock.advance(60_000);
    expect(eventsOf('message:delivered')).toHaveLength(1);
    expect(eventsOf('warning')).toHaveLength(draft === 'none' ? 0 : 1);
    await sender.stop();
  });
});

describe('a transport with invalid results', () => {
  const bob = { to: 'sip:bob@contoso.com', text: 'x', messageId: 'm' };

  it.each(noOutcome.map((value) => [value]))('keeps no note in progress forever, and sends none twice (%#)', async (value) => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.answer = (() => value) as never;
    transport.deliver = async (notes) => {
      transport.delivered.push(...notes);
      return notes.map(() => value) as never;
    };
    transport.answerProbe = () => ({ status: 'found' });
    await sender.start();
    await sender.send(bob);
    await clock.advance(121_000);
    expect(eventsOf('message:unconfirmed')).toMatchObject([{ code: 'TRANSPORT_FAILED' }]);
    expect(eventsOf('warning')).toMatchObject([{ error: { code: 'TRANSPORT_FAILED' } }]);
    await clock.advance(3_600_000);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'm', foundByProbe: true }]);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it.each([
    ['a list that is no promise', (() => [{ status: 'delivered', messageClass: 'IPM.Note' }]) as never, 'delivered'],
    ['a thenable', (() => thenable((take) => take([{ status: 'delivered', messageClass: 'c' }]))) as never, 'delivered'],
    [
      'a thenable that throws',
      (() =>
        thenable(() => {
          throw new Error(secret);
        })) as never,
      'unconfirmed',
    ],
    ['a rejection with nothing', (() => Promise.reject(undefined)) as never, 'unconfirmed'],
    ['nothing', (() => undefined) as never, 'unconfirmed'],
  ])('%s', async (_what, deliver, state) => {
    const { sender, transport, clock } = aliceSends();
    transport.deliver = deliver;
    await sender.start();
    await sender.send(bob);
    await clock.advance(121_000);
    expect((await sender.stats()).states).toMatchObject({ [state]: 1 });
    await sender.stop();
  });

  it('has a late outcome checked too', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    const answer = Promise.withResolvers<never>();
    transport.deliver = () => answer.promise;
    await sender.start();
    await sender.send(bob);
    await clock.advance(120_000 + 1_205_000);
    answer.resolve([{ status: 'delivered', messageClass: 5 }] as never);
    await clock.advance(0);
    expect((await sender.stats()).states).toMatchObject({ unconfirmed: 1 });
    expect(eventsOf('warning')).toMatchObject([{ error: { code: 'TRANSPORT_FAILED' } }]);
    await sender.stop();
  });

  it.each(['deliver', 'probe'] as const)('causes one warning, however many notes and calls have it: %s', async (call) => {
    const { sender, transport, clock, eventsOf } = aliceSends();
    transport.deliver = async (notes) => {
      transport.delivered.push(...notes);
      return (call === 'probe' ? undefined : notes.map(() => ({ status: 'sent' }))) as never;
    };
    let looks = 0;
    transport.probe = async (notes) => {
      looks += 1;
      return notes.map(() => ({ status: 'lost' })) as never;
    };
    await sender.start();
    for (let to = 0; to < 20; to++) await sender.send({ to: `sip:bob${to}@contoso.com`, text: 'x' });
    await clock.advance(3 * 3_600_000);
    expect(looks).toBeGreaterThan(5);
    const said = eventsOf('warning').map(({ error }) => error.message.replace(/\(.*/, ''));
    expect(said).toEqual(['deliver', 'probe']);
    await sender.stop();
  });
});
