import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { provesSent } from '../../src/spooler/outcome.ts';
import type { AttemptEnd, DeliveryOutcome, Note } from '../../src/transport/contract.ts';
import { sendToSimulator } from '../support/send-to-simulator.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const failed = new OfflineImError('EWS_ERROR', 'It failed.', { details: { responseCode: 'ErrorInternalServerError' } });
const delivered = (note: Note): DeliveryOutcome => ({ status: 'delivered', messageClass: note.messageClass });
const to = (name: string) => ({ to: `sip:${name}@contoso.com`, text: `to ${name}`, messageId: name });

describe('a copy that is found', () => {
  const place = { endpoint: 'e', mailbox: 'm', folder: 'f' };
  const attempts = (...ends: (AttemptEnd | undefined)[]) => ({
    unknownAttempts: ends.map((ended, index) => ({ tag: `n:${index + 1}`, place, ...(ended === undefined ? {} : { ended }) })),
  });

  it.each([
    [attempts(undefined), undefined, true],
    [attempts('silence'), ['n:1'], true],
    [attempts('fault'), undefined, false],
    [attempts('fault'), ['n:1'], false],
    [attempts('fault', 'silence'), undefined, false],
    [attempts('fault', 'silence'), ['n:1'], false],
    [attempts('fault', 'silence'), ['n:2'], true],
    [attempts('fault', 'silence'), ['n:1', 'n:2'], true],
    [attempts('fault', 'silence'), [], false],
    [attempts('silence', undefined), ['other'], true],
    [attempts('fault'), ['other'], false],
  ] as const)('%j, tags %j: proves the send? %s', (note, tags, proves) => {
    expect(provesSent(note, tags === undefined ? { status: 'found' } : { status: 'found', tags })).toBe(proves);
  });
});

/** One note whose request was answered with an error, and whose copy is found. */
async function copyAfterFault(options: Parameters<typeof aliceSends>[0] = {}, ended: AttemptEnd = 'fault') {
  const fixture = aliceSends({ pickupDelay: 0, ...options });
  fixture.transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: failed, ended });
  fixture.transport.answerProbe = (note) => ({ status: 'found', tags: note.unknownAttempts.map(({ tag }) => tag) });
  await fixture.sender.start();
  await fixture.sender.send(to('bob'));
  await fixture.clock.advance(10_000);
  return fixture;
}

describe('a copy found after the server answered with an error', () => {
  it('proves nothing: the message is dead with its own code, keeps its text, and is not resent', async () => {
    const { sender, transport, clock, eventsOf } = await copyAfterFault();
    expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'bob', code: 'COPY_AFTER_FAULT' }]);
    const entries = [];
    for await (const entry of sender.list({ state: 'dead' })) entries.push(entry);
    expect(entries).toMatchObject([{ message: { text: 'to bob' }, unknownAttempts: [{ ended: 'fault' }] }]);
    await clock.advance(3_600_000);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it("counts as sent with onCopyAfterFault: 'delivered', and the event states that proof", async () => {
    const { sender, eventsOf } = await copyAfterFault({ probe: { onCopyAfterFault: 'delivered' } });
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'bob', foundByProbe: true, proof: 'copy-after-fault' }]);
    await sender.stop();
  });

  it('after silence proves the send, and no proof is stated', async () => {
    const { sender, eventsOf } = await copyAfterFault({}, 'silence');
    expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'bob', foundByProbe: true }]);
    expect(eventsOf('message:delivered')[0]).not.toHaveProperty('proof');
    await sender.stop();
  });

  it('is probed and found again after a requeue; only force resends the message', async () => {
    const { sender, transport, clock, eventsOf } = await copyAfterFault();
    transport.answer = delivered;
    await sender.requeue('bob');
    await clock.advance(10_000);
    expect([eventsOf('message:dead').length, transport.delivered.length]).toEqual([2, 1]);
    await sender.requeue('bob', { force: true });
    await clock.advance(10_000);
    expect(transport.delivered).toHaveLength(2);
    await sender.stop();
  });

  it('limits that server to one note per request', async () => {
    const { sender, transport, clock } = await copyAfterFault();
    transport.answer = delivered;
    transport.batches.length = 0;
    for (const name of ['carol', 'dan', 'erin']) await sender.send(to(name));
    await clock.advance(1_000);
    expect(transport.batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
    expect((await sender.stats()).states.delivered).toBe(3);
    await sender.stop();
  });

  it('stops the rest of such a batch if the mailbox closes meanwhile', async () => {
    const { sender, transport, clock } = await copyAfterFault({ concurrencyPerMailbox: 1 });
    transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error: failed });
    transport.batches.length = 0;
    const names = Array.from({ length: 8 }, (_, index) => `u${index}`);
    await sender.sendMany(names.map(to));
    await clock.advance(1_000);
    expect(transport.batches.length).toBeLessThanOrEqual(2);
    expect((await sender.stats()).states.spooled).toBe(8);
    await sender.stop();
  });
});

it('a server that keeps the copy but fails to send loses nothing silently, and receives nothing twice', async () => {
  await using scene = await sendToSimulator();
  scene.exchange.faults.on('CreateItem').once().copyStoredSendFailed();
  const id = await scene.send('one');
  await scene.settle();
  const entry = await scene.entry(id);
  expect(scene.inbox()).toEqual([]);
  expect(entry).toMatchObject({ state: 'dead', reason: { code: 'COPY_AFTER_FAULT' } });
});
