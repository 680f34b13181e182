/** What is reported about a note with several attempts that may have been sent: only what is known of all of them. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { hastyClock } from '../support/hasty-clock.ts';
import { alice, sendToSimulator } from '../support/send-to-simulator.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** Items stored by the server from now on are an hour old, so that an unsent item is a draft. */
const simulator = { clock: new ManualClock(Date.now() - 3_600_000) };

describe('a draft of one attempt while an earlier attempt is unknown', () => {
  it('does not carry out a requested cancel; that happens once the other is known', async () => {
    await using scene = await sendToSimulator({ simulator });
    const { exchange, sender, probes } = scene;
    const sentItems = exchange.mailbox(alice).folder('sentitems');
    exchange.faults.on('CreateItem').nth(1).http(502);
    exchange.faults.on('CreateItem').nth(2).copyStoredSendFailed({ unsent: true });
    // Absent twice: the next attempt starts.
    sender.on('message:deferred', ({ code }) => {
      if (code === 'OUTCOME_UNKNOWN') sentItems.readable = false;
    });
    const cancelled = Promise.withResolvers<void>();
    sender.on('message:cancelled', () => cancelled.resolve());
    sender.on('message:unconfirmed', ({ messageId }) => {
      if (!sentItems.readable) void sender.cancel(messageId);
    });
    const id = await scene.send('one');
    await sender.start();
    // The draft is gone once it was probed; from then on only the other attempt is in doubt.
    const removed = (): boolean => exchange.journal.some(({ operation }) => operation === 'DeleteItem');
    while (!removed() || probes.at(-1) === 'absent') await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await scene.entry(id)).toMatchObject({ state: 'unconfirmed', cancelRequested: true });
    expect(scene.folder('conversationhistory')).toEqual([]);
    sentItems.readable = true;
    await cancelled.promise;
    expect(scene.inbox()).toEqual([]);
  });

  it('that cannot be removed is reported even if another attempt is found', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({ pickupDelay: 0 });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: new OfflineImError('REQUEST_TIMEOUT', 'Late.') });
    transport.answerProbe = () => ({ status: 'found', draft: 'left' });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'one' });
    await clock.advance(60_000);
    expect(eventsOf('message:delivered')).toHaveLength(1);
    expect(eventsOf('warning')).toMatchObject([{ error: { code: 'DRAFT_LEFT' } }]);
    await sender.stop();
  });
});

describe('an attempt whose endpoint is no longer configured', () => {
  /** The first attempt goes to the server by one address, everything else by another, and neither is answered. */
  async function moved(sent: boolean) {
    let places: 'old' | 'new' = 'old';
    let transports: Record<'old' | 'new', Transport> | undefined;
    const now = (): Transport => {
      if (transports === undefined) throw new Error('not there yet');
      return transports[places];
    };
    const transport: Transport = {
      name: 'moved',
      requestTimeout: 1_000,
      placeOf: (from) => now().placeOf(from),
      canProbe: (place) => now().canProbe?.(place) ?? true,
      deliver: (notes, options) => now().deliver(notes, options),
      probe: (notes, options) => now().probe(notes, options),
    };
    const scene = await sendToSimulator({ sender: { transport } });
    const { exchange, sender } = scene;
    const at = (url: string) =>
      new EwsTransport({
        url,
        credentials: basicAuth({ username: alice, password: 'p' }),
        requestTimeout: 1_000,
        clock: hastyClock,
        allowInsecureHttp: true,
      });
    transports = { old: at(exchange.url), new: at(exchange.url.replace('/EWS/', '/ews/')) };
    exchange.faults.on('CreateItem').nth(1).http(502);
    if (sent) exchange.faults.on('CreateItem').nth(2).lostResponse();
    else exchange.faults.on('CreateItem').nth(2).http(502);
    sender.on('message:deferred', ({ code }) => {
      if (code === 'OUTCOME_UNKNOWN') places = 'new';
    });
    const id = await scene.send('one');
    await scene.settle();
    return { scene, entry: await scene.entry(id) };
  }

  it('ends nothing while another can be found: if so, the note is delivered', async () => {
    const { scene, entry } = await moved(true);
    await using _ = scene;
    expect(entry).toMatchObject({ state: 'delivered' });
    expect(scene.inbox()).toHaveLength(1);
  });

  it('stays in doubt unless another is found: dead once the others are absent, and not resent', async () => {
    const { scene, entry } = await moved(false);
    await using _ = scene;
    expect(entry).toMatchObject({ state: 'dead', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(scene.sends()).toBe(2);
  });
});
