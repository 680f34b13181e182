const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { EwsTransport, MemorySpool, OfflineImSender, basicAuth } = require('offline-im');
const { FileSpool } = require('offline-im/file');
const { SqliteSpool } = require('offline-im/sqlite');
const { startExchangeSimulator } = require('offline-im/testing');
const { entries } = require('./entries.cjs');

for (const [name, entry] of Object.entries(entries))
  if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing`);

async function main() {
  const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
  const root = mkdtempSync(join(tmpdir(), 'offline-im-runtime-'));
  for (const spool of [new MemorySpool(), new FileSpool({ root }), new SqliteSpool({ path: join(root, 'spool.db') })]) {
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.test' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool,
      transport: new EwsTransport({
        url: exchange.url,
        credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }),
      }),
    });
    await sender.send({ to: 'sip:bob@contoso.test', text: `by ${spool.name}` });
    await sender.flush();
    await sender.stop();
  }
  const shown = exchange.mailbox('bob@contoso.test').missedConversations().length;
  await exchange.close();
  rmSync(root, { recursive: true });
  if (shown !== 3) throw new Error(`${shown} of 3 notes arrived`);
  console.log('3 of 3 notes arrived');
}

main();
