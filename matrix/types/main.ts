import { basicAuth, EwsTransport, OfflineImSender, type OfflineImSenderOptions } from 'offline-im';
import { FileSpool } from 'offline-im/file';
import { SqliteSpool } from 'offline-im/sqlite';
import { entries } from './entries.js';

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
export const others = [new SqliteSpool({ path: '/tmp/spool.db' })];
// @ts-expect-error Each entry has types of its own.
entries['offline-im'].nothing();
