import { describe, expect, it } from 'vitest';
import type { AppendResult, NewSpoolEntry } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const message = { to: 'sip:bob@contoso.com', text: 'x', messageId: 'm' };
const never = <Result>(): Promise<Result> => new Promise(() => undefined);
const grace = 5_000;
const stopped = { code: 'SENDER_STOPPED' };

type Alice = ReturnType<typeof aliceSends>;

/** Whether a promise has settled, without waiting for it. */
function watched(promise: Promise<unknown>): { readonly settled: boolean } {
  const watch = { settled: false };
  const settled = (): void => {
    watch.settled = true;
  };
  promise.then(settled, settled);
  return watch;
}

/** Stops with a limit of 100 ms; nothing may take longer than that and its grace, and nothing may remain. */
async function stopsInTime({ sender, clock, eventsOf }: Alice, atLeast = 0): Promise<void> {
  const stopping = sender.stop({ timeout: 100 });
  const watch = watched(stopping);
  if (atLeast > 0) {
    await clock.advance(atLeast - 1);
    expect(watch.settled).toBe(false);
    await clock.advance(1);
  } else await clock.advance(100 + grace);
  expect(watch.settled).toBe(true);
  expect(clock.pending).toBe(0);
  expect(eventsOf('stopped')).toHaveLength(1);
}

function left({ eventsOf }: Alice): unknown[] {
  return eventsOf('warning').flatMap(({ error }) =>
    'code' in error && error.code === 'STOP_INCOMPLETE' ? [error.details.left] : [],
  );
}

describe('the time limit of stop()', () => {
  const closes: readonly (readonly [string, () => Promise<void>])[] = [
    ['rejects', () => Promise.reject(new Error('no'))],
    ['never resolves', () => never()],
    ['does not end it', () => Promise.resolve()],
  ];
  it.each(closes)('applies to an open() that never settles, even if close() of its spool %s', async (_what, close) => {
    const alice = aliceSends({ spool: Object.assign(new MemorySpool(), { open: () => never<void>(), close }) });
    const refused = [alice.sender.start(), alice.sender.send(message), alice.sender.flush(), alice.sender.stats()].map((call) =>
      expect(call).rejects.toMatchObject(stopped),
    );
    await alice.clock.advance(0);
    await stopsInTime(alice, 100 + grace);
    await Promise.all(refused);
    expect(left(alice)).toEqual([['the opening of the spool, which did not end when it was closed', '1 send()']]);
  });

  it.each(['policy', 'resolveMailbox'] as const)(
    'applies to a %s that never answers: the send is refused, and no spool is opened for it later',
    async (slow) => {
      const answer = Promise.withResolvers<string>();
      let opened = 0;
      const spool = new MemorySpool();
      spool.open = async () => {
        opened += 1;
      };
      const alice = aliceSends({
        spool,
        ...(slow === 'policy' ? { policy: () => answer.promise.then(() => ({})) } : { resolveMailbox: () => answer.promise }),
      });
      const refused = expect(alice.sender.send(message)).rejects.toMatchObject(stopped);
      await alice.clock.advance(0);
      const before = opened;
      await stopsInTime(alice, 100);
      await refused;
      answer.resolve('b@contoso.com');
      await alice.clock.advance(1);
      expect(opened).toBe(before);
      expect(left(alice)).toEqual([]);
    },
  );

  it('applies to sends queued behind one that is never prepared; none is appended afterwards', async () => {
    const answer = Promise.withResolvers<string>();
    let asked = 0;
    const alice = aliceSends({ resolveMailbox: (sip) => (asked++ === 0 ? answer.promise : sip.slice(4)) });
    const appended: unknown[] = [];
    const append = alice.spool.append.bind(alice.spool);
    alice.spool.append = (entries: readonly NewSpoolEntry[]) => {
      appended.push(entries);
      return append(entries);
    };
    const refused = ['1', '2'].map((messageId) =>
      expect(alice.sender.send({ ...message, messageId })).rejects.toMatchObject(stopped),
    );
    await alice.clock.advance(0);
    await stopsInTime(alice, 100);
    await Promise.all(refused);
    answer.resolve('b@contoso.com');
    await alice.clock.advance(1);
    expect(appended).toEqual([]);
  });

  it('does not affect an earlier send, which is kept', async () => {
    const answer = Promise.withResolvers<string>();
    const { sender, clock, spool } = aliceSends({ resolveMailbox: () => answer.promise });
    const sending = sender.send(message);
    const stopping = sender.stop({ timeout: 100 });
    await clock.advance(99);
    answer.resolve('b@contoso.com');
    expect(await sending).toMatchObject({ duplicate: false });
    await stopping;
    expect(clock.pending).toBe(0);
    await spool.open({ clock, tombstones: 1 });
    expect(await spool.counts()).toMatchObject({ spooled: 1 });
  });

  it('gives a running append its grace, then reports its outcome as unknown', async () => {
    const alice = aliceSends();
    alice.spool.append = () => never<readonly AppendResult[]>();
    const unknown = expect(alice.sender.send(message)).rejects.toMatchObject({
      code: 'APPEND_OUTCOME_UNKNOWN',
      details: { messageId: 'm' },
    });
    await alice.clock.advance(0);
    await stopsInTime(alice, 100 + grace);
    await unknown;
    expect(left(alice)).toEqual([['1 send() whose append has not returned']]);
  });

  it('lets an append finish within its grace', async () => {
    const { sender, clock, spool } = aliceSends();
    const append = spool.append.bind(spool);
    spool.append = async (entries: readonly NewSpoolEntry[]) => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 3_000));
      return append(entries);
    };
    const sending = sender.send(message);
    await clock.advance(0);
    const stopping = sender.stop({ signal: AbortSignal.abort() });
    await clock.advance(3_000);
    expect((await sending).messageId).toBe('m');
    await stopping;
    expect(clock.pending).toBe(0);
  });

  it.each(['claim', 'expire'] as const)('applies to a %s that never answers', async (method) => {
    const alice = aliceSends({ spool: Object.assign(new MemorySpool(), { [method]: () => never() }) });
    await alice.sender.start();
    const flushed = alice.sender.flush();
    await alice.clock.advance(0);
    await stopsInTime(alice, 100 + grace);
    expect(await flushed).toEqual({});
    expect(left(alice)).toEqual([['a claim that the spool did not answer']]);
  });

  it('applies to a late claim: its notes are given back, not started', async () => {
    const { sender, clock, spool, transport } = aliceSends();
    const claim = spool.claim.bind(spool);
    spool.claim = async (request) => {
      const notes = await claim(request);
      await new Promise<void>((resolve) => clock.setTimer(resolve, 3_000));
      return notes;
    };
    await sender.send(message);
    const flushed = sender.flush();
    await clock.advance(1);
    const stopping = sender.stop({ timeout: 100 });
    await clock.advance(3_000);
    await Promise.all([flushed, stopping]);
    expect(transport.delivered).toEqual([]);
    await spool.open({ clock, tombstones: 1 });
    expect(await spool.counts()).toMatchObject({ spooled: 1, unconfirmed: 0 });
  });

  it('is shared: time used by sends is not available to requests', async () => {
    const alice = aliceSends({ resolveMailbox: (sip) => (sip.includes('carol') ? never() : sip.slice(4)) });
    alice.transport.answer = (_note, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    await alice.sender.send(message);
    void alice.sender.flush();
    await alice.clock.advance(1);
    const refused = expect(alice.sender.send({ ...message, to: 'sip:carol@contoso.com' })).rejects.toMatchObject(stopped);
    await stopsInTime(alice, 100);
    await refused;
    expect(left(alice)).toEqual([]);
  });

  it('and its grace also limit a transport that ignores its signal', async () => {
    const alice = aliceSends();
    alice.transport.answer = () => never();
    await alice.sender.send(message);
    const flushed = alice.sender.flush();
    await alice.clock.advance(1);
    await stopsInTime(alice, 100 + grace);
    expect(await flushed).toEqual({});
    expect(left(alice)).toEqual([['1 batch of notes at work']]);
  });

  it('starts no request while waiting for sends', async () => {
    const answer = Promise.withResolvers<string>();
    const { sender, clock, transport } = aliceSends({
      resolveMailbox: (sip) => (sip.includes('carol') ? answer.promise : sip.slice(4)),
      policyTimeout: 400_000,
    });
    await sender.start();
    await sender.send(message);
    const sending = sender.send({ ...message, messageId: 'n', to: 'sip:carol@contoso.com' });
    const stopping = sender.stop({ timeout: 600_000 });
    await clock.advance(300_000);
    expect(transport.delivered).toEqual([]);
    answer.resolve('carol@contoso.com');
    await Promise.all([sending, stopping]);
  });
});

describe('stop({ signal }), aborted already', () => {
  it('abandons an opening at once', async () => {
    const { sender, clock } = aliceSends({ spool: Object.assign(new MemorySpool(), { open: () => never<void>() }) });
    const refused = expect(sender.start()).rejects.toMatchObject(stopped);
    const watch = watched(sender.stop({ signal: AbortSignal.abort() }));
    await clock.advance(grace);
    expect(watch.settled).toBe(true);
    await refused;
  });

  it('refuses a send that is still being prepared, and opens nothing for it', async () => {
    let opened = 0;
    const answer = Promise.withResolvers<Record<string, never>>();
    const spool = new MemorySpool();
    spool.open = async () => {
      opened += 1;
    };
    const { sender, clock } = aliceSends({ spool, policy: () => answer.promise });
    const refused = expect(sender.send(message)).rejects.toMatchObject(stopped);
    await sender.stop({ signal: AbortSignal.abort() });
    await refused;
    answer.resolve({});
    await clock.advance(1);
    expect(opened).toBe(0);
  });

  it('speeds up an earlier stop() with another signal, whatever it waits for', async () => {
    const { sender, clock } = aliceSends({ resolveMailbox: () => never() });
    const refused = expect(sender.send(message)).rejects.toMatchObject(stopped);
    await clock.advance(0);
    const [first, second] = [new AbortController(), new AbortController()];
    const stopping = [sender.stop({ signal: first.signal }), sender.stop({ signal: second.signal })];
    second.abort();
    await Promise.all([...stopping, refused]);
    expect(clock.pending).toBe(0);
  });

  it('speeds up an earlier time-out, but does not extend one', async () => {
    const { sender, clock } = aliceSends({ resolveMailbox: () => never() });
    const refused = expect(sender.send(message)).rejects.toMatchObject(stopped);
    const stopping = [sender.stop({ timeout: 10_000 }), sender.stop({ timeout: 100 }), sender.stop({ timeout: 60_000 })];
    await clock.advance(100);
    await Promise.all([...stopping, refused]);
    expect(clock.pending).toBe(0);
    await sender.stop({ timeout: 100 });
    expect(clock.pending).toBe(0);
  });
});

it('a clean stop() waits for no timer and leaves none', async () => {
  const alice = aliceSends();
  await alice.sender.start();
  await alice.sender.send(message);
  await alice.clock.advance(120_000);
  await alice.sender.stop();
  expect(alice.clock.pending).toBe(0);
  expect(alice.eventsOf('warning')).toEqual([]);
});
