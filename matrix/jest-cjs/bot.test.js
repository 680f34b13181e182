const { readFile } = require('node:fs/promises');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { EwsTransport, MemorySpool, OfflineImError, OfflineImSender, basicAuth } = require('offline-im');
const { FileSpool } = require('offline-im/file');
const { SqliteSpool } = require('offline-im/sqlite');
const { startExchangeSimulator } = require('offline-im/testing');
const { entries } = require('./entries.cjs');

test('every entry loads', () => {
  for (const [name, entry] of Object.entries(entries)) expect([name, Object.keys(entry)]).not.toEqual([name, []]);
});

const folder = mkdtempSync(join(tmpdir(), 'offline-im-jest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spools = {
  MemorySpool: () => new MemorySpool(),
  FileSpool: () => new FileSpool({ root: join(folder, 'files') }),
  SqliteSpool: () => new SqliteSpool({ path: join(folder, 'spool.db') }),
};

test.each(Object.keys(spools))('a note goes through %s to the Inbox', async (name) => {
  const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: spools[name](),
    transport: new EwsTransport({ url: exchange.url, credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }) }),
  });
  const warnings = [];
  sender.on('warning', ({ error }) => warnings.push(error.code));
  // Node's own promise: in Jest's sandbox it is of another realm.
  sender.on('message:delivered', () => readFile('/nonexistent'));
  await sender.send({ to: 'sip:bob@contoso.test', text: 'Are you there?', sentAt: new Date() });
  await sender.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(exchange.mailbox('bob@contoso.test').missedConversations()).toHaveLength(1);
  expect(warnings).toEqual(['ENOENT']);
  await sender.stop();
  await exchange.close();
});

test('an error of the file system, which is of another realm, is understood', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  for (const spool of [new FileSpool({ root: join(file, 'spool') }), new SqliteSpool({ path: join(file, 'spool.db') })]) {
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.test' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool,
      transport: new EwsTransport({ url: await closedAddress(), credentials: basicAuth({ username: 'a', password: 'x' }) }),
    });
    const error = await sender.send({ to: 'sip:bob@contoso.test', text: 'x' }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(OfflineImError);
    expect(error.code).toBe('SPOOL_ROOT_UNUSABLE');
    await sender.stop();
  }
});

test('a host that cannot be reached is known to have got nothing: the message waits', async () => {
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: new EwsTransport({ url: await closedAddress(), credentials: basicAuth({ username: 'a', password: 'x' }) }),
  });
  await sender.send({ to: 'sip:bob@contoso.test', text: 'x' });
  await sender.flush();
  expect((await sender.stats()).states).toMatchObject({ deferred: 1, unconfirmed: 0, dead: 0 });
  await sender.stop();
});

/** An address at which nobody listens any more. */
async function closedAddress() {
  const exchange = await startExchangeSimulator({ mailboxes: [] });
  await exchange.close();
  return exchange.url;
}
