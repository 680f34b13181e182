/** What settlements become: events and steps, written again while a storage fails, and late answers. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Change, ClaimedNote, Settlement, SpoolState } from '../../src/spool/contract.ts';
import {
  reportAttempts,
  reportChange,
  reportClaim,
  reportSettled,
  type Settled,
  settleAll,
  settleLate,
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

/** The events and steps of one settlement of note `a`, but for the step of the settlement itself. */
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
  it('to deliver: each message is picked up, with how long it has waited', async () => {
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

  it('to probe: that its messages are unconfirmed is said once, with the reason that is known', () => {
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

describe('what a settlement changed', () => {
  it('delivered: under the class that it was taken as, and after how long', () => {
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

  it('found by a probe: under the planned class; where the copy proves little, that is said', () => {
    const settlement = as({ to: 'delivered' });
    const found = (parts: Partial<ClaimedNote>) =>
      told('probe', { settlement, note: note('a', parts), result: { status: 'found' } }, change('delivered')).steps[0]?.[1];
    expect(found({})).toEqual({ ...event, messageClass: 'IPM.Note', took: expect.any(Number), foundByProbe: true });
    expect(found({ unknownAttempts: [{ tag: 'a:1', place, ended: 'fault' }] })).toMatchObject({ proof: 'copy-after-fault' });
  });

  it.each(['deferred', 'unconfirmed'] as const)('%s: with its reason, and in how many ms it goes on', (to) => {
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

  it('dead, held, cancelled: as any change', () => {
    expect(told('deliver', { settlement: as({ to: 'dead', reason }) }, change('dead', { reason })).steps).toEqual([
      ['message:dead', { ...ids, ...reason }],
    ]);
    expect(told('deliver', { settlement: as({ to: 'held' }) }, change('held')).steps).toEqual([['message:held', ids]]);
    expect(told('deliver', { settlement: as({ to: 'cancelled' }) }, change('cancelled')).steps).toEqual([
      ['message:cancelled', ids],
    ]);
    expect(told('deliver', { settlement: as({ to: 'unclaim' }) }, change('spooled')).steps).toEqual([]);
  });

  it('as before the claim: what it was deferred for is said no second time; a cancel that was requested is', () => {
    const settlement = as({ to: 'unclaim' });
    expect(told('deliver', { settlement }, change('deferred', { reason })).steps).toEqual([]);
    expect(told('deliver', { settlement }, change('cancelled')).steps).toEqual([['message:cancelled', ids]]);
  });

  it('of an entry that was in no such note: as any change', () => {
    const other = { entryId: 'x', messageId: 'm-x' };
    expect(
      told('deliver', { settlement: as({ to: 'deferred', after: 1, reason }) }, change('dead', { ...other, reason })).steps,
    ).toEqual([['message:dead', { messageId: 'm-x', id: 'x', ...reason }]]);
    expect(told('deliver', { settlement: as({ to: 'delivered' }) }, change('delivered', other)).steps).toEqual([]);
  });

  it('is a step of its own, with the reason where there is one', () => {
    expect(told('deliver', { settlement: as({ to: 'deferred', reason }) }).settles).toEqual([
      { noteId: 'a', attempt: 1, lane, to: 'deferred', ...reason },
    ]);
    expect(told('deliver', { settlement: as({ to: 'delivered' }) }).settles).toEqual([
      { noteId: 'a', attempt: 1, lane, to: 'delivered' },
    ]);
  });

  it('is remembered of what stays unconfirmed, and forgotten of all else', () => {
    const { context } = spooler();
    const settle = (to: 'unconfirmed' | 'deferred') =>
      reportSettled(context, 'deliver', [{ note: note('a'), settlement: as({ to, reason }) }], []);
    settle('unconfirmed');
    expect(context.probes.isNews('a')).toBe(false);
    settle('deferred');
    expect(context.probes.isNews('a')).toBe(true);
  });
});

describe('a draft that was left', () => {
  const left = { code: 'DRAFT_LEFT', text: 'A draft of it was left.' } as const;

  it('is warned of where no event says so: of messages that go on alone, or are cancelled', () => {
    for (const to of ['spooled', 'cancelled'] as const) {
      const { warnings } = told('deliver', { settlement: as({ to: 'split', reason: left }) }, change(to, { reason: left }));
      expect(warnings).toMatchObject([{ ...{ code: 'DRAFT_LEFT', message: left.text }, details: { noteId: 'a', lane } }]);
    }
  });

  it('is not where message:dead says so, where nothing changed, or where none was left', () => {
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

  it('is a step without a reason where there is none', () => {
    const fields = { ...ids, from: 'delivering', to: 'held' };
    expect(seen(change('held'))).toEqual([
      ['change', fields],
      ['message:held', ids],
    ]);
  });

  it('is a step, and an event where the message ended or is held', () => {
    expect(seen(change('dead', { reason }))).toEqual([
      ['change', { ...ids, from: 'delivering', to: 'dead', ...reason }],
      ['message:dead', { ...ids, ...reason }],
    ]);
    expect(seen(change('spooled')).map(([name]) => name)).toEqual(['change']);
    expect(seen(change('purged')).map(([name]) => name)).toEqual(['change']);
  });

  it.each(['dead', 'held', 'cancelled'] as const)('%s → %s is none: something was only requested', (state: SpoolState) => {
    expect(seen(change(state, { from: state })).map(([name]) => name)).toEqual(['change']);
  });
});

describe('writing settlements', () => {
  /** A storage that fails so often. */
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

  it('is tried again until it is done, after 200 ms, doubling, up to 10 s', async () => {
    const { context, clock, leases, at, warnings, settled: written } = failing(9);
    leases.add(['a:1:deliver:1'], clock.monotonic());
    const done = settleAll(context, settled);
    await clock.advance(60_000);
    expect(await done).toEqual({ lost: [], changes: [] });
    expect(at.map((time, n) => time - (at[n - 1] ?? time))).toEqual([
      0, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000,
    ]);
    expect([written, warnings.length, warnings[0]?.message]).toEqual([[as({ to: 'delivered' })], 9, 'disk full']);
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

  it('goes on without leases where a note was delivered, or it might be sent once more; until everything stops', async () => {
    const { context, clock, settled: written } = failing(3);
    const done = settleAll(context, [...deferred, ...settled]);
    await clock.advance(60_000);
    expect(await done).toEqual({ lost: [], changes: [] });
    expect(written.map(({ to }) => to)).toEqual(['deferred', 'delivered']);
    const stopping = failing(3);
    stopping.state.stopping = true;
    expect((await settleAll(stopping.context, settled)).lost).toEqual(['a:1:deliver:1']);
  });
});

describe('an answer that comes after the call was given up', () => {
  const delivered: DeliveryOutcome = { status: 'delivered', messageClass: 'X' };
  const deferred: DeliveryOutcome = { status: 'deferred', scope: 'note', error: failed };

  it('is written though the storage fails at first', async () => {
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

  it('counts where it says delivered; of all else the probes know more by now', async () => {
    const { context, settled, state, stepsOf } = spooler();
    state.changes = [change('delivered', { from: 'unconfirmed' })];
    await settleLate(context, [note('b'), note('a'), note('c')], [deferred, delivered]);
    expect(settled).toEqual([{ token: 'a:1:deliver:1', to: 'delivered', messageClass: 'X' }]);
    expect(stepsOf('message:delivered')).toMatchObject([{ ...event, messageClass: 'X', foundByProbe: false }]);
  });

  it('is nothing where none says so, or once all is aborted', async () => {
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

describe('what came of each note that was handed over', () => {
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

  it('is told with how long the request took, and the traces of its messages, each once', async () => {
    const entries = [traced('x', 't-2'), traced('y'), traced('z', 't-1'), traced('w', 't-2')];
    const outcome: DeliveryOutcome = { status: 'delivered', messageClass: 'IPM.Note' };
    const { heard, at } = await handed('deliver', [{ note: note('a', { entries }), settlement, outcome }], { startedAt: 120 });
    const { endpoint } = place;
    const told = { noteId: 'a', attempt: 1, lane, endpoint, kind: 'deliver', outcome: 'delivered', entries: 4, at, took: 120 };
    expect(heard).toEqual([['note:settled', { ...told, traceparents: ['t-2', 't-1'] }]]);
  });

  it('has the code of the error that it met, by a delivery or by a look', async () => {
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

  it('is not told of one that was not written, or where nobody listens', async () => {
    const error = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    const unwritten: Settled = { note: note('a'), settlement, outcome: { status: 'deferred', scope: 'note', error } };
    expect((await handed('deliver', [{ note: note('b'), settlement }, unwritten])).heard).toEqual([]);
    const written: Settled = { note: note('a'), settlement, outcome: { status: 'delivered', messageClass: 'IPM.Note' } };
    expect((await handed('deliver', [written], { listens: false })).heard).toEqual([]);
  });
});

it('nobody who listens costs no steps: neither for a claim nor for a settlement', () => {
  const { context, steps } = spooler();
  Object.assign(context.trace, { logs: false, hears: () => false });
  reportClaim(context, 'deliver', note('a'));
  reportSettled(context, 'deliver', [{ note: note('a'), settlement: as({ to: 'held' }) }], []);
  expect(steps).toEqual([]);
});

it('a message that is picked up late says by how much', async () => {
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
])('each change finds its note, %s', (_order, changed) => {
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

it('a draft that stays is warned of when not all of its messages say so themselves', () => {
  const two = note('a', { entries: [entry('e-a'), entry('e-b')] });
  const settlement = as({ to: 'dead', reason: { code: 'DRAFT_LEFT', text: 'A draft stays.' } });
  expect(told('deliver', { note: two, settlement }, change('cancelled')).warnings).toMatchObject([{ code: 'DRAFT_LEFT' }]);
  expect(told('deliver', { note: two, settlement }, change('dead')).warnings).toEqual([]);
});
