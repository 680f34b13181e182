/**
 * How code that uses this library is tested: a clock that stands still until the test moves it, and a server that breaks where the test says so.
 * Run it with `node --import ./examples/from-source.ts examples/testing-your-code.ts`, or with any other test runner.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { basicAuth, type EventName, EwsTransport, MemorySpool, type OfflineImEvents, OfflineImSender } from 'offline-im';
import { ManualClock, startExchangeSimulator } from 'offline-im/testing';

/** The code under test: what your application does when a user is offline. */
async function leaveNote(sender: OfflineImSender, user: string, text: string): Promise<string> {
  const { messageId } = await sender.send({ to: `sip:${user}@contoso.test`, text });
  return messageId;
}

async function scene() {
  const clock = new ManualClock();
  const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'], clock });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test', displayName: 'Alice Example' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: new EwsTransport({
      url: exchange.url,
      credentials: basicAuth({ username: 'alice@contoso.test', password: 'any' }),
      clock,
    }),
    clock,
  });
  await sender.start();
  const bob = exchange.mailbox('bob@contoso.test');
  return {
    clock,
    exchange,
    sender,
    bob,
    /** The next event of that name: requests travel over real HTTP, so a test waits for what happens, not for a time. */
    next: <Name extends EventName>(name: Name) => new Promise<OfflineImEvents[Name]>((resolve) => sender.once(name, resolve)),
    async end() {
      await sender.stop();
      await exchange.close();
    },
  };
}

test('sends the note after two minutes, not before', async () => {
  const { clock, sender, bob, next, end } = await scene();
  await leaveNote(sender, 'bob', 'Are you there?');
  const delivered = next('message:delivered');
  await clock.advance(119_900);
  assert.equal(bob.missedConversations().length, 0);
  await clock.advance(100);
  assert.equal((await delivered).took, 120_000);
  assert.equal(bob.missedConversations()[0]?.body.content, 'Are you there?');
  await end();
});

test('does not send a second note when the response is lost', async () => {
  const { clock, exchange, sender, bob, next, end } = await scene();
  exchange.faults.on('CreateItem').once().lostResponse();
  await leaveNote(sender, 'bob', 'Are you there?');
  const unconfirmed = next('message:unconfirmed');
  await clock.advance(120_000);
  const { probeIn } = await unconfirmed;
  const delivered = next('message:delivered');
  await clock.advance(probeIn);
  assert.equal((await delivered).foundByProbe, true);
  assert.equal(bob.missedConversations().length, 1);
  await end();
});

test('leaves a busy server alone for as long as it asks', async () => {
  const { clock, exchange, sender, bob, next, end } = await scene();
  exchange.faults.on('CreateItem').once().serverBusy({ backOff: 60_000 });
  const messageId = await leaveNote(sender, 'bob', 'Are you there?');
  const deferred = next('message:deferred');
  await clock.advance(120_000);
  assert.equal((await deferred).serverCode, 'ErrorServerBusy');
  await clock.advance(59_000);
  assert.equal((await sender.status(messageId))?.entries[0]?.state, 'deferred');
  const delivered = next('message:delivered');
  await clock.advance(1_000);
  await delivered;
  assert.equal(bob.missedConversations().length, 1);
  await end();
});
