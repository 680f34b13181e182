const { exchangeMatchers, exchangePerTest } = require('offline-im/testing/jest');
const { notifyShipped } = require('./notify.js');

expect.extend(exchangeMatchers);
const exchange = exchangePerTest({ mailboxes: ['shop@contoso.test', 'customer@contoso.test'] });

const order = { customer: 'customer@contoso.test', order: '4711' };
const shop = () => ({ url: exchange().url, fetch: exchange().fetch, mailbox: 'shop@contoso.test', password: 'any' });

test('the customer gets one mail', async () => {
  await notifyShipped(shop(), order);
  expect(exchange().mailbox('customer@contoso.test')).toHaveReceived({ subject: /4711/, from: 'shop@contoso.test', times: 1 });
  expect(exchange()).toHaveNoDrafts();
});

test('a busy server is asked again', async () => {
  exchange().faults.on('CreateItem').once().serverBusy();
  expect(await notifyShipped(shop(), order)).toEqual({ attempts: 2 });
  expect(exchange()).toHaveReceived({ times: 1 });
});

test('nothing is left of the tests before', () => {
  expect(exchange()).not.toHaveReceived();
});
