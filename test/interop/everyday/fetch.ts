/** What an application does with only fetch and a few lines of XML. */
import { expect } from 'vitest';
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';
import type { ExchangeSimulator } from '../../../src/testing.ts';

export const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];

/** Sends a request as `alice` and parses the response: every text by the name of its element, in order. */
async function ask(exchange: ExchangeSimulator, body: string, version = 'Exchange2013'): Promise<Answer> {
  const response = await fetch(exchange.url, {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml; charset=utf-8', Authorization: `Basic ${btoa(`${alice}:p`)}` },
    body:
      '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" ' +
      `xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><soap:Header><t:RequestServerVersion Version="${version}"/></soap:Header>` +
      `<soap:Body>${body}</soap:Body></soap:Envelope>`,
  });
  const root = parseXml(await response.text());
  const all = (element: XmlElement): readonly XmlElement[] => [element, ...element.children.flatMap(all)];
  const named = (name: string): readonly XmlElement[] => all(root).filter((one) => one.name === name);
  return {
    status: response.status,
    texts: (name) => named(name).map(({ text }) => text),
    id: (name) => named(name)[0]?.attributes.get('Id') ?? '',
  };
}

interface Answer {
  readonly status: number;
  texts(name: string): readonly string[];
  id(name: string): string;
}

const shape = (base: string, more = ''): string =>
  `<ItemShape><t:BaseShape>${base}</t:BaseShape>${more === '' ? '' : `<t:AdditionalProperties>${more}</t:AdditionalProperties>`}</ItemShape>`;
const inbox = '<ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></ParentFolderIds>';
const find = (rest = '', base = shape('Default')): string => `<FindItem Traversal="Shallow">${base}${rest}${inbox}</FindItem>`;
const where = (operator: string, uri: string, value: string): string =>
  `<Restriction><t:${operator}><t:FieldURI FieldURI="${uri}"/><t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:${operator}></Restriction>`;

export const calls: Readonly<Record<string, (exchange: ExchangeSimulator) => Promise<void>>> = {
  'sends a message': async (exchange) => {
    const sent = await ask(
      exchange,
      '<CreateItem MessageDisposition="SendAndSaveCopy"><Items><t:Message><t:Subject>Hello</t:Subject><t:Body BodyType="Text">text é</t:Body>' +
        `<t:ToRecipients><t:Mailbox><t:EmailAddress>${bob}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></Items></CreateItem>`,
    );
    expect([sent.status, sent.texts('ResponseCode')]).toEqual([200, ['NoError']]);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(1);
  },
  'finds what has arrived, newest first': async (exchange) => {
    for (const subject of ['first', 'second']) exchange.mailbox(alice).receive({ subject, from: bob });
    const sorted =
      '<IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>' +
      '<SortOrder><t:FieldOrder Order="Descending"><t:FieldURI FieldURI="item:Subject"/></t:FieldOrder></SortOrder>';
    expect((await ask(exchange, find(sorted))).texts('Subject')).toEqual(['second', 'first']);
  },
  'takes page after page': async (exchange) => {
    const page = (offset: number): string =>
      find(`<IndexedPageItemView MaxEntriesReturned="1" Offset="${offset}" BasePoint="Beginning"/>`);
    const [one, two] = [await ask(exchange, page(0)), await ask(exchange, page(1))];
    expect([...one.texts('Subject'), ...two.texts('Subject')].sort()).toEqual(['first', 'second']);
  },
  'searches by subject': async (exchange) => {
    const found = await ask(exchange, find(where('IsEqualTo', 'item:Subject', 'first')));
    expect(found.texts('Subject')).toEqual(['first']);
  },
  'searches by time': async (exchange) => {
    const found = await ask(exchange, find(where('IsGreaterThan', 'item:DateTimeReceived', '2001-01-01T00:00:00Z')));
    expect(found.texts('Subject').length).toBe(2);
  },
  'reads one whole': async (exchange) => {
    const { id } = await ask(exchange, find(where('IsEqualTo', 'item:Subject', 'first')));
    const item = await ask(
      exchange,
      `<GetItem>${shape('AllProperties')}<ItemIds><t:ItemId Id="${id('ItemId')}"/></ItemIds></GetItem>`,
    );
    expect([item.texts('Subject'), item.texts('EmailAddress')[0]]).toEqual([['first'], bob]);
  },
  'marks it read': async (exchange) => {
    const { id } = await ask(exchange, find(where('IsEqualTo', 'item:Subject', 'first')));
    const update =
      '<t:SetItemField><t:FieldURI FieldURI="message:IsRead"/><t:Message><t:IsRead>true</t:IsRead></t:Message></t:SetItemField>';
    await ask(
      exchange,
      `<UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"><ItemChanges><t:ItemChange><t:ItemId Id="${id('ItemId')}"/><t:Updates>${update}</t:Updates></t:ItemChange></ItemChanges></UpdateItem>`,
    );
    expect((await ask(exchange, find(where('IsEqualTo', 'message:IsRead', 'true')))).texts('Subject')).toEqual(['first']);
  },
  'counts a folder': async (exchange) => {
    const folder = await ask(
      exchange,
      '<GetFolder><FolderShape><t:BaseShape>Default</t:BaseShape></FolderShape><FolderIds><t:DistinguishedFolderId Id="inbox"/></FolderIds></GetFolder>',
    );
    expect([folder.texts('DisplayName'), folder.texts('TotalCount'), folder.texts('UnreadCount')]).toEqual([
      ['Inbox'],
      ['2'],
      ['1'],
    ]);
  },
  deletes: async (exchange) => {
    const { id } = await ask(exchange, find(where('IsEqualTo', 'item:Subject', 'first')));
    const gone = await ask(
      exchange,
      `<DeleteItem DeleteType="MoveToDeletedItems"><ItemIds><t:ItemId Id="${id('ItemId')}"/></ItemIds></DeleteItem>`,
    );
    expect(gone.texts('ResponseCode')).toEqual(['NoError']);
    expect((await ask(exchange, find())).texts('Subject')).toEqual(['second']);
  },
  'hears what is wrong': async (exchange) => {
    const wrong = await ask(exchange, find('<Nonsense/>'));
    expect([wrong.status, wrong.texts('ResponseCode')]).toEqual([500, ['ErrorSchemaValidation']]);
    expect((await ask(exchange, find(), 'Exchange3000')).status).toBe(500);
  },
};
