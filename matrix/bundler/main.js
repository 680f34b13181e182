import { basicAuth, EwsTransport, MemorySpool, OfflineImSender } from 'offline-im';
import { entries } from './browser-entries.mjs';

// Bundled for browsers and run here: nothing of Node may have been pulled in. No await outside of a function: not every minifier knows it.
async function main() {
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
  const { entries: accepted } = await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
  await sender.stop();
  if (accepted.length !== 1) throw new Error('the bundle is broken');
  for (const [name, entry] of Object.entries(entries))
    if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing`);
  console.log('bundled and spooled');
}

main();
