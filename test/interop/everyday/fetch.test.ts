/** Everyday work without a client library. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { alice, bob, calls } from './fetch.ts';

describe('bare fetch', () => {
  let exchange: ExchangeSimulator;
  beforeAll(async () => {
    exchange = await startExchangeSimulator({ mailboxes: [{ address: alice, password: 'p' }, bob] });
  });
  afterAll(() => exchange.close());

  it.each(Object.entries(calls))('%s', (_name, call) => call(exchange));
});
