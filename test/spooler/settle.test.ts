/** The results of settlements: events and trace steps, retries while a storage fails, and late answers. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Change, ClaimedNote, Settlement, SettleResult, SpoolState } from '../../src/spool/contract.ts';
import { settleLate } from '../../src/spooler/bounded-calls.ts';
import { reportClaim } from '../../src/spooler/claim-round.ts';
import type { SpoolerContext } from '../../src/spooler/context.ts';
import {
  reportAttempts,
  reportChange,
  reportSettled,
  type Settled,
  settleAll as settleAndTell,
} from '../../src/spooler/settle.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { entry, failed, lane, note, place, spooler } from './parts.ts';

const reason = { code: 'EWS_ERROR', text: 'It failed.', serverCode: 'ErrorX' } as const;
const ids = { messageId: 'm-e-a', id: 'e-a' };
const event = { ...ids, noteId: 'a', attempt: 1, lane };
const change = (to: Change['to'], parts: Partial<Change> = {}): Change => ({
  entryId: 'e-a',
  messageId: 'm-e-a',
  from: 'delivering',
  to,
  ...parts,
});

/** Resolves with all that was told of these results, each of which is told once. */
async function settleAll(context: SpoolerContext, settled: readonly Settled[]): Promise<SettleResult> {
  const parts: { part: readonly Settled[]; result: SettleResult }[] = [];
  await settleAndTell(context, settled, (part, result) => parts.push({ part, result }));
  const all = parts.flatMap(({ part }) => part);
  expect([all.length, new Set(all)]).toEqual([settled.length, new Set(settled)]);
  return { lost: parts.flatMap(({ result }) => result.lost), changes: parts.flatMap(({ result }) => result.changes) };
}

/** The events and steps of one settlement of note `a`, except the step of the settlement itself. */
function told(kind: 'deliver' | 'probe', settled: Partial<Settled> & Pick<Settled, 'settlement'>, ...changes: Change[]) {
  const { context, steps, warnings } = spooler();
  reportSettled(context, kind, [{ note: note('a'), ...settled }], changes);
  return {
    steps: steps.filter(([name]) => name !== 'settle' && name !== 'change'),
    settles: steps.filter(([name]) => name === 'settle').map(([, fields]) => fields),
    warnings,
  };
}
const as = (parts: object): Settlement => ({ token: 'a:1:deliver:1', ...parts }) as Settlement;

describe('a claim', () => {
  it('for delivery: each message is picked up, with how long it waited', async () => {
    const { context, clock, stepsOf } = spooler();
    await clock.advance(5);
    const both = [entry('x'), { ...entry('y'), acceptedAt: clock.now() - 700 }, { ...entry('z'), acceptedAt: clock.now() + 700 }];
    reportClaim(context, 'deliver', note('a', { entries: both, probes: 3 }));
    expect(stepsOf('claim:deliver')).toEqual([{ noteId: 'a', attempt: 1, lane, entries: 3, probes: 3 }]);
    expect(stepsOf('message:picked-up')).toMatchObject([
      { messageId: 'm-x', id: 'x', noteId: 'a', attempt: 1, lane },
      { id: 'y', waited: 700 },
      { id: 'z', waited: 0 },
    ]);
  });

  it('for a probe: reports once that its messages are unconfirmed, with the known reason', () => {
    const { context, stepsOf } = spooler();
    const known = note('a', { entries: [{ ...entry('x'), reason }] });
    reportClaim(context, 'probe', known);
    expect(stepsOf('message:unconfirmed')).toHaveLength(1);
    reportClaim(context, 'probe', known);
    expect(stepsOf('claim:probe')).toHaveLength(2);
    expect(stepsOf('message:unconfirmed')).toMatchObject([{ id: 'x', ...reason, probeIn: 0 }]);
    expect(stepsOf('message:picked-up')).toEqual([]);
  });
});

describe('a settled change', () => {
  it('delivered: with its accepted class, and after how long', () => {
    const outcome: DeliveryOutcome = { status: 'delivered', messageClass: 'IPM.Taken' };
    const settlement = as({ to: 'delivered' });
    expect(told('deliver', { settlement, outcome }, change('delivered')).steps).toEqual([
      ['message:delivered', { ...event, messageClass: 'IPM.Taken', took: expect.any(Number), foundByProbe: false }],
    ]);
    const { context, steps } = spooler();
    const late = note('a', { entries: [{ ...entry('e-a'), acceptedAt: context.clock.now() + 9 }] });
    reportSettled(context, 'deliver', [{ note: late, settlement, outcome }], [change('delivered')]);
    expect(steps[0]?.[1]).toMatchObject({ took: 0 });
  });

  it('found by a probe: with the planned class, and a note if the copy is weak proof', () => {
    const settlement = as({ to: 'delivered' });
    const found = (parts: Partial<ClaimedNote>) =>
      told('probe', { settlement, note: note('a', parts), result: { status: 'found' } }, change('delivered')).steps[0]?.[1];
    expect(found({})).toEqual({ ...event, messageClass: 'IPM.Note', took: expect.any(Number), foundByProbe: true });
    expect(found({ unknownAttempts: [{ tag: 'a:1', place, ended: 'fault' }] })).toMatchObject({ proof: 'copy-after-fault' });
  });

  it.each(['deferred', 'unconfirmed'] as const)('%s: with its reason, and in how many ms it continues', (to) => {
    const wait = to === 'deferred' ? { retryIn: 70 } : { probeIn: 70 };
    const { steps } = told('deliver', { settlement: as({ to, after: 70, reason }) }, change(to, { reason }));
    expect(steps).toEqual([[`message:${to}`, { ...event, ...reason, ...wait }]]);
    const without = told('deliver', { settlement: as({ to }) }, change(to));
    expect(without.steps[0]?.[1]).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      text: expect.stringMatching(/^[A-Z].+\.$/),
      ...(to === 'deferred' ? { retryIn: 0 } : { probeIn: 0 }),
    });
  });

  it('dead, held, cancelled: like any change', () => {
    expect(told('deliver', { settlement: as({ to: 'dead', reason }) }, change('dead', { reason })).steps).toEqual([
      ['message:dead', { ...ids, ...reason }],
    ]);
    expect(told('deliver', { settlement: as({ to: 'held' }) }, change('held')).steps).toEqual([['message:held', ids]]);
    expect(told('deliver', { settlement: as({ to: 'cancelled' }) }, change('cancelled')).steps).toEqual([
      ['message:cancelled', ids],
    ]);
    expect(told('deliver', { settlement: as({ to: 'unclaim' }) }, change('spooled')).steps).toEqual([]);
  });

  it('as before the claim: a known reason is not repeated; a requested cancel is reported', () => {
    const settlement = as({ to: 'unclaim' });
    expect(told('deliver', { settlement }, change('deferred', { reason })).steps).toEqual([]);
    expect(told('deliver', { settlement }, change('cancelled')).steps).toEqual([['message:cancelled', ids]]);
  });

  it('of an entry not in that note: like any change', () => {
    const other = { entryId: 'x', messageId: 'm-x' };
    expect(
      told('deliver', { settlement: as({ to: 'deferred', after: 1, reason }) }, change('dead', { ...other, reason })).steps,
    ).toEqual([['message:dead', { messageId: 'm-x', id: 'x', ...reason }]]);
    expect(told('deliver', { settlement: as({ to: 'delivered' }) }, change('delivered', other)).steps).toEqual([]);
  });

  it('is traced as its own step, with the reason, if any', () => {
    expect(told('deliver', { settlement: as({ to: 'deferred', reason }) }).settles).toEqual([
      { noteId: 'a', attempt: 1, lane, to: 'deferred', ...reason },
    ]);
    expect(told('deliver', { settlement: as({ to: 'delivered' }) }).settles).toEqual([
      { noteId: 'a', attempt: 1, lane, to: 'delivered' },
    ]);
  });

  it('is remembered while unconfirmed, and forgotten otherwise', () => {
    const { context } = spooler();
    const settle = (to: 'unconfirmed' | 'deferred') =>
      reportSettled(context, 'deliver', [{ note: note('a'), settlement: as({ to, reason }) }], []);
    settle('unconfirmed');
    expect(context.probes.isNews('a')).toBe(false);
    settle('deferred');
    expect(context.probes.isNews('a')).toBe(true);
  });
});

describe('a remaining draft', () => {
  const left = { code: 'DRAFT_LEFT', text: 'A draft of it was left.' } as const;

  it('causes a warning if no event reports it: for messages that go alone, or are cancelled', () => {
    for (const to of ['spooled', 'cancelled'] as const) {
      const { warnings } = told('deliver', { settlement: as({ to: 'split', reason: left }) }, change(to, { reason: left }));
      expect(warnings).toMatchObject([{ ...{ code: 'DRAFT_LEFT', message: left.text }, details: { noteId: 'a', lane } }]);
    }
  });

  it('causes no warning if message:dead reports it, nothing changed, or no draft remains', () => {
    expect(told('deliver', { settlement: as({ to: 'dead', reason: left }) }, change('dead', { reason: left })).warnings).toEqual(
      [],
    );
    expect(told('deliver', { settlement: as({ to: 'dead', reason: left }) }).warnings).toEqual([]);
    expect(
      told('deliver', { settlement: as({ to: 'dead', reason: left }) }, change('spooled', { entryId: 'x' })).warnings,
    ).toEqual([]);
    expect(told('deliver', { settlement: as({ to: 'split', reason }) }, change('spooled')).warnings).toEqual([]);
    expect(told('deliver', { settlement: as({ to: 'held' }) }, change('held')).warnings).toEqual([]);
  });
});

describe('any other change', () => {
  const seen = (one: Change) => {
    const { context, steps } = spooler();
    reportChange(context, one);
    return steps;
  };

  it('is traced without a reason if there is none', () => {
    const fields = { ...ids, from: 'delivering', to: 'held' };
    expect(seen(change('held'))).toEqual([
      ['change', fields],
      ['message:held', ids],
    ]);
  });

  it('is traced, and emitted as an event if the message ended or is held', () => {
    expect(seen(change('dead', { reason }))).toEqual([
      ['change', { ...ids, from: 'delivering', to: 'dead', ...reason }],
      ['message:dead', { ...ids, ...reason }],
    ]);
    expect(seen(change('spooled')).map(([name]) => name)).toEqual(['change']);
    expect(seen(change('purged')).map(([name]) => name)).toEqual(['change']);
  });

  it.each(['dead', 'held', 'cancelled'] as const)(
    '%s → %s is not reported: something was only requested',
    (state: SpoolState) => {
      expect(seen(change(state, { from: state })).map(([name]) => name)).toEqual(['change']);
    },
  );
});

describe('writing settlements', () => {
  /** A storage that fails that many times. */
  function failing(times: number, error: Error = new Error('disk full')) {
    const parts = spooler();
    const settle = parts.context.storage.settle.bind(parts.context.storage);
    const at: number[] = [];
    Object.assign(parts.context.storage, {
      settle: (some: readonly Settlement[]) => {
        at.push(parts.clock.monotonic());
        return at.length <= times ? Promise.reject(error) : settle(some);
      },
    });
    return { ...parts, at };
  }
  const settled = [{ note: note('a'), settlement: as({ to: 'delivered' }) }];

  it('is retried until it succeeds, after 200 ms, doubling, up to 10 s', async () => {
    const { context, clock, leases, at, warnings, settled: written } = failing(9);
    leases.add(['a:1:deliver:1'], clock.monotonic());
    const done = settleAll(context, settled);
    await clock.advance(60_000);
    expect(await done).toEqual({ lost: [], changes: [] });
    expect(at.map((time, n) => time - (at[n - 1] ?? time))).toEqual([
      0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000,
    ]);
    expect([written, warnings.length, warnings[0]?.message]).toEqual([[as({ to: 'delivered' })], 9, 'disk full']);
    expect(warnings.map((warning) => 'code' in warning)).toEqual([...Array(7).fill(false), true, true]);
    expect(warnings[8]).toMatchObject({ code: 'SPOOL_FAILED', cause: warnings[0], details: { messageIds: ['m-e-a'] } });
  });

  it.each([
    ['delivered', 'delivered', { state: 'delivered' }, [change('delivered', { noteId: 'a' })]],
    ['dead', 'dead', { state: 'dead', reason }, [change('dead', { noteId: 'a', reason })]],
    ['held by the hook, which takes its attempt back', 'held', { state: 'held', attempt: 0 }, [change('held', { noteId: 'a' })]],
    ['not settled yet', 'delivered', {}, []],
    ['claimed once more since', 'unconfirmed', { state: 'unconfirmed', attempt: 2 }, []],
    ['settled further by others since', 'unconfirmed', { state: 'delivered' }, []],
    ['cancelled by the host since', 'deferred', { state: 'cancelled' }, []],
    ['forgotten', 'delivered', undefined, []],
  ] as const)('reports what an earlier try has written if only its answer was lost: %s', async (_what, to, found, changes) => {
    const { context, clock, leases, state } = failing(1);
    state.lost = ['a:1:deliver:1'];
    const get = async (id: string) => found && { ...entry(id), ...found };
    Object.assign(context.storage, { get });
    leases.add(['a:1:deliver:1'], clock.monotonic());
    const done = settleAll(context, [{ note: note('a'), settlement: as({ to } as Parameters<typeof as>[0]) }]);
    await clock.advance(200);
    expect(await done).toEqual({ lost: ['a:1:deliver:1'], changes });
  });

  it('reports it after a renewal that calls the claim lost, since it was settled', async () => {
    const { context, clock, leases, state } = failing(8);
    state.lost = ['a:1:deliver:1'];
    Object.assign(context.storage, {
      get: async (id: string) => ({ ...entry(id), state: 'delivered' }),
      renew: async (tokens: readonly string[]) => tokens,
    });
    leases.add(['a:1:deliver:1'], clock.monotonic());
    const done = settleAll(context, settled);
    await clock.advance(60_000);
    expect((await done).changes).toEqual([change('delivered', { noteId: 'a' })]);
    leases.close();
  });

  it('reports nothing of a claim that others may have settled since, nor where the storage fails again', async () => {
    const { context, clock, leases, state } = failing(1);
    state.lost = ['a:1:deliver:1'];
    Object.assign(context.storage, { get: async (id: string) => ({ ...entry(id), state: 'delivered' }) });
    const late = settleAll(context, settled);
    await clock.advance(200);
    expect((await late).changes).toEqual([]);
    const again = failing(1);
    again.state.lost = ['a:1:deliver:1'];
    Object.assign(again.context.storage, { get: () => Promise.reject(new Error('away')) });
    again.leases.add(['a:1:deliver:1'], again.clock.monotonic());
    const failed = settleAll(again.context, settled);
    await again.clock.advance(200);
    expect((await failed).changes).toEqual([]);
    leases.close();
    again.leases.close();
  });

  const deferred = [{ note: note('a'), settlement: as({ to: 'deferred', after: 0, failure: false, reason }) }];

  it('is given up when the leases are lost, the storage is closed, or everything is aborted', async () => {
    const lost = { lost: ['a:1:deliver:1'], changes: [] };
    const late = failing(99);
    expect(await settleAll(late.context, deferred)).toEqual(lost);
    expect(late.at).toHaveLength(1);
    const closed = failing(99, new OfflineImError('SPOOL_CLOSED', 'It is closed.'));
    closed.leases.add(['a:1:deliver:1'], closed.clock.monotonic());
    expect(await settleAll(closed.context, settled)).toEqual(lost);
    const aborted = failing(99);
    aborted.leases.add(['a:1:deliver:1'], aborted.clock.monotonic());
    expect(await settleAll({ ...aborted.context, signal: AbortSignal.abort() }, settled)).toEqual(lost);
    expect(aborted.at).toHaveLength(1);
  });

  it('is given up at the ms at which a lease ends', async () => {
    const { context, clock, leases, at } = failing(99);
    leases.add(['a:1:deliver:1'], clock.monotonic() - 119_800);
    const done = settleAll(context, deferred);
    await clock.advance(200);
    expect((await done).lost).toEqual(['a:1:deliver:1']);
    expect(at).toHaveLength(2);
  });

  it('continues without leases if a note was delivered, or might be resent; until everything stops', async () => {
    const { context, clock, settled: written } = failing(2);
    const done = settleAll(context, [...deferred, ...settled]);
    await clock.advance(60_000);
    expect(await done).toEqual({ lost: [], changes: [] });
    expect(written.map(({ to }) => to)).toEqual(['deferred', 'delivered']);
  });

  it('of a delivery without a lease goes on while the sender stops, until that is cut off', async () => {
    const { context, clock, state, at } = failing(99);
    state.stopping = true;
    const cutOff = new AbortController();
    const done = settleAll({ ...context, signal: cutOff.signal }, settled);
    await clock.advance(60_000);
    const tries = at.length;
    expect(tries).toBeGreaterThan(5);
    cutOff.abort();
    expect((await done).lost).toEqual(['a:1:deliver:1']);
    expect(at).toHaveLength(tries + 1);
  });
});

describe('a result that arrives after the call was given up', () => {
  const delivered: DeliveryOutcome = { status: 'delivered', messageClass: 'X' };
  const deferred: DeliveryOutcome = { status: 'deferred', scope: 'note', error: failed };

  it('is written even if the storage fails at first', async () => {
    const { context, settled, clock } = spooler();
    const settle = context.storage.settle.bind(context.storage);
    let calls = 0;
    Object.assign(context.storage, {
      settle: (some: readonly Settlement[]) => (++calls < 3 ? Promise.reject(new Error('busy')) : settle(some)),
    });
    const done = settleLate(context, [note('a')], [delivered]);
    await clock.advance(10_000);
    await done;
    expect(settled).toEqual([{ token: 'a:1:deliver:1', to: 'delivered', messageClass: 'X' }]);
  });

  it('counts if it is delivered; otherwise probes know more by now', async () => {
    const { context, settled, state, stepsOf } = spooler();
    state.changes = [change('delivered', { from: 'unconfirmed' })];
    await settleLate(context, [note('b'), note('a'), note('c')], [deferred, delivered]);
    expect(settled).toEqual([{ token: 'a:1:deliver:1', to: 'delivered', messageClass: 'X' }]);
    expect(stepsOf('message:delivered')).toMatchObject([{ ...event, messageClass: 'X', foundByProbe: false }]);
  });

  it('has no effect without a delivered note, or once all is aborted', async () => {
    const { context, settled } = spooler();
    await settleLate(context, [note('a')], [deferred]);
    await settleLate({ ...context, signal: AbortSignal.abort() }, [note('a')], [delivered]);
    expect(settled).toEqual([]);
  });

  it('never rejects: nobody waits for it', async () => {
    const { context, warnings } = spooler();
    Object.assign(context.storage, { settle: async () => ({ lost: [], changes: undefined }) });
    await settleLate(context, [note('a')], [delivered]);
    expect(warnings).toHaveLength(1);
  });
});

describe('the report on each note handed to the transport', () => {
  const handed = async (kind: 'deliver' | 'probe', settled: readonly Settled[], { listens = true, startedAt = 0 } = {}) => {
    const { context, clock } = spooler();
    await clock.advance(500);
    const heard: unknown[] = [];
    const trace = {
      listens: (name: string) => listens && name === 'note:settled',
      listened: (...told: unknown[]) => heard.push(told),
    };
    reportAttempts({ ...context, trace: trace as unknown as typeof context.trace }, kind, settled, clock.monotonic() - startedAt);
    return { heard, at: new Date(clock.now()) };
  };
  const settlement = as({ to: 'delivered' });
  const traced = (id: string, traceparent?: string) => {
    const { message, ...rest } = entry(id);
    return {
      ...rest,
      ...(message === undefined ? {} : { message: { ...message, ...(traceparent === undefined ? {} : { traceparent }) } }),
    };
  };

  it('includes how long the request took, and the traces of its messages, each once', async () => {
    const entries = [traced('x', 't-2'), traced('y'), traced('z', 't-1'), traced('w', 't-2')];
    const outcome: DeliveryOutcome = { status: 'delivered', messageClass: 'IPM.Note' };
    const { heard, at } = await handed('deliver', [{ note: note('a', { entries }), settlement, outcome }], { startedAt: 120 });
    const { endpoint } = place;
    const told = { noteId: 'a', attempt: 1, lane, endpoint, kind: 'deliver', outcome: 'delivered', entries: 4, at, took: 120 };
    expect(heard).toEqual([['note:settled', { ...told, traceparents: ['t-2', 't-1'] }]]);
  });

  it('includes the code of the error, of a delivery or of a probe', async () => {
    const error = failed;
    const outcome: DeliveryOutcome = { status: 'deferred', scope: 'note', error };
    const { heard } = await handed('deliver', [{ note: note('a'), settlement, outcome }], { startedAt: -5 });
    expect(heard).toMatchObject([['note:settled', { outcome: 'deferred', code: 'EWS_ERROR', took: 0, traceparents: [] }]]);
    const looks: Settled[] = [
      { note: note('a'), settlement, result: { status: 'unknown', error } },
      { note: note('b'), settlement, result: { status: 'absent' } },
    ];
    const probe = await handed('probe', looks);
    expect(probe.heard).toMatchObject([
      ['note:settled', { kind: 'probe', outcome: 'unknown', code: 'EWS_ERROR' }],
      ['note:settled', { noteId: 'b', outcome: 'absent' }],
    ]);
    expect(JSON.stringify(probe.heard[1])).not.toContain('code');
  });

  it('is omitted for a note that was not sent, and without a listener', async () => {
    const error = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    const unwritten: Settled = { note: note('a'), settlement, outcome: { status: 'deferred', scope: 'note', error } };
    expect((await handed('deliver', [{ note: note('b'), settlement }, unwritten])).heard).toEqual([]);
    const written: Settled = { note: note('a'), settlement, outcome: { status: 'delivered', messageClass: 'IPM.Note' } };
    expect((await handed('deliver', [written], { listens: false })).heard).toEqual([]);
  });
});

it('without a listener, neither a claim nor a settlement costs trace steps', () => {
  const { context, steps } = spooler();
  Object.assign(context.trace, { logs: false, hears: () => false });
  reportClaim(context, 'deliver', note('a'));
  reportSettled(context, 'deliver', [{ note: note('a'), settlement: as({ to: 'held' }) }], []);
  expect(steps).toEqual([]);
});

it('reports how late a message is picked up', async () => {
  const { context, clock, stepsOf } = spooler();
  await clock.advance(5);
  const now = clock.now();
  reportClaim(
    context,
    'deliver',
    note('a', {
      entries: [
        { ...entry('x'), pickupAt: now - 30 },
        { ...entry('y'), pickupAt: now + 9 },
      ],
    }),
  );
  expect(stepsOf('message:picked-up')).toMatchObject([
    { id: 'x', late: 30 },
    { id: 'y', late: 0 },
  ]);
});

it.each([
  ['in the order of the notes', ['a1', 'a2', 'b1', 'c1', 'c2']],
  ['in another', ['c2', 'a1', 'b1', 'a2', 'c1']],
  ['of some of them', ['a2', 'c1']],
])('finds the note of each change, %s', (_order, changed) => {
  const { context, stepsOf } = spooler();
  const of = (id: string, ...members: string[]): Settled => ({
    note: note(id, { entries: members.map((member) => entry(member)) }),
    settlement: as({ to: 'deferred', after: 1, reason }),
  });
  const settled = [of('a', 'a1', 'a2'), of('b', 'b1'), of('c', 'c1', 'c2')];
  const changes = changed.map((id) => change('deferred', { entryId: id, messageId: `m-${id}`, reason }));
  reportSettled(context, 'deliver', settled, changes);
  expect(stepsOf('message:deferred')).toMatchObject(changed.map((id) => ({ id, noteId: id[0] })));
});

it('warns of a remaining draft unless all of its messages report it', () => {
  const two = note('a', { entries: [entry('e-a'), entry('e-b')] });
  const settlement = as({ to: 'dead', reason: { code: 'DRAFT_LEFT', text: 'A draft stays.' } });
  expect(told('deliver', { note: two, settlement }, change('cancelled')).warnings).toMatchObject([{ code: 'DRAFT_LEFT' }]);
  expect(told('deliver', { note: two, settlement }, change('dead')).warnings).toEqual([]);
});
