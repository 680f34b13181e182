/** Limits that lead to ErrorServerBusy under load. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  ManualClock,
  startExchangeSimulator,
} from '../../../src/testing.ts';
import { sendToSimulator } from '../../support/send-to-simulator.ts';
import { call, createItem, findItem, message, type RawAnswer } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
let exchange: ExchangeSimulator;
let clock: ManualClock;
const start = async (options: Partial<ExchangeSimulatorOptions>): Promise<void> => {
  clock = new ManualClock();
  exchange = await startExchangeSimulator({ clock, mailboxes: [alice, bob, carol], ...options });
};
afterEach(() => exchange.close());

const backOffIn = ({ text }: RawAnswer): number => Number(/Name="BackOffMilliseconds">(\d+)</.exec(text)?.[1]);
const find = (as = alice): Promise<RawAnswer> => call(exchange.url, findItem(), { as });
const send = (count: number, as = alice): Promise<RawAnswer> =>
  call(exchange.url, createItem(Array.from({ length: count }, (_, n) => message({ subject: `${n}` }))), { as });
const arrived = (): number => exchange.mailbox(bob).folder('inbox').size;

describe('requests', () => {
  it('above the budget get ErrorServerBusy, until the time stated in the fault has passed', async () => {
    await start({ throttling: { requests: { burst: 2, perMinute: 60 } } });
    expect([(await find()).status, (await find()).status]).toEqual([200, 200]);
    const busy = await find();
    expect([busy.status, busy.fault, backOffIn(busy)]).toEqual([500, 'ErrorServerBusy', 1000]);
    await clock.advance(400);
    expect(backOffIn(await find())).toBe(600);
    await clock.advance(600);
    expect((await find()).status).toBe(200);
    expect((await find()).fault).toBe('ErrorServerBusy');
  });

  it('count for the mailbox they act for: another one has its own budget', async () => {
    await start({
      throttling: { requests: { burst: 1, perMinute: 1 } },
      credentials: { username: 'svc@contoso.test', password: 's' },
    });
    expect((await find()).status).toBe(200);
    expect([(await find()).fault, (await find(bob)).status]).toEqual(['ErrorServerBusy', 200]);
    const header = `<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>${alice}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>`;
    const service = { as: 'svc@contoso.test', password: 's' };
    expect((await call(exchange.url, findItem(), { ...service, header })).fault).toBe('ErrorServerBusy');
  });

  it('of a refused user cost nothing', async () => {
    await start({ throttling: { requests: { burst: 1, perMinute: 1 } }, mailboxes: [{ address: alice, password: 'p' }] });
    for (let n = 0; n < 5; n++)
      expect((await call(exchange.url, findItem(), { password: 'no', unchecked: true })).status).toBe(401);
    expect((await call(exchange.url, findItem(), { password: 'p' })).status).toBe(200);
  });
});

describe('messages', () => {
  it('above the budget are refused one by one; the others of the batch are sent', async () => {
    await start({ throttling: { messages: { burst: 2, perMinute: 6 } } });
    const answer = await send(3);
    expect([answer.status, answer.codes, backOffIn(answer)]).toEqual([200, ['NoError', 'NoError', 'ErrorServerBusy'], 10_000]);
    expect([arrived(), exchange.mailbox(alice).folder('conversationhistory').size]).toEqual([2, 2]);
    await clock.advance(10_000);
    expect((await send(1)).codes).toEqual(['NoError']);
  });
});

describe('concurrent requests', () => {
  it('are refused above the limit, and admitted again once one has ended', async () => {
    await start({ throttling: { concurrency: 1 } });
    exchange.faults.on('FindItem').nth(1).delay(1000);
    const slow = find();
    await expect.poll(() => clock.pending).toBe(1);
    expect((await find()).fault).toBe('ErrorExceededConnectionCount');
    expect((await find(bob)).status).toBe(200);
    await clock.advance(1000);
    expect((await slow).status).toBe(200);
    expect((await find()).status).toBe(200);
  });

  it('include an open stream until its client has gone', async () => {
    await start({ throttling: { concurrency: 1, subscriptions: 1 } });
    const subscribe =
      '<m:Subscribe><m:StreamingSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>';
    const made = await call(exchange.url, subscribe);
    expect((await call(exchange.url, subscribe)).codes).toEqual(['ErrorExceededSubscriptionCount']);
    const id = /SubscriptionId>([^<]*)</.exec(made.text)?.[1] ?? '';
    const gone = new AbortController();
    const body = `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>`;
    const headers = { 'content-type': 'text/xml', authorization: `Basic ${btoa(`${alice}:x`)}` };
    const xml = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body>${body}</s:Body></s:Envelope>`;
    await fetch(exchange.url, { method: 'POST', headers, body: xml, signal: gone.signal });
    expect((await find()).fault).toBe('ErrorExceededConnectionCount');
    gone.abort();
    await expect.poll(async () => (await find()).status).toBe(200);
  });
});

describe('a quota', () => {
  it('prevents a full mailbox from sending and storing', async () => {
    await start({ mailboxes: [{ address: alice, quota: { send: 2000, receive: 4000 } }, bob] });
    exchange.mailbox(alice).store('inbox', { body: 'x'.repeat(2000) });
    expect([(await send(1)).codes, arrived()]).toEqual([['ErrorQuotaExceeded'], 0]);
    expect((await call(exchange.url, createItem([message()], '', 'SaveOnly'))).codes).toEqual(['NoError']);
    exchange.mailbox(alice).store('inbox', { body: 'x'.repeat(2000) });
    expect((await call(exchange.url, createItem([message()], '', 'SaveOnly'))).codes).toEqual(['ErrorQuotaExceeded']);
    for (const item of exchange.mailbox(alice).folder('inbox').items) exchange.mailbox(alice).remove(item);
    expect([(await send(1)).codes, arrived()]).toEqual([['NoError'], 1]);
  });

  it('causes a report to whoever writes to a full mailbox', async () => {
    await start({ mailboxes: [alice, { address: bob, quota: { receive: 100 } }] });
    exchange.mailbox(bob).store('drafts', { body: 'x' });
    expect([(await send(1)).codes, arrived()]).toEqual([['NoError'], 0]);
    const [report] = exchange.mailbox(alice).folder('inbox').items;
    expect([report?.itemClass, report?.body.content]).toEqual(['REPORT.IPM.Note.NDR', expect.stringContaining('5.2.2')]);
  });
});

it('invalid options are refused with a sentence', async () => {
  await start({});
  const budget = { requests: { burst: 0, perMinute: 1 } };
  await expect(startExchangeSimulator({ mailboxes: [alice], throttling: budget })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
  const mailboxes = [{ address: alice, quota: { send: -1 } }];
  await expect(startExchangeSimulator({ mailboxes })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

it('our own sender gets everything through, once', async () => {
  await start({});
  await using scene = await sendToSimulator({
    simulator: { throttling: { requests: { burst: 2, perMinute: 6_000 }, messages: { burst: 3, perMinute: 12_000 } } },
  });
  const texts = Array.from({ length: 12 }, (_, n) => `message ${n}`);
  for (const text of texts) await scene.send(text);
  await scene.settle(60_000);
  expect(
    scene.exchange.journal.some(
      ({ responseCodes, responseCode }) => responseCode === 'ErrorServerBusy' || responseCodes.includes('ErrorServerBusy'),
    ),
  ).toBe(true);
  expect(scene.inbox().length).toBe(12);
  expect([...new Set(scene.inbox())].length).toBe(12);
  expect(scene.folder('drafts')).toEqual([]);
});
