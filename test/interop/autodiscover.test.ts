/** Third-party clients find the simulator by its Autodiscover. */
import { spawnSync } from 'node:child_process';
import {
  AutodiscoverService,
  ExchangeService,
  ExchangeVersion,
  type IXHRApi,
  Uri,
  WebCredentials,
  XhrApi,
} from 'ews-javascript-api';
import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { runSteps } from './everyday/run-steps.ts';

const python = '/usr/bin/python3';
const installed = spawnSync(python, ['-c', 'import exchangelib'], { timeout: 120_000 }).status === 0;
const address = 'dave@contoso.test';
const mailboxes = [{ address, password: 'p', aliases: ['david@contoso.test'] }];

/** A network in which every host is the simulator, with its own certificate. */
function networkOf(origin: string): IXHRApi & { readonly asked: string[] } {
  const real = new XhrApi({ rejectUnauthorized: false } as never);
  const asked: string[] = [];
  const at = <Options extends { url?: string }>(options: Options): Options => {
    asked.push(options.url ?? '');
    return { ...options, url: (options.url ?? '').replace(/^https:\/\/[^/]+/i, origin) };
  };
  return {
    asked,
    apiName: 'to the simulator',
    xhr: (options, progress) => real.xhr(at(options), progress),
    xhrStream: (options, progress) => real.xhrStream(at(options), progress),
    disconnect: () => real.disconnect(),
  };
}

describe('ews-javascript-api', () => {
  it('finds the EWS address from the mailbox address alone', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes, tls: true });
    const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
    service.Credentials = new WebCredentials(address, 'p');
    const network = networkOf(new URL(exchange.url).origin);
    service.XHRApi = network;
    await service.AutodiscoverUrl(address, () => true);
    expect(service.Url.ToString()).toBe(exchange.url);
    expect(network.asked.length).toBeGreaterThan(0);
  });

  it('requests settings from the service', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes });
    const at = new Uri(new URL('/autodiscover/autodiscover.svc', exchange.url).href);
    const service = new AutodiscoverService(at, ExchangeVersion.Exchange2013);
    service.Credentials = new WebCredentials(address, 'p');
    // By number: UserDisplayName, ExternalEwsUrl, EwsSupportedSchemas.
    const answer = await service.GetUserSettings('david@contoso.test', [0, 58, 59] as never);
    expect(JSON.stringify(answer)).toContain(exchange.url);
  });
});

describe.skipIf(!installed).each(['basic', 'ntlm'] as const)('exchangelib over %s', (auth) => {
  it('requests settings from the service', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes, auth: [auth] });
    const url = new URL('/autodiscover/autodiscover.svc', exchange.url).href;
    const login = auth === 'ntlm' ? 'CONTOSO\\dave' : address;
    expect(await runSteps(python, 'exchangelib_autodiscover.py', [url, login, 'david@contoso.test', auth])).toEqual({
      found: [exchange.url, address],
      nobody: 'InvalidUser',
    });
  });
});
