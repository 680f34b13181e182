import fc from 'fast-check';
import { XmlDocument, XmlElement } from 'libxml2-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { envelopeFor } from '../../../src/ews/client/soap.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { createItemHead, createItemTail, messageXml } from '../../../src/ews/operations/create-item.ts';
import { deleteItemXml } from '../../../src/ews/operations/delete-item.ts';
import { findItemXml } from '../../../src/ews/operations/find-item.ts';
import type { Note } from '../../../src/transport/contract.ts';
import { schemaAvailable, validateBody } from '../../support/ews-schema.ts';
import { anyText, expectedText as expectedExactly, withoutMark } from '../support/any-text.ts';
import { makeNote } from '../support/harness.ts';

const expectedText = (text: string): string => withoutMark(expectedExactly(text));

const transport = new EwsTransport({
  url: 'https://mail.contoso.test/EWS/Exchange.asmx',
  credentials: basicAuth({ username: 'a', password: 'b' }),
});
const { head, tail } = envelopeFor('Exchange2013_SP1');
const namespaces = {
  t: 'http://schemas.microsoft.com/exchange/services/2006/types',
  m: 'http://schemas.microsoft.com/exchange/services/2006/messages',
};

const requestOf = (notes: readonly Note[]): string => {
  const place = notes[0]?.place ?? transport.placeOf({ address: 'x@y' });
  return head + createItemHead(place.folder, place.mailbox) + notes.map(messageXml).join('') + createItemTail + tail;
};

/** Elements and attributes, without their text. */
function structure(xml: string): string {
  using document = XmlDocument.fromString(xml);
  const walk = (element: XmlElement): string => {
    const attributes = element.attrs.map((a) => `@${a.name}`).sort();
    const children: string[] = [];
    for (let node = element.firstChild; node !== null; node = node.next)
      if (node instanceof XmlElement) children.push(walk(node));
    return `${element.namespaceUri}|${element.name}(${[...attributes, ...children].join(',')})`;
  };
  return walk(document.root);
}

describe('CreateItem', () => {
  it('is written in the order of the schema', () => {
    const note = makeNote(transport, 1, { subject: 'A & B', body: { type: 'html', content: '<b>x</b>' } });
    expect(messageXml(note)).toBe(
      '<t:Message><t:ItemClass>IM.Note.MissedConversation</t:ItemClass><t:Subject>A &amp; B</t:Subject>' +
        '<t:Body BodyType="HTML">&lt;b&gt;x&lt;/b&gt;</t:Body>' +
        '<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147" PropertyName="OfflineImTag" PropertyType="String"/><t:Value>note-1/1</t:Value></t:ExtendedProperty>' +
        '<t:ToRecipients><t:Mailbox><t:Name>Bob "B" Example</t:Name><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:ToRecipients>' +
        '<t:From><t:Mailbox><t:Name>Alice Example</t:Name><t:EmailAddress>alice@contoso.test</t:EmailAddress></t:Mailbox></t:From></t:Message>',
    );
  });

  it('sends and keeps a copy in one step, by the 2013 SP1 schema', () => {
    const xml = requestOf([makeNote(transport, 1)]);
    expect(xml).toContain('<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId>');
    expect(xml).toContain('<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header>');
  });
});

const nonEmpty = anyText.filter((text) => text !== '');
const mailbox = fc.record({ address: nonEmpty, name: anyText }, { requiredKeys: ['address'] });
const fields = fc.record({
  tag: anyText,
  subject: anyText,
  // an item class longer than 255 characters is refused by the schema; the sender takes it from an option
  messageClass: fc.constantFrom('IPM.Note', 'IM.Note.MissedConversation'),
  body: fc.record({ type: fc.constantFrom('text' as const, 'html' as const), content: anyText }),
  to: fc.array(mailbox, { minLength: 1, maxLength: 4 }),
  from: mailbox,
});

describe('any value of a caller', () => {
  beforeAll(() => {
    if (schemaAvailable) validateBody(requestOf([makeNote(transport, 1)])); // compiles the schema outside the property
  });

  it('comes back as the same text', () => {
    fc.assert(
      fc.property(fields, (given) => {
        using document = XmlDocument.fromString(requestOf([makeNote(transport, 0, given)]));
        const text = (path: string): string[] =>
          document.find(`//m:Items/t:Message/${path}`, namespaces).map((node) => withoutMark(node.content));
        expect(text('t:Subject')).toEqual([expectedText(given.subject)]);
        expect(text('t:Body')).toEqual([expectedText(given.body.content)]);
        expect(text('t:ExtendedProperty/t:Value')).toEqual([expectedText(given.tag)]);
        expect(text('t:ToRecipients/t:Mailbox/t:EmailAddress')).toEqual(given.to.map((m) => expectedText(m.address)));
        expect(text('t:ToRecipients/t:Mailbox/t:Name')).toEqual(
          given.to.flatMap((m) => (m.name === undefined ? [] : [expectedText(m.name)])),
        );
        expect(text('t:From/t:Mailbox/t:EmailAddress')).toEqual([expectedText(given.from.address)]);
        const places = document
          .find('//m:SavedItemFolderId//t:EmailAddress', namespaces)
          .map((node) => withoutMark(node.content));
        expect(places).toEqual([expectedText(given.from.address)]);
      }),
      { numRuns: 500 },
    );
  });

  it('adds no element and no attribute', () => {
    fc.assert(
      fc.property(fields, (given) => {
        const plain = (m: { address: string; name?: string }) =>
          m.name === undefined ? { address: 'x' } : { address: 'x', name: 'x' };
        const tame = {
          ...given,
          tag: 'x',
          subject: 'x',
          body: { ...given.body, content: 'x' },
          to: given.to.map(plain),
          from: plain(given.from),
        };
        expect(structure(requestOf([makeNote(transport, 0, given)]))).toBe(structure(requestOf([makeNote(transport, 0, tame)])));
      }),
      { numRuns: 500 },
    );
  });

  it.skipIf(!schemaAvailable)('validates against the schema of Microsoft', () => {
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 3 }), (notes) => {
        expect(validateBody(requestOf(notes.map((given, n) => makeNote(transport, n, given))))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.skipIf(!schemaAvailable)('is escaped in searches and deletions too', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 5 }), nonEmpty, (tags, address) => {
        const search = head + findItemXml(tags, ['conversationhistory', 'recoverableitemsdeletions'], address) + tail;
        expect(validateBody(search)).toEqual([]);
        expect(
          validateBody(
            head +
              deleteItemXml(
                tags.map((id) => ({ id, changeKey: id })),
                'HardDelete',
              ) +
              tail,
          ),
        ).toEqual([]);
        using document = XmlDocument.fromString(search);
        expect(document.find('//t:Constant/@Value', namespaces).map((node) => withoutMark(node.content))).toEqual(
          tags.map(expectedText),
        );
      }),
      { numRuns: 300 },
    );
  });
});
