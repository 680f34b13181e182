import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { createExchange, ManualClock } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const make = (options: object = {}) => createExchange({ mailboxes: [alice, bob], access: 'anonymous', ...options });
const ask = (body: string): RequestInit => ({ method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope(body) });

describe('seeding', () => {
  it('accepts a message with as much or as little as a test needs', () => {
    const exchange = make();
    const item = exchange.mailbox(bob).receive({ subject: 'Hi' });
    expect(item).toMatchObject({ subject: 'Hi', itemClass: 'IPM.Note', folder: 'inbox', isRead: false });
    expect(exchange.mailbox(bob).receive().subject).toBe('');
  });

  it('stores all of a seed or, if one item is invalid, nothing', () => {
    const exchange = make();
    exchange.seed({ [bob]: { inbox: [{ subject: 'one' }], sentitems: [{ subject: 'two' }] } });
    expect([exchange.mailbox(bob).folder('inbox').size, exchange.mailbox(bob).folder('sentitems').size]).toEqual([1, 1]);
    const bad: readonly (readonly [unknown, string])[] = [
      [{ [bob]: { inbox: [{ subject: 'fine' }, { subject: 7 }] } }, "inbox[1]: The item's subject is of the wrong kind"],
      [{ 'nobody@contoso.test': {} }, 'there is no mailbox nobody@contoso.test'],
      [{ [bob]: { inbox: {} } }, 'must be a list of items'],
      [[], 'must be an object'],
    ];
    for (const [seed, text] of bad) expect(() => exchange.seed(seed as never)).toThrow(text);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(1);
  });
});

describe('waiting', () => {
  it('ends with the message that a test delivers', async () => {
    const exchange = make();
    const waiting = exchange.waitForMessage(({ subject }) => subject === 'later');
    exchange.mailbox(bob).receive({ subject: 'later' });
    expect((await waiting).subject).toBe('later');
  });

  it('for nothing ends with a code and the latest requests, without any text', async () => {
    const exchange = make();
    await exchange.fetch(exchange.url, ask(createItem([message()])));
    const error = await exchange.waitForMessage(() => false, { timeout: 1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'EXPECTATION_FAILED',
      message: expect.stringContaining('#1 CreateItem alice@contoso.test 200 NoError'),
    });
    expect(String(error)).not.toContain('Subject');
  });

  it('until it is idle counts time as the machine does, but little of what a busy one loses', async () => {
    const clock = new ManualClock();
    const exchange = make({ clock });
    exchange.faults.on('CreateItem').delay(1000);
    const answer = exchange.fetch(exchange.url, ask(createItem([message()])));
    let [time, step] = [0, 4];
    const monotonic = vi.spyOn(systemClock, 'monotonic').mockImplementation(() => (time += step));
    try {
      await expect(exchange.idle({ timeout: 19 })).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
      expect(monotonic).toHaveBeenCalledTimes(2 * 5);
      step = 1000;
      await expect(exchange.idle({ timeout: 19 })).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
      expect(monotonic).toHaveBeenCalledTimes(2 * 5 + 2 * 2);
    } finally {
      monotonic.mockRestore();
    }
    await clock.advance(1000);
    expect((await answer).status).toBe(200);
  });

  it('sees the result of a request still in progress', async () => {
    const exchange = make();
    await exchange.expectNone();
    void exchange.fetch(exchange.url, ask(createItem([message()])));
    expect(await exchange.expectOnce()).toMatchObject({ mailbox: bob });
    await expect(exchange.expectNone()).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
    await exchange.fetch(exchange.url, ask(createItem([message()])));
    await expect(exchange.expectOnce()).rejects.toThrow('2 messages of that kind were received; expected one');
  });

  it('until idle ends although a request hangs in a delay', async () => {
    const clock = new ManualClock();
    const exchange = make({ clock });
    exchange.faults.on('FindItem').delay(1000);
    const asked = exchange.fetch(exchange.url, ask(findItem()));
    await expect(exchange.idle({ timeout: 5 })).rejects.toMatchObject({ code: 'EXPECTATION_FAILED' });
    await clock.advance(1000);
    await asked;
    await exchange.idle();
  });
});

describe('faults', () => {
  it('apply one after the other, as a scenario lists them', async () => {
    const exchange = make();
    exchange.faults.scenario('FindItem', [(fault) => fault.http(503), undefined, (fault) => fault.resetBefore()]);
    const statuses: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      const answer = await exchange.fetch(exchange.url, ask(findItem())).catch(() => 'reset');
      statuses.push(typeof answer === 'string' ? answer : answer.status);
    }
    expect(statuses).toEqual([503, 200, 'reset', 200]);
    expect(exchange.faults.list().map(({ hits, fault }) => [fault.kind, hits])).toEqual([
      ['http', 1],
      ['resetBefore', 1],
    ]);
    for (const fault of exchange.faults.list()) fault.remove();
    expect(exchange.faults.list()).toEqual([]);
  });

  it('apply to a mailbox, or a recipient', async () => {
    const exchange = make();
    exchange.faults.on('*').mailbox(bob).http(503);
    exchange.faults.on('CreateItem').recipient('BOB@contoso.test').http(429);
    expect((await exchange.fetch(exchange.url, ask(findItem()))).status).toBe(200);
    expect((await exchange.fetch(exchange.url, ask(createItem([message()])))).status).toBe(429);
    const asBob = ask(findItem());
    const answer = await exchange.fetch(exchange.url, { ...asBob, headers: { ...asBob.headers, 'x-anchormailbox': bob } });
    expect(answer.status).toBe(503);
  });

  it('with a probability apply to the same requests for the same seed', async () => {
    const struck = async (randomSeed: number): Promise<string> => {
      const exchange = make({ randomSeed });
      exchange.faults.on('*').probability(0.5).http(503);
      let seen = '';
      for (let n = 0; n < 20; n++) seen += (await exchange.fetch(exchange.url, ask(findItem()))).status === 503 ? 'x' : '.';
      return seen;
    };
    expect(await struck(7)).toBe(await struck(7));
    expect(await struck(7)).not.toBe(await struck(8));
  });
});

it('a manual clock never goes back', async () => {
  const clock = new ManualClock();
  await clock.advance(5);
  await expect(clock.advance(-1)).rejects.toThrow('a number of ms from 0');
  expect(clock.monotonic()).toBe(5);
});

it('a fault given as data is checked: misspelt kinds and names are refused, and omitted values get their defaults', () => {
  const exchange = make();
  const add = (fault: object) => () => exchange.faults.add({ operation: '*' }, fault as never);
  expect(add({ kind: 'serverBussy' })).toThrow('faults.add(): fault.kind is invalid; expected serverBusy');
  expect(add({ kind: 'http', status: 9 })).toThrow('faults.add(): fault.status is invalid; expected at least 200.');
  expect(add({ kind: 'delay', delay: 'long' })).toThrow('fault.delay is invalid; expected integer');
  expect(exchange.faults.list()).toEqual([]);
  expect(add({ kind: 'serverBusy', backOff: undefined })()).toMatchObject({
    fault: { form: 'fault', status: 500, items: 'all' },
  });
});
