/** A shard that neither answers nor fails keeps nothing of the others waiting, and loses nothing itself. */
import { describe, expect, it } from 'vitest';
import { OfflineImError, sealed, sharded } from '../../../src/index.ts';
import type { Change, Refreeze, SpoolEntry, SpoolStorage } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { troubled } from './troubled.ts';

const names = ['a', 'b', 'c'] as const;
type Name = (typeof names)[number];
const seconds = 1_000;

/** Three spools, of which some calls of some don't answer for the time being. */
function hangingScene() {
  const clock = new ManualClock();
  const inner = { a: new MemorySpool(), b: new MemorySpool(), c: new MemorySpool() };
  const hanging = new Map<Name, { readonly calls: (call: string) => boolean; readonly end: PromiseWithResolvers<void> }>();
  const asked: string[] = [];
  const spools = Object.fromEntries(
    names.map((name) => [
      name,
      troubled(inner[name], (call) => {
        asked.push(`${name}.${call}`);
        const one = hanging.get(name);
        return one?.calls(call) === true ? one.end.promise : undefined;
      }),
    ]),
  ) as Record<Name, SpoolStorage>;
  const spool = sharded(spools);
  const hang = (name: Name, calls: (call: string) => boolean = () => true): void => {
    hanging.set(name, { calls, end: Promise.withResolvers() });
  };
  const answer = async (name: Name): Promise<void> => {
    hanging.get(name)?.end.resolve();
    hanging.delete(name);
    await clock.advance(0);
  };
  const of = (name: Name): string =>
    Array.from({ length: 60 }, (_, n) => `s${n}@contoso.com`).find((one) => spool.shardOf(one) === name) ?? '';
  const append = (lane: string, messageId: string, parts: Parameters<typeof newEntry>[1] = {}) =>
    spool.append([newEntry(spool.entryIdFor?.(lane, messageId) ?? '', { lane, messageId, pickupIn: 0, ...parts })]);
  const warnings: string[] = [];
  const open = () => spool.open({ clock, tombstones: 86_400_000, onWarning: ({ message }) => warnings.push(message) });
  return { clock, inner, spools, spool, hang, answer, of, append, open, asked, warnings };
}

async function listed(entries: AsyncIterable<SpoolEntry>): Promise<string[]> {
  const all: string[] = [];
  for await (const { messageId } of entries) all.push(messageId);
  return all;
}

/** What a promise has resolved with by now. */
async function byNow<T>(promise: Promise<T>, clock: ManualClock, ms: number): Promise<T | 'nothing yet'> {
  let result: T | 'nothing yet' = 'nothing yet';
  promise.then(
    (value) => {
      result = value;
    },
    () => {},
  );
  await clock.advance(ms);
  return result;
}

it('a sender delivers for the mailboxes of the other shards, whatever the hanging one is asked', async () => {
  const { clock, spool, hang, answer, of } = hangingScene();
  const { sender, eventsOf } = aliceSends({ spool, clock });
  await sender.start();
  hang('b');
  for (let n = 0; n < 3; n++) {
    await sender.send({ from: `sip:${of('a')}`, to: 'sip:bob@contoso.com', text: 'x', messageId: `of a ${n}` });
    await clock.advance(130 * seconds);
    expect(eventsOf('message:delivered')).toHaveLength(n + 1);
    expect((await byNow(sender.stats(), clock, 5 * seconds)) === 'nothing yet').toBe(false);
  }
  await answer('b');
  await sender.send({ from: `sip:${of('b')}`, to: 'sip:bob@contoso.com', text: 'x', messageId: 'of b' });
  await clock.advance(130 * seconds);
  expect(eventsOf('message:delivered').at(-1)).toMatchObject({ messageId: 'of b' });
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
});

it('claims of the other shards are renewed in time: what takes long is sent from this process, and by no other', async () => {
  const { clock, spool, inner, hang, answer, of } = hangingScene();
  const sent: string[] = [];
  const slow = new FakeTransport();
  slow.answer = async (note, { mayWrite }) => {
    await new Promise<void>((resolve) => clock.setTimer(resolve, 900 * seconds));
    const error = new OfflineImError('NOT_ATTEMPTED', 'It may not be written.');
    if (!mayWrite()) return { status: 'deferred', scope: 'note', error };
    sent.push(`here ${note.from.address}`);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const quick = new FakeTransport();
  quick.answer = (note) => {
    sent.push(`there ${note.from.address}`);
    return { status: 'delivered', messageClass: note.messageClass };
  };
  const first = aliceSends({ spool, transport: slow, clock });
  const second = aliceSends({ spool: sharded(inner), transport: quick, clock });
  await first.sender.start();
  for (const name of ['a', 'b'] as const)
    await first.sender.send({ from: `sip:${of(name)}`, to: 'sip:bob@contoso.com', text: 'x' });
  await clock.advance(121 * seconds);
  hang('b', (call) => call === 'renew');
  await second.sender.start();
  await clock.advance(1_300 * seconds);
  expect(sent.filter((one) => one.endsWith(of('a')))).toEqual([`here ${of('a')}`]);
  expect(sent.filter((one) => one.endsWith(of('b')))).toEqual([`there ${of('b')}`]);
  await answer('b');
  await Promise.all([first.sender.stop({ timeout: 0 }), second.sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
});

describe('a call over all shards', () => {
  it('waits a moment for those that are late, all at the same time, and asks them nothing until they have answered', async () => {
    const { clock, spool, hang, answer, of, append, open, asked } = hangingScene();
    await open();
    await append(of('a'), 'a', { pickupIn: 60_000 });
    hang('b');
    hang('c');
    expect(await byNow(spool.nextDue(), clock, 1_000)).toBe(60_000);
    asked.length = 0;
    expect(await byNow(spool.nextDue(), clock, 0)).toBe(59_000);
    expect(asked).toEqual(['a.nextDue']);
    await answer('b');
    await answer('c');
    await spool.nextDue();
    expect(asked.slice(1)).toEqual(['a.nextDue', 'b.nextDue', 'c.nextDue']);
    await spool.close();
  });

  it('of which an expiry comes late reports it with the next one', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    for (const name of names) await append(of(name), name, { expiresIn: 10_000 });
    const request = {
      owner: 'run-1',
      closedLanes: [],
      allClosedFor: 60_000,
      reason: { code: 'EXPIRED', text: 'It expired.' },
    } as const;
    await clock.advance(20_000);
    hang('b');
    const changed = (await byNow(spool.expire(request), clock, 1_000)) as readonly Change[];
    expect(changed.map(({ messageId }) => messageId).sort()).toEqual(['a', 'c']);
    await answer('b');
    expect(await spool.expire(request)).toMatchObject([{ messageId: 'b', to: 'dead' }]);
    await spool.close();
  });

  it('wakes the sender as soon as a shard answers again', async () => {
    const { clock, spool, hang, answer, open } = hangingScene();
    await open();
    let woken = 0;
    const end = spool.watch?.(() => (woken += 1));
    hang('b');
    await byNow(spool.nextDue(), clock, 1_000);
    expect(woken).toBe(0);
    await answer('b');
    expect(woken).toBe(1);
    end?.();
    await spool.close();
  });
});

it('a shard that hangs after it has failed does not make the sender ask the others again and again', async () => {
  const { clock, spool, spools, hang, answer, open } = hangingScene();
  await open();
  const { nextDue } = spools.b;
  Object.assign(spools.b, { nextDue: () => Promise.reject(new Error('connect ECONNREFUSED')) });
  await spool.nextDue();
  Object.assign(spools.b, { nextDue });
  hang('b');
  await clock.advance(1_000);
  await byNow(spool.nextDue(), clock, 1_000);
  expect((await spool.nextDue()) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(500);
  await answer('b');
  await spool.close();
});

describe('what is given back', () => {
  /** What was cancelled at work, and was not written. */
  async function cancelledAtWork(name: Name) {
    const scene = hangingScene();
    const { clock, spool, of } = scene;
    const atWork = Promise.withResolvers<void>();
    const transport = new FakeTransport();
    transport.answer = async () => {
      await atWork.promise;
      return { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'There is no time.') };
    };
    const { sender, eventsOf } = aliceSends({ spool, clock, transport });
    await sender.start();
    const { messageId } = await sender.send({ from: `sip:${of(name)}`, to: 'sip:bob@contoso.com', text: 'x' });
    await clock.advance(121 * seconds);
    await sender.cancel(messageId);
    return { ...scene, sender, atWork, eventsOf, messageId };
  }

  it.each([1_500, 4_000])('to a shard that answers after %i ms is told as cancelled once', async (ms) => {
    const { clock, hang, answer, sender, atWork, eventsOf, messageId } = await cancelledAtWork('b');
    hang('b', (call) => call === 'settle');
    atWork.resolve();
    await clock.advance(ms);
    await answer('b');
    await clock.advance(200 * seconds);
    expect((await sender.status(messageId))?.entries).toMatchObject([{ state: 'cancelled' }]);
    expect(eventsOf('message:cancelled')).toMatchObject([{ messageId }]);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
  });

  it('to one shard while another fails is told as cancelled in the end, though nobody repeats the call', async () => {
    const { clock, spool, spools, of, append, open } = hangingScene();
    await open();
    for (const name of ['a', 'b'] as const) await append(of(name), name);
    const notes = await spool.claim(claimRequest());
    await spool.cancel(notes.flatMap(({ entries }) => entries.map(({ id }) => id)));
    Object.assign(spools.b, { settle: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    const back = notes.map(({ token }) => ({ token, to: 'unclaim' as const }));
    await expect(spool.settle(back)).rejects.toThrow('ECONNREFUSED');
    const request = { owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'It expired.' } } as const;
    await clock.advance(60_000);
    expect(await spool.expire(request)).toMatchObject([{ messageId: 'a', to: 'cancelled' }]);
    await spool.close();
  });
});

it('opening fails with what time cannot mend in one shard, though another one hangs', async () => {
  const { clock, spools, spool, hang, answer, open } = hangingScene();
  const notMigrated = new OfflineImError('SPOOL_NOT_MIGRATED', 'The tables are missing.');
  Object.assign(spools.a, { open: () => Promise.reject(notMigrated) });
  hang('b');
  hang('c');
  const opening = open().catch((error: unknown) => error);
  expect(await byNow(opening, clock, 10_000)).toBe(notMigrated);
  await answer('b');
  await answer('c');
  await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
});

describe('a claim', () => {
  it('for a trial waits no longer for several hanging shards than for one', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    await append(of('c'), 'of c');
    hang('a');
    hang('b');
    const lanes = { only: [of('a'), of('b'), of('c')] };
    expect(await byNow(spool.claim(claimRequest({ limit: 1, perLane: 1, lanes })), clock, 1_000)).toMatchObject([
      { lane: of('c') },
    ]);
    await answer('a');
    await answer('b');
    await spool.close();
  });

  it('hands out what a slow shard claims, though each of its claims comes too late', async () => {
    const { clock, spool, of, spools } = hangingScene();
    const claim = spools.b.claim.bind(spools.b);
    Object.assign(spools.b, {
      claim: async (request: Parameters<typeof claim>[0]) => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 1_500));
        return claim(request);
      },
    });
    const { sender, transport, eventsOf } = aliceSends({ spool, clock });
    await sender.start();
    await sender.send({ from: `sip:${of('b')}`, to: 'sip:bob@contoso.com', text: 'x', messageId: 'of b' });
    await clock.advance(300 * seconds);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'of b' }]);
    expect(transport.delivered.map(({ attempt }) => attempt)).toEqual([1]);
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
  });

  it('says how much of the lease is over of what came late', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    await append(of('b'), 'of b');
    hang('b');
    await byNow(spool.claim(claimRequest()), clock, 1_000);
    await clock.advance(20_000);
    await answer('b');
    expect(await spool.claim(claimRequest())).toMatchObject([{ lane: of('b'), age: 21_000 }]);
    await spool.close();
  });

  it('reports what the host cancelled before a late note was given back', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    const lane = of('b');
    await append(lane, 'of b');
    hang('b');
    await byNow(spool.claim(claimRequest()), clock, 1_000);
    await answer('b');
    await spool.cancel([spool.entryIdFor?.(lane, 'of b') ?? '']);
    expect(await spool.nextDue()).toBe(29_000);
    await clock.advance(29_000);
    expect(await spool.claim(claimRequest())).toEqual([]);
    const request = { owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'It expired.' } } as const;
    expect(await spool.expire(request)).toMatchObject([{ messageId: 'of b', to: 'cancelled' }]);
    await spool.close();
  });
});

describe('looking up', () => {
  it('never keeps a shard from delivering, though a lookup of it never ends', async () => {
    const { clock, spool, hang, answer, of, append } = hangingScene();
    const { sender, eventsOf } = aliceSends({ spool, clock });
    await sender.start();
    hang('b', (call) => call === 'get' || call === 'findMessage' || call === 'list');
    const looking = Promise.allSettled([
      spool.get(spool.entryIdFor?.(of('b'), 'unknown') ?? ''),
      spool.findMessage('unknown'),
      listed(spool.list({ lane: of('a') })),
    ]);
    await clock.advance(2 * seconds);
    await append(of('b'), 'of b');
    await clock.advance(130 * seconds);
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'of b' }]);
    await answer('b');
    await looking;
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
  });

  it('finds what another shard has while one hangs, and waits for it only where no other has it', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    for (const name of names) await append(of(name), name);
    hang('b');
    expect(await byNow(spool.findMessage('a'), clock, 1_000)).toMatchObject([{ messageId: 'a' }]);
    const ofB = spool.findMessage('b');
    expect(await byNow(ofB, clock, 60_000)).toBe('nothing yet');
    await answer('b');
    expect(await ofB).toMatchObject([{ messageId: 'b' }]);
    await spool.close();
  });

  it('rejects after a minute where no other shard has it, and names the one that does not answer', async () => {
    const { clock, spool, hang, answer, of, append, open } = hangingScene();
    await open();
    await append(of('b'), 'b');
    hang('b');
    const lookups = [spool.findMessage('b'), spool.get(spool.entryIdFor?.(of('b'), 'b') ?? '')];
    const ended = Promise.allSettled(lookups);
    await clock.advance(63_000);
    const refused = { status: 'rejected', reason: { code: 'SPOOL_FAILED', details: { shard: 'b' } } };
    expect(await byNow(ended, clock, 0)).toMatchObject([refused, refused]);
    await answer('b');
    expect(await spool.findMessage('b')).toMatchObject([{ messageId: 'b' }]);
    await spool.close();
  });

  it('shows a message whose shard does not say when it is due', async () => {
    const { clock, spool, hang, answer, of, append } = hangingScene();
    const { sender } = aliceSends({ spool, clock });
    await sender.start();
    await append(of('b'), 'b', { pickupIn: 60_000 });
    hang('b', (call) => call === 'standing');
    expect(await byNow(sender.status('b'), clock, 1_000)).toMatchObject({ entries: [{ state: 'spooled' }] });
    await answer('b');
    await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
  });

  it('finds an entry that was moved out of the shard that its id names, though that one hangs', async () => {
    const { clock, spool, inner, hang, answer, of, open } = hangingScene();
    await open();
    const id = spool.entryIdFor?.(of('b'), 'moved') ?? '';
    await inner.a.append([newEntry(id, { lane: of('b'), messageId: 'moved' })]);
    hang('b');
    expect(await byNow(spool.get(id), clock, 2_000)).toMatchObject({ id });
    expect(await byNow(spool.cancel([id]), clock, 2_000)).toMatchObject([{ entryId: id, to: 'cancelled' }]);
    await answer('b');
    await spool.close();
  });

  it('changes the entries of the other shards at once', async () => {
    const { clock, spool, inner, hang, answer, of, append, open } = hangingScene();
    await open();
    for (const name of names) await append(of(name), name);
    hang('a', (call) => call === 'hold');
    const holding = spool.hold(names.map((name) => spool.entryIdFor?.(of(name), name) ?? ''));
    await clock.advance(0);
    expect([(await inner.b.counts()).held, (await inner.c.counts()).held]).toEqual([1, 1]);
    await answer('a');
    expect(await holding).toHaveLength(3);
    await spool.close();
  });
});

describe('the list of a mailbox', () => {
  it('has what lies in other shards since before its own was added', async () => {
    const { clock, spool, inner, of, append, open } = hangingScene();
    await open();
    const lane = of('b');
    await inner.a.append([newEntry('before.a', { lane, messageId: 'before' })]);
    await clock.advance(1_000);
    await append(lane, 'after');
    await append(of('a'), 'of another');
    expect(await listed(spool.list({ lane }))).toEqual(['before', 'after']);
    await spool.close();
  });

  it('lacks them, with a warning, while that shard hangs; its own it waits for', async () => {
    const { clock, spool, inner, hang, answer, of, append, open, warnings } = hangingScene();
    await open();
    await inner.a.append([newEntry('before.a', { lane: of('b'), messageId: 'before' })]);
    await append(of('b'), 'after');
    hang('a');
    expect(await byNow(listed(spool.list({ lane: of('b') })), clock, 1_000)).toEqual(['after']);
    expect(warnings).toEqual([expect.stringContaining('The shard a does not answer; messages that the mailbox left there')]);
    const ofA = listed(spool.list({ lane: of('a') }));
    expect(await byNow(ofA, clock, 60_000)).toBe('nothing yet');
    await answer('a');
    expect(await ofA).toEqual([]);
    await spool.close();
  });
});

it('opening waits a while for a shard that hangs, which opens later; a sender delivers for its mailboxes then', async () => {
  const { clock, spool, hang, answer, of } = hangingScene();
  hang('b');
  const { sender, eventsOf } = aliceSends({ spool, clock });
  const started = sender.start().then(() => 'started');
  expect(await byNow(started, clock, 10_000)).toBe('started');
  expect(eventsOf('warning')).toMatchObject([
    { error: { message: expect.stringContaining('The shard b has not opened within') } },
  ]);
  const sending = sender.send({ from: `sip:${of('b')}`, to: 'sip:bob@contoso.com', text: 'x' }).then(() => 'sent');
  expect(await byNow(sending, clock, 1_000)).toBe('nothing yet');
  await answer('b');
  expect(await sending).toBe('sent');
  await clock.advance(130 * seconds);
  expect(eventsOf('message:delivered')).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
});

it('closing closes the other shards, though one hangs in a claim', async () => {
  const { clock, spool, inner, hang, answer, of, append, open } = hangingScene();
  await open();
  await append(of('b'), 'of b');
  hang('b', (call) => call === 'claim');
  await byNow(spool.claim(claimRequest()), clock, 1_000);
  const closing = spool.close();
  await clock.advance(0);
  for (const name of ['a', 'c'] as const) await expect(inner[name].counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  await answer('b');
  await closing;
  await inner.b.open({ clock, tombstones: 1_000 });
  expect((await inner.b.counts()).spooled).toBe(1);
});

describe('shards within shards', () => {
  /** A lane and a note of one inner shard, which came late. */
  async function nested() {
    const scene = hangingScene();
    const { clock, spool: inside } = scene;
    const spool = sharded({ outside: inside });
    await spool.open({ clock, tombstones: 86_400_000 });
    return { ...scene, inside, spool };
  }

  it('say how much of the lease is over, of all the time that a note was kept back', async () => {
    const { clock, spool, inside, hang, answer, of } = await nested();
    await inside.append([newEntry('x.b', { lane: of('b'), messageId: 'x', pickupIn: 0 })]);
    hang('b');
    await byNow(spool.claim(claimRequest()), clock, 1_000);
    await clock.advance(20_000);
    await answer('b');
    await clock.advance(0);
    const late = inside.claim.bind(inside);
    Object.assign(inside, {
      claim: async (request: Parameters<typeof late>[0]) => {
        const notes = await late(request);
        await new Promise<void>((resolve) => clock.setTimer(resolve, 2_000));
        return notes;
      },
    });
    await byNow(spool.claim(claimRequest()), clock, 2_000);
    expect(await spool.claim(claimRequest())).toMatchObject([{ lane: of('b'), age: 23_000 }]);
    await spool.close();
  });

  it('name the inner part of a claim, and are asked for its ownership alone', async () => {
    const { spool, inside, of } = await nested();
    for (const name of ['a', 'b'] as const)
      await inside.append([newEntry(`${name}.${name}`, { lane: of(name), messageId: name, pickupIn: 0 })]);
    const tokens = (await spool.claim(claimRequest())).map(({ token }) => token);
    expect(tokens.map((token) => spool.partOf?.(token)).sort()).toEqual(['outside/a', 'outside/b']);
    Object.assign(inside, { isOwner: (claims: readonly string[]) => claims.every((one) => one.startsWith('a/')) });
    const owning = sharded({ outside: inside });
    expect(tokens.map((token) => owning.isOwner?.([token])).sort()).toEqual([false, true]);
    await spool.close();
  });
});

it('a sealed spool over shards that take long to freeze anew delivers', async () => {
  const { clock, spool, spools } = hangingScene();
  for (const one of Object.values(spools)) {
    const refreeze = one.refreeze?.bind(one);
    Object.assign(one, {
      refreeze: async (notes: readonly Refreeze[]) => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 1_500));
        return refreeze?.(notes);
      },
    });
  }
  const keys = [{ id: '2026', key: new Uint8Array(32).fill(7) }];
  const routingKey = new Uint8Array(32).fill(9);
  const { sender, eventsOf } = aliceSends({ spool: sealed(spool, { keys, routingKey }), clock });
  await sender.start();
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x' });
  // What WebCrypto computes takes turns of the event loop.
  for (let turn = 0; turn < 2_000 && eventsOf('message:delivered').length === 0; turn++) {
    await clock.advance(seconds);
    for (let other = 0; other < 5; other++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(eventsOf('message:delivered')).toHaveLength(1);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(20 * seconds)]);
});

it('freezing anew leaves out the notes of a shard that fails or hangs', async () => {
  const { clock, spool, hang, answer, of, append, open } = hangingScene();
  await open();
  for (const name of names) await append(of(name), name);
  const notes = await spool.claim(claimRequest());
  hang('b');
  const anew = notes.map(({ token, frozen }) => ({ token, frozen: { ...frozen, subject: 'Anew' } }));
  const lost = await byNow(spool.refreeze?.(anew) ?? Promise.reject(new Error('It has none.')), clock, 10_000);
  expect(lost).toEqual(notes.filter(({ lane }) => lane === of('b')).map(({ token }) => token));
  await answer('b');
  await spool.close();
});

it('a shard that does not answer for long is reported once, until it has answered', async () => {
  const { clock, spool, hang, answer, of, warnings, append, open } = hangingScene();
  await open();
  await append(of('a'), 'a');
  for (const times of [1, 2]) {
    hang('b', (call) => call === 'claim');
    await byNow(spool.claim(claimRequest()), clock, 1_000);
    await clock.advance(59 * seconds);
    expect(warnings).toHaveLength(times - 1);
    await clock.advance(1_800 * seconds);
    expect(warnings).toEqual(Array.from({ length: times }, () => expect.stringContaining('The shard b has not answered')));
    await answer('b');
    await clock.advance(60 * seconds);
  }
  hang('b', (call) => call === 'nextDue');
  await byNow(spool.nextDue(), clock, 1_000);
  const closing = spool.close();
  await clock.advance(10 * seconds);
  expect(clock.pending).toBe(0);
  await answer('b');
  await closing;
});

it('a lookup that is under way while the spool is closed opens none of the shards again', async () => {
  const { clock, spool, inner, hang, answer, of, open } = hangingScene();
  await open();
  hang('b', (call) => call === 'get');
  const looking = spool.get(spool.entryIdFor?.(of('b'), 'unknown') ?? '').catch(({ code }: OfflineImError) => code);
  await spool.close();
  await clock.advance(2_000);
  await answer('b');
  expect(await looking).toBe('SPOOL_CLOSED');
  for (const name of names) await expect(inner[name].counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
});
