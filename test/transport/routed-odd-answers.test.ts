/** A side of the router is a host's own transport, in plain JavaScript: an invalid result proves nothing, least of all absence. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { Note, Place, ProbeResult, Transport } from '../../src/transport/contract.ts';
import { routeByMailbox } from '../../src/transport/route-by-mailbox.ts';
import { combined, statusOf } from '../../src/transport/verdict.ts';
import { makeNote } from '../graph/support/canned.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const error = new OfflineImError('REQUEST_TIMEOUT', 'Late.');
const { signal } = new AbortController();

const noResults: readonly (readonly [string, () => unknown])[] = [
  ['a promise', () => Promise.resolve({ status: 'found' })],
  ['a promise that rejects', () => Promise.reject(new Error('secret'))],
  ['of an unknown status', () => ({ status: 'sent' })],
  ['without a status', () => ({})],
  ['text', () => 'found'],
  ['a list', () => []],
  ['null', () => null],
  ['undefined', () => undefined],
  ['an unknown without an error', () => ({ status: 'unknown' })],
  ['an unknown with a foreign error', () => ({ status: 'unknown', error: { code: 'EWS_DISABLED' } })],
  ['a draft that says neither removed nor left', () => ({ status: 'draft' })],
  [
    'one that throws',
    () => ({
      get status(): string {
        throw new Error('secret');
      },
    }),
  ],
];

function side(endpoint: string, result: () => unknown): FakeTransport {
  return Object.assign(new FakeTransport(), {
    place: ({ address }: { address: string }): Place => ({ endpoint, mailbox: address, folder: 'sentitems' }),
    probe: async (notes: readonly Note[]) => notes.map(result) as ProbeResult[],
  });
}

const routed = (onPremises: Transport, online: Transport, of: 'on-premises' | 'exchange-online' = 'on-premises'): Transport =>
  routeByMailbox({ of: () => of, transports: { 'on-premises': onPremises, 'exchange-online': online } });

describe('an invalid probe result', () => {
  it.each(noResults)('%s: the note is sent once, and the loop reports what it found', async (what, result) => {
    const own = side('own', result);
    own.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
    const { sender, clock, eventsOf } = aliceSends({ transport: routed(own, new FakeTransport()), pickupDelay: 0 });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'one' });
    await clock.advance(20 * 60_000);
    expect(own.delivered).toHaveLength(1);
    // The router itself reports that there is none.
    expect(eventsOf('warning')).toHaveLength(what === 'null' || what === 'undefined' ? 0 : 1);
    await sender.stop();
  });

  it('with a status that changes at each read never means absent: the note is sent once', async () => {
    const own = side('own', () => {
      let looks = 0;
      return {
        get status(): string {
          looks += 1;
          return looks % 2 === 1 ? 'found' : 'sent';
        },
      };
    });
    own.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
    const { sender, clock } = aliceSends({ transport: routed(own, new FakeTransport()), pickupDelay: 0 });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'one' });
    await clock.advance(40 * 60_000);
    expect(own.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('an optional part that throws does not affect other notes', async () => {
    const odd = {
      status: 'found',
      get draft(): string {
        throw new Error('secret');
      },
    };
    let asked = 0;
    const own = side('own', () => (asked++ === 0 ? odd : { status: 'found' }));
    const router = routed(own, new FakeTransport());
    const notes = [1, 2].map((number) => {
      const note = makeNote(router as never, number);
      return { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    });
    expect((await router.probe(notes, { signal })).map((result) => result.status)).toEqual(['found', 'found']);
  });

  it.each(noResults)('%s, of one place: only a find in the other proves anything', async (_, result) => {
    const place = { endpoint: 'old', mailbox: 'alice@contoso.com', folder: 'sentitems' };
    const told = async (old: () => unknown, now: () => unknown): Promise<unknown> => {
      const router = routed(side('old', old), side('now', now), 'exchange-online');
      const asked = { ...makeNote(router as never, 1), unknownAttempts: [{ tag: 't', place }] };
      const [first] = await router.probe([asked], { signal });
      return statusOf(first);
    };
    const absent = (): ProbeResult => ({ status: 'absent' });
    const found = (): ProbeResult => ({ status: 'found' });
    const draft = (): ProbeResult => ({ status: 'draft', removed: true });
    expect([await told(result, absent), await told(absent, result), await told(result, draft)]).toEqual(Array(3).fill('unknown'));
    expect([await told(result, found), await told(found, result)]).toEqual(['found', 'found']);
  });

  it.each(noResults)('%s, of one of two attempts: neither is absent, and a draft of the other is not sufficient', (_, result) => {
    for (const other of [{ status: 'absent' }, { status: 'draft', removed: true }] as const) {
      const odd = result() as ProbeResult;
      Promise.resolve(odd).catch(() => undefined);
      expect(combined([odd, other])).toBe(odd);
      expect(combined([other, odd])).toBe(odd);
    }
  });

  it('a string instead of a list is not read as a list of letters', async () => {
    const own = Object.assign(new FakeTransport(), { probe: async () => 'a' as never });
    const router = routed(own, new FakeTransport());
    const note = makeNote(router as never, 1);
    const asked = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    expect(await router.probe([asked], { signal })).toMatchObject([{ status: 'unknown' }]);
  });
});

describe('an invalid outcome', () => {
  it.each([
    ['a promise', () => Promise.resolve({ status: 'blocked', sent: 'no' })],
    ['blocked without an error', () => ({ status: 'blocked', scope: 'mailbox', sent: 'no' })],
    [
      'blocked with a foreign error',
      () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'EWS_DISABLED' } }),
    ],
    [
      'one that throws',
      () => ({
        get status(): string {
          throw new Error('secret');
        },
      }),
    ],
  ])('%s: is passed on unchanged, and does not affect deliveries of the other side', async (_, outcome) => {
    let moved = false;
    const odd = outcome();
    const bad = side('bad', () => ({ status: 'absent' }));
    bad.deliver = async () => {
      moved = true;
      return [odd] as never;
    };
    const good = side('good', () => ({ status: 'absent' }));
    const router = routeByMailbox({
      of: (address) => (address === 'carol@contoso.test' && !moved ? 'exchange-online' : 'on-premises'),
      transports: { 'exchange-online': bad, 'on-premises': good },
    });
    const notes = ['carol@contoso.test', 'alice@contoso.test'].map((address, at) =>
      makeNote(router as never, at + 1, { from: { address } }),
    );
    const outcomes = await router.deliver(notes, { signal, mayWrite: () => true });
    expect(outcomes[0]).toBe(odd);
    expect(outcomes[1]).toMatchObject({ status: 'delivered' });
  });
});

it.each([
  ['NaN', () => Number.NaN],
  ['text', () => '5'],
  ['a promise', () => Promise.reject(new Error('secret'))],
  [
    'an error',
    () => {
      throw new Error('secret');
    },
  ],
])('the grace of one side counts if the other has none: %s', (_, grace) => {
  const odd = Object.assign(
    side('odd', () => undefined),
    { minimumGrace: grace as never },
  );
  const long = Object.assign(
    side('long', () => undefined),
    { minimumGrace: () => 900_000 },
  );
  const place = { endpoint: 'long', mailbox: 'm', folder: 'f' };
  expect(routed(odd, long).minimumGrace?.(place)).toBe(900_000);
  expect(routed(long, odd).minimumGrace?.(place)).toBe(900_000);
  expect(routed(odd, odd).minimumGrace?.(place)).not.toBeGreaterThanOrEqual(0);
});
