import { setupServer } from 'msw/node';
import { createExchange } from 'offline-im/testing';
import { exchangeHandlers } from 'offline-im/testing/msw';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { notifyShipped } from './notify.js';

const exchange = createExchange({ mailboxes: ['shop@contoso.test', 'customer@contoso.test'] });
const url = 'https://mail.contoso.test/EWS/Exchange.asmx';
const server = setupServer(...exchangeHandlers(exchange, { url }));

beforeAll(() => server.listen());
afterEach(() => exchange.reset());
afterAll(() => server.close());

const config = { url, mailbox: 'shop@contoso.test', password: 'any' };
const order = { customer: 'customer@contoso.test', order: '4711' };

test('sends the customer one mail', async () => {
  await notifyShipped(config, order);
  expect(await exchange.expectOnce()).toMatchObject({ subject: 'Order 4711 has been shipped', mailbox: 'customer@contoso.test' });
});

test('reports an error and sends no mail when the connection breaks early', async () => {
  exchange.faults.on('CreateItem').resetBefore();
  await expect(notifyShipped(config, order)).rejects.toThrow();
  await exchange.expectNone();
});
