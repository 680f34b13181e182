import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExchange, type SimulatedExchange } from '../../../src/testing.ts';

const bob = 'bob@contoso.test';
const make = () => createExchange({ mailboxes: ['alice@contoso.test', bob], access: 'anonymous' });
const inbox = (exchange: SimulatedExchange) => exchange.mailbox(bob).folder('inbox');

const invoice = `\uFEFFReceived: from mx (mx [192.0.2.1])
From: "Zoë Müller" <zoe@fabrikam.test>
To: Bob <bob@contoso.test>
Subject: =?utf-8?B?UmVjaG51bmcg4oKs?=
Date: Tue, 14 Jun 2016 12:00:00 +0200
Message-ID: <invoice-1@fabrikam.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Grüße</p>
--b
Content-Type: application/pdf; name="invoice.pdf"
Content-Disposition: attachment; filename="invoice.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--b--
`;

describe('an .eml', () => {
  it('arrives with its sender, subject, body, date and attachments, as text and as bytes', async () => {
    for (const source of [invoice, new TextEncoder().encode(invoice)]) {
      const exchange = make();
      const item = await exchange.mailbox(bob).receiveMime(source);
      expect(item).toMatchObject({
        subject: 'Rechnung €',
        from: { address: 'zoe@fabrikam.test', name: 'Zoë Müller' },
        body: { type: 'html', content: expect.stringContaining('Grüße') },
        internetMessageId: '<invoice-1@fabrikam.test>',
        receivedAt: new Date('2016-06-14T10:00:00Z'),
      });
      expect(item.attachments).toMatchObject([{ name: 'invoice.pdf', contentType: 'application/pdf', content: 'JVBERi0=' }]);
      expect(item.content.mime).toMatch(/^Received: from mx/);
    }
  });

  it.each([
    ['', 'expected header fields'],
    ['Hello Bob,\n\nthis is a letter', 'found "Hello Bob,"'],
    ['{"subject": "Hi"}', 'none of the usual header fields'],
    ['PK\u0003\u0004', 'expected header fields'],
    ['X-One: 1\nX-Two: 2\n\nbody', 'none of the usual header fields'],
  ])('%j is refused: nothing is stored', async (source, text) => {
    const exchange = make();
    await expect(exchange.mailbox(bob).receiveMime(source)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(text),
    });
    expect(inbox(exchange).size).toBe(0);
  });

  it('may be part of a seed: all of it is stored, or nothing', async () => {
    const exchange = make();
    await exchange.load({ [bob]: { inbox: [{ eml: invoice }, { subject: 'Hi' }] } });
    expect(inbox(exchange).items.map(({ subject }) => subject)).toEqual(['Rechnung €', 'Hi']);
    const bad = exchange.load({ [bob]: { drafts: [{ subject: 'fine' }, { eml: 'no message' }] } });
    await expect(bad).rejects.toThrow('bob@contoso.test, drafts[1]: The message is not MIME');
    expect(() => exchange.seed({ [bob]: { inbox: [{ eml: invoice }] } } as never)).toThrow('use load()');
    expect([inbox(exchange).size, exchange.mailbox(bob).folder('drafts').size]).toEqual([2, 0]);
  });
});

describe('JSON', () => {
  it('can express dates, attachments, flags and fields', () => {
    const exchange = make();
    const seed = {
      subject: 'Hi',
      sentAt: '2016-06-14T12:00:00Z',
      receivedAt: '2016-06-14T12:00:01Z',
      isRead: true,
      attachments: [{ name: 'a.txt', content: 'aGk=' }],
      fields: { Categories: '<t:Categories><t:String>red</t:String></t:Categories>' },
    };
    exchange.seed({ [bob]: { inbox: [JSON.parse(JSON.stringify(seed))] } });
    const [item] = inbox(exchange).items;
    expect(item).toMatchObject({
      sentAt: new Date('2016-06-14T12:00:00Z'),
      receivedAt: new Date('2016-06-14T12:00:01Z'),
      isRead: true,
      attachments: [{ name: 'a.txt', isInline: false, id: expect.any(String) }],
    });
    expect(item?.content.fields?.get('Categories')).toContain('red');
    expect(inbox(exchange).unread).toBe(0);
  });

  it.each([
    [{ subjet: 'Hi' }, 'An item has no "subjet"; the nearest name is subject'],
    [{ sentAt: 'yesterday' }, "The item's sentAt is of the wrong kind"],
    [{ sentAt: '2016-13-45' }, "The item's sentAt is of the wrong kind"],
    [{ receivedAt: 7 }, "The item's receivedAt is of the wrong kind"],
    [{ isRead: 'yes' }, "The item's isRead is of the wrong kind; expected true or false"],
    [{ attachments: [{ name: 'a.txt', content: '*' }] }, "The item's attachments"],
    [{ attachments: [{}] }, "The item's attachments"],
    [{ fields: { Categories: '<t:Categories>' } }, "The item's fields.Categories"],
    [{ fields: { Categories: '<t:Other/>' } }, "The item's fields.Categories"],
    [{ kind: 'Letter' }, "The item's kind"],
    [{ to: [{}] }, "The item's to"],
    [{ from: { address: 'a@b.c', name: 7 } }, "The item's from"],
    [{ mime: 7 }, "The item's mime"],
    [[], "The item's content"],
  ])('%j is refused as an item: the error says where and what, and nothing is stored', (item, text) => {
    const exchange = make();
    const bad = () => exchange.seed({ [bob]: { inbox: [{ subject: 'fine' }, item as never] } });
    expect(bad).toThrow(`bob@contoso.test, inbox[1]: ${text}`);
    expect(bad).toThrow('Nothing was stored.');
    expect(inbox(exchange).size).toBe(0);
  });

  it('of any kind is stored entirely or not at all, and fails with a code', () => {
    const item = fc.oneof(
      fc.record({ subject: fc.anything(), body: fc.anything(), from: fc.anything(), to: fc.anything() }, { requiredKeys: [] }),
      fc.record(
        { properties: fc.anything(), attachments: fc.anything(), fields: fc.anything(), sentAt: fc.anything() },
        { requiredKeys: [] },
      ),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 3 }), (items) => {
        const exchange = make();
        try {
          exchange.seed({ [bob]: { inbox: items as never } });
          expect(inbox(exchange).size).toBe(items.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'OPTION_INVALID' });
          expect(inbox(exchange).size).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
