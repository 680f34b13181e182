import { describe, expect, it } from 'vitest';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const message = { to: 'sip:bob@contoso.com', text: 'x' };

/** A note stays in progress until it is aborted or released. */
async function inFlight() {
  const alice = aliceSends();
  const atWork = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  alice.transport.answer = async ({ messageClass }, { signal }) => {
    atWork.resolve();
    await Promise.race([
      goOn.promise,
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    ]);
    return { status: 'delivered', messageClass };
  };
  await alice.sender.send(message);
  return { ...alice, atWork: atWork.promise, goOn: goOn.resolve };
}

describe('start({ signal })', () => {
  it('stops the sender when it aborts', async () => {
    const { sender, transport, eventsOf } = aliceSends();
    const controller = new AbortController();
    await sender.start({ signal: controller.signal });
    controller.abort();
    await sender.stop();
    expect(eventsOf('stopped')).toHaveLength(1);
    expect(transport.closed).toBe(1);
    await expect(sender.send(message)).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
  });

  it('never starts if it is already aborted', async () => {
    const { sender, eventsOf } = aliceSends();
    await expect(sender.start({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
    expect(eventsOf('started')).toEqual([]);
  });

  it('leaves no listener on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const { sender } = aliceSends();
    await sender.start({ signal });
    await sender.send(message);
    await sender.flush({ signal });
    await sender.stop({ signal });
    expect(listeners).toBe(0);
  });
});

describe('stop({ signal })', () => {
  it('aborts running requests at once, and their notes are probed later', async () => {
    const { sender, atWork, spool, clock } = await inFlight();
    void sender.flush();
    await atWork;
    const controller = new AbortController();
    const stopped = sender.stop({ signal: controller.signal });
    controller.abort();
    await stopped;
    const next = aliceSends({ spool, clock });
    expect((await next.sender.stats()).states).toMatchObject({ unconfirmed: 1 });
    await next.sender.stop();
  });

  it('hurries an earlier stop() too', async () => {
    const { sender, atWork } = await inFlight();
    void sender.flush();
    await atWork;
    const patient = sender.stop();
    await sender.stop({ signal: AbortSignal.abort() });
    await patient;
  });

  it('changes nothing if no request is running', async () => {
    const { sender, spool } = aliceSends();
    await sender.send(message);
    await sender.stop({ signal: AbortSignal.abort() });
    const next = aliceSends({ spool });
    expect((await next.sender.stats()).states).toMatchObject({ spooled: 1 });
    await next.sender.stop();
  });
});

describe('flush({ signal })', () => {
  it('resolves when aborted with what was done, while running requests continue', async () => {
    const { sender, atWork, goOn, eventsOf } = await inFlight();
    const controller = new AbortController();
    const flushed = sender.flush({ signal: controller.signal });
    await atWork;
    controller.abort();
    expect(await flushed).toEqual({});
    goOn();
    await sender.stop();
    expect(eventsOf('message:delivered')).toHaveLength(1);
  });

  it('starts nothing if it is already aborted', async () => {
    const { sender, transport } = aliceSends();
    await sender.send(message);
    expect(await sender.flush({ signal: AbortSignal.abort() })).toEqual({});
    expect(transport.delivered).toEqual([]);
    await sender.stop();
  });
});

it('await using stops the sender, and closes spool and transport', async () => {
  const spool = new MemorySpool();
  const { transport, eventsOf } = await (async () => {
    const alice = aliceSends({ spool });
    await using sender = alice.sender;
    await sender.start();
    await sender.send(message);
    return alice;
  })();
  expect(eventsOf('stopped')).toHaveLength(1);
  expect(transport.closed).toBe(1);
  await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
});

describe('stop() with invalid options', () => {
  const wrong: readonly (readonly [unknown])[] = [
    [null],
    [5],
    ['x'],
    [[]],
    [{ signal: null }],
    [{ signal: {} }],
    [{ signal: { aborted: true } }],
    [{ timeout: null }],
    [{ timeout: 5n }],
    [{ timeout: 'x' }],
    [{ timeout: Number.NaN }],
    [{ timeout: -1 }],
    [{ timout: 5 }],
  ];

  it.each(wrong)('stops anyway, lets running requests finish, and reports the error: %o', async (options) => {
    const { sender, clock, atWork, goOn, eventsOf } = await inFlight();
    await sender.start();
    await clock.advance(120_000);
    await atWork;
    const stopping = sender.stop(options as never);
    await new Promise((resolve) => setImmediate(resolve));
    goOn();
    await stopping;
    expect(eventsOf('message:delivered')).toHaveLength(1);
    expect(eventsOf('warning')).toMatchObject([
      { error: { code: 'OPTION_INVALID', message: expect.stringContaining('stop()') } },
    ]);
    await expect(sender.send(message)).rejects.toMatchObject({ code: 'SENDER_STOPPED' });
  });
});

it('a second sender on one spool object is refused, and its stop() does not affect the first', async () => {
  const spool = new MemorySpool();
  const [first, second] = [aliceSends({ spool }), aliceSends({ spool })];
  await first.sender.start();
  await expect(second.sender.start()).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
  await expect(second.sender.send(message)).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
  await second.sender.stop();
  await first.sender.send(message);
  await first.clock.advance(121_000);
  expect(first.eventsOf('message:delivered')).toHaveLength(1);
  await first.sender.stop();
  const third = aliceSends({ spool });
  await third.sender.start();
  await third.sender.stop();
  expect([...first.eventsOf('warning'), ...second.eventsOf('warning'), ...third.eventsOf('warning')]).toEqual([]);
});
