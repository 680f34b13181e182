/** What happens to claimed notes between claim and settlement. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Settlement } from '../../src/spool/contract.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { failed, lane, note, place, spooler } from './parts.ts';

const kinds = (settlements: readonly Settlement[]) => settlements.map(({ token, to }) => `${token.slice(0, 1)} ${to}`);

describe('a batch for delivery', () => {
  it('is sent together, and each note is settled by its outcome', async () => {
    const { work, transport, settled, lanes, freed, leases, stepsOf } = spooler();
    transport.answer = (one) =>
      one.id === 'b' ? { status: 'deferred', scope: 'note', error: failed } : { status: 'delivered', messageClass: 'X' };
    await work('deliver', note('a'), note('b'));
    expect(transport.batches.map((batch) => batch.map(({ id }) => id))).toEqual([['a', 'b']]);
    expect(settled).toMatchObject([
      { token: 'a:1:deliver:1', to: 'delivered', messageClass: 'X' },
      { token: 'b:1:deliver:1', to: 'deferred', failure: true, after: 2_500 },
    ]);
    expect([freed(), lanes.admission(lane), leases.left(['a:1:deliver:1'])]).toEqual([1, 'open', Number.NEGATIVE_INFINITY]);
    expect(stepsOf('claim:deliver')).toMatchObject([{ noteId: 'a', attempt: 1, lane, entries: 1, probes: 0 }, { noteId: 'b' }]);
    expect(stepsOf('settle')).toMatchObject([
      { noteId: 'a', attempt: 1, lane, to: 'delivered' },
      { noteId: 'b', to: 'deferred', code: 'EWS_ERROR' },
    ]);
  });

  it('tells the loop of the changes in the storage, and the trace of lost claims', async () => {
    const { work, state, stepsOf, made } = spooler();
    state.changes = [{ entryId: 'e-a', messageId: 'm-e-a', from: 'delivering', to: 'delivered' }];
    state.lost = ['b:1:deliver:1'];
    await work('deliver', note('a'), note('b'));
    expect(made).toEqual(state.changes);
    expect(stepsOf('settle:lost')).toEqual([{ token: 'b:1:deliver:1' }]);
  });

  it('occupies its place among the requests of its mailbox from the start until it is settled', async () => {
    const { work, transport, lanes, freed } = spooler({ concurrencyPerMailbox: 1 });
    let during: unknown;
    transport.answer = () => {
      during = [lanes.admission(lane), freed()];
      return { status: 'delivered', messageClass: 'X' };
    };
    const done = work('deliver', note('a'));
    expect(lanes.admission(lane)).toBe('closed');
    await done;
    expect([during, lanes.admission(lane), freed()]).toEqual([['closed', 0], 'open', 1]);
  });

  it('claimed while stop() was called is given back without being handed over', async () => {
    const { work, transport, state, settled, freed, stepsOf } = spooler();
    state.stopping = true;
    await work('deliver', note('a'));
    expect([transport.delivered, settled, freed()]).toEqual([[], [{ token: 'a:1:deliver:1', to: 'unclaim' }], 1]);
    expect(stepsOf('claim:deliver')).toEqual([]);
  });

  it('reports each outcome to its mailbox', async () => {
    const { work, transport, lanes } = spooler();
    transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: failed });
    await work('deliver', note('a'));
    expect(lanes.admission(lane)).toBe('closed');
  });

  it('with a note that cannot be built makes that dead, with whether it was sent as far as known; the others are sent', async () => {
    const { work, transport, settled } = spooler();
    const broken = { entries: [] };
    await work('deliver', note('a', broken), note('b'), note('c', { ...broken, unknownAttempts: [{ tag: 'c:1', place }] }));
    expect(transport.delivered.map(({ id }) => id)).toEqual(['b']);
    expect(settled).toMatchObject([{ to: 'dead', sent: 'no' }, { to: 'dead', sent: 'unknown' }, { to: 'delivered' }]);
  });

  it('for a server that wants one note per request is sent one by one, and stops if that closes or everything stops', async () => {
    const { work, transport, settled, lanes, state } = spooler();
    lanes.keptCopyAfterFault(lane);
    transport.answer = (one) => {
      if (one.id === 'b') return { status: 'blocked', scope: 'mailbox', sent: 'no', error: failed };
      return { status: 'delivered', messageClass: 'X' };
    };
    await work('deliver', note('a'), note('b'), note('c'));
    expect(transport.batches.map((batch) => batch.map(({ id }) => id))).toEqual([['a'], ['b']]);
    expect(kinds(settled)).toEqual(['a delivered', 'b unclaim', 'c unclaim']);
    settled.length = 0;
    lanes.retryNow();
    transport.answer = () => {
      state.stopping = true;
      return { status: 'delivered', messageClass: 'X' };
    };
    await work('deliver', note('d'), note('e'));
    expect(kinds(settled)).toEqual(['d delivered', 'e unclaim']);
  });
});

describe('an error of a transport', () => {
  it('thrown by deliver() makes the notes unconfirmed, unless it says that nothing was attempted', async () => {
    const { work, transport, settled, stepsOf } = spooler();
    transport.deliver = async () => {
      throw new Error('broken pipe');
    };
    await work('deliver', note('a'));
    expect(settled).toMatchObject([
      {
        to: 'unconfirmed',
        ended: 'silence',
        reason: { code: 'TRANSPORT_FAILED', text: expect.stringMatching(/^The transport .+\.$/) },
      },
    ]);
    expect(stepsOf('transport:failed')).toMatchObject([{ notes: ['a'] }]);
    transport.deliver = async () => {
      throw new OfflineImError('NOT_ATTEMPTED', 'No connection.');
    };
    await work('deliver', note('b'));
    expect(settled.at(-1)).toEqual({ token: 'b:1:deliver:1', to: 'unclaim' });
  });

  it('in the number of outcomes makes all notes unconfirmed', async () => {
    const { work, transport, settled } = spooler();
    transport.deliver = async () => [{ status: 'delivered', messageClass: 'X' }];
    await work('deliver', note('a'), note('b'));
    expect(kinds(settled)).toEqual(['a unconfirmed', 'b unconfirmed']);
  });

  it.each(['deliver', 'probe'] as const)('that leaves %s unanswered causes one warning, then only traces', async (kind) => {
    const { work, transport, warnings, stepsOf } = spooler();
    transport[kind] = async () => [];
    await work(kind, note('a'));
    expect([warnings.length, stepsOf('transport:failed').length]).toEqual([1, 0]);
    await work(kind, note('b'));
    expect([warnings.length, stepsOf('transport:failed')]).toEqual([1, [{ notes: ['b'], error: expect.any(Error) }]]);
  });

  it('thrown by probe() leads to another probe', async () => {
    const { work, transport, settled, stepsOf } = spooler();
    transport.probe = async () => {
      throw new Error('broken pipe');
    };
    await work('probe', note('a'));
    expect(settled).toMatchObject([
      {
        to: 'unconfirmed',
        absent: false,
        reason: { code: 'TRANSPORT_FAILED', text: expect.stringMatching(/^The transport .+\.$/) },
      },
    ]);
    expect(stepsOf('transport:failed')).toMatchObject([{ notes: ['a'] }]);
  });
});

describe('permission to send the first byte', () => {
  async function leave(change: (parts: ReturnType<typeof spooler>) => unknown): Promise<boolean | undefined> {
    const parts = spooler();
    let asked: boolean | undefined;
    parts.transport.answer = async (_note, { mayWrite }) => {
      await change(parts);
      asked = mayWrite?.();
      return { status: 'delivered', messageClass: 'X' };
    };
    const done = parts.work('deliver', note('a'));
    await parts.clock.advance(0);
    await done;
    return asked;
  }

  it('is given while the lease outlasts a request, nothing stops, and the storage is still ours', async () => {
    expect(await leave(() => undefined)).toBe(true);
    expect(await leave(({ state }) => Object.assign(state, { stopping: true }))).toBe(false);
    expect(await leave(({ state }) => Object.assign(state, { owns: false }))).toBe(false);
    expect(await leave(({ leases }) => leases.add(['a:1:deliver:1'], -60_000))).toBe(true);
    expect(await leave(({ leases }) => leases.add(['a:1:deliver:1'], -60_001))).toBe(false);
  });

  it('is not given if the storage cannot tell who owns it', async () => {
    const isOwner = () => {
      throw new Error('gone');
    };
    expect(await leave(({ context }) => Object.assign(context.storage, { isOwner }))).toBe(false);
  });

  it('ends with the timeout of the call, whatever is left of the lease; a later delivered counts anyway', async () => {
    const { work, clock, transport, settled, leases } = spooler();
    const { promise, resolve } = Promise.withResolvers<DeliveryOutcome>();
    let mayWrite = (): boolean => false;
    transport.answer = (_note, options) => {
      mayWrite = () => options.mayWrite();
      return promise;
    };
    const done = work('deliver', note('a'));
    await clock.advance(1_199_999);
    expect(mayWrite()).toBe(true);
    await clock.advance(1);
    expect(mayWrite()).toBe(false);
    await clock.advance(5_000);
    await done;
    leases.add(['a:1:deliver:1'], clock.monotonic());
    expect([mayWrite(), kinds(settled)]).toEqual([false, ['a unconfirmed']]);
    resolve({ status: 'delivered', messageClass: 'X' });
    await clock.advance(0);
    expect(kinds(settled)).toEqual(['a unconfirmed', 'a delivered']);
  });
});

describe('beforeDelivery', () => {
  it.each([
    ['deliver', 'delivered'],
    ['hold', 'held'],
    ['cancel', 'cancelled'],
  ] as const)('returns %s: %s', async (decision, to) => {
    const { work, transport, settled } = spooler({ beforeDelivery: () => decision });
    await work('deliver', note('a'));
    expect([settled.map((one) => one.to), transport.delivered.length]).toEqual([[to], to === 'delivered' ? 1 : 0]);
  });

  it('throws: the note is deferred, which counts as its own failure', async () => {
    const { work, settled, transport } = spooler({
      beforeDelivery: () => {
        throw new Error('no');
      },
    });
    await work('deliver', note('a'));
    expect(settled).toMatchObject([{ to: 'deferred', failure: true, after: 2_500 }]);
    expect(transport.delivered).toEqual([]);
  });

  it('is not called for a note that cannot be built, nor before a probe', async () => {
    const asked: string[] = [];
    const { work, settled } = spooler({
      beforeDelivery: ({ id }) => {
        asked.push(id);
        return 'hold';
      },
    });
    await work('deliver', note('a', { entries: [] }));
    await work('probe', note('b'));
    expect([asked, kinds(settled)]).toEqual([[], ['a dead', 'b unconfirmed']]);
  });

  it('delays only its own note while it runs, and the mailbox may have closed meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<'deliver'>();
    const { work, clock, settled, lanes, freed, transport } = spooler({
      concurrencyPerMailbox: 1,
      beforeDelivery: ({ id }) => (id === 'slow' ? promise : 'deliver'),
    });
    const done = work('deliver', note('slow'), note('a'));
    await clock.advance(1_000);
    expect([kinds(settled), freed(), lanes.admission(lane)]).toEqual([['a delivered'], 1, 'open']);
    lanes.begin(lane, 'deliver');
    resolve('deliver');
    await done;
    expect(kinds(settled)).toEqual(['a delivered', 's unclaim']);
    expect(transport.delivered.map(({ id }) => id)).toEqual(['a']);
    expect(freed()).toBe(1);
  });
});

it('after a slow hook, with the mailbox still open, the note is sent, and occupies its place again', async () => {
  const { promise, resolve } = Promise.withResolvers<'deliver'>();
  const { work, clock, transport, lanes, freed } = spooler({
    concurrencyPerMailbox: 1,
    beforeDelivery: () => promise,
  });
  let during: unknown;
  transport.answer = () => {
    during = lanes.admission(lane);
    return { status: 'delivered', messageClass: 'X' };
  };
  const done = work('deliver', note('slow'));
  await clock.advance(1_000);
  expect([lanes.admission(lane), freed()]).toEqual(['open', 1]);
  resolve('deliver');
  await done;
  expect([transport.delivered.map(({ id }) => id), during, lanes.admission(lane), freed()]).toEqual([
    ['slow'],
    'closed',
    'open',
    2,
  ]);
});

it.each(['deliver', 'probe'] as const)('listeners are told what happened to each note (%s)', async (kind) => {
  const { work, context } = spooler();
  const told: object[] = [];
  Object.assign(context.trace, { listens: () => true, listened: (_name: string, fields: object) => told.push(fields) });
  await work(kind, note('a', { unknownAttempts: [{ tag: 'a:1', place }] }));
  expect(told).toMatchObject([{ noteId: 'a', kind, outcome: kind === 'deliver' ? 'delivered' : 'absent' }]);
});

describe('a batch for a probe', () => {
  it('slows the mailbox down only if a copy was found after a fault', async () => {
    const { work, transport, lanes } = spooler();
    const faulty = { unknownAttempts: [{ tag: 'a:1', place, ended: 'fault' as const }] };
    await work('probe', note('a', faulty));
    expect(lanes.isOneByOne(lane)).toBe(false);
    transport.answerProbe = () => ({ status: 'found' });
    await work('probe', note('a', faulty));
    expect(lanes.isOneByOne(lane)).toBe(true);
  });

  it('counts only inconclusive probes as refused', async () => {
    const { work, transport, settled } = spooler();
    transport.answerProbe = () => ({ status: 'pending' });
    for (let look = 0; look < 5; look++) await work('probe', note('a'));
    transport.answerProbe = () => ({ status: 'unknown', scope: 'note', error: failed });
    await work('probe', note('a'));
    expect(settled.at(-1)).toMatchObject({ to: 'unconfirmed', after: 5_000 });
  });

  it('settles each note by what was found', async () => {
    const { work, transport, settled, stepsOf } = spooler();
    transport.answerProbe = (one) => (one.id === 'a' ? { status: 'found' } : { status: 'absent' });
    await work('probe', note('a'), note('b', { unknownAttempts: [{ tag: 'b:1', place }] }));
    expect(kinds(settled)).toEqual(['a delivered', 'b unconfirmed']);
    expect(stepsOf('probe:result')).toMatchObject([
      { noteId: 'a', attempt: 1, result: 'found' },
      { noteId: 'b', result: 'absent' },
    ]);
  });

  it('reports once per note that it is unconfirmed, and why', async () => {
    const { work, stepsOf } = spooler();
    await work('probe', note('a'));
    await work('probe', note('a'));
    expect(stepsOf('message:unconfirmed')).toEqual([
      {
        messageId: 'm-e-a',
        id: 'e-a',
        noteId: 'a',
        attempt: 1,
        lane,
        code: 'OUTCOME_UNKNOWN',
        text: expect.stringMatching(/^[A-Z].+\.$/),
        probeIn: 0,
      },
    ]);
  });

  it('counts the time between probes', async () => {
    const { work, clock, settled } = spooler();
    await work('probe', note('a'));
    await clock.advance(5_000);
    await work('probe', note('a', { probes: 1 }));
    expect(settled).toMatchObject([{ counted: 0 }, { counted: 5_000 }]);
  });

  it('that was inconclusive counts as refused, which delays its next probe', async () => {
    const { work, clock, transport, settled } = spooler();
    transport.answerProbe = () => ({ status: 'unknown', scope: 'note', error: failed, retryAfter: 100_000 });
    await work('probe', note('a'));
    await clock.advance(100_000);
    await work('probe', note('a', { probes: 1 }));
    expect(settled).toMatchObject([{ after: 100_000 }, { counted: 100_000 }]);
  });

  it('uses the grace period of its places', async () => {
    const { work, settled, places } = spooler();
    const asked: unknown[] = [];
    Object.assign(places, { graceOf: (attempts: unknown) => asked.push(attempts) && 7 });
    const unknownAttempts = [{ tag: 'a:1', place }];
    await work('probe', note('a', { absences: 1, quietFor: 7, unknownAttempts }));
    expect([kinds(settled), asked]).toEqual([['a deferred'], [unknownAttempts]]);
  });

  it('with an attempt at a place no longer configured probes the others; if it was the only one, the note is dead', async () => {
    const { work, settled, places, transport } = spooler();
    Object.assign(places, { canProbe: ({ endpoint }: { endpoint: string }) => endpoint !== 'gone' });
    const gone = { ...place, endpoint: 'gone' };
    await work(
      'probe',
      note('a', {
        unknownAttempts: [
          { tag: 'a:1', place },
          { tag: 'a:2', place: gone },
        ],
      }),
      note('b', { unknownAttempts: [{ tag: 'b:1', place: gone }] }),
    );
    expect(kinds(settled).sort()).toEqual(['a unconfirmed', 'b dead']);
    expect(transport.probed.map(({ id, unknownAttempts }) => [id, unknownAttempts])).toEqual([['a', [{ tag: 'a:1', place }]]]);
  });

  it('that found only a copy after an error sends one note per request to that server from then on', async () => {
    const { work, transport, lanes, settled } = spooler();
    transport.answerProbe = () => ({ status: 'found' });
    await work('probe', note('a', { unknownAttempts: [{ tag: 'a:1', place }] }));
    expect(lanes.isOneByOne(lane)).toBe(false);
    await work('probe', note('b', { unknownAttempts: [{ tag: 'b:1', place, ended: 'fault' }] }));
    expect([lanes.isOneByOne(lane), kinds(settled)]).toEqual([true, ['a delivered', 'b dead']]);
  });
});
