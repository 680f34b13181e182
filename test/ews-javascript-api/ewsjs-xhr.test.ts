import { XhrApi } from '@ewsjs/xhr';
import { ExchangeService, ExchangeVersion, Uri, WebCredentials } from 'ews-javascript-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fromExchangeService } from '../../src/ews-javascript-api.ts';
import { MemorySpool, OfflineImSender } from '../../src/index.ts';
import { type ExchangeSimulator, type ExchangeSimulatorOptions, startExchangeSimulator } from '../../src/testing.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'] as const;

async function exchangeWith(options: Partial<ExchangeSimulatorOptions>): Promise<ExchangeSimulator> {
  const exchange = await startExchangeSimulator({ mailboxes: [alice, bob], ...options });
  onTestFinished(() => exchange.close());
  return exchange;
}

function serviceOf(exchange: ExchangeSimulator, version = ExchangeVersion.Exchange2013_SP1): ExchangeService {
  const service = new ExchangeService(version);
  service.Url = new Uri(exchange.url);
  service.Credentials = new WebCredentials(alice, 'secret');
  return service;
}

/** How many notes Bob has, and what became of the message. */
async function sendThrough(
  service: ExchangeService,
  exchange: ExchangeSimulator,
): Promise<readonly [number, string | undefined]> {
  const sender = new OfflineImSender({
    identity: { sip: `sip:${alice}` },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: fromExchangeService(service),
    pickupDelay: 0,
  });
  await sender.send({ to: `sip:${bob}`, text: 'Are you there? <&>', messageId: 'm' });
  await sender.flush();
  const status = await sender.status('m');
  await sender.stop();
  return [exchange.mailbox(bob).folder('inbox').items.length, status?.entries[0]?.state];
}

describe('fromExchangeService', () => {
  it('delivers through the XHR of @ewsjs/xhr', async () => {
    const exchange = await exchangeWith({});
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi() as never;
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
  });

  it('delivers through its NTLM', async () => {
    const exchange = await exchangeWith({ auth: ['ntlm'], mailboxes: [{ address: alice, password: 'secret' }, bob] });
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi().useNtlmAuthentication(alice, 'secret') as never;
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
  });

  it('delivers for a service of the 2010 profile', async () => {
    const exchange = await exchangeWith({ profile: 'exchange-2010' });
    expect(await sendThrough(serviceOf(exchange, ExchangeVersion.Exchange2010_SP2), exchange)).toEqual([1, 'delivered']);
  });

  it('refuses a service without credentials, and sends nothing', async () => {
    const exchange = await exchangeWith({});
    const service = new ExchangeService();
    service.Url = new Uri(exchange.url);
    const verify = fromExchangeService(service).verify?.({ address: alice }, { signal: AbortSignal.timeout(60_000) });
    await expect(verify).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(exchange.journal).toHaveLength(0);
  });
});
