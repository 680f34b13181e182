/** Everything that the host configured on its service is used, and the service stays unchanged. */
import util from 'node:util';
import {
  ConnectingIdType,
  EwsLogging,
  ExchangeService,
  ExchangeVersion,
  ImpersonatedUserId,
  Uri,
  WebCredentials,
} from 'ews-javascript-api';
import { afterEach, describe, expect, it } from 'vitest';
import { fromExchangeService } from '../../src/ews-javascript-api.ts';
import { type ExchangeSimulator, type ExchangeSimulatorOptions, startExchangeSimulator } from '../../src/testing.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/harness.ts';
import { numbersOfRow } from '../support/security-page.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
let exchange: ExchangeSimulator | undefined;

afterEach(() => exchange?.close());

async function start(
  options: Partial<ExchangeSimulatorOptions> = {},
): Promise<{ server: ExchangeSimulator; service: ExchangeService }> {
  const server = await startExchangeSimulator({ mailboxes: [{ address: alice, password: 'p' }, bob], ...options });
  exchange = server;
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(server.url);
  service.Credentials = new WebCredentials(alice, 'p');
  return { server, service };
}

async function send(transport: Transport): Promise<DeliveryOutcome | undefined> {
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  return outcome;
}

describe('a service', () => {
  it('is unchanged after successful and failed requests', async () => {
    const { server, service } = await start();
    const before = { ...service };
    const headers = [...(service.HttpResponseHeaders?.Keys ?? [])];
    const transport = fromExchangeService(service);
    server.faults.on('CreateItem').once().http(500, { body: 'plain' });
    expect((await send(transport))?.status).toBe('unconfirmed');
    expect((await send(transport))?.status).toBe('delivered');
    expect({ ...service }).toEqual(before);
    expect([...(service.HttpResponseHeaders?.Keys ?? [])]).toEqual(headers);
  });

  it('without an XHR of its own uses the default of the library, and leaves its global state alone', async () => {
    // Another test of the same process may have added it.
    const wasThere = 'isNullOrUndefined' in util;
    const { service } = await start();
    expect((await send(fromExchangeService(service)))?.status).toBe('delivered');
    // The function missing in Node 24 is not added behind the host's back.
    expect('isNullOrUndefined' in util).toBe(wasThere);
    expect(EwsLogging.DebugLogEnabled).toBe(false);
  });

  it('impersonates if it is configured to, even if configured later', async () => {
    const { server, service } = await start({ credentials: { username: 'svc@contoso.test', password: 's' } });
    service.Credentials = new WebCredentials('svc@contoso.test', 's');
    const transport = fromExchangeService(service);
    service.ImpersonatedUserId = new ImpersonatedUserId(ConnectingIdType.SmtpAddress, alice);
    service.HttpHeaders.Add('X-AnchorMailbox', alice);
    expect((await send(transport))?.status).toBe('delivered');
    expect(server.journal.at(-1)?.mailbox).toBe(alice);
    expect(server.journal.at(-1)?.requestBody).toContain(`<t:SmtpAddress>${alice}</t:SmtpAddress>`);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(1);
  });

  it('whose impersonated name would become markup sends nothing', async () => {
    const { server, service } = await start();
    const ids = [
      'a<b@contoso.test',
      '</t:SmtpAddress>',
      '</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></soap:Header><soap:Body/>',
      'a&b',
      `ceo@contoso.test</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation><t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>${alice}`,
      `ceo@contoso.test</t:SmtpAddress><t:SmtpAddress>${alice}`,
      `ceo@contoso.test</t:SmtpAddress></t:ConnectingSID><t:ConnectingSID><t:SmtpAddress>${alice}`,
    ];
    expect(numbersOfRow('Impersonation in the adapter').tried).toEqual([ids.length]);
    for (const id of ids) {
      service.ImpersonatedUserId = new ImpersonatedUserId(ConnectingIdType.SmtpAddress, id);
      const outcome = await send(fromExchangeService(service));
      expect(outcome).toMatchObject({ status: 'deferred', error: { code: 'OPTION_INVALID' } });
      expect(JSON.stringify(outcome)).not.toContain(id);
    }
    expect(server.journal).toEqual([]);
  });

  it('without credentials sends nothing, and says so', async () => {
    const { server, service } = await start();
    service.Credentials = null as never;
    const transport = fromExchangeService(service);
    expect(await send(transport)).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
      error: { code: 'OPTION_INVALID' },
    });
    await expect(transport.verify?.({ address: alice }, always())).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(server.journal).toEqual([]);
    service.Credentials = new WebCredentials(alice, 'p');
    expect((await send(transport))?.status).toBe('delivered');
  });

  it('sends SOAP and HTTP headers added by the host', async () => {
    const { server, service } = await start();
    service.HttpHeaders.Add('X-Custom', 'yes');
    service.OnSerializeCustomSoapHeaders = () => {};
    expect((await send(fromExchangeService(service)))?.status).toBe('delivered');
    expect(server.journal.at(-1)?.clientRequestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    [ExchangeVersion.Exchange2007_SP1, 'Exchange2010_SP2'],
    [ExchangeVersion.Exchange2010_SP2, 'Exchange2010_SP2'],
    [ExchangeVersion.Exchange2013, 'Exchange2013'],
    [ExchangeVersion.Exchange2013_SP1, 'Exchange2013_SP1'],
    [ExchangeVersion.Exchange2015, 'Exchange2015'],
    [ExchangeVersion.Exchange2016, 'Exchange2016'],
    [ExchangeVersion.V2017_07_11, 'Exchange2016'],
  ])('of version %s requests %s', async (version, name) => {
    const { server, service } = await start();
    const other = new ExchangeService(version);
    other.Url = service.Url;
    other.Credentials = service.Credentials;
    expect((await send(fromExchangeService(other)))?.status).toBe('delivered');
    expect(server.journal.at(-1)?.requestBody).toContain(`RequestServerVersion Version="${name}"`);
  });

  it('negotiates the version with an older server', async () => {
    const { server, service } = await start({ profile: 'exchange-2010' });
    const transport = fromExchangeService(service);
    await transport.verify?.({ address: alice }, always());
    expect((await send(transport))?.status).toBe('delivered');
    expect(server.journal.at(-1)?.requestBody).toContain('RequestServerVersion Version="Exchange2010_SP2"');
  });

  it.each([
    ['nothing', undefined],
    ['an object', {}],
    ['a service without URL', new ExchangeService()],
  ])('is refused if it is %s', (_, service) => {
    expect(() => fromExchangeService(service as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('states its request timeout and where a note can be probed, as EwsTransport does', async () => {
    const { server, service } = await start();
    const transport = fromExchangeService(service, { requestTimeout: 300_000 });
    expect(transport.requestTimeout).toBe(300_000);
    const place = transport.placeOf({ address: alice });
    expect(transport.canProbe?.(place)).toBe(true);
    expect(transport.canProbe?.({ ...place, endpoint: `${server.url}/elsewhere` })).toBe(false);
  });

  it('is refused over http to another machine', () => {
    const service = new ExchangeService();
    service.Url = new Uri('http://mail.contoso.com/EWS/Exchange.asmx');
    expect(() => fromExchangeService(service)).toThrow(expect.objectContaining({ code: 'INSECURE_URL' }));
  });
});
