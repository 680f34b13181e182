import { describe, expect, it } from 'vitest';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const message = { to: 'sip:bob@contoso.com', text: 'x' };

/** A note is in flight until it is aborted or let go. */
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

  it('never starts when it has aborted already', async () => {
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
  it('aborts what is in flight as soon as it aborts, and the note is looked for later', async () => {
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

  it('changes nothing when nothing is in flight', async () => {
    const { sender, spool } = aliceSends();
    await sender.send(message);
    await sender.stop({ signal: AbortSignal.abort() });
    const next = aliceSends({ spool });
    expect((await next.sender.stats()).states).toMatchObject({ spooled: 1 });
    await next.sender.stop();
  });
});

describe('flush({ signal })', () => {
  it('resolves when it aborts with what was reached, and what is in flight goes on', async () => {
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

  it('begins nothing when it has aborted already', async () => {
    const { sender, transport } = aliceSends();
    await sender.send(message);
    expect(await sender.flush({ signal: AbortSignal.abort() })).toEqual({});
    expect(transport.delivered).toEqual([]);
    await sender.stop();
  });
});

it('await using stops it, and closes spool and transport', async () => {
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
