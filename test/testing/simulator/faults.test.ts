import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import {
  call,
  child,
  createItem,
  envelope,
  findItem,
  isTag,
  message,
  messagesNs,
  post,
  textOf,
  typesNs,
} from '../support/raw-ews.ts';

const clock = new ManualClock();
let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({ clock, mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
});
afterEach(() => exchange.reset());
afterAll(() => exchange.close());

const three = createItem([message({ subject: '1' }), message({ subject: '2' }), message({ subject: '3' })]);
const one = createItem([message({ subject: '1', tag: 'n/1' })]);
const send = (body = one) => call(exchange.url, body);
const arrived = () =>
  exchange
    .mailbox('bob@contoso.test')
    .folder('inbox')
    .items.map((i) => i.subject);
const folder = (name: string) => exchange.mailbox('alice@contoso.test').folder(name).items;

describe('requests affected by a fault', () => {
  it('nth: only that one', async () => {
    const fault = exchange.faults.on('CreateItem').nth(2).forbidden();
    expect([(await send()).status, (await send()).status, (await send()).status]).toEqual([200, 403, 200]);
    expect(fault.hits).toBe(1);
  });

  it('every, times, once', async () => {
    exchange.faults.on('CreateItem').every(2).times(1).forbidden();
    expect([(await send()).status, (await send()).status, (await send()).status, (await send()).status]).toEqual([
      200, 403, 200, 200,
    ]);
    exchange.faults.clear();
    exchange.faults.on('*').once().forbidden();
    expect([(await send()).status, (await send()).status]).toEqual([403, 200]);
  });

  it('only those of its operation, login or predicate', async () => {
    exchange.faults.on('FindItem').forbidden();
    exchange.faults.on('CreateItem').from('Bob@contoso.test').forbidden();
    exchange.faults
      .on('CreateItem')
      .when((r) => r.itemCount === 3)
      .forbidden();
    expect((await send()).status).toBe(200);
    expect((await send(three)).status).toBe(403);
    expect(
      (await call(exchange.url, createItem([message({ to: ['alice@contoso.test'] })]), { as: 'bob@contoso.test' })).status,
    ).toBe(403);
    expect((await call(exchange.url, findItem())).status).toBe(403);
  });

  it('probability selects the same requests for the same seed', async () => {
    const pattern = async (seed: number) => {
      exchange.faults.clear();
      exchange.faults.on('CreateItem').probability(0.5, { seed }).forbidden();
      const statuses: number[] = [];
      for (let i = 0; i < 20; i++) statuses.push((await send()).status);
      return statuses;
    };
    const first = await pattern(7);
    expect(await pattern(7)).toEqual(first);
    expect(await pattern(8)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 403]));
  });

  it('a fault without a possible response is refused', () => {
    const at = exchange.faults.on('CreateItem');
    const wrong = [
      () => at.http(99),
      () => at.http(1000),
      () => at.http(503, { headers: { 'bad name': 'x' } }),
      () => at.http(503, { headers: { name: 'x\ny' } }),
      () => at.http(503, { retryAfter: 'später €' }),
      () => at.soapFault(''),
      () => at.responseCode(' '),
    ];
    for (const set of wrong) expect(set).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(exchange.faults.list()).toEqual([]);
  });

  it('a removed fault affects no more; invalid options are refused', async () => {
    exchange.faults.on('CreateItem').forbidden().remove();
    expect((await send()).status).toBe(200);
    expect(() => exchange.faults.on('CreateItem').nth(0).forbidden()).toThrow(/nth/);
    expect(() => exchange.faults.on('CreateItem').probability(2).forbidden()).toThrow(/probability/);
    expect(() => exchange.faults.on('FindItem').lateCopy(1)).toThrow(/FindItem/);
    expect(() => exchange.faults.add({ operation: 'x' }, { kind: 'resetBefore' })).toThrow(/not an operation/);
  });
});

describe('faults with nothing processed', () => {
  afterEach(() => expect(arrived()).toEqual([]));

  it('serverBusy as a fault, with HTTP 500 or 200, and a back-off or none', async () => {
    exchange.faults.on('CreateItem').nth(1).serverBusy({ backOff: 5000 });
    exchange.faults.on('CreateItem').nth(2).serverBusy({ status: 200 });
    const [first, second] = [await send(), await send()];
    expect(first).toMatchObject({ status: 500, fault: 'ErrorServerBusy' });
    expect(first.text).toContain('<t:Value Name="BackOffMilliseconds">5000</t:Value>');
    expect(second).toMatchObject({ status: 200, fault: 'ErrorServerBusy' });
    expect(second.text).not.toContain('BackOff');
  });

  it('serverBusy in the body', async () => {
    exchange.faults.on('CreateItem').once().serverBusy({ form: 'item', backOff: 700 });
    const answer = await send(three);
    expect(answer.codes).toEqual(['ErrorServerBusy', 'ErrorServerBusy', 'ErrorServerBusy']);
    expect(textOf(child(answer.messages[0], messagesNs, 'MessageXml'), typesNs, 'Value')).toBe('700');
  });

  it('HTTP status with Retry-After, as seconds and as a date', async () => {
    exchange.faults.on('CreateItem').nth(1).http(503, { retryAfter: 30 });
    exchange.faults
      .on('CreateItem')
      .nth(2)
      .http(429, { retryAfter: new Date(Date.UTC(2016, 5, 14)) });
    const [first, second] = [await send(), await send()];
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '30']);
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, 'Tue, 14 Jun 2016 00:00:00 GMT']);
  });

  it('unauthorized, forbidden, html, soapFault', async () => {
    exchange.faults.on('CreateItem').nth(1).unauthorized();
    exchange.faults.on('CreateItem').nth(2).forbidden();
    exchange.faults.on('CreateItem').nth(3).html();
    exchange.faults.on('CreateItem').nth(4).soapFault('ErrorExceededConnectionCount');
    const answers = [await send(), await send(), await send(), await send()];
    expect(answers.map((a) => a.status)).toEqual([401, 403, 200, 500]);
    expect(answers[2]?.text).toContain('<html>');
    expect(answers[3]?.fault).toBe('ErrorExceededConnectionCount');
  });

  it('resetBefore', async () => {
    exchange.faults.on('CreateItem').resetBefore();
    await expect(send()).rejects.toThrow();
    expect(exchange.journal).toMatchObject([{ outcome: 'reset', status: undefined, fault: 'resetBefore' }]);
  });

  it('hang: no response until the client gives up', async () => {
    exchange.faults.on('CreateItem').hang();
    const gone = new AbortController();
    const init = { method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope(one), signal: gone.signal };
    const asked = expect(fetch(exchange.url, init)).rejects.toThrow();
    await expect.poll(() => exchange.journal.length).toBe(1);
    gone.abort();
    await asked;
    expect(exchange.journal).toMatchObject([{ outcome: 'silence' }]);
  });

  it('responseCode for every item', async () => {
    exchange.faults.on('CreateItem').responseCode('ErrorMailboxMoveInProgress');
    expect((await send(three)).codes).toEqual(Array(3).fill('ErrorMailboxMoveInProgress'));
    expect(folder('conversationhistory')).toEqual([]);
  });
});

describe('faults with everything processed', () => {
  it.each([0, 0.1, 0.5, 0.9, 1])('lostResponse after %f of the response', async (after) => {
    exchange.faults.on('CreateItem').lostResponse({ after });
    await expect(send(three)).rejects.toThrow();
    expect(arrived()).toEqual(['1', '2', '3']);
    expect(folder('conversationhistory')).toHaveLength(3);
    exchange.faults.clear();
    expect((await call(exchange.url, findItem({ restriction: isTag('none') }))).status).toBe(200);
  });

  it('truncated: the response ends properly, but its XML does not', async () => {
    exchange.faults.on('CreateItem').truncated();
    const response = await post(exchange.url, envelope(one));
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('<m:CreateItemResponse');
    expect(text).not.toContain('</s:Envelope>');
    expect(arrived()).toEqual(['1']);
  });

  it('hang({ processed }), soapFault({ processed }), responseCode({ processed })', async () => {
    exchange.faults.on('CreateItem').nth(1).soapFault('ErrorInternalServerError', { processed: true });
    exchange.faults
      .on('CreateItem')
      .nth(2)
      .responseCode('ErrorTimeoutExpired', { processed: true, items: [1] });
    exchange.faults.on('CreateItem').nth(3).hang({ processed: true });
    expect((await send()).fault).toBe('ErrorInternalServerError');
    expect((await send(three)).codes).toEqual(['NoError', 'ErrorTimeoutExpired', 'NoError']);
    const authorization = `Basic ${btoa('alice@contoso.test:x')}`;
    const headers = { 'content-type': 'text/xml', authorization };
    await expect(
      fetch(exchange.url, { method: 'POST', headers, body: envelope(one), signal: AbortSignal.timeout(100) }),
    ).rejects.toThrow();
    expect(arrived()).toEqual(['1', '1', '2', '3', '1']);
  });

  it('drip: a few bytes at a time, by the clock', async () => {
    exchange.faults.on('CreateItem').drip({ chunkBytes: 200, interval: 1000 });
    const response = await post(exchange.url, envelope(one));
    const text = response.text();
    for (let i = 0; i < 20; i++) await clock.advance(1000);
    expect(await text).toContain('</s:Envelope>');
  });
});

describe('faults with a part processed', () => {
  it('partialBatch: the first items are sent, then a fault for the whole batch', async () => {
    exchange.faults.on('CreateItem').nth(1).partialBatch(2);
    expect(await send(three)).toMatchObject({ status: 500, fault: 'ErrorInternalServerError' });
    expect(arrived()).toEqual(['1', '2']);
  });

  it('partialBatch: fewer responses than items', async () => {
    exchange.faults.on('CreateItem').nth(1).partialBatch(2, { answer: 'fewer' });
    expect((await send(three)).codes).toEqual(['NoError', 'NoError']);
    expect(arrived()).toEqual(['1', '2']);
  });

  it('a warning for an item that was not processed', async () => {
    exchange.faults.on('CreateItem').responseCode('ErrorBatchProcessingStopped', { items: [1, 2], responseClass: 'Warning' });
    const answer = await send(three);
    expect(answer.messages.map((m) => m.attributes.get('ResponseClass'))).toEqual(['Success', 'Warning', 'Warning']);
    expect(arrived()).toEqual(['1']);
  });

  it('copyStoredSendFailed: a copy that looks sent, or does not', async () => {
    exchange.faults.on('CreateItem').nth(1).copyStoredSendFailed();
    exchange.faults.on('CreateItem').nth(2).copyStoredSendFailed({ code: 'ErrorQuotaExceeded', unsent: true });
    expect((await send()).codes).toEqual(['ErrorInternalServerTransientError']);
    expect((await send()).codes).toEqual(['ErrorQuotaExceeded']);
    expect(folder('conversationhistory').map((i) => i.isDraft)).toEqual([false, true]);
    expect(arrived()).toEqual([]);
  });

  it('draftOnSendAsDenied leaves a draft with its properties', async () => {
    exchange.faults.on('CreateItem').draftOnSendAsDenied();
    expect((await send()).codes).toEqual(['ErrorSendAsDenied']);
    expect(folder('drafts')).toMatchObject([{ isDraft: true, properties: [{ value: 'n/1' }] }]);
    expect(arrived()).toEqual([]);
  });

  it('lateCopy: sent at once, the copy appears by the clock', async () => {
    exchange.faults.on('CreateItem').lateCopy(90_000);
    expect((await send()).codes).toEqual(['NoError']);
    expect(arrived()).toEqual(['1']);
    await clock.advance(89_999);
    expect([folder('conversationhistory').length, exchange.pending]).toEqual([0, 1]);
    await clock.advance(1);
    expect([folder('conversationhistory').length, exchange.pending]).toEqual([1, 0]);
  });

  it('heldInOutbox: unsent at first, then sent', async () => {
    exchange.faults.on('CreateItem').heldInOutbox(60_000);
    expect((await send()).codes).toEqual(['NoError']);
    expect(folder('outbox')).toMatchObject([{ isDraft: true }]);
    expect(arrived()).toEqual([]);
    await clock.advance(60_000);
    expect([folder('outbox').length, folder('conversationhistory').length, arrived().length]).toEqual([0, 1, 1]);
  });

  it('heldInOutbox: an item deleted or moved meanwhile is never sent', async () => {
    const mailbox = exchange.mailbox('alice@contoso.test');
    exchange.faults.on('CreateItem').heldInOutbox(60_000);
    await send();
    await send();
    const [first, second] = folder('outbox');
    if (first === undefined || second === undefined) throw new Error('nothing in the Outbox');
    mailbox.remove(first);
    mailbox.move(second, 'deleteditems');
    await clock.advance(60_000);
    expect([folder('outbox').length, folder('conversationhistory').length, arrived().length]).toEqual([0, 0, 0]);
    expect(folder('deleteditems')).toMatchObject([{ isDraft: true }]);
  });
});

describe('delay', () => {
  it('waits by the clock before processing, and can be combined with another fault', async () => {
    exchange.faults.on('CreateItem').delay(500);
    exchange.faults.on('CreateItem').delay(500);
    exchange.faults.on('CreateItem').serverBusy();
    const answer = send();
    while (exchange.journal.length === 0) await clock.advance(100);
    expect((await answer).fault).toBe('ErrorServerBusy');
    expect(clock.monotonic()).toBeGreaterThanOrEqual(1000);
  });

  it('does not outlast reset() and close()', async () => {
    exchange.faults.on('CreateItem').delay(1e9);
    const answer = send();
    const rejected = expect(answer).rejects.toThrow();
    while (clock.pending === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    exchange.reset();
    await rejected;
    expect(clock.pending).toBe(0);
  });
});
