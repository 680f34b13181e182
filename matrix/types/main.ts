import { basicAuth, EwsTransport, MemorySpool, OfflineImSender, type OfflineImSenderOptions } from 'offline-im';
import { fromExchangeService } from 'offline-im/ews-javascript-api';
import { FileSpool } from 'offline-im/file';
import { IndexedDbSpool } from 'offline-im/indexeddb';
import { ntlmAuth } from 'offline-im/ntlm';
import { PostgresSpool } from 'offline-im/postgres';
import { SqliteSpool } from 'offline-im/sqlite';
import { ManualClock } from 'offline-im/testing';

const options: OfflineImSenderOptions = {
  identity: { sip: 'sip:alice@contoso.com' },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: new FileSpool({ root: '/tmp/spool' }),
  transport: new EwsTransport({
    url: 'https://mail.contoso.com/EWS/Exchange.asmx',
    credentials: basicAuth({ username: 'a', password: 'b' }),
  }),
};
export const sender = new OfflineImSender(options);
sender.on('message:dead', ({ messageId }) => console.log(messageId.toUpperCase()));
// @ts-expect-error There is no such event: the types are there, and are not any.
sender.on('message:dread', () => undefined);
export const all = [MemorySpool, IndexedDbSpool, PostgresSpool, SqliteSpool, ntlmAuth, ManualClock, fromExchangeService];
