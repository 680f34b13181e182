import https from 'node:https';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { basicAuth, EwsTransport, GraphTransport, MemorySpool, OfflineImSender, type Transport } from '../../../src/index.ts';
import { createExchange, type SimulatedExchange, startExchangeSimulator } from '../../../src/testing.ts';
import { exchangeHandlers } from '../../../src/testing-msw.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const url = 'https://mail.contoso.test/EWS/Exchange.asmx';
const headers = { 'content-type': 'text/xml; charset=utf-8', authorization: `Basic ${btoa(`${alice}:x`)}` };
const ask = (body: string): RequestInit => ({ method: 'POST', headers, body: envelope(body) });
const server = setupServer();
let exchange: SimulatedExchange;

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
beforeEach(() => {
  exchange = createExchange({ mailboxes: [alice, bob] });
  server.use(...exchangeHandlers(exchange, { url }));
});
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

async function deliver(transport: Transport): Promise<void> {
  const sender = new OfflineImSender({
    identity: { sip: `sip:${alice}` },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport,
  });
  await sender.send({ to: `sip:${bob}`, text: 'Are you there?' });
  await sender.flush();
  await sender.stop();
}

describe('msw handlers', () => {
  it('let a sender deliver by EWS to an address without a server', async () => {
    await deliver(new EwsTransport({ url, credentials: basicAuth({ username: alice, password: 'x' }) }));
    expect(exchange.mailbox(bob).missedConversations()).toHaveLength(1);
  });

  it('let a sender deliver by Graph, at its usual root or at another', async () => {
    await deliver(
      new GraphTransport({
        credential: () => ({ token: exchange.tokens.issue(alice), expiresOnTimestamp: Date.now() + 3_600_000 }),
      }),
    );
    server.use(...exchangeHandlers(exchange, { url, graphUrl: 'https://graph.microsoft.us' }));
    const authorization = `Bearer ${exchange.tokens.issue(bob)}`;
    const listed = await fetch('https://graph.microsoft.us/v1.0/me/messages?$top=1&$select=subject', {
      headers: { authorization },
    });
    const { value } = (await listed.json()) as { value: { id: string }[] };
    expect(value).toHaveLength(1);
    expect(exchange.mailbox(bob).folder('inbox').items).toHaveLength(1);
  });

  it('serve a client that uses http instead of fetch', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = https.request(url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end(envelope(createItem([message()])));
    });
    expect([status, exchange.mailbox(bob).folder('inbox').size]).toEqual([200, 1]);
  });

  it('match the path in any case, and with a query', async () => {
    for (const at of [url.toLowerCase(), `${url}?x=1`]) expect((await fetch(at, ask(findItem()))).status).toBe(200);
  });

  it('answer at an address that does not belong to Exchange', async () => {
    server.use(...exchangeHandlers(exchange, { url: 'https://proxy.contoso.test/mail/ews' }));
    expect((await fetch('https://proxy.contoso.test/mail/ews', ask(findItem()))).status).toBe(200);
  });

  it('turn a reset, and a response lost after everything was stored, into a network error', async () => {
    exchange.faults.on('CreateItem').nth(1).resetBefore();
    exchange.faults.on('CreateItem').nth(2).lostResponse();
    await expect(fetch(url, ask(createItem([message()])))).rejects.toThrow(TypeError);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(0);
    await expect(fetch(url, ask(createItem([message()])))).rejects.toThrow(TypeError);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(1);
  });

  it('cut a response off in its body', async () => {
    exchange.faults.on('CreateItem').lostResponse({ after: 0.5 });
    const read = fetch(url, ask(createItem([message()]))).then((answer) => answer.text());
    await expect(read).rejects.toThrow(TypeError);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(1);
  });

  it('report a busy server like a fault does', async () => {
    exchange.faults.on('*').serverBusy({ backOff: 5000 });
    const answer = await fetch(url, ask(findItem()));
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('ErrorServerBusy')]);
  });

  it('refuse with a sentence anything that requires a connection, and invalid addresses', async () => {
    await using ntlm = await startExchangeSimulator({ mailboxes: [{ address: alice, password: 'x' }], auth: ['ntlm'] });
    expect(() => exchangeHandlers(ntlm, { url })).toThrow('NTLM logs a connection in, and a handler of msw sees no connections.');
    expect(() => exchangeHandlers(exchange, { url: '/EWS/Exchange.asmx' })).toThrow('url must be an absolute URL');
    expect(() => exchangeHandlers(exchange, { graphUrl: 'graph' })).toThrow('graphUrl must be an absolute URL');
  });
});
