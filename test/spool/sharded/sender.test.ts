import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FileSpool } from '../../../src/file.ts';
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender, sharded } from '../../../src/index.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

const login = { username: 'service@contoso.test', password: 'secret' };

it('a sender over three databases delivers each note once and in order, and its receipts name the shard', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-sharded-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const senders = Array.from({ length: 12 }, (_, index) => `s${index}@contoso.test`);
  const exchange = await startExchangeSimulator({
    mailboxes: [...senders, 'bob@contoso.test'],
    organization: ['contoso.test'],
    credentials: login,
  });
  onTestFinished(() => exchange.close());
  const spool = sharded(
    Object.fromEntries(['a', 'b', 'c'].map((name) => [name, new SqliteSpool({ path: join(folder, `${name}.db`) })])),
  );
  const sender = new OfflineImSender({
    identity: { sip: 'sip:s0@contoso.test' },
    organization: { domains: ['contoso.test'] },
    client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
    spool,
    transport: new EwsTransport({ url: exchange.url, credentials: basicAuth(login) }),
    pickupDelay: 0,
  });
  const receipts = await Promise.all(
    senders.flatMap((mailbox) =>
      [1, 2, 3].map((n) => sender.send({ from: { sip: `sip:${mailbox}` }, to: ['bob@contoso.test'], text: `${mailbox} ${n}` })),
    ),
  );
  for (const { entries } of receipts) {
    const [{ id = '' } = {}] = entries;
    const entry = await spool.get(id);
    expect(id.endsWith(`.${spool.shardOf(entry?.lane ?? '')}`)).toBe(true);
  }
  const delivered: string[] = [];
  const all = Promise.withResolvers<void>();
  sender.on('message:delivered', ({ messageId }) => {
    delivered.push(messageId);
    if (delivered.length === receipts.length) all.resolve();
  });
  await sender.start();
  await all.promise;
  await sender.stop();
  const bodies = exchange
    .mailbox('bob@contoso.test')
    .missedConversations()
    .map(({ body }) => JSON.stringify(body));
  for (const mailbox of senders) {
    const own = bodies
      .join()
      .split(`${mailbox} `)
      .slice(1)
      .map((rest) => rest[0]);
    expect(own).toEqual(['1', '2', '3']);
  }
});

it('a folder that was taken away closes its shard, and keeps no mailbox of another from sending', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-sharded-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const spool = sharded({
    kept: new FileSpool({ root: join(folder, 'kept') }),
    gone: new FileSpool({ root: join(folder, 'gone') }),
  });
  const { sender, transport } = aliceSends({ spool, clock: undefined });
  transport.answer = (note, { mayWrite }) =>
    mayWrite()
      ? { status: 'delivered', messageClass: note.messageClass }
      : { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'It may not be written.') };
  const mailbox = Array.from({ length: 30 }, (_, n) => `s${n}@contoso.com`).find((one) => spool.shardOf(one) === 'kept');
  await sender.send({ from: `sip:${mailbox}`, to: 'sip:bob@contoso.com', text: 'x' });
  await rename(join(folder, 'gone'), join(folder, 'moved'));
  expect(await sender.flush()).toEqual({ delivered: 1 });
  await sender.stop();
});

/** Mailboxes of which some notes still wait in a shard from before another one, now theirs, was added; blocked as soon as one is tried. */
async function sendsFromMovedMailboxes(count: number) {
  const shards = { first: new MemorySpool(), second: new MemorySpool() };
  const both = sharded(shards);
  const names = Array.from({ length: 30 * count }, (_, n) => `s${n}@contoso.com`);
  const moved = names.filter((one) => both.shardOf(one) === 'second').slice(0, count);
  const clock = new ManualClock();
  const before = aliceSends({ spool: sharded({ first: shards.first }), clock });
  for (const from of moved) {
    for (const conversationId of ['a', 'b', 'c'])
      await before.sender.send({ from: `sip:${from}`, to: 'sip:bob@contoso.com', text: 'x', conversationId });
  }
  await Promise.all([before.sender.stop({ timeout: 0 }), clock.advance(0)]);
  const scene = aliceSends({ spool: both, clock });
  const error = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
  scene.transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error });
  await scene.sender.start();
  for (const from of moved) await scene.sender.send({ from: `sip:${from}`, to: 'sip:bob@contoso.com', text: 'new' });
  await clock.advance(130_000);
  return { ...scene, shards, clock };
}

it('notes of a blocked mailbox that lie in another shard are not claimed in vain again and again', async () => {
  const { sender, shards, clock } = await sendsFromMovedMailboxes(1);
  const claim = shards.first.claim.bind(shards.first);
  let claimed = 0;
  shards.first.claim = async (request) => {
    const notes = await claim(request);
    claimed += notes.length;
    return notes;
  };
  await clock.advance(600_000);
  expect(claimed).toBeLessThan(20);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('a blocked mailbox with notes in two shards is tried with one note', async () => {
  const { sender, transport, clock } = await sendsFromMovedMailboxes(2);
  const begun = transport.batches.length;
  await clock.advance(3_000_000);
  const trials = transport.batches.slice(begun).map((batch) => batch.length);
  expect([trials.length > 2, Math.max(...trials)]).toEqual([true, 1]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});

it('what waits in a shard from before another one was added is tried again after its mailbox was blocked, and expires while it is', async () => {
  const shards = { first: new MemorySpool(), second: new MemorySpool() };
  const both = sharded(shards);
  const moved = Array.from({ length: 30 }, (_, n) => `s${n}@contoso.com`).find((one) => both.shardOf(one) === 'second');
  const clock = new ManualClock();
  const message = { from: `sip:${moved}`, to: 'sip:bob@contoso.com', text: 'x' };
  const before = aliceSends({ spool: sharded({ first: shards.first }), clock });
  await before.sender.send({ ...message, messageId: 'waits' });
  await before.sender.send({ ...message, messageId: 'expires', conversationId: 'c', expiresAt: new Date(clock.now() + 600_000) });
  await Promise.all([before.sender.stop({ timeout: 0 }), clock.advance(0)]);
  const { sender, transport, eventsOf } = aliceSends({ spool: both, clock });
  const error = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
  transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error });
  await sender.start();
  await clock.advance(800_000);
  expect(eventsOf('message:dead')).toMatchObject([{ messageId: 'expires', code: 'EXPIRED' }]);
  transport.answer = (note) => ({ status: 'delivered', messageClass: note.messageClass });
  await clock.advance(900_000);
  expect(eventsOf('message:delivered')).toMatchObject([{ messageId: 'waits' }]);
  await Promise.all([sender.stop({ timeout: 0 }), clock.advance(0)]);
});
