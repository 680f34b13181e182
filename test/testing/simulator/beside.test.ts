import { expect, it } from 'vitest';
import { createExchange, startExchangeSimulator } from '../../../src/testing.ts';

const alice = 'alice@contoso.test';
const make = () => createExchange({ mailboxes: [alice] });
const autodiscover = '/autodiscover/autodiscover.json/v1.0/alice@contoso.test?Protocol=Ews';

it('the journal includes Autodiscover, the WSDL, and requests to unknown paths', async () => {
  const exchange = make();
  for (const path of [autodiscover, '/EWS/Services.wsdl', '/ews/types.xsd', '/EWS/Exchange.asm']) await exchange.fetch(path);
  expect(exchange.journal.map(({ operation, status, problem }) => [operation, status, problem])).toEqual([
    ['Autodiscover', 200, undefined],
    ['Wsdl', 200, undefined],
    ['Wsdl', 200, undefined],
    ['', 404, 'There is nothing at /EWS/Exchange.asm.'],
  ]);
  expect(exchange.journal[0]?.responseBody).toContain('"Protocol":"Ews"');
});

it('faults affect these only if they name them', async () => {
  const exchange = make();
  exchange.faults.on('*').http(500);
  exchange.faults
    .on('Autodiscover')
    .nth(2)
    .http(503, { headers: { 'retry-after': '5' } });
  exchange.faults.on('Wsdl').once().resetBefore();
  const statuses = [await exchange.fetch(autodiscover), await exchange.fetch(autodiscover), await exchange.fetch(autodiscover)];
  expect(statuses.map(({ status }) => status)).toEqual([200, 503, 200]);
  expect(statuses[1]?.headers.get('retry-after')).toBe('5');
  await expect(exchange.fetch('/EWS/Services.wsdl')).rejects.toThrow('fetch failed');
  expect((await exchange.fetch('/EWS/Services.wsdl')).status).toBe(200);
  expect(exchange.journal.map(({ fault }) => fault)).toEqual([undefined, 'http', undefined, 'resetBefore', undefined]);
  expect(() => exchange.faults.on('Autodiscovery')).toThrow(/Autodiscover, Wsdl/);
});

it('real HTTP behaves the same', async () => {
  await using exchange = await startExchangeSimulator({ mailboxes: [alice] });
  exchange.faults.on('Autodiscover').once().lostResponse();
  const url = new URL(autodiscover, exchange.url);
  await expect(fetch(url)).rejects.toThrow();
  expect((await fetch(url)).status).toBe(200);
  expect(exchange.journal.map(({ outcome }) => outcome)).toEqual(['reset', 'answered']);
});
