import { describe, expect, it } from 'vitest';
import { basicAuth, discoverEws } from '../../../src/index.ts';
import { createExchange, type SimulatedExchange, startExchangeSimulator } from '../../../src/testing.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const make = (options: object = {}): SimulatedExchange =>
  createExchange({ mailboxes: [{ address: alice, password: 'p', aliases: ['al@contoso.test'] }, bob], ...options });
const login = { authorization: `Basic ${btoa(`${alice}:p`)}` };
const at = (path: string): string => `https://autodiscover.contoso.test${path}`;

/** As Outlook and the EWS Managed API write it. */
const pox = (
  address: string,
  schema = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a',
): string =>
  '<?xml version="1.0" encoding="utf-8"?>\r\n<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">\r\n' +
  `  <Request>\r\n    <EMailAddress>${address}</EMailAddress>\r\n    <AcceptableResponseSchema>${schema}</AcceptableResponseSchema>\r\n  </Request>\r\n</Autodiscover>`;
const soap = (message: string): string =>
  '<soap:Envelope xmlns:a="http://schemas.microsoft.com/exchange/2010/Autodiscover" xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">' +
  '<soap:Header><a:RequestedServerVersion>Exchange2013</a:RequestedServerVersion><wsa:Action>http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/GetUserSettings</wsa:Action>' +
  `<wsa:To>https://autodiscover.contoso.test/autodiscover/autodiscover.svc</wsa:To></soap:Header><soap:Body>${message}</soap:Body></soap:Envelope>`;
const settings = (address: string): string =>
  `<a:GetUserSettingsRequestMessage><a:Request><a:Users><a:User><a:Mailbox>${address}</a:Mailbox></a:User></a:Users>` +
  '<a:RequestedSettings><a:Setting>ExternalEwsUrl</a:Setting><a:Setting>EcpVoicemailUrlFragment</a:Setting></a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage>';
const ask = async (
  exchange: SimulatedExchange,
  path: string,
  body?: string,
  headers: Readonly<Record<string, string>> = login,
) => {
  const post = { method: 'POST', body: body ?? '', headers: { 'content-type': 'text/xml; charset=utf-8', ...headers } };
  const response = await exchange.fetch(at(path), body === undefined ? { headers, redirect: 'manual' } : post);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('discoverEws', () => {
  it('finds the exchange by JSON, without a login', async () => {
    const exchange = make();
    expect(await discoverEws(alice, { fetch: exchange.fetch })).toMatchObject({ url: exchange.url, service: 'json' });
  });

  it('finds it by POX if nothing answers JSON', async () => {
    const exchange = make();
    const withoutJson: typeof fetch = async (input, init) =>
      /\.json/.test(input instanceof Request ? input.url : String(input))
        ? new Response('', { status: 404 })
        : exchange.fetch(input, init);
    const credentials = basicAuth({ username: alice, password: 'p' });
    expect(await discoverEws(alice, { fetch: withoutJson, credentials })).toMatchObject({ url: exchange.url, service: 'pox' });
    const wrong = basicAuth({ username: alice, password: 'no' });
    await expect(discoverEws(alice, { fetch: withoutJson, credentials: wrong })).rejects.toMatchObject({
      code: 'AUTODISCOVER_FAILED',
    });
  });

  it('does not find an unknown user', async () => {
    await expect(discoverEws('nobody@contoso.test', { fetch: make().fetch })).rejects.toMatchObject({
      code: 'AUTODISCOVER_FAILED',
    });
  });
});

describe('Autodiscover v2', () => {
  it.each([
    [`/autodiscover/autodiscover.json/v1.0/${alice}?Protocol=EWS`, 200, '"Url":"https://mail.contoso.test/EWS/Exchange.asmx"'],
    [`/Autodiscover/Autodiscover.json?Email=${encodeURIComponent(alice)}&Protocol=Ews`, 200, '"Protocol":"Ews"'],
    [`/autodiscover/autodiscover.json?email=${alice}&protocol=AutodiscoverV1`, 200, '/autodiscover/autodiscover.xml"'],
    [`/autodiscover/autodiscover.json/v1.0/${alice}`, 400, 'MandatoryParameterMissing'],
    ['/autodiscover/autodiscover.json?Protocol=EWS', 400, 'MandatoryParameterMissing'],
    [`/autodiscover/autodiscover.json/v1.0/${alice}?Protocol=Carrier-Pigeon`, 400, 'InvalidProtocol'],
    ['/autodiscover/autodiscover.json/v1.0/nobody@contoso.test?Protocol=EWS', 404, 'UserNotFound'],
  ])('%s', async (path, status, text) => {
    const answer = await ask(make(), path, undefined, {});
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)]);
  });
});

describe('POX', () => {
  it('returns EWS for internal and external clients, and the primary address of an alias', async () => {
    const { status, text } = await ask(make(), '/AutoDiscover/AutoDiscover.xml', pox('al@contoso.test'));
    expect([status, text.match(/<EwsUrl>https:\/\/mail\.contoso\.test\/EWS\/Exchange\.asmx<\/EwsUrl>/g)?.length]).toEqual([
      200, 2,
    ]);
    expect(text).toContain(`<AutoDiscoverSMTPAddress>${alice}</AutoDiscoverSMTPAddress>`);
  });

  it.each([
    ['an unknown address', pox('nobody@contoso.test'), '500'],
    ['no request', '<x/>', '600'],
    ['another schema', pox(alice, 'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006'), '601'],
  ])('returns an error for %s', async (_what, body, code) => {
    const { status, text } = await ask(make(), '/autodiscover/autodiscover.xml', body);
    expect([status, text]).toEqual([200, expect.stringContaining(`<ErrorCode>${code}</ErrorCode>`)]);
  });
});

describe('SOAP', () => {
  it('returns the settings it has, and reports each of the others as missing', async () => {
    const { status, text } = await ask(make(), '/autodiscover/autodiscover.svc', soap(settings(alice)));
    expect([status, text]).toEqual([
      200,
      expect.stringContaining('<Name>ExternalEwsUrl</Name><Value>https://mail.contoso.test/EWS/Exchange.asmx</Value>'),
    ]);
    expect(text).toContain('<ErrorCode>SettingIsNotAvailable</ErrorCode>');
  });

  it('knows only users and domains of the organisation', async () => {
    const domain = (name: string): string =>
      `<a:GetDomainSettingsRequestMessage><a:Request><a:Domains><a:Domain>${name}</a:Domain></a:Domains><a:RequestedSettings><a:Setting>ExternalEwsUrl</a:Setting></a:RequestedSettings></a:Request></a:GetDomainSettingsRequestMessage>`;
    const texts = [settings('nobody@contoso.test'), domain('contoso.test'), domain('elsewhere.test')].map(async (message) => {
      const { text } = await ask(make(), '/autodiscover/autodiscover.svc', soap(message));
      return text;
    });
    const [nobody, inside, outside] = await Promise.all(texts);
    expect(nobody).toContain('<ErrorCode>InvalidUser</ErrorCode>');
    expect(inside).toContain('DomainStringSetting');
    expect(outside).toContain('<ErrorCode>InvalidDomain</ErrorCode>');
  });

  it('refuses unknown input with a sentence', async () => {
    const { status, text } = await ask(
      make(),
      '/autodiscover/autodiscover.svc',
      soap('<a:GetFederationInformationRequestMessage><a:Request/></a:GetFederationInformationRequestMessage>'),
    );
    expect([status, text]).toEqual([500, expect.stringContaining('GetFederationInformationRequestMessage is not simulated')]);
  });
});

describe('the login', () => {
  it('is required by POX and SOAP, even for GET, with one header line per scheme', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice], auth: ['ntlm', 'bearer', 'basic'] });
    for (const [path, method] of [
      ['/autodiscover/autodiscover.xml', 'POST'],
      ['/Autodiscover/autodiscover.svc', 'POST'],
      ['/autodiscover/autodiscover.svc', 'GET'],
    ] as const) {
      const response = await fetch(new URL(path, exchange.url), { method });
      expect([response.status, response.headers.get('www-authenticate'), response.headers.get('x-soap-enabled')]).toEqual([
        401,
        'NTLM, Bearer, Basic realm="simulator"',
        'True',
      ]);
    }
  });

  it('is not required for the unencrypted hint, which redirects to https', async () => {
    const response = await make().fetch('http://autodiscover.contoso.test/autodiscover/autodiscover.xml', { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'https://autodiscover.contoso.test/autodiscover/autodiscover.xml',
    ]);
    // Over https, the same request is one without a login.
    expect((await ask(make(), '/autodiscover/autodiscover.xml', undefined, {})).status).toBe(401);
  });
});
