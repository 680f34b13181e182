import { createServer, request as requestOf } from 'node:http';
import type { AddressInfo } from 'node:net';
import { XhrApi } from '@ewsjs/xhr';
import {
  ConnectingIdType,
  ExchangeService,
  ExchangeVersion,
  ImpersonatedUserId,
  OAuthCredentials,
  Uri,
  WebCredentials,
} from 'ews-javascript-api';
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

/** The number of notes that Bob has, and the state of the message. */
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

/** A forward proxy as companies use it: it requires its own login, and records what passed. */
async function startProxy(login: string): Promise<{ port: number; passed: string[] }> {
  const passed: string[] = [];
  const server = createServer((incoming, outgoing) => {
    if (incoming.headers['proxy-authorization'] !== `Basic ${Buffer.from(login).toString('base64')}`) {
      outgoing.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    passed.push(`${incoming.method} ${incoming.url}`);
    const { 'proxy-authorization': _own, ...headers } = incoming.headers;
    const onward = requestOf(incoming.url ?? '', { method: incoming.method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, passed };
}

describe('fromExchangeService', () => {
  it('delivers through the XHR of @ewsjs/xhr', async () => {
    const exchange = await exchangeWith({});
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi() as never;
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
  });

  it('delivers through its NTLM login', async () => {
    const exchange = await exchangeWith({ auth: ['ntlm'], mailboxes: [{ address: alice, password: 'secret' }, bob] });
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi().useNtlmAuthentication(alice, 'secret') as never;
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
  });

  it('delivers through its proxy that requires a login', async () => {
    const exchange = await exchangeWith({});
    const proxy = await startProxy('clerk:secret');
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi().useProxy(`http://127.0.0.1:${proxy.port}`, 'clerk', 'secret') as never;
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
    expect(new Set(proxy.passed)).toEqual(new Set([`POST ${exchange.url}`]));
    expect(proxy.passed).toHaveLength(exchange.journal.length);
  });

  it('reports that the proxy refused the login, and has sent nothing', async () => {
    const exchange = await exchangeWith({});
    const proxy = await startProxy('clerk:secret');
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi().useProxy(`http://127.0.0.1:${proxy.port}`, 'clerk', 'wrong') as never;
    const verify = fromExchangeService(service).verify?.({ address: alice }, { signal: AbortSignal.timeout(200_000) });
    await expect(verify).rejects.toMatchObject({ details: { status: 407 } });
    expect(exchange.journal).toHaveLength(0);
  });

  it('delivers with OAuthCredentials and the token they hold at that moment', async () => {
    const exchange = await exchangeWith({ auth: ['bearer'] });
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi() as never;
    service.Credentials = new OAuthCredentials('expired.expired.expired');
    expect(await sendThrough(service, exchange)).toEqual([0, 'spooled']);
    service.Credentials = new OAuthCredentials(exchange.tokens.issue(alice));
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
  });

  it('impersonates', async () => {
    const exchange = await exchangeWith({
      mailboxes: [alice, bob],
      credentials: { username: 'svc@contoso.test', password: 'secret' },
    });
    const service = serviceOf(exchange);
    service.XHRApi = new XhrApi() as never;
    service.Credentials = new WebCredentials('svc@contoso.test', 'secret');
    service.ImpersonatedUserId = new ImpersonatedUserId(ConnectingIdType.SmtpAddress, alice);
    expect(await sendThrough(service, exchange)).toEqual([1, 'delivered']);
    expect(new Set(exchange.journal.map(({ mailbox }) => mailbox))).toEqual(new Set([alice]));
  });

  it('delivers for a service of the 2010 profile', async () => {
    const exchange = await exchangeWith({ profile: 'exchange-2010' });
    expect(await sendThrough(serviceOf(exchange, ExchangeVersion.Exchange2010_SP2), exchange)).toEqual([1, 'delivered']);
  });

  it('refuses a service without credentials, and sends nothing', async () => {
    const exchange = await exchangeWith({});
    const service = new ExchangeService();
    service.Url = new Uri(exchange.url);
    const verify = fromExchangeService(service).verify?.({ address: alice }, { signal: AbortSignal.timeout(200_000) });
    await expect(verify).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(exchange.journal).toHaveLength(0);
  });
});
