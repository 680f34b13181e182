import { describe, expect, it } from 'vitest';
import { createExchange, ManualClock } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const ask = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'text/xml', ...headers },
  body: envelope(body),
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a bearer token', () => {
  it('has the form of a JWT, and states its user and expiry', () => {
    const clock = new ManualClock();
    const exchange = createExchange({ mailboxes: [alice], clock });
    const [head, claims, signature] = exchange.tokens.issue(alice, { lifetime: 60_000, permissions: ['Mail.Send'] }).split('.');
    const read = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(head)).toMatchObject({ typ: 'JWT' });
    expect(read(claims)).toMatchObject({ upn: alice, roles: ['Mail.Send'], exp: Math.floor(clock.now() / 1000) + 60 });
    expect(signature).toMatch(/^[\w-]+$/);
    expect(exchange.tokens.issue(alice)).not.toBe(exchange.tokens.issue(alice));
  });

  it('is refused with the reason once it has expired or was revoked', async () => {
    const clock = new ManualClock();
    const exchange = createExchange({ mailboxes: [alice], clock });
    const [short, long] = [exchange.tokens.issue(alice, { lifetime: 60_000 }), exchange.tokens.issue(alice)];
    const status = async (token: string) => {
      const { status, headers } = await exchange.fetch(exchange.url, ask(findItem(), bearer(token)));
      return [status, headers.get('x-ms-diagnostics')?.match(/error_category="(\w+)"/)?.[1]];
    };
    expect(await status(short)).toEqual([200, undefined]);
    await clock.advance(60_000);
    expect(await status(short)).toEqual([401, 'token_expired']);
    exchange.tokens.revoke(long);
    expect(await status(long)).toEqual([401, 'invalid_token']);
  });

  it('gets a claims challenge until a new one is issued', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    const token = exchange.tokens.issue(alice);
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
    exchange.tokens.challenge(claims);
    const refused = await exchange.fetch(exchange.url, ask(findItem(), bearer(token)));
    const challenge = refused.headers.get('www-authenticate') ?? '';
    expect([refused.status, challenge]).toEqual([401, expect.stringContaining('error="insufficient_claims"')]);
    expect(atob(/claims="([^"]+)"/.exec(challenge)?.[1] ?? '')).toBe(claims);
    expect((await exchange.fetch(exchange.url, ask(findItem(), bearer(exchange.tokens.issue(alice))))).status).toBe(200);
  });
});

describe('without a login', () => {
  it('GET, POST, PUT and DELETE get 401, OPTIONS does not', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      expect((await exchange.fetch('/ews/EXCHANGE.asmx', { method })).status, method).toBe(401);
    }
    expect((await exchange.fetch(exchange.url, { method: 'OPTIONS' })).status).not.toBe(401);
  });

  it('a bare fetch is admitted if enabled, as the first mailbox or the one it names', async () => {
    const exchange = createExchange({ mailboxes: [alice, bob], access: 'anonymous' });
    const sent = createItem([message()]);
    expect((await exchange.fetch(exchange.url, ask(sent))).status).toBe(200);
    expect((await exchange.fetch(exchange.url, ask(sent, { 'x-anchormailbox': bob }))).status).toBe(200);
    expect(exchange.journal.map(({ mailbox }) => mailbox)).toEqual([alice, bob]);
    expect((await exchange.fetch(`${exchange.graphUrl}/v1.0/me/messages`)).status).toBe(200);
    const wrong = ask(findItem(), { authorization: `Basic ${btoa('nobody@contoso.test:x')}` });
    expect((await exchange.fetch(exchange.url, wrong)).status).toBe(401);
  });
});

describe('Basic', () => {
  it.each([alice, 'CONTOSO\\alice', 'contoso.test\\Alice', 'Alice@Contoso.Test'])('accepts %s', async (name) => {
    const exchange = createExchange({ mailboxes: [{ address: alice, password: 'p' }] });
    const login = (password: string) =>
      exchange.fetch(exchange.url, ask(findItem(), { authorization: `Basic ${btoa(`${name}:${password}`)}` }));
    expect([(await login('p')).status, (await login('q')).status]).toEqual([200, 401]);
  });
});
