import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  ManualClock,
  startExchangeSimulator,
} from '../../../src/testing.ts';
import { call, createItem, envelope, findItem, message, post } from '../support/raw-ews.ts';

const mailboxes = ['alice@contoso.test', { address: 'bob@contoso.test', password: 'hunter2' }];
const start = (options: Partial<ExchangeSimulatorOptions> = {}) => startExchangeSimulator({ mailboxes, ...options });
const status = async (exchange: ExchangeSimulator, as: string, password: string) =>
  (await call(exchange.url, findItem(), { as, password })).status;

describe('logging in', () => {
  it('accepts any password but an empty one, or only the right one if the mailbox has one', async () => {
    await using exchange = await start();
    expect(await status(exchange, 'alice@contoso.test', 'whatever')).toBe(200);
    expect(await status(exchange, 'CONTOSO\\Alice', 'whatever')).toBe(200);
    expect(await status(exchange, 'alice@contoso.test', '')).toBe(401);
    expect(await status(exchange, 'bob@contoso.test', 'wrong')).toBe(401);
    expect(await status(exchange, 'BOB@contoso.test', 'hunter2')).toBe(200);
    expect(await status(exchange, 'nobody@contoso.test', 'x')).toBe(401);
    const anonymous = await fetch(exchange.url, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: envelope(findItem()),
    });
    expect([anonymous.status, anonymous.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="simulator"']);
  });

  it('lets a service account impersonate, and no one else', async () => {
    await using exchange = await start({ credentials: { username: 'svc', password: 'p' } });
    const header =
      '<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>alice@contoso.test</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>';
    const send = (as: string, password: string) => call(exchange.url, createItem([message()]), { as, password, header });
    expect((await send('svc', 'p')).codes).toEqual(['NoError']);
    expect(exchange.mailbox('bob@contoso.test').folder('inbox').items[0]?.from?.address).toBe('alice@contoso.test');
    expect((await send('svc', 'x')).status).toBe(401);
    expect((await send('bob@contoso.test', 'hunter2')).fault).toBe('ErrorImpersonateUserDenied');
  });

  it('calls a hook for other schemes', async () => {
    await using exchange = await start({ authenticate: (a) => (a === 'Bearer good' ? 'alice@contoso.test' : undefined) });
    const bearer = (token: string) => call(exchange.url, findItem(), { headers: { authorization: `Bearer ${token}` } });
    expect((await bearer('good')).status).toBe(200);
    expect((await bearer('bad')).status).toBe(401);
  });
});

describe('HTTP', () => {
  it('answers only POST of XML at its path, in any case', async () => {
    await using exchange = await start();
    const at = (path: string, init: RequestInit = {}) => fetch(new URL(path, exchange.url), init);
    expect((await at('/')).status).toBe(404);
    expect((await at('/EWS/Exchange.asmx')).status).toBe(401);
    expect((await at('/EWS/Exchange.asmx', { headers: { authorization: `Basic ${btoa('alice@contoso.test:x')}` } })).status).toBe(
      405,
    );
    expect(
      (
        await at('/EWS/Exchange.asmx', {
          method: 'POST',
          body: '{}',
          headers: { 'content-type': 'application/json', authorization: `Basic ${btoa('alice@contoso.test:x')}` },
        })
      ).status,
    ).toBe(415);
    expect((await post(exchange.url.toLowerCase(), envelope(findItem()))).status).toBe(200);
  });

  it('refuses a body that is too large: as a fault, or as a proxy does', async () => {
    const large = createItem([message({ text: 'x'.repeat(3000) })]);
    await using fault = await start({ profile: { maxRequestBytes: 2000 } });
    expect(await call(fault.url, large)).toMatchObject({ status: 500, fault: 'ErrorRequestStreamTooBig' });
    await using http = await start({ profile: { maxRequestBytes: 2000, tooLarge: 'http' } });
    expect((await call(http.url, large)).status).toBe(413);
    await using regular = await start();
    const huge = createItem([message({ text: 'x'.repeat(5 * 1024 * 1024) })]);
    expect((await call(regular.url, huge, { unchecked: true })).fault).toBe('ErrorRequestStreamTooBig');
    expect(regular.mailbox('bob@contoso.test').folder('inbox').items).toEqual([]);
  });

  it('keeps answering on the connection of a request that was too large', async () => {
    await using exchange = await start();
    const head = (length: number): string =>
      `POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nAuthorization: Basic ${btoa('alice@contoso.test:x')}\r\nContent-Length: ${length}\r\n\r\n`;
    const socket = connect(Number(new URL(exchange.url).port), '127.0.0.1');
    const large = 5 * 1024 * 1024;
    const small = envelope(findItem());
    socket.write(head(large) + 'x'.repeat(large) + head(small.length) + small);
    let answers = '';
    for await (const chunk of socket) {
      answers += String(chunk);
      if (answers.split('HTTP/1.1 ').length === 3) break;
    }
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 500', 'HTTP/1.1 200']);
  });

  it('accepts an absolute URL as request target, as clients behind a proxy send it', async () => {
    await using exchange = await start();
    const login = `Authorization: Basic ${btoa('alice@contoso.test:x')}`;
    const body = envelope(findItem());
    const head = `POST http://mail.contoso.test/EWS/Exchange.asmx HTTP/1.1\r\nHost: mail.contoso.test\r\nContent-Type: text/xml\r\n${login}`;
    const socket = connect(Number(new URL(exchange.url).port), '127.0.0.1');
    socket.write(`${head}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(exchange.journal.map(({ operation }) => operation)).toEqual(['FindItem']);
  });

  it('returns the client-request-id if requested, and journals it', async () => {
    await using exchange = await start();
    const headers = { 'client-request-id': 'id-1', 'return-client-request-id': 'true' };
    const answer = await call(exchange.url, createItem([message(), message()]), { headers });
    expect(answer.headers.get('client-request-id')).toBe('id-1');
    expect(exchange.journal).toMatchObject([
      {
        number: 1,
        operation: 'CreateItem',
        clientRequestId: 'id-1',
        mailbox: 'alice@contoso.test',
        itemCount: 2,
        status: 200,
        responseCode: 'NoError',
        responseCodes: ['NoError', 'NoError'],
        outcome: 'answered',
      },
    ]);
    expect(exchange.journal[0]?.requestBody).toContain('<m:CreateItem');
    expect(exchange.journal[0]?.responseBody).toBe(answer.text);
  });

  it('survives a client that disconnects during a request', async () => {
    await using exchange = await start();
    const { hostname, port } = new URL(exchange.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write('POST /EWS/Exchange.asmx HTTP/1.1\r\nhost: x\r\ncontent-type: text/xml\r\ncontent-length: 1000\r\n\r\n<a>');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    expect(await status(exchange, 'alice@contoso.test', 'x')).toBe(200);
    expect(exchange.journal).toHaveLength(1);
  });

  it('limits the journal', async () => {
    await using exchange = await start({ journal: { entries: 10, bodyLimit: 100, totalBodies: 500 } });
    for (let i = 0; i < 15; i++) await call(exchange.url, findItem());
    expect(exchange.journal.length).toBeLessThanOrEqual(11);
    expect(exchange.journal.at(-1)?.number).toBe(15);
    const bodies = exchange.journal.map((e) => e.requestBody.length + e.responseBody.length);
    expect(bodies.at(-1)).toBe(200);
    expect(bodies.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(500);
  });
});

describe('waiting and ending', () => {
  it('waitForMessage returns an existing or a new message, or an error', async () => {
    await using exchange = await start();
    const coming = exchange.waitForMessage((m) => m.subject === 'later');
    await call(exchange.url, createItem([message({ subject: 'now' }), message({ subject: 'later' })]));
    expect((await coming).mailbox).toBe('bob@contoso.test');
    expect((await exchange.waitForMessage((m) => m.subject === 'now')).itemClass).toBe('IM.Note.MissedConversation');
    await expect(exchange.waitForMessage(() => false, { timeout: 20 })).rejects.toThrow(/20 ms/);
  });

  it('close() ends hanging requests, waiters and late copies', async () => {
    const exchange = await start({ lateCopies: 60_000 });
    await call(exchange.url, createItem([message()]));
    exchange.faults.on('FindItem').hang();
    exchange.faults.on('GetItem').delay(60_000);
    const hanging = expect(call(exchange.url, findItem())).rejects.toThrow();
    const waiting = expect(exchange.waitForMessage(() => false)).rejects.toThrow(/closed/);
    while (exchange.journal.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(exchange.pending).toBe(1);
    await exchange.close();
    await exchange.close();
    expect(exchange.pending).toBe(0);
    await Promise.all([hanging, waiting]);
    await expect(fetch(exchange.url)).rejects.toThrow();
  });

  it('a server can store the copy first', async () => {
    const clock = new ManualClock();
    await using exchange = await start({ clock, profile: { order: 'copy-first', sendDelay: 30 } });
    await call(exchange.url, createItem([message()]));
    expect(exchange.mailbox('alice@contoso.test').folder('conversationhistory').items).toHaveLength(1);
    expect(exchange.mailbox('bob@contoso.test').folder('inbox').items).toHaveLength(0);
    await clock.advance(30);
    expect(exchange.mailbox('bob@contoso.test').folder('inbox').items).toHaveLength(1);
  });

  it('names an invalid option', async () => {
    await expect(start({ mailboxes: ['nonsense'] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(start({ mailboxes: ['a@b.test', 'A@b.test'] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await using exchange = await start();
    expect(() => exchange.mailbox('x@y.test')).toThrow(/x@y.test/);
    expect(() => exchange.mailbox('alice@contoso.test').folder('nowhere')).toThrow(/nowhere/);
  });
});
