import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { isPrivateHost } from '../../../src/ews/autodiscover/ask.ts';
import { discoverEws } from '../../../src/ews/autodiscover/discover.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import type { HttpDispatcher } from '../../../src/transport/dispatcher.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { fakeInternet, type Host, jsonAnswer, poxAccount, poxAnswer } from './fake-internet.ts';

const alice = 'alice@contoso.test';
const ews = 'https://mail.contoso.test/EWS/Exchange.asmx';
const credentials = basicAuth({ username: alice, password: 'secret' });
const nothing: Host = () => ({ status: 404 });
const needsLogin =
  (then: Host): Host =>
  (request) =>
    request.login === undefined ? { status: 401 } : then(request);

async function failing(promise: Promise<unknown>): Promise<OfflineImError> {
  return promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (error: OfflineImError) => error,
  );
}

describe('discoverEws()', () => {
  it('asks the JSON service of the domain first, without a login', async () => {
    await using net = await fakeInternet({ 'https://contoso.test': () => jsonAnswer(ews) });
    const found = await discoverEws(alice, { credentials, fetch: net.fetch });
    expect(found).toMatchObject({ url: ews, service: 'json', address: alice });
    expect(net.arrivals).toEqual([
      {
        method: 'GET',
        url: 'https://contoso.test/autodiscover/autodiscover.json/v1.0/alice%40contoso.test?Protocol=EWS',
        login: undefined,
      },
    ]);
  });

  const spelt = (content: string, encoding: string): string =>
    String((poxAnswer(content) as { body: string }).body).replace('version="1.0"', `version="1.0" encoding="${encoding}"`);
  const umlaut = 'https://müller.contoso.test/EWS/Exchange.asmx';
  it.each<[string, string | Buffer]>([
    ['after blank lines', `\r\n \n${spelt(umlaut, 'utf-8')}`],
    ['after a byte order mark', `\ufeff${spelt(umlaut, 'utf-8')}`],
    ['after a byte order mark and blank lines', `\ufeff\n${spelt(umlaut, 'utf-8')}`],
    ['after blank lines and a byte order mark', `\n\ufeff${spelt(umlaut, 'utf-8')}`],
    ['in the encoding of its declaration', Buffer.from(spelt(umlaut, 'ISO-8859-1'), 'latin1')],
    ['in UTF-16', Buffer.from(`\ufeff${spelt(umlaut, 'utf-16')}`, 'utf16le')],
  ])('reads an answer of the POX service %s', async (_, body) => {
    await using net = await fakeInternet({
      'https://contoso.test': ({ method }) => ({ status: method === 'POST' ? 200 : 404, body }),
    });
    expect((await discoverEws(alice, { credentials, fetch: net.fetch })).url).toBe(new URL(umlaut).href);
  });

  it.each(['\n\r\n ', '\ufeff', '\ufeff\n'])('reads an answer of the JSON service after %j', async (before) => {
    await using net = await fakeInternet({
      'https://contoso.test': () => ({ status: 200, body: before + (jsonAnswer(ews) as { body: string }).body }),
    });
    expect((await discoverEws(alice, { credentials, fetch: net.fetch })).url).toBe(ews);
  });

  it('says so where an answer is in an encoding that is not known', async () => {
    const body = Buffer.from(spelt(umlaut, 'klingon'), 'latin1');
    await using net = await fakeInternet({
      'https://contoso.test': ({ method }) => ({ status: method === 'POST' ? 200 : 404, body }),
    });
    const error = await failing(discoverEws(alice, { credentials, fetch: net.fetch }));
    expect(JSON.stringify(error.details.steps)).toContain('an encoding that is not known');
  });

  it('asks through a dispatcher, including the login, and refuses a dispatcher together with a fetch', async () => {
    await using net = await fakeInternet({ 'https://autodiscover.contoso.test': needsLogin(() => poxAnswer(ews)) });
    const agent = new Agent({ allowH2: false });
    onTestFinished(() => agent.close());
    const dispatcher: HttpDispatcher = {
      request: (options) =>
        agent.request({ ...options, origin: net.address, headers: { ...options.headers, 'x-origin': options.origin } }),
    };
    expect(await discoverEws(alice, { credentials, dispatcher })).toMatchObject({ url: ews, service: 'pox' });
    expect(net.arrivals.some(({ login }) => login === `Basic ${btoa(`${alice}:secret`)}`)).toBe(true);
    expect(await failing(discoverEws(alice, { dispatcher, fetch: net.fetch }))).toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('accepts nothing from a host reached through a redirect that nobody allowed', async () => {
    await using net = await fakeInternet({
      'https://contoso.test': ({ path }) =>
        path === '/led' ? jsonAnswer('https://evil.test/EWS/Exchange.asmx') : { status: 307, location: '/led' },
    });
    const follows: typeof fetch = (input, init) => net.fetch(input, { ...init, redirect: 'follow' });
    expect(await failing(discoverEws(alice, { fetch: follows }))).toMatchObject({ code: 'AUTODISCOVER_FAILED' });
    expect(net.arrivals.some(({ url }) => url.endsWith('/led'))).toBe(true);
  });

  it('goes on to autodiscover., then to POX with the login, and uses the external address', async () => {
    const pox: Host = needsLogin(({ method, body }) =>
      method === 'POST' && body.includes(`<EMailAddress>${alice}</EMailAddress>`) ? poxAnswer(ews) : { status: 400 },
    );
    await using net = await fakeInternet({
      'https://contoso.test': nothing,
      'https://autodiscover.contoso.test': (request) => (request.method === 'POST' ? pox(request) : { status: 404 }),
    });
    const found = await discoverEws(alice, { credentials, fetch: net.fetch });
    expect(found).toMatchObject({ url: ews, service: 'pox' });
    expect(found.steps.map(({ method, code }) => `${method} ${code}`)).toEqual([
      'GET failed',
      'GET failed',
      'POST failed',
      'POST found',
    ]);
  });

  it('follows redirects between the hosts derived from the address', async () => {
    await using net = await fakeInternet({
      'https://contoso.test': () => ({ status: 302, location: 'https://autodiscover.contoso.test/elsewhere' }),
      'https://autodiscover.contoso.test': ({ path }) => (path === '/elsewhere' ? jsonAnswer(ews) : { status: 404 }),
    });
    expect((await discoverEws(alice, { fetch: net.fetch })).url).toBe(ews);
  });

  it('never sends the login to a redirected host unless the caller allows it', async () => {
    const hosts: Record<string, Host> = {
      'https://contoso.test': ({ method }) =>
        method === 'POST' ? { status: 302, location: 'https://evil.test/autodiscover/autodiscover.xml' } : { status: 404 },
      'https://evil.test': () => poxAnswer('https://evil.test/EWS/Exchange.asmx'),
    };
    await using net = await fakeInternet(hosts);
    const error = await failing(discoverEws(alice, { credentials, fetch: net.fetch }));
    expect(error.code).toBe('AUTODISCOVER_FAILED');
    expect(net.arrivals.filter(({ url }) => url.startsWith('https://evil.test'))).toEqual([]);

    const found = await discoverEws(alice, { credentials, fetch: net.fetch, allowHost: (host) => host === 'evil.test' });
    expect(found.url).toBe('https://evil.test/EWS/Exchange.asmx');
  });

  it('takes an unencrypted redirect only as a hint: without a login, and with approval for its target', async () => {
    const hosts: Record<string, Host> = {
      'http://autodiscover.contoso.test': () => ({ status: 302, location: 'https://hosted.test/autodiscover/autodiscover.xml' }),
      'https://hosted.test': needsLogin(() => poxAnswer(ews)),
    };
    await using net = await fakeInternet(hosts);
    await failing(discoverEws(alice, { credentials, fetch: net.fetch }));
    expect(net.arrivals.map(({ url, login }) => [new URL(url).origin, login])).toEqual([
      ['http://autodiscover.contoso.test', undefined],
    ]);
    const found = await discoverEws(alice, { credentials, fetch: net.fetch, allowHost: (host) => host === 'hosted.test' });
    expect(found).toMatchObject({ url: ews, service: 'pox' });
    expect(net.arrivals.find(({ url }) => url.startsWith('https://hosted.test'))?.login).toMatch(/^Basic /);
  });

  it.each([
    'http://autodiscover.contoso.test/x',
    'https://127.0.0.1/x',
    'https://10.1.2.3/x',
    'https://[::1]/x',
    'https://localhost/x',
    'file:///etc/passwd',
  ])('does not follow a redirect to %s', async (location) => {
    await using net = await fakeInternet({ 'https://contoso.test': () => ({ status: 302, location }) });
    const error = await failing(discoverEws(alice, { fetch: net.fetch, allowHost: () => true }));
    const steps = error.details.steps as { code: string }[];
    expect(steps[0]?.code).toBe('refused');
  });

  it('follows at most ten redirects', async () => {
    let count = 0;
    await using net = await fakeInternet({
      'https://contoso.test': () => {
        count += 1;
        return { status: 302, location: `https://contoso.test/${count}` };
      },
    });
    await failing(discoverEws(alice, { fetch: net.fetch }));
    expect(count).toBe(11);
  });

  it('asks the other hosts though one redirects to itself without end', async () => {
    await using net = await fakeInternet({
      'https://contoso.test': ({ path }) => ({ status: 302, location: path }),
      'https://autodiscover.contoso.test': ({ path }) =>
        path === '/v2' ? jsonAnswer(ews) : { status: 302, location: 'https://autodiscover.contoso.test/v2' },
    });
    expect((await discoverEws(alice, { credentials, fetch: net.fetch })).url).toBe(ews);
  });

  it('starts again with the address that the server names, within the domain', async () => {
    const hosts: Record<string, Host> = {
      'https://contoso.test': needsLogin(({ body }) =>
        body.includes('a.example@contoso.test')
          ? poxAnswer(ews)
          : poxAccount('<Action>redirectAddr</Action><RedirectAddr>a.example@contoso.test</RedirectAddr>'),
      ),
    };
    await using net = await fakeInternet(hosts);
    expect(await discoverEws(alice, { credentials, fetch: net.fetch })).toMatchObject({
      url: ews,
      address: 'a.example@contoso.test',
    });
  });

  it('does not send the login to the domain of another address without approval', async () => {
    const hosts: Record<string, Host> = {
      'https://contoso.test': needsLogin(() =>
        poxAccount('<Action>redirectAddr</Action><RedirectAddr>alice@evil.test</RedirectAddr>'),
      ),
      'https://evil.test': () => poxAnswer(ews),
    };
    await using net = await fakeInternet(hosts);
    await failing(discoverEws(alice, { credentials, fetch: net.fetch }));
    expect(net.arrivals.some(({ url }) => url.includes('evil.test/'))).toBe(false);
  });

  it('accepts no EWS address without https', async () => {
    await using net = await fakeInternet({
      'https://contoso.test': () => jsonAnswer('http://mail.contoso.test/EWS/Exchange.asmx'),
    });
    expect((await failing(discoverEws(alice, { fetch: net.fetch }))).code).toBe('AUTODISCOVER_FAILED');
  });

  it.each([
    ['a page', { status: 200, body: '<html><body>Welcome' }],
    ['entities', { status: 200, body: '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>' }],
    ['half an answer', { status: 200, body: '{"Protocol":"EWS","Url":"https://' }],
    ['far too much', { status: 200, body: 'x'.repeat(1_000_000) }],
  ])('survives %s', async (_what, reply) => {
    await using net = await fakeInternet({ 'https://contoso.test': () => reply });
    const error = await failing(discoverEws(alice, { credentials, fetch: net.fetch }));
    expect(error.code).toBe('AUTODISCOVER_FAILED');
    expect(JSON.stringify(error.details)).not.toContain('secret');
  });

  it('ends at its deadline, whatever hangs', async () => {
    await using net = await fakeInternet({ 'https://contoso.test': () => 'hang' });
    const error = await failing(discoverEws(alice, { credentials, fetch: net.fetch, deadline: 200 }));
    expect(error.message).toContain('the time was up');
  });

  it.each(['', 'alice', 'alice@', 'alice@contoso.test/../evil.test', 'a\r\nb@contoso.test', 'alice@evil.test#contoso.test'])(
    'refuses the address %j',
    async (address) => {
      expect((await failing(discoverEws(address))).code).toBe('ADDRESS_INVALID');
    },
  );
});

describe('a host that does not respond', () => {
  it('delays only itself, not the others, and is named', async () => {
    const clock = new ManualClock(0);
    const fetch = (async (input: URL, init: RequestInit) => {
      if (new URL(input).hostname === 'contoso.test')
        return new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
      return new Response(JSON.stringify({ Protocol: 'EWS', Url: 'https://mail.contoso.test/EWS/Exchange.asmx' }));
    }) as typeof globalThis.fetch;
    const search = discoverEws('alice@contoso.test', { fetch, clock });
    await clock.advance(6_000);
    const { url, steps } = await search;
    expect(url).toBe('https://mail.contoso.test/EWS/Exchange.asmx');
    expect(steps[0]).toMatchObject({ code: 'failed', text: 'It did not answer within 6000 ms.' });
  });
});

it('an aborted search keeps the abort reason as its cause', async () => {
  const stop = new AbortController();
  const fetch = (() => {
    stop.abort('SIGINT');
    return new Promise(() => {});
  }) as typeof globalThis.fetch;
  const error = await failing(discoverEws('alice@contoso.test', { fetch, signal: stop.signal }));
  expect(error).toMatchObject({ code: 'AUTODISCOVER_FAILED', cause: 'SIGINT' });
});

const astray: readonly [string, unknown][] = [
  ['link-local', { Protocol: 'EWS', Url: 'https://169.254.169.254/' }],
  ['loopback', { Protocol: 'EWS', Url: 'https://127.0.0.1/' }],
  ['loopback in one number', { Protocol: 'EWS', Url: 'https://2130706433/' }],
  ['a login in it', { Protocol: 'EWS', Url: 'https://u:p@contoso.test/EWS/Exchange.asmx' }],
  ['another protocol', { Protocol: 'ActiveSync', Url: 'https://contoso.test/Microsoft-Server-ActiveSync' }],
  ['a host that is not allowed', { Protocol: 'EWS', Url: 'https://evil.test/EWS/Exchange.asmx' }],
  ['a host that only ends alike', { Protocol: 'EWS', Url: 'https://evilcontoso.test/EWS/Exchange.asmx' }],
];

describe('an answer without a login', () => {
  const answering = (value: unknown) => (async () => new Response(JSON.stringify(value))) as typeof globalThis.fetch;
  it.each(astray)('%s: is not accepted', async (_, value) => {
    await expect(discoverEws('alice@contoso.test', { fetch: answering(value) })).rejects.toMatchObject({
      code: 'AUTODISCOVER_FAILED',
    });
  });

  it.each(['https://mail.contoso.test/EWS/Exchange.asmx', 'https://outlook.office365.com/EWS/Exchange.asmx'])(
    '%s is accepted',
    async (Url) => {
      expect((await discoverEws('alice@contoso.test', { fetch: answering({ Protocol: 'EWS', Url }) })).url).toBe(Url);
    },
  );

  it('asks allowHost, whose error gets a code', async () => {
    const fetch = answering({ Protocol: 'EWS', Url: 'https://hosted.test/EWS/Exchange.asmx' });
    expect((await discoverEws('alice@contoso.test', { fetch, allowHost: (host) => host === 'hosted.test' })).url).toContain(
      'hosted',
    );
    const throwing = (): boolean => {
      throw new Error('mine');
    };
    await expect(discoverEws('alice@contoso.test', { fetch, allowHost: throwing })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    const later = (async () => Promise.reject(new Error('mine'))) as never;
    await expect(discoverEws('alice@contoso.test', { fetch, allowHost: later })).rejects.toMatchObject({
      code: 'AUTODISCOVER_FAILED',
    });
  });

  it('repeats no text of the server', async () => {
    const error = await discoverEws('alice@contoso.test', { fetch: answering({ ErrorCode: 'pass\u202eword 42' }) }).catch(
      (e: unknown) => e,
    );
    expect(JSON.stringify((error as { details: unknown }).details)).not.toContain('word 42');
  });
});

it.each(['alice@127.0.0.1', 'alice@2130706433', 'alice@10.1', 'alice@0x7f.1'])('%s is refused as an address', async (address) => {
  await expect(discoverEws(address)).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
});

const privateHosts = [
  ...[
    '127.0.0.1',
    '10.1',
    '0x7f000001',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.0.1',
    '224.0.0.1',
    '0.0.0.0',
  ],
  ...[
    '[::1]',
    '[::]',
    '[::ffff:10.0.0.1]',
    '[::7f00:1]',
    '[64:ff9b::7f00:1]',
    '[64:ff9b:1::1]',
    '[2002:7f00:1::]',
    '[2002:a00:1::]',
    '[2001::1]',
  ],
  ...['[fec0::1]', '[fe80::1]', '[fd00::1]', '[ff02::1]', '[100::1]', '[0:0:0:0:0:ffff:c0a8:1]'],
  ...['[::ffff:0:127.0.0.1]', '[2001:10::1]', '[3fff::1]', '[5f00::1]', '[4000::1]'],
  ...[
    'localhost',
    'localhost.',
    'localhost..',
    'a.localhost',
    'localhost.localdomain',
    'metadata.google.internal',
    'nas.local',
    'exchange.corp',
    'router.home',
    'mail.contoso.private.',
    'exchange01',
  ],
];

it('tries as many responses and addresses as docs/security.md says', () => {
  expect(numbersOfRow('Autodiscover').tried).toEqual([astray.length, privateHosts.length]);
});

it.each(privateHosts)('%s is private', (host) => {
  expect(isPrivateHost(new URL(`https://${host}/`).hostname)).toBe(true);
});

it.each([
  '8.8.8.8',
  '172.32.0.1',
  '100.128.0.1',
  '[2a00:1450::1]',
  '[2001:4860:4860::8888]',
  '[2002:808:808::]',
  '[64:ff9b::808:808]',
  'mail.contoso.test',
  'local.contoso.test',
])('%s is not private', (host) => {
  expect(isPrivateHost(new URL(`https://${host}/`).hostname)).toBe(false);
});
