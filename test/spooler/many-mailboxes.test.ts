/** The cost of a message while thousands of mailboxes wait for a server that is down: counted in calls and in lanes visited, never in time. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const unreachable = new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.');
const mailboxes = 2_000;

/** A spool that counts the calls of the loop. */
function counted() {
  const spool = new MemorySpool();
  const calls = { claim: 0, nextDue: 0, settle: 0 };
  const lists = new Set<readonly string[]>();
  const count = (name: keyof typeof calls): void => {
    calls[name] += 1;
  };
  const { claim, nextDue, settle } = spool;
  spool.claim = (request) => {
    count('claim');
    if (request.lanes !== undefined && 'except' in request.lanes) lists.add(request.lanes.except);
    return claim.call(spool, request);
  };
  spool.nextDue = (lanes) => {
    count('nextDue');
    return nextDue.call(spool, lanes);
  };
  spool.settle = (settlements) => {
    count('settle');
    return settle.call(spool, settlements);
  };
  const since = async (act: () => Promise<unknown>) => {
    const before = { ...calls };
    lists.clear();
    await act();
    return {
      claim: calls.claim - before.claim,
      nextDue: calls.nextDue - before.nextDue,
      settle: calls.settle - before.settle,
    };
  };
  return { spool: spool as SpoolStorage, since, lists };
}

const from = (index: number) => ({ sip: `sip:user${index}@contoso.com` });

/** Thousands of mailboxes, each of which has met the server that is down; those of `well` have another. */
async function down(pickupDelay: number) {
  const { spool, since, lists } = counted();
  const scene = aliceSends({ spool, pickupDelay, retry: { initialDelay: 600_000, maxDelay: 600_000 } });
  const { sender, transport, clock } = scene;
  const placed: string[] = [];
  transport.place = ({ address }) => {
    placed.push(address);
    const endpoint = address.startsWith('well') ? 'https://up.test' : 'https://down.test';
    return { endpoint, mailbox: address, folder: 'history' };
  };
  transport.answer = (note) =>
    note.place.endpoint === 'https://up.test'
      ? { status: 'delivered', messageClass: note.messageClass }
      : { status: 'deferred', scope: 'endpoint', error: unreachable };
  await sender.start();
  for (let index = 0; index < mailboxes; index++) await sender.send({ from: from(index), to: 'sip:bob@contoso.com', text: 'x' });
  await clock.advance(pickupDelay + 1_000);
  return { ...scene, since, lists, placed };
}

describe('while the server of thousands of mailboxes is down,', () => {
  it.each([
    ['the two minutes', 120_000],
    ['no delay', 0],
  ])('a message of one of them requires the spool only to store it (%s)', async (_what, pickupDelay) => {
    const { sender, clock, since, placed } = await down(pickupDelay);
    placed.length = 0;
    const asked = await since(async () => {
      for (let index = 0; index < 200; index++) {
        await sender.send({ from: from(index), to: 'sip:carol@contoso.com', text: 'x' });
        await clock.advance(1);
      }
    });
    expect(asked).toEqual({ claim: 0, nextDue: 0, settle: 0 });
    // Whether a mailbox has moved is checked for that mailbox, not for all.
    expect(placed.length).toBeLessThanOrEqual(400);
    await sender.stop();
  });

  it('a message of a new mailbox is not claimed in vain', async () => {
    const { sender, clock, since } = await down(0);
    const asked = await since(async () => {
      for (let index = 0; index < 50; index++) {
        await sender.send({ from: from(mailboxes + index), to: 'sip:carol@contoso.com', text: 'x' });
        await clock.advance(1);
      }
    });
    expect(asked).toEqual({ claim: 0, nextDue: 0, settle: 0 });
    await sender.stop();
  });

  it('a message of another server is delivered, and the spool gets the same list of excluded mailboxes', async () => {
    const { sender, transport, clock, since, lists } = await down(0);
    const before = transport.delivered.length;
    await since(async () => {
      for (let index = 0; index < 50; index++) {
        await sender.send({ from: { sip: `sip:well${index}@contoso.com` }, to: 'sip:bob@contoso.com', text: 'x' });
        await clock.advance(1);
      }
    });
    expect(transport.delivered.length - before).toBe(50);
    expect(lists.size).toBe(1);
    await sender.stop();
  });

  it('all mailboxes are delivered once it is back, and none is remembered', async () => {
    const { sender, transport, clock } = await down(0);
    transport.answer = (note) => ({ status: 'delivered', messageClass: note.messageClass });
    await clock.advance(700_000);
    const { states, unavailable } = await sender.stats();
    expect([states.delivered, unavailable]).toEqual([mailboxes, []]);
    await sender.stop();
  });
});

it('without free capacity, the spool is not asked again until there is some', async () => {
  const { spool, since } = counted();
  const { sender, transport, clock } = aliceSends({ spool, pickupDelay: 0 });
  const ends: (() => void)[] = [];
  transport.answer = async ({ messageClass }) => {
    await new Promise<void>((resolve) => ends.push(resolve));
    return { status: 'delivered', messageClass };
  };
  for (let index = 0; index < 1_500; index++) await sender.send({ from: from(index), to: 'sip:bob@contoso.com', text: 'x' });
  await sender.start();
  await clock.advance(100);
  expect(ends).toHaveLength(1_000);
  const asked = await since(() => clock.advance(20_000));
  expect(asked).toEqual({ claim: 0, nextDue: 0, settle: 0 });
  for (const end of ends.splice(0)) end();
  await clock.advance(1);
  expect(ends).toHaveLength(500);
  for (const end of ends) end();
  await clock.advance(1);
  expect((await sender.stats()).states.delivered).toBe(1_500);
  await sender.stop();
});

it('messages accepted and delivered at once let the event loop turn', async () => {
  const { sender, clock } = aliceSends({ pickupDelay: 0 });
  await sender.start();
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  for (let index = 0; index < 4_000; index++) await sender.send({ to: `sip:u${index % 50}@contoso.com`, text: 'x' });
  counting = false;
  expect(turns).toBeGreaterThan(8);
  await clock.advance(1_000);
  await sender.stop();
});
