import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basicAuth, EwsTransport, OfflineImSender } from 'offline-im';
import { SqliteSpool } from 'offline-im/sqlite';
import { startExchangeSimulator } from 'offline-im/testing';
import { entries } from '../../entries.mjs';

// Static: the build itself asks for it, so a note that doesn't arrive fails the build.
export const dynamic = 'force-static';

export async function GET() {
  for (const [name, entry] of Object.entries(entries))
    if (Object.keys(entry).length === 0) throw new Error(`${name} exports nothing`);
  const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
  const root = mkdtempSync(join(tmpdir(), 'offline-im-next-'));
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new SqliteSpool({ path: join(root, 'spool.db') }),
    transport: new EwsTransport({ url: exchange.url, credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }) }),
  });
  await sender.send({ to: 'sip:bob@contoso.test', text: 'Are you there?' });
  await sender.flush();
  await sender.stop();
  const shown = exchange.mailbox('bob@contoso.test').missedConversations().length;
  await exchange.close();
  rmSync(root, { recursive: true });
  if (shown !== 1) throw new Error(`${shown} of 1 note arrived`);
  return new Response('1 of 1 note arrived');
}
