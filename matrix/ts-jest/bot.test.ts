import { basicAuth, EwsTransport, OfflineImError, OfflineImSender } from 'offline-im';
import { SqliteSpool } from 'offline-im/sqlite';
import { createExchange } from 'offline-im/testing';
import { exchangeMatchers } from 'offline-im/testing/jest';

expect.extend(exchangeMatchers);

test('a note through SqliteSpool, and an error of the class that is exported', async () => {
  const exchange = createExchange({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new SqliteSpool({ path: ':memory:' }),
    transport: new EwsTransport({
      url: exchange.url,
      fetch: exchange.fetch,
      credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }),
    }),
  });
  await sender.send({ to: 'sip:bob@contoso.test', text: 'Are you there?' });
  await sender.flush();
  await sender.stop();
  expect(exchange.mailbox('bob@contoso.test').missedConversations()).toHaveLength(1);
  await expect(sender.send({ to: 'nobody', text: '' })).rejects.toBeInstanceOf(OfflineImError);
});
