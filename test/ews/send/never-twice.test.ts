/**
 * Never twice, never lost: the real sender with a server that breaks in every way that leaves the outcome unknown. Only the
 * content of the mailboxes afterwards counts.
 */

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { paced } from '../../support/pace.ts';
import { alice, sendToSimulator } from '../../support/send-to-simulator.ts';

const tenths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
/** The first request of that operation arrives, its response does not. */
function losesFirst(operation: string): typeof globalThis.fetch {
  let lost = false;
  return async (input, init) => {
    const response = await globalThis.fetch(input, init);
    if (lost || typeof init?.body !== 'string' || !init.body.includes(`<m:${operation}`)) return response;
    lost = true;
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
  };
}

const hourAgo = (): ManualClock => new ManualClock(Date.now() - 3_600_000);

describe('a response lost in transit', () => {
  it.each(tenths)('reset after %i tenths: found, not resent', async (tenth) => {
    await using scene = await sendToSimulator();
    scene.exchange.faults
      .on('CreateItem')
      .once()
      .lostResponse({ after: tenth / 10 });
    const id = await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
    expect((await scene.entry(id))?.state).toBe('delivered');
    expect(scene.events).toContainEqual(expect.stringMatching(/^unconfirmed/));
  });

  it.each(tenths)('truncated after %i tenths, but properly ended: found, not resent', async (tenth) => {
    await using scene = await sendToSimulator();
    scene.exchange.faults
      .on('CreateItem')
      .once()
      .truncated({ after: tenth / 10 });
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
  });

  it('time-out after sending: found', async () => {
    await using scene = await sendToSimulator({ transport: { requestTimeout: paced(800) } });
    scene.exchange.faults.on('CreateItem').once().hang({ processed: true });
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
    expect(scene.events).toEqual(['unconfirmed REQUEST_TIMEOUT', 'delivered']);
  });
});

describe('a request lost in transit', () => {
  it.each(['reset', 'time-out', 'proxy', 'page'] as const)('%s: absent twice, then resent once', async (kind) => {
    await using scene = await sendToSimulator({ transport: { requestTimeout: paced(800) } });
    const fault = scene.exchange.faults.on('CreateItem').once();
    if (kind === 'reset') fault.resetBefore();
    else if (kind === 'time-out') fault.hang();
    else if (kind === 'proxy') fault.http(502);
    else fault.html();
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(2);
    // The second search, at the end of the grace period, permits the next attempt.
    const between = scene.exchange.journal.filter((entry) => entry.operation === 'FindItem');
    expect(between.length).toBeGreaterThanOrEqual(4);
  });
});

describe('a batch', () => {
  it('partly sent before an HTTP 500: each note once', async () => {
    await using scene = await sendToSimulator();
    scene.exchange.faults.on('CreateItem').once().partialBatch(3);
    const texts = Array.from({ length: 7 }, (_, n) => `text ${n}`);
    for (const text of texts) await scene.send(text);
    await scene.settle();
    expect(scene.inbox().sort()).toEqual(texts);
    expect(scene.events.filter((event) => event.startsWith('unconfirmed'))).toHaveLength(7);
  });

  it('partly answered: each note once', async () => {
    await using scene = await sendToSimulator();
    scene.exchange.faults.on('CreateItem').once().partialBatch(2, { answer: 'fewer' });
    const texts = Array.from({ length: 5 }, (_, n) => `text ${n}`);
    for (const text of texts) await scene.send(text);
    await scene.settle();
    expect(scene.inbox().sort()).toEqual(texts);
    expect(scene.events.filter((event) => event.startsWith('unconfirmed'))).toHaveLength(3);
  });

  it('with a poisonous note: the others are neither delayed nor sent twice', async () => {
    await using scene = await sendToSimulator();
    const poisonous = ({ body }: { body: string }): boolean => body.includes('poison');
    scene.exchange.faults.on('CreateItem').when(poisonous).soapFault('ErrorSchemaValidation');
    const texts = Array.from({ length: 8 }, (_, n) => `text ${n}`);
    for (const text of texts.slice(0, 4)) await scene.send(text);
    const bad = await scene.send('poison');
    for (const text of texts.slice(4)) await scene.send(text);
    await scene.settle();
    expect(scene.inbox().sort()).toEqual(texts);
    expect(await scene.entry(bad)).toMatchObject({ state: 'dead' });
  });

  it('never mixes mailboxes', async () => {
    const from = [alice, 'carol@contoso.test', 'dave@contoso.test'];
    await using scene = await sendToSimulator({
      simulator: { mailboxes: [...from.map((address) => ({ address, delegates: [alice] })), 'bob@contoso.test'] },
    });
    for (let n = 0; n < 12; n++) {
      const sip = `sip:${from[n % 3]}`;
      await scene.sender.send({ from: { sip }, to: 'sip:bob@contoso.test', text: `text ${n}`, conversationId: `own ${n}` });
    }
    await scene.settle();
    expect(scene.inbox()).toHaveLength(12);
    for (const { operation, requestBody } of scene.exchange.journal) {
      if (operation !== 'CreateItem') continue;
      const senders = [...requestBody.matchAll(/<t:From>.*?<t:EmailAddress>([^<]*)/g)].map(([, address]) => address);
      expect(new Set(senders).size).toBe(1);
      expect(requestBody).toContain(
        `<t:Mailbox><t:EmailAddress>${senders[0]}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`,
      );
    }
  });
});

describe('the copy', () => {
  it('was stored, but sending failed with an error: dead, since the copy proves nothing, and never resent', async () => {
    await using scene = await sendToSimulator();
    scene.exchange.faults.on('CreateItem').once().copyStoredSendFailed();
    const id = await scene.send('one');
    await scene.settle();
    expect((await scene.entry(id))?.state).toBe('dead');
    expect(scene.events.at(-1)).toBe('dead COPY_AFTER_FAULT');
    expect(scene.sends()).toBe(1);
  });

  it('after an error counts as sent if the host says so', async () => {
    await using scene = await sendToSimulator({ sender: { probe: { onCopyAfterFault: 'delivered' } } });
    scene.exchange.faults.on('CreateItem').once().copyStoredSendFailed();
    const id = await scene.send('one');
    await scene.settle();
    expect((await scene.entry(id))?.state).toBe('delivered');
    expect(scene.sends()).toBe(1);
  });

  it('was stored unsent: the draft is removed, and the note is not resent', async () => {
    await using scene = await sendToSimulator({ simulator: { clock: hourAgo() } });
    scene.exchange.faults.on('CreateItem').once().copyStoredSendFailed({ unsent: true });
    const id = await scene.send('one');
    await scene.settle();
    expect(await scene.entry(id)).toMatchObject({ state: 'dead', reason: { code: 'STRANDED_DRAFT' } });
    expect(scene.folder('conversationhistory')).toEqual([]);
    expect(scene.inbox()).toEqual([]);
  });

  it('of an earlier attempt appears while a later one is probed: delivered, once', async () => {
    const clock = new ManualClock(Date.now());
    await using scene = await sendToSimulator({ simulator: { clock, lateCopies: 60_000 } });
    scene.exchange.faults.on('CreateItem').nth(1).lostResponse();
    scene.exchange.faults.on('CreateItem').nth(2).resetBefore();
    // The copy is late enough for the second attempt to be running.
    const watch = setInterval(() => {
      if (scene.sends() > 1) clock.advance(60_000);
    }, 1);
    await scene.send('one');
    await scene.settle().finally(() => clearInterval(watch));
    expect(scene.probes).toContain('absent');
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(2);
  });

  it.each(['sentitems', 'deleteditems', 'recoverableitemsdeletions'])('was moved to %s by a rule: found', async (folder) => {
    await using scene = await sendToSimulator();
    const { exchange } = scene;
    exchange.faults.on('CreateItem').once().lostResponse();
    const moves = setInterval(() => {
      const mailbox = exchange.mailbox(alice);
      for (const item of mailbox.folder('conversationhistory').items) mailbox.move(item, folder);
    }, 1);
    await scene.send('one');
    await scene.settle().finally(() => clearInterval(moves));
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
  });

  it('appears late, but within the grace period: found', async () => {
    await using scene = await sendToSimulator({ simulator: { lateCopies: 120 } });
    scene.exchange.faults.on('CreateItem').once().lostResponse();
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
  });

  it('waits in the Outbox of a throttling server: pending until it has left', async () => {
    const clock = new ManualClock();
    await using scene = await sendToSimulator({ simulator: { clock }, transport: { fetch: losesFirst('CreateItem') } });
    scene.exchange.faults.on('CreateItem').once().heldInOutbox(60_000);
    await scene.send('one');
    const settled = scene.settle();
    await expect.poll(() => scene.probes, { timeout: 300_000 }).toContain('pending');
    await clock.advance(60_000);
    await settled;
    expect(scene.probes.at(-1)).toBe('found');
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
  });

  it('is in a Conversation History known only by name: found', async () => {
    await using scene = await sendToSimulator({ simulator: { profile: 'exchange-2010' } });
    scene.exchange.faults.on('CreateItem').nth(2).lostResponse();
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.exchange.mailbox(alice).conversationHistory()).toHaveLength(1);
  });
});

describe('if no folder can be searched', () => {
  it('the note waits, and becomes dead with OUTCOME_UNKNOWN', async () => {
    await using scene = await sendToSimulator({ sender: { probe: { giveUpAfter: 300 } } });
    scene.exchange.faults.on('CreateItem').once().lostResponse();
    scene.exchange.faults.on('FindItem').soapFault('ErrorAccessDenied');
    const id = await scene.send('one');
    await scene.settle();
    expect(await scene.entry(id)).toMatchObject({ state: 'dead', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(scene.sends()).toBe(1);
    expect(scene.exchange.journal.filter((entry) => entry.operation === 'FindItem').length).toBeGreaterThan(2);
  });

  it("the note is resent with onUnconfirmed 'resend'", async () => {
    await using scene = await sendToSimulator({ sender: { probe: { giveUpAfter: 300, onUnconfirmed: 'resend' } } });
    scene.exchange.faults.on('CreateItem').once().resetBefore();
    scene.exchange.faults.on('FindItem').soapFault('ErrorAccessDenied');
    const id = await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(2);
    expect((await scene.entry(id))?.state).toBe('delivered');
  });

  it('for a while, the note is found as soon as one can', async () => {
    await using scene = await sendToSimulator();
    scene.exchange.faults.on('CreateItem').once().lostResponse();
    scene.exchange.faults.on('FindItem').times(4).soapFault('ErrorServerBusy');
    await scene.send('one');
    await scene.settle();
    expect(scene.inbox()).toEqual(['one']);
    expect(scene.sends()).toBe(1);
  });
});

describe('a crash between ErrorSendAsDenied and the clean-up', () => {
  /** As if the process had died there: the clean-up is never sent, and gets no response. */
  function diesAt(operation: string, then: () => void): typeof globalThis.fetch {
    let died = false;
    return (input, init) => {
      if (died || typeof init?.body !== 'string' || !init.body.includes(`<m:${operation}`)) return globalThis.fetch(input, init);
      died = true;
      then();
      return new Promise(() => {});
    };
  }

  it.each(['FindItem', 'DeleteItem'])(
    'before its %s: the probe removes the draft, and no second one appears',
    async (operation) => {
      // The lease ends with the crash, and no sooner on a busy machine: the clean-up may be sent while it lasts.
      let ahead = 0;
      const monotonic = (): number => systemClock.monotonic() + ahead;
      await using scene = await sendToSimulator({
        simulator: { clock: hourAgo() },
        // A dead process gives nothing up: its time-outs never fire.
        transport: {
          fetch: diesAt(operation, () => {
            ahead = 3_600_000;
          }),
          requestTimeout: paced(1_800),
          clock: { ...systemClock, setTimer: () => () => undefined },
        },
        sender: { clock: { ...systemClock, monotonic }, lease: { duration: 3_600_000, renewEvery: 100 } },
      });
      scene.exchange.faults.on('CreateItem').draftOnSendAsDenied();
      scene.spool.renew = async () => [];
      const id = await scene.send('one');
      await scene.settle();
      expect(await scene.entry(id)).toMatchObject({ state: 'dead', reason: { code: 'STRANDED_DRAFT' } });
      expect(scene.folder('drafts')).toEqual([]);
      expect(scene.sends()).toBe(1);
      expect(scene.inbox()).toEqual([]);
    },
  );
});
