/** Clients that disconnect halfway, and excessive requests, leave nothing behind. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message, post } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
let exchange: ExchangeSimulator;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  exchange = await startExchangeSimulator({ mailboxes: [alice, bob], clock });
});
afterEach(() => exchange.close());

/** Sends a request by hand, all of it or a part. */
async function send(body: string, part = 1, length = Buffer.byteLength(body)): Promise<Socket> {
  const socket = connect(Number(new URL(exchange.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const head =
    `POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: ${length}\r\n` +
    `Authorization: Basic ${btoa(`${alice}:x`)}\r\n\r\n`;
  socket.on('error', () => undefined);
  socket.write(head + body.slice(0, Math.floor(body.length * part)));
  return socket;
}

/** Until the server, too, has noticed the end of the connection: `connections` counts those accepted, not those still open. */
async function gone(socket: Socket): Promise<void> {
  socket.destroy();
  await once(socket, 'close');
  // The next response comes after anything the server does at the end of the connection.
  await (await post(exchange.url, envelope(findItem()))).text();
}

const stored = (): number =>
  exchange.mailboxes.reduce((sum, { folders }) => sum + folders.reduce((total, { size }) => total + size, 0), 0);

it('a client that dies during its request has requested nothing', async () => {
  await gone(await send(envelope(createItem([message()])), 0.9));
  expect([stored(), exchange.journal.map(({ operation }) => operation)]).toEqual([0, ['FindItem']]);
});

it('one that dies during a slow response leaves no timer', async () => {
  exchange.faults.on('CreateItem').drip({ chunkBytes: 1, interval: 1000 });
  const socket = await send(envelope(createItem([message()])));
  await once(socket, 'data');
  expect(clock.pending).toBe(1);
  await gone(socket);
  expect(clock.pending).toBe(0);
});

it('one that dies during a delay has its request processed, as by Exchange, and no more', async () => {
  exchange.faults.on('CreateItem').delay(1000);
  const socket = await send(envelope(createItem([message()])));
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  await once(socket, 'close');
  await clock.advance(1000);
  await exchange.idle();
  expect([stored(), clock.pending]).toEqual([2, 0]);
});

it('one that dies before its notifications start is sent none', async () => {
  const headers = { as: bob };
  const events = '<t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>';
  const subscribe = `<m:Subscribe><m:StreamingSubscriptionRequest SubscribeToAllFolders="true">${events}</m:StreamingSubscriptionRequest></m:Subscribe>`;
  const id = /<m:SubscriptionId>([^<]+)</.exec(await (await post(exchange.url, envelope(subscribe), headers)).text())?.[1];
  exchange.faults.on('GetStreamingEvents').delay(1000);
  const ids = `<m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds>`;
  const body = `<m:GetStreamingEvents>${ids}<m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>`;
  const socket = await send(envelope(body));
  while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
  await gone(socket);
  await clock.advance(1000);
  await exchange.idle();
  expect([exchange.pending, clock.pending]).toEqual([0, 0]);
});

it('a request that is too long is read and discarded, and its connection stays usable', async () => {
  const long = envelope(createItem([message({ text: 'x'.repeat(6 * 1024 * 1024) })]));
  const answer = await post(exchange.url, long);
  await answer.text();
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(stored()).toBe(0);
  expect(exchange.journal.map(({ requestBody }) => requestBody.length)).toEqual([0]);
});

it('one announced as too long but never sent ends with its connection', async () => {
  await gone(await send('<x', 1, 500_000_000));
  expect(stored()).toBe(0);
});
