/** Bytes in the encodings that clients choose: the same over a connection and by exchange.fetch. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createExchange, startExchangeSimulator } from '../../../src/testing.ts';
import { createItem, envelope, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const subject = 'Grüße, 你好';
const declared = (encoding: string, text = subject): string =>
  envelope(createItem([message({ subject: text })])).replace('encoding="utf-8"', `encoding="${encoding}"`);
const utf16 = (text: string, order: 'le' | 'be', mark = true): Buffer => {
  const bytes = Buffer.from((mark ? '\ufeff' : '') + text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
};
const xml = 'text/xml';

const bodies: readonly (readonly [what: string, type: string, body: Buffer, subject?: string])[] = [
  ['UTF-8', xml, Buffer.from(declared('utf-8'))],
  ['UTF-8 with a mark', xml, Buffer.from(`\ufeff${declared('utf-8')}`)],
  ['UTF-16, little-endian', xml, utf16(declared('utf-16'), 'le')],
  ['UTF-16, big-endian', `${xml}; charset=utf-16`, utf16(declared('utf-16'), 'be')],
  ['UTF-16 without a mark', `${xml}; charset="utf-16"`, utf16(declared('utf-16'), 'le', false)],
  ['UTF-16, big-endian, without a mark', xml, utf16(declared('utf-16'), 'be', false)],
  ['UTF-8 that calls itself UTF-16', xml, Buffer.from(declared('utf-16'))],
  ['Latin-1 by its content type', `${xml}; charset=iso-8859-1`, Buffer.from(declared('utf-8', 'Grüße'), 'latin1'), 'Grüße'],
  ['Latin-1 by its declaration', xml, Buffer.from(declared('iso-8859-1', 'Grüße'), 'latin1'), 'Grüße'],
  ['an unknown encoding', `${xml}; charset=klingon`, Buffer.from(declared('klingon'))],
];

describe.each(['a server', 'exchange.fetch'])('a body sent by %s', (front) => {
  const start = async () =>
    front === 'a server' ? startExchangeSimulator({ mailboxes: [alice, bob] }) : createExchange({ mailboxes: [alice, bob] });
  const authorization = `Basic ${btoa(`${alice}:x`)}`;

  it.each(bodies.map(([what, type, body, said]) => [what, type, body, said ?? subject] as const))(
    '%s is read',
    async (_what, type, body, expected) => {
      await using exchange = await start();
      const ask = front === 'a server' ? fetch : exchange.fetch;
      const init = { method: 'POST', headers: { authorization, 'content-type': type }, body: new Uint8Array(body) };
      expect(await (await ask(exchange.url, init)).text()).toContain('NoError');
      expect(exchange.mailbox(bob).folder('inbox').items[0]?.subject).toBe(expected);
    },
  );

  it('what is in an encoding that nobody knows, and is no UTF-8, is refused', async () => {
    await using exchange = await start();
    const ask = front === 'a server' ? fetch : exchange.fetch;
    const headers = { authorization, 'content-type': xml };
    const init = { method: 'POST', headers, body: new Uint8Array(Buffer.from(declared('klingon', 'Grüße'), 'latin1')) };
    expect((await ask(exchange.url, init)).status).toBe(415);
    expect(exchange.mailbox(bob).folder('inbox').items).toEqual([]);
  });

  it('a compressed body is refused, since it cannot be decompressed', async () => {
    await using exchange = await start();
    const ask = front === 'a server' ? fetch : exchange.fetch;
    const headers = { authorization, 'content-type': xml, 'content-encoding': 'gzip' };
    const init = { method: 'POST', headers, body: new Uint8Array(gzipSync(declared('utf-8'))) };
    expect((await ask(exchange.url, init)).status).toBe(415);
  });

  it('the content type of SOAP 1.2 is refused as such, not by the envelope', async () => {
    await using exchange = await start();
    const ask = front === 'a server' ? fetch : exchange.fetch;
    const body = Buffer.from(declared('utf-8'))
      .toString()
      .replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope');
    const headers = { authorization, 'content-type': 'application/soap+xml; charset=utf-8; action="CreateItem"' };
    expect((await ask(exchange.url, { method: 'POST', headers, body })).status).toBe(415);
    expect(exchange.mailbox(bob).folder('inbox').items).toEqual([]);
  });
});
