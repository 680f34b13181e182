/** Content beside a response could contradict it: no note counts as delivered on the word of such a document. */
import { describe, expect, it } from 'vitest';
import { numbersOfRow } from '../../support/security-page.ts';
import { useHarness } from '../support/harness.ts';
import { created, fault, ok } from '../support/responses.ts';

const h = useHarness();
const soap = 'http://schemas.xmlsoap.org/soap/envelope/';
const good = created(ok);
const bodyOf = (document: string): string => /<([\w.]+:)?Body>([\s\S]*)<\/([\w.]+:)?Body>/.exec(document)?.[2] ?? '';
const prefix = /<([\w.]+):Envelope/.exec(good)?.[1] ?? '';
const inBody = (xml: string): string => good.replace(bodyOf(good), xml);
const answer = bodyOf(good);
const bad = bodyOf(fault('ErrorTimeoutExpired'));

const documents: readonly [string, string][] = [
  ['a fault after the answer', inBody(answer + bad)],
  ['a fault before the answer', inBody(bad + answer)],
  ['two answers', inBody(answer + answer)],
  ['an unknown element after the answer', inBody(`${answer}<x xmlns="urn:other"/>`)],
  ['text beside the answer', inBody(`${answer}Sorry`)],
  ['a second body', good.replace(`</${prefix}:Envelope>`, `<${prefix}:Body>${bad}</${prefix}:Body></${prefix}:Envelope>`)],
  [
    'a body of another namespace first',
    good.replace(`<${prefix}:Body>`, `<Body xmlns="urn:other">${answer}</Body><${prefix}:Body>`),
  ],
  ['a header after the body', good.replace(`</${prefix}:Envelope>`, `<${prefix}:Header/></${prefix}:Envelope>`)],
  ['an envelope of another namespace', good.replace(soap, 'urn:other')],
  ['an envelope of SOAP 1.2', good.replace(soap, 'http://www.w3.org/2003/05/soap-envelope')],
  ['the class in a namespace', good.replace('ResponseClass=', 'xmlns:q="urn:q" q:ResponseClass=')],
  ['the class twice', good.replace('ResponseClass="Success"', 'ResponseClass="Success" ResponseClass="Error"')],
  [
    'a code after the code',
    good
      .replace(`>${ok}</`, `>${ok}</`)
      .replace(
        /(<(\w+:)?ResponseCode>NoError<\/(\w+:)?ResponseCode>)/,
        '$1<m:ResponseCode xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">ErrorTimeoutExpired</m:ResponseCode>',
      ),
  ],
];

it.each(documents)('%s', async (_, body) => {
  expect(body).not.toBe(good);
  h.server.handler = () => ({ body });
  expect((await h.deliver(1))[0]?.status).toBe('unconfirmed');
});

it('covers as many responses as docs/security.md says', () => {
  expect(numbersOfRow('Answers that say two things').tried).toEqual([documents.length]);
});

describe('a login page in front of EWS', () => {
  const blocked = {
    status: 'blocked',
    scope: 'endpoint',
    sent: 'unknown',
    error: { message: expect.stringMatching(/login page/) },
  };
  const to = (location: string): [number, Record<string, string>, string] => [302, { location }, ''];
  const page = (body: string): [number, Record<string, string>, string] => [
    200,
    { 'content-type': 'text/html' },
    `<html><head/><body>${body}</body></html>`,
  ];
  it.each<[string, ...[number, Record<string, string>, string]]>([
    ['Outlook on the web', ...to('https://mail.contoso.test/owa/auth/logon.aspx?url=x&reason=0')],
    ['AD FS', ...to('https://sts.contoso.test/adfs/ls/?wa=wsignin1.0')],
    ['Entra ID', ...to('https://login.microsoftonline.com/common/oauth2/authorize')],
    ['a threat management gateway', ...to('https://mail.contoso.test/CookieAuth.dll?GetLogon?curl=Z2FEWS&reason=0')],
    ['an access policy of a load balancer', ...to('/my.policy')],
    ['an application gateway', ...to('/vpn/index.html')],
    ['a balancer with pre-authentication', ...to('https://mail.contoso.test/lm_auth_proxy?x=1')],
    ['a firewall', ...to('https://fw.contoso.test:1003/fgtauth?0a0b')],
    ['single sign-on of several makes', ...to('https://sso.contoso.test/idp/start.ping')],
    ['another make', ...to('https://idp.contoso.test/nidp/idff/x')],
    ['forms of an agent', ...to('https://www.contoso.test/agent/forms/x.fcc?TYPE=3')],
    ['an ended session', 440, {}, ''],
    ['a page', ...page('<form action="/x"><input type="password"></form>')],
    ['a page that is well-formed XML', ...page('<form action="/x"><input type="password"/></form>')],
    ['a page called XML', 200, { 'content-type': 'text/xml' }, '<HTML><form><input type="password"/></form></HTML>'],
    [
      'a page that posts itself',
      ...page('<form method="post" action="/x"><input type="hidden" name="SAMLRequest" value="y"/></form>'),
    ],
    ['a script', ...page('<script>document.cookie = "a=b"; window.location = "/my.policy";</script>')],
    ['a flow', ...to('https://authentik.contoso.test/if/flow/default-authentication-flow/')],
    ['a portal', ...to('https://mail.contoso.test/auth_portal?rd=x')],
    ['a refresh without a semicolon', ...page('<meta http-equiv="refresh" content="0 url=/vpn/index.html"/>')],
    ['a refresh', ...page('<meta http-equiv="refresh" content="0; url=/vpn/index.html"/>')],
  ])('%s', async (_, status, headers, body) => {
    h.server.handler = () => ({ status, headers, body });
    expect(await h.deliver(2)).toMatchObject([blocked, blocked]);
  });

  const unsure = { status: 'unconfirmed', scope: 'endpoint' };
  it.each<[string, ...[number, Record<string, string>, string]]>([
    ['the error page of Outlook on the web', ...to('https://mail.contoso.test/owa/auth/errorFE.aspx?httpCode=500')],
    ['an apology page', ...to('https://sorry.contoso.test/?from=ews')],
    ['another server', ...to('https://mail2.contoso.test/EWS/Exchange.asmx')],
    ['a refusal with a number to quote', ...page('The requested URL was rejected. Your support ID is: 1')],
    [
      'a page with a link to a login',
      ...page('<p>Maintenance. <a href="https://portal.test/?url=https://login.contoso.test/">Portal</a>'),
    ],
    [
      'a page with a setting that names one',
      ...page('<script>cfg.loginUrl = "/login"; image_url = "https://captive.test/x"</script>'),
    ],
    ['a page with a link that quotes one', ...page('<a href="/x?location=/login">')],
    ['a page with data for its own script', ...page('<div data-url="/login/1">')],
    ['a redirect to a similar name', ...to('https://www.contoso.test/authors/1')],
    ['a page that reloads itself', ...page('<script>location.replace("/EWS/Exchange.asmx");</script>')],
  ])('is not %s', async (_, status, headers, body) => {
    h.server.handler = () => ({ status, headers, body });
    expect(await h.deliver(2)).toMatchObject([unsure, { status: expect.stringMatching(/unconfirmed|deferred/) }]);
  });
});

describe('a 401 with Retry-After', () => {
  const busy = { status: 401, headers: { 'retry-after': '1', 'www-authenticate': 'Basic realm="x"' } };
  it('means "busy" once, and a refused login the second time in a row', async () => {
    const transport = h.transport();
    const once = () => transport.deliver([h.note(transport, 0)], { signal: new AbortController().signal, mayWrite: () => true });
    h.server.handler = () => busy;
    expect(await once()).toMatchObject([{ status: 'deferred', scope: 'mailbox', retryAfter: 1000 }]);
    expect(await once()).toMatchObject([{ status: 'blocked', scope: 'mailbox', sent: 'no', by: 'login' }]);
    h.server.handler = () => ({ body: good });
    expect(await once()).toMatchObject([{ status: 'delivered' }]);
    h.server.handler = () => busy;
    expect(await once()).toMatchObject([{ status: 'deferred' }]);
  });

  it('counts once for concurrent requests', async () => {
    const transport = h.transport();
    const { promise, resolve } = Promise.withResolvers<void>();
    h.server.handler = async () => {
      if (h.server.requests.length === 3) resolve();
      await promise;
      return busy;
    };
    const all = [0, 1, 2].map((n) =>
      transport.deliver([h.note(transport, n)], { signal: new AbortController().signal, mayWrite: () => true }),
    );
    expect((await Promise.all(all)).flat()).toMatchObject(Array(3).fill({ status: 'deferred' }));
  });
});
