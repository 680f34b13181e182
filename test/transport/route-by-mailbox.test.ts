import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { ManualClock, transportConformance } from '../../src/testing.ts';
import type { DeliveryOutcome, Note, ProbeResult, Transport } from '../../src/transport/contract.ts';
import { type RouteLocation, routeByMailbox } from '../../src/transport/route-by-mailbox.ts';
import { type BothSides, bothSides, online, onPremises } from '../graph/support/both-sides.ts';
import { makeNote } from '../graph/support/canned.ts';
import { leftOut, overGraphDoor } from '../graph/support/conformance.ts';
import { FakeTransport } from '../support/fake-transport.ts';

let clock: ManualClock;
let sides: BothSides;
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  sides = await bothSides(clock);
});
afterEach(() => sides.server.close());

const always = { signal: new AbortController().signal, mayWrite: () => true };
const note = (from: string, n = 1): Note => makeNote(sides.transport as never, n, { from: { address: from } });
const deliver = (notes: readonly Note[]): Promise<readonly DeliveryOutcome[]> => sides.transport.deliver(notes, always);
const probe = async (one: Note): Promise<ProbeResult | undefined> => {
  const asked = { ...one, unknownAttempts: [{ tag: one.tag, place: one.place }] };
  return (await sides.transport.probe([asked], { signal: always.signal }))[0];
};
/** Requests repeated after a pause by the clock. */
const repeated = async <Answer>(asked: Promise<Answer>): Promise<Answer> => {
  let answered = false;
  const done = asked.finally(() => {
    answered = true;
  });
  while (!answered) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await clock.advance(100);
  }
  return done;
};
const move = (address: string, to: 'exchange-online' | 'on-premises'): void => {
  sides.server.moveMailbox(address, to);
  sides.located.set(address, to);
};

describe('the route of a note', () => {
  it('is that of the mailbox it is sent from', async () => {
    expect(await deliver([note(onPremises, 1)])).toMatchObject([
      { status: 'delivered', messageClass: 'IM.Note.MissedConversation' },
    ]);
    expect(await deliver([note(online, 2)])).toMatchObject([{ status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' }]);
    expect(sides.server.journal.map(({ operation }) => operation)).toContain('CreateItem');
    expect(sides.server.journal.map(({ operation }) => operation)).toContain('sendMail');
    expect(sides.transport.placeOf({ address: online }).endpoint).toBe(sides.server.graphUrl);
    expect(sides.transport.placeOf({ address: onPremises }).endpoint).toBe(sides.server.url);
  });

  it('no longer matches its frozen place after a move: the note is not attempted', async () => {
    const frozen = note(onPremises);
    move(onPremises, 'exchange-online');
    expect(await deliver([frozen])).toMatchObject([{ status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } }]);
    expect(sides.server.journal).toEqual([]);
    expect(await deliver([note(onPremises)])).toMatchObject([{ status: 'delivered' }]);
  });

  it('by EWS to a mailbox in Exchange Online is blocked, and the reason names GraphTransport', async () => {
    move(onPremises, 'exchange-online');
    sides.located.delete(onPremises);
    const [outcome] = await deliver([note(onPremises)]);
    expect(outcome).toMatchObject({ status: 'blocked', sent: 'no', error: { code: 'EWS_DISABLED' } });
    expect(outcome?.status === 'blocked' && outcome.error.message).toContain('GraphTransport');
  });
});

describe('a note that may have been sent, from a mailbox moved since', () => {
  const ways = [
    [onPremises, 'exchange-online', 'CreateItem'],
    [online, 'on-premises', 'sendMail'],
  ] as const;

  it.each(ways)('%s to %s: a sent note is found there, although its id has changed', async (from, to, operation) => {
    await sides.server.close();
    sides = await bothSides(clock, from);
    const sent = note(from);
    sides.server.faults.on(operation).once().lostResponse();
    expect(await deliver([sent])).toMatchObject([{ status: 'unconfirmed' }]);
    await clock.advance(60_000); // Exchange Online moves it from Drafts to Sent Items meanwhile.
    move(from, to);
    expect(sides.transport.canProbe?.(sent.place)).toBe(true);
    expect(await probe(sent)).toMatchObject({ status: 'found' });
  });

  it('is absent if it was not sent: the place it left counts as searched', async () => {
    const lost = note(onPremises);
    sides.server.faults.on('CreateItem').once().resetBefore();
    expect(await deliver([lost])).toMatchObject([{ status: 'unconfirmed' }]);
    move(onPremises, 'exchange-online');
    expect(await probe(lost)).toMatchObject({ status: 'absent' });
  });

  it('is unknown while one of the places cannot be read', async () => {
    const lost = note(onPremises);
    move(onPremises, 'exchange-online');
    sides.server.faults.on('listMessages').graphError('ErrorMailboxStoreUnavailable');
    expect(await repeated(probe(lost))).toMatchObject({ status: 'unknown' });
    sides.server.faults.clear();
    sides.server.faults.on('FindItem').soapFault('ErrorServerBusy');
    expect((await repeated(probe(lost)))?.status).toBe('unknown');
  });

  it('is unknown while the mailbox is being moved', async () => {
    const lost = note(onPremises);
    sides.server.moveMailbox(onPremises, 'exchange-online', { during: 60_000 });
    expect((await probe(lost))?.status).toBe('unknown');
    sides.located.set(onPremises, 'exchange-online');
    expect((await probe(lost))?.status).toBe('unknown');
    await clock.advance(60_000);
    expect((await probe(lost))?.status).toBe('absent');
  });
});

describe('the combined results of several places', () => {
  const unknown = (code: 'HTTP_STATUS' | 'EWS_DISABLED'): ProbeResult => ({
    status: 'unknown',
    error: new OfflineImError(code, 'No.'),
  });
  const absent: ProbeResult = { status: 'absent' };
  const draft: ProbeResult = { status: 'draft', removed: true };

  it.each([
    [absent, absent, 'absent'],
    [absent, { status: 'found' }, 'found'],
    [unknown('HTTP_STATUS'), { status: 'found' }, 'found'],
    [unknown('HTTP_STATUS'), absent, 'unknown'],
    [absent, unknown('HTTP_STATUS'), 'unknown'],
    [unknown('EWS_DISABLED'), absent, 'absent'],
    [absent, { status: 'pending' }, 'pending'],
    [absent, draft, 'draft'],
    [unknown('HTTP_STATUS'), draft, 'unknown'],
  ] as const)('%o then %o: %s', async (there, here, expected) => {
    const [old, now] = [fake('old', there), fake('now', here)];
    const transport = routeByMailbox({ of: () => 'exchange-online', transports: { 'exchange-online': now, 'on-premises': old } });
    const place = { endpoint: 'old', mailbox: onPremises, folder: 'sentitems' };
    const one = { ...note(onPremises), unknownAttempts: [{ tag: 't', place }] };
    expect((await transport.probe([one], { signal: always.signal }))[0]?.status).toBe(expected);
  });
});

it('an of() that throws or returns nonsense keeps notes waiting, and is reported', async () => {
  const [a, b] = [fake('a', { status: 'absent' }), fake('b', { status: 'absent' })];
  for (const of of [
    () => 'elsewhere' as never,
    () => {
      throw new Error('no');
    },
  ]) {
    const transport = routeByMailbox({ of, transports: { 'exchange-online': a, 'on-premises': b } });
    expect(() => transport.placeOf({ address: onPremises })).toThrow(/routeByMailbox/);
    const one = { ...note(onPremises), place: { endpoint: 'a', mailbox: onPremises, folder: '' } };
    expect(await transport.deliver([one], always)).toMatchObject([
      { status: 'deferred', scope: 'mailbox', error: { code: 'OPTION_INVALID' } },
    ]);
  }
  expect(() => routeByMailbox({ of: () => 'on-premises', transports: { 'on-premises': a } as never })).toThrow(/exchange-online/);
});

it('a transport whose canProbe returns a promise cannot probe, and a rejected one does not end the process', async () => {
  const a = Object.assign(fake('a', { status: 'absent' }), { canProbe: () => Promise.reject(new Error('secret')) });
  const b = Object.assign(fake('b', { status: 'absent' }), { canProbe: async () => true });
  const transport = routeByMailbox({ of: () => 'on-premises', transports: { 'exchange-online': a, 'on-premises': b } } as never);
  const place = { endpoint: 'b', mailbox: onPremises, folder: '' };
  expect(transport.canProbe?.(place)).toBe(false);
  const asked = { ...note(onPremises), place, unknownAttempts: [{ tag: 't', place }] };
  expect(await transport.probe([asked], { signal: always.signal })).not.toMatchObject([{ status: 'absent' }]);
});

function fake(endpoint: string, result: ProbeResult): FakeTransport {
  const transport = new FakeTransport();
  return Object.assign(transport, {
    placeOf: ({ address }: { address: string }) => ({ endpoint, mailbox: address, folder: 'sentitems' }),
    canProbe: (place: { endpoint: string }) => place.endpoint === endpoint,
    probe: async (notes: readonly Note[]) => notes.map(() => result),
  });
}

describe('transports that break their contract', () => {
  const away = 'carol@contoso.test';
  const both = (deliver: Transport['deliver']) => {
    const [good, bad] = [fake('good', { status: 'absent' }), Object.assign(fake('bad', { status: 'absent' }), { deliver })];
    const of = (address: string): RouteLocation => (address === away ? 'exchange-online' : 'on-premises');
    const router = routeByMailbox({ of, transports: { 'exchange-online': bad, 'on-premises': good } });
    const from = (address: string, n: number): Note => makeNote(router as never, n, { from: { address } });
    return { router, notes: [from(onPremises, 1), from(away, 2), from(away, 3)] };
  };
  const delivered: DeliveryOutcome = { status: 'delivered', messageClass: 'IPM.Note' };

  it.each(['NOT_ATTEMPTED', 'TRANSPORT_FAILED'] as const)(
    'a rejection with %s affects only its own notes: deliveries of the other side count',
    async (code) => {
      const { router, notes } = both(() => Promise.reject(new OfflineImError(code, 'No.')));
      const status = code === 'NOT_ATTEMPTED' ? 'deferred' : 'unconfirmed';
      expect(await router.deliver(notes, always)).toMatchObject([
        { status: 'delivered' },
        { status, error: { code } },
        { status, error: { code } },
      ]);
      await expect(router.deliver(notes.slice(1), always)).rejects.toMatchObject({ code });
    },
  );

  it.each([0, 1, 3])('%d outcomes for two notes: both are unconfirmed', async (count) => {
    const { router, notes } = both(async () => Array.from({ length: count }, () => delivered));
    expect((await router.deliver(notes, always)).map(({ status }) => status)).toEqual([
      'delivered',
      'unconfirmed',
      'unconfirmed',
    ]);
  });

  it.each([0, 1, 3])('%d results for two attempts: neither is found', async (count) => {
    const bad = Object.assign(fake('bad', { status: 'absent' }), {
      probe: async () => Array.from({ length: count }, (): ProbeResult => ({ status: 'found' })),
    });
    const router = routeByMailbox({ of: () => 'exchange-online', transports: { 'exchange-online': bad, 'on-premises': bad } });
    const asked = [1, 2].map((n) => {
      const one = makeNote(router as never, n, { from: { address: away } });
      return { ...one, unknownAttempts: [{ tag: one.tag, place: one.place }] };
    });
    expect((await router.probe(asked, { signal: always.signal })).map(({ status }) => status)).toEqual(['unknown', 'unknown']);
  });

  it('one transport on both sides is closed once', async () => {
    const one = fake('a', { status: 'absent' });
    await routeByMailbox({ of: () => 'on-premises', transports: { 'exchange-online': one, 'on-premises': one } }).close?.();
    expect(one.closed).toBe(1);
  });
});

describe('over the Graph door', () => {
  transportConformance(
    { describe, it },
    (options) =>
      overGraphDoor(options, (graph) => {
        const other = fake('elsewhere', { status: 'absent' });
        return routeByMailbox({ of: () => 'exchange-online', transports: { 'exchange-online': graph, 'on-premises': other } });
      }),
    { skip: leftOut },
  );
});

describe('a mailbox moved while its note is in transit', () => {
  const cases = [
    ['GRAPH_ERROR', 'exchange-online', 'MailboxNotEnabledForRESTAPI'],
    ['EWS_DISABLED', 'on-premises', undefined],
  ] as const;
  it.each(cases)('%s of the old side blocks nothing: the next claim uses the new route', async (code, left, responseCode) => {
    const { graph, ews } = sides;
    let location: RouteLocation = left;
    let moves = true;
    const details = responseCode === undefined ? {} : { responseCode };
    const refused: DeliveryOutcome = {
      status: 'blocked',
      scope: 'endpoint',
      sent: 'no',
      error: new OfflineImError(code, 'No.', { details }),
    };
    const refusing = (transport: Transport): Transport => ({
      name: transport.name,
      placeOf: (from) => transport.placeOf(from),
      canProbe: (place) => transport.canProbe?.(place) ?? false,
      probe: async () => [],
      deliver: async () => {
        if (moves) location = left === 'on-premises' ? 'exchange-online' : 'on-premises';
        return [refused];
      },
    });
    const router = routeByMailbox({
      of: () => location,
      transports: { 'exchange-online': refusing(graph), 'on-premises': refusing(ews) },
    });
    const own = makeNote(router as never, 1);
    expect(await router.deliver([own], always)).toMatchObject([
      { status: 'deferred', scope: 'note', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } },
    ]);
    // A mailbox that has not moved is blocked as before.
    location = left;
    moves = false;
    expect(await router.deliver([own], always)).toEqual([refused]);
  });
});
