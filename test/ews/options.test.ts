import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../src/ews/options.ts';
import { useHarness } from './support/harness.ts';
import { created, ok } from './support/responses.ts';

const h = useHarness();
const credentials = basicAuth({ username: 'alice', password: 'p' });
const make = (options: Partial<EwsTransportOptions>) => () =>
  new EwsTransport({ url: 'https://mail.contoso.test/EWS/Exchange.asmx', credentials, ...options });

describe('options', () => {
  it.each([
    'http://127.0.0.1/ews',
    'http://127.9.9.9:8080/',
    'http://[::1]/',
    'http://localhost/',
    'http://ews.localhost/',
    'https://x.test/',
  ])('accepts %s', (url) => {
    expect(make({ url })).not.toThrow();
  });

  it.each(['http://mail.contoso.test/', 'http://10.0.0.1/', 'http://127.0.0.1.evil.test/', 'http://localhost.evil.test/'])(
    'refuses %s unless asked',
    (url) => {
      expect(make({ url })).toThrow(expect.objectContaining({ code: 'INSECURE_URL' }));
      expect(make({ url, allowInsecureHttp: true })).not.toThrow();
    },
  );

  it.each([
    { url: 'mail.contoso.test' },
    { url: 'ftp://mail.contoso.test/' },
    { url: 'https://user:pass@mail.contoso.test/' },
    { requestTimeout: 0 },
    { requestTimeout: Number.NaN },
    { notesPerRequest: 101 },
    { notesPerRequest: 1.5 },
    { maxRequestBytes: 1 },
    { maxResponseBytes: -1 },
    { savedCopyFolder: 'drafts' as 'sentitems' },
    { credentials: {} as EwsTransportOptions['credentials'] },
  ])('refuses %j', (options) => {
    expect(make(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('repeat no login from a URL', () => {
    expect(make({ url: 'https://user:geheim@mail.contoso.test/' })).toThrow(expect.not.stringContaining('geheim'));
  });
});

describe('basicAuth', () => {
  it('sends user name and password in UTF-8', async () => {
    h.server.handler = () => ({ body: created(ok) });
    await h.deliver(1, { credentials: basicAuth({ username: 'älice@contoso.test', password: 'пароль:with:colons' }) });
    const header = h.server.requests[0]?.headers.authorization ?? '';
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString('utf8')).toBe('älice@contoso.test:пароль:with:colons');
  });

  it.each([
    { username: '', password: 'p' },
    { username: 'a:b', password: 'p' },
    { username: 'a\nb', password: 'p' },
    { username: 'a', password: 'p\0' },
    { username: 'a', password: undefined as unknown as string },
  ])('refuses %j, which cannot be sent', (login) => {
    expect(() => basicAuth(login)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('shows no password when printed', () => {
    expect(JSON.stringify(basicAuth({ username: 'a', password: 'geheim' }))).toBe('{"scheme":"basic"}');
  });
});

describe('custom credentials', () => {
  it('may continue after a 401', async () => {
    h.server.handler = ({ headers }) => (headers.authorization === 'Bearer 2' ? { body: created(ok) } : { status: 401 });
    const bearer = {
      scheme: 'bearer',
      authenticate: async (send: (headers: Record<string, string>) => Promise<Response>) => {
        const first = await send({ authorization: 'Bearer 1' });
        return first.status === 401 ? send({ authorization: 'Bearer 2' }) : first;
      },
    };
    expect((await h.deliver(1, { credentials: bearer }))[0]?.status).toBe('delivered');
  });

  it('that fail after a 401: nothing was processed', async () => {
    h.server.handler = () => ({ status: 401 });
    const broken = {
      scheme: 'broken',
      authenticate: async (send: (headers: Record<string, string>) => Promise<Response>) => {
        await send({});
        throw new Error('no new token');
      },
    };
    expect((await h.deliver(1, { credentials: broken }))[0]).toMatchObject({ status: 'deferred', scope: 'mailbox' });
  });
});
