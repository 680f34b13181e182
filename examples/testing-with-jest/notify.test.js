const { exchangeMatchers, exchangePerTest } = require('offline-im/testing/jest');
const { notifyShipped } = require('./notify.js');

expect.extend(exchangeMatchers);
const exchange = exchangePerTest({ mailboxes: ['shop@contoso.test', 'customer@contoso.test'] });

const order = { customer: 'customer@contoso.test', order: '4711' };
const shop = () => ({ url: exchange().url, fetch: exchange().fetch, mailbox: 'shop@contoso.test', password: 'any' });

test('sends the customer one mail', async () => {
  await notifyShipped(shop(), order);
  expect(exchange().mailbox('customer@contoso.test')).toHaveReceived({ subject: /4711/, from: 'shop@contoso.test', times: 1 });
  expect(exchange()).toHaveNoDrafts();
});

test('retries when the server is busy', async () => {
  exchange().faults.on('CreateItem').once().serverBusy();
  expect(await notifyShipped(shop(), order)).toEqual({ attempts: 2 });
  expect(exchange()).toHaveReceived({ times: 1 });
});

test('starts each test with empty mailboxes', () => {
  expect(exchange()).not.toHaveReceived();
});
