import { describe, expect, it, vi } from 'vitest';
import { basicAuth, EwsTransport, MemorySpool, OfflineImError, OfflineImSender } from '../../../src/index.ts';
import { createExchange, ManualClock } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const headers = { 'content-type': 'text/xml; charset=utf-8', authorization: `Basic ${btoa(`${alice}:x`)}` };
const ask = (body: string, more: RequestInit = {}): RequestInit => ({ method: 'POST', headers, body: envelope(body), ...more });
const codeOf = async (asked: Promise<unknown>): Promise<unknown> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof TypeError ? (error.cause as { code?: string } | undefined)?.code : error;
};

describe('an exchange without a port', () => {
  it('accepts a note from a sender and delivers it', async () => {
    const exchange = createExchange({ mailboxes: [alice, bob] });
    const clock = new ManualClock();
    const sender = new OfflineImSender({
      identity: { sip: `sip:${alice}` },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      clock,
      spool: new MemorySpool(),
      transport: new EwsTransport({
        url: exchange.url,
        credentials: basicAuth({ username: alice, password: 'x' }),
        fetch: exchange.fetch,
      }),
    });
    await sender.send({ to: `sip:${bob}`, text: 'Are you there?' });
    await sender.flush();
    await sender.stop();
    expect(exchange.mailbox(bob).missedConversations()).toHaveLength(1);
    expect(exchange.url).toBe('https://mail.contoso.test/EWS/Exchange.asmx');
  });

  it('can be called with a string, a path, a URL or a Request', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    const asked = [exchange.url, '/ews/exchange.asmx', new URL(exchange.url), new Request(exchange.url, ask(findItem()))];
    for (const one of asked) {
      const answer = await exchange.fetch(one, one instanceof Request ? undefined : ask(findItem()));
      expect(answer.status).toBe(200);
    }
    expect(exchange.journal).toHaveLength(4);
  });

  it('says its time in every response, as servers do: by it a probe tells a draft from what is on its way', async () => {
    const clock = new ManualClock();
    const exchange = createExchange({ mailboxes: [alice], clock });
    for (const url of [exchange.url, exchange.graphUrl]) {
      const { headers: answered } = await exchange.fetch(url);
      expect(answered.get('date')).toBe(new Date(clock.now()).toUTCString());
    }
  });

  it('serves Graph at its root', async () => {
    const exchange = createExchange({ mailboxes: [alice], url: 'https://elsewhere.test/EWS/Exchange.asmx' });
    const authorization = `Bearer ${exchange.tokens.issue(alice)}`;
    const answer = await exchange.fetch(`${exchange.graphUrl}/v1.0/me/messages`, { headers: { authorization } });
    expect(exchange.graphUrl).toBe('https://elsewhere.test');
    expect(await answer.json()).toMatchObject({ value: [] });
  });

  it('requires a login with one challenge per scheme', async () => {
    const exchange = createExchange({ mailboxes: [alice], auth: ['basic', 'bearer'] });
    const { status, headers: answered } = await exchange.fetch(exchange.url);
    expect(status).toBe(401);
    expect(answered.get('www-authenticate')).toContain('Basic realm=');
  });

  it('rejects like fetch if a connection breaks, with everything processed so far', async () => {
    const exchange = createExchange({ mailboxes: [alice, bob] });
    exchange.faults.on('CreateItem').nth(1).resetBefore();
    exchange.faults.on('CreateItem').nth(2).lostResponse();
    exchange.faults.on('CreateItem').nth(3).lostResponse({ after: 0.5 });
    const send = () => exchange.fetch(exchange.url, ask(createItem([message()])));
    const inbox = exchange.mailbox(bob).folder('inbox');
    expect([await codeOf(send()), inbox.size]).toEqual(['ECONNRESET', 0]);
    expect([await codeOf(send()), inbox.size]).toEqual(['ECONNRESET', 1]);
    const cut = await send();
    expect([cut.status, await codeOf(cut.text()), inbox.size]).toEqual([200, 'ECONNRESET', 2]);
  });

  it('waits for the signal if a response never comes', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    exchange.faults.on('*').hang();
    const abort = new AbortController();
    const asked = exchange.fetch(exchange.url, ask(findItem(), { signal: abort.signal }));
    abort.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await expect(exchange.fetch(exchange.url, ask(findItem(), { signal: abort.signal }))).rejects.toThrow('enough');
  });

  it('breaks off a response that never comes when it is closed', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    exchange.faults.on('*').hang();
    const asked = exchange.fetch(exchange.url, ask(findItem(), { signal: new AbortController().signal }));
    const broken = expect(asked).rejects.toThrow('fetch failed');
    await vi.waitFor(() => expect(exchange.journal).toHaveLength(1));
    await exchange.close();
    await broken;
  });

  it('sends slow responses by its clock, and breaks them off when reset', async () => {
    const clock = new ManualClock();
    const exchange = createExchange({ mailboxes: [alice], clock });
    exchange.faults.on('FindItem').drip({ chunkBytes: 100, interval: 1000 });
    const whole = (await exchange.fetch(exchange.url, ask(findItem()))).text();
    await clock.advance(60_000);
    expect(await whole).toContain('</s:Envelope>');
    const cut = (await exchange.fetch(exchange.url, ask(findItem()))).text();
    const code = codeOf(cut);
    await clock.advance(1000);
    exchange.reset();
    expect(await code).toBe('ECONNRESET');
  });

  it('refuses a connection once it is closed', async () => {
    const exchange = createExchange({ mailboxes: [alice] });
    await exchange.close();
    expect(await codeOf(exchange.fetch(exchange.url, ask(findItem())))).toBe('ECONNREFUSED');
  });

  it('says in a sentence what requires a server', () => {
    const refused = (options: object): unknown => {
      try {
        createExchange({ mailboxes: [alice], ...options });
        return undefined;
      } catch (error) {
        return error;
      }
    };
    for (const options of [{ auth: ['ntlm'] }, { tls: true }, { port: 0 }, { url: 'mail' }]) {
      const error = refused(options);
      expect(error, JSON.stringify(options)).toBeInstanceOf(OfflineImError);
      expect(String(error)).toMatch(/startExchangeSimulator|absolute URL/);
    }
  });
});
