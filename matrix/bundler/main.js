import { basicAuth, EwsTransport, MemorySpool, OfflineImSender } from 'offline-im';
import { IndexedDbSpool } from 'offline-im/indexeddb';

// Bundled for browsers and run here: nothing of Node may have been pulled in.
const sender = new OfflineImSender({
  identity: { sip: 'sip:alice@contoso.com' },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: new MemorySpool(),
  transport: new EwsTransport({
    url: 'https://mail.contoso.com/EWS/Exchange.asmx',
    credentials: basicAuth({ username: 'alice', password: 'x' }),
    fetch: async () => new Response('', { status: 503 }),
  }),
});
const { entries } = await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
await sender.stop();
if (entries.length !== 1 || typeof IndexedDbSpool !== 'function') throw new Error('the bundle is broken');
console.log('bundled and spooled');
