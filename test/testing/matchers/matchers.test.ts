import { afterAll, test as base, beforeAll, describe, expect, it } from 'vitest';
import { createExchange, type SimulatedExchange } from '../../../src/testing.ts';
import { exchangePerTest } from '../../../src/testing-jest.ts';
import { type ExchangeFixtures, exchangeFixtures, exchangeMatchers } from '../../../src/testing-vitest.ts';
import { createItem, envelope, message } from '../support/raw-ews.ts';

expect.extend(exchangeMatchers);
const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const make = () => createExchange({ mailboxes: [alice, bob], access: 'anonymous' });

/** Alice leaves Bob a note, as a client does. */
async function leaveNote(exchange: SimulatedExchange, text = 'Are you there?'): Promise<void> {
  const headers = { 'content-type': 'text/xml', authorization: `Basic ${btoa(`${alice}:x`)}` };
  await exchange.fetch(exchange.url, {
    method: 'POST',
    headers,
    body: envelope(createItem([message({ text, subject: 'Missed' })])),
  });
}

describe('toHaveReceived()', () => {
  it('matches any message, or one described, anywhere in a mailbox or in all', () => {
    const exchange = make();
    const box = exchange.mailbox(bob);
    expect(exchange).not.toHaveReceived();
    const item = box.receive({ subject: 'Order 4711', body: 'Thank you!', from: 'Shop@contoso.test' });
    expect(exchange).toHaveReceived();
    expect(box).toHaveReceived({
      subject: 'Order 4711',
      text: 'Thank',
      from: 'shop@CONTOSO.test',
      to: bob,
      itemClass: 'IPM.Note',
      times: 1,
    });
    expect(box).toHaveReceived({ subject: /^order \d+$/i, text: expect.stringMatching(/you/) });
    for (const other of [
      { subject: 'Order' },
      { text: 'thank' },
      { from: alice },
      { to: alice },
      { itemClass: 'IPM' },
      { times: 2 },
      { times: 0 },
    ]) {
      expect(box).not.toHaveReceived(other);
    }
    expect(exchange.mailbox(alice)).not.toHaveReceived();
    box.move(item, box.createFolder(box.folder('inbox'), 'Orders'));
    expect(box).toHaveReceived({ subject: /4711/, times: 1 });
  });

  it('ignores copies of sent messages, and drafts', async () => {
    const exchange = make();
    await leaveNote(exchange);
    exchange.mailbox(alice).store('drafts', { subject: 'x' }, 'draft');
    expect(exchange.mailbox(alice)).not.toHaveReceived();
  });

  it('says what was found instead', () => {
    const exchange = make();
    exchange.mailbox(bob).receive({ subject: 'Hello' });
    const failed = (): void => expect(exchange).toHaveReceived({ subject: 'Order 4711', from: /shop/, times: 2 });
    expect(failed).toThrow(
      'Expected 2 messages with subject "Order 4711", from /shop/; found 0 of 1 received: "Hello" in bob@contoso.test, inbox.',
    );
    expect(() => expect(exchange).not.toHaveReceived()).toThrow(
      'Expected not to find a message; found "Hello" in bob@contoso.test, inbox.',
    );
    expect(() => expect(make()).toHaveReceived()).toThrow('Expected a message; found 0 of 0 received: nothing.');
  });

  it.each([
    [{ subjet: 'x' }, 'subjet'],
    [{ subject: 7 }, 'subject'],
    [{ times: -1 }, 'times'],
    ['x', 'expected'],
  ])('treats %j as a mistake, not as a missing message', (expected, name) => {
    const failed = (): void => expect(make()).not.toHaveReceived(expected as never);
    expect(failed).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) }));
  });

  it('accepts nothing but an exchange', () => {
    for (const other of [undefined, 'x', {}])
      expect(() => expect(other).toHaveReceived()).toThrow('a simulated exchange, or one of its mailboxes');
  });
});

describe('toHaveReceivedNote()', () => {
  it('matches missed-conversation notes only', async () => {
    const exchange = make();
    exchange.mailbox(bob).receive({ subject: 'Hello' });
    expect(exchange).not.toHaveReceivedNote();
    await leaveNote(exchange);
    expect(exchange.mailbox(bob)).toHaveReceivedNote({ text: 'Are you there?', from: alice, times: 1 });
    expect(exchange).not.toHaveReceivedNote({ text: 'Hello' });
  });
});

describe('toHaveNoDrafts()', () => {
  it('checks for unsent items in any folder', () => {
    const exchange = make();
    expect(exchange).toHaveNoDrafts();
    const box = exchange.mailbox(alice);
    for (const folder of ['drafts', 'outbox', 'inbox']) {
      const item = box.store(folder, { subject: 'left' }, 'draft');
      expect(exchange).not.toHaveNoDrafts();
      expect(() => expect(box).toHaveNoDrafts()).toThrow(`Expected no draft; found "left" in ${alice}, ${folder}.`);
      box.remove(item);
    }
    expect(() => expect(box).not.toHaveNoDrafts()).toThrow('Expected a draft; found none.');
  });
});

describe('Vitest fixtures', () => {
  const test = base.extend<ExchangeFixtures>(exchangeFixtures({ mailboxes: [alice, bob], access: 'anonymous' }));
  const seen = new Set<SimulatedExchange>();

  for (const n of [1, 2]) {
    test(`give each test its own exchange (${n})`, async ({ exchange }) => {
      expect(exchange).not.toHaveReceived();
      exchange.mailbox(bob).receive();
      seen.add(exchange);
      expect(seen.size).toBe(n);
    });
  }

  test('close it after the test', async () => {
    for (const exchange of seen) await expect(exchange.fetch(exchange.url)).rejects.toThrow('fetch failed');
  });

  let url = '';
  test('include one that listens', async ({ simulator }) => {
    ({ url } = simulator);
    expect((await fetch(url, { method: 'OPTIONS' })).status).toBe(405);
  });
  afterAll(async () => {
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });
});

describe('exchangePerTest() for Jest', () => {
  const hooks = { beforeEach: [] as (() => void)[], afterEach: [] as (() => Promise<void>)[] };
  beforeAll(() => {
    Object.assign(globalThis, {
      beforeEach: (work: () => void) => hooks.beforeEach.push(work),
      afterEach: (work: () => Promise<void>) => hooks.afterEach.push(work),
    });
  });
  afterAll(() => {
    Reflect.deleteProperty(globalThis, 'beforeEach');
    Reflect.deleteProperty(globalThis, 'afterEach');
  });

  it('returns the exchange of the running test, and closes it', async () => {
    const exchange = exchangePerTest();
    expect(() => exchange()).toThrow('has an exchange while a test or its hooks run');
    for (const begin of hooks.beforeEach) begin();
    const first = exchange();
    expect([exchange() === first, first.mailboxes.length]).toEqual([true, 2]);
    for (const end of hooks.afterEach) await end();
    for (const begin of hooks.beforeEach) begin();
    expect(exchange()).not.toBe(first);
    await expect(first.fetch(first.url)).rejects.toThrow('fetch failed');
  });

  it('requires hooks', () => {
    Reflect.deleteProperty(globalThis, 'afterEach');
    expect(() => exchangePerTest()).toThrow('exchangePerTest() needs the global afterEach of the test runner.');
  });
});
