import { exchangeFixtures, exchangeMatchers } from 'offline-im/testing/vitest';
import { test as base, expect } from 'vitest';
import { notifyShipped } from './notify.js';

expect.extend(exchangeMatchers);
// Each test has an exchange of its own, so that they may run side by side.
const test = base.extend(exchangeFixtures({ mailboxes: ['shop@contoso.test', 'customer@contoso.test'] }));

const shop = { mailbox: 'shop@contoso.test', password: 'any' };
const order = { customer: 'customer@contoso.test', order: '4711' };

test('sends the customer one mail', async ({ exchange }) => {
  await notifyShipped({ ...shop, url: exchange.url, fetch: exchange.fetch }, order);
  expect(exchange.mailbox('customer@contoso.test')).toHaveReceived({ subject: /4711/, from: 'shop@contoso.test', times: 1 });
  expect(exchange).toHaveNoDrafts();
});

test('retries when the server is busy', async ({ exchange }) => {
  exchange.faults.on('CreateItem').times(2).serverBusy();
  const { attempts } = await notifyShipped({ ...shop, url: exchange.url, fetch: exchange.fetch }, order);
  expect(attempts).toBe(3);
  expect(exchange).toHaveReceived({ times: 1 });
});

test('does not send twice when the response is lost', async ({ exchange }) => {
  exchange.faults.on('CreateItem').lostResponse();
  await expect(notifyShipped({ ...shop, url: exchange.url, fetch: exchange.fetch }, order)).rejects.toThrow();
  expect(exchange).toHaveReceived({ times: 1 });
});

test('works over real HTTP', async ({ simulator }) => {
  await notifyShipped({ ...shop, url: simulator.url }, order);
  expect(await simulator.expectOnce()).toMatchObject({ mailbox: 'customer@contoso.test' });
});
