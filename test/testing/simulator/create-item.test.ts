import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, history, message, missedClass, propertySet } from '../support/raw-ews.ts';

let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({
    organization: ['contoso.test'],
    mailboxes: [
      { address: 'alice@contoso.test', name: 'Alice' },
      'bob@contoso.test',
      { address: 'boss@contoso.test', delegates: ['alice@contoso.test'] },
      'carol@fabrikam.test',
    ],
  });
});
afterEach(() => exchange.reset());
afterAll(() => exchange.close());

const inbox = (address: string) => exchange.mailbox(address).folder('inbox').items;

describe('SaveOnly', () => {
  it.each([
    ['Message', '<t:IsRead>false</t:IsRead>', false],
    ['Message', '<t:IsRead>0</t:IsRead>', false],
    ['Message', '<t:IsRead>1</t:IsRead>', true],
    ['Message', '', true],
    ['PostItem', '<t:IsRead>false</t:IsRead>', false],
    ['PostItem', '', true],
  ])('keeps a %s that claims to be %s as such', async (kind, said, isRead) => {
    const item = `<t:${kind}><t:Subject>Imported</t:Subject>${said}</t:${kind}>`;
    const folder = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="inbox"/></m:SavedItemFolderId>';
    const request = `<m:CreateItem MessageDisposition="SaveOnly">${folder}<m:Items>${item}</m:Items></m:CreateItem>`;
    expect((await call(exchange.url, request)).codes).toEqual(['NoError']);
    const { items, unread } = exchange.mailbox('alice@contoso.test').folder('inbox');
    expect({ unread, items }).toMatchObject({ unread: isRead ? 0 : 1, items: [{ subject: 'Imported', isRead }] });
  });
});

it.each([
  [
    'Message',
    'MessageDisposition="SendAndSaveCopy" SendMeetingInvitations=""',
    'sentitems',
    '<t:Sender><t:Mailbox><t:EmailAddress>alice@contoso.test</t:EmailAddress></t:Mailbox></t:Sender>',
  ],
  [
    'CalendarItem',
    'MessageDisposition="" SendMeetingInvitations="SendToNone"',
    'calendar',
    '<t:Start>2026-12-01T10:00:00Z</t:Start><t:End>2026-12-01T11:00:00Z</t:End>',
  ],
])('a %s with %s, as ews for Go writes it', async (kind, attributes, folder, rest) => {
  const to = '<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:ToRecipients>';
  const own = kind === 'Message' ? `${rest}${to}` : rest;
  const item = `<t:${kind}><t:Subject>Go</t:Subject><t:Body BodyType="Text">text</t:Body>${own}</t:${kind}>`;
  const saved = `<m:SavedItemFolderId><t:DistinguishedFolderId Id="${folder}"></t:DistinguishedFolderId></m:SavedItemFolderId>`;
  const answer = await call(exchange.url, `<m:CreateItem ${attributes}>${saved}<m:Items>${item}</m:Items></m:CreateItem>`, {
    unchecked: true,
  });
  expect(answer.codes).toEqual(['NoError']);
  expect(exchange.mailbox('alice@contoso.test').folder(folder).size).toBe(1);
});

describe('SendAndSaveCopy', () => {
  it('delivers inside the organisation with class and named properties, and keeps a copy', async () => {
    const answer = await call(exchange.url, createItem([message({ subject: 'Missed', tag: 'n-1/1' })]));
    expect(answer.codes).toEqual(['NoError']);

    const [arrived] = inbox('bob@contoso.test');
    expect(arrived).toMatchObject({ itemClass: missedClass, subject: 'Missed', isDraft: false, isRead: false, isFromMe: false });
    expect(arrived?.body).toEqual({ type: 'text', content: 'Are you there?' });
    expect(arrived?.from).toEqual({ address: 'alice@contoso.test', name: 'Alice' });
    expect(arrived?.property(propertySet, 'OfflineImNote')).toBe('n-1/1');

    const [copy] = exchange.mailbox('alice@contoso.test').folder('conversationhistory').items;
    expect(copy).toMatchObject({ itemClass: missedClass, isDraft: false, isFromMe: true, folder: 'conversationhistory' });
    expect(exchange.mailbox('alice@contoso.test').folder('drafts').items).toEqual([]);
  });

  it('shows a note in the folders where Outlook shows it', async () => {
    await call(exchange.url, createItem([message()]));
    const [alice, bob] = [exchange.mailbox('alice@contoso.test'), exchange.mailbox('bob@contoso.test')];
    expect(bob.missedConversations()).toHaveLength(1);
    expect(bob.conversationHistory()).toHaveLength(1);
    expect(alice.missedConversations()).toHaveLength(0);
    expect(alice.conversationHistory()).toHaveLength(1);
  });

  it('strips class and named properties on the way to another organisation, and back', async () => {
    await call(exchange.url, createItem([message({ to: ['carol@fabrikam.test'], tag: 'x' })]));
    await call(exchange.url, createItem([message({ tag: 'y' })]), { as: 'carol@fabrikam.test' });
    for (const address of ['carol@fabrikam.test', 'bob@contoso.test']) {
      const mailbox = exchange.mailbox(address);
      expect(mailbox.folder('inbox').items).toMatchObject([{ itemClass: 'IPM.Note', properties: [] }]);
      expect(mailbox.missedConversations()).toEqual([]);
      expect(mailbox.conversationHistory().filter((i) => !i.isFromMe)).toEqual([]);
    }
  });

  it('records messages to a domain that is not simulated', async () => {
    await call(exchange.url, createItem([message({ to: ['dan@elsewhere.test', 'bob@contoso.test'] })]));
    expect(exchange.outbound).toMatchObject([
      { sender: 'alice@contoso.test', recipient: 'dan@elsewhere.test', content: { itemClass: 'IPM.Note', properties: [] } },
    ]);
    expect(inbox('bob@contoso.test')).toHaveLength(1);
  });

  it('answers an unknown internal recipient with a non-delivery report, not an error', async () => {
    const answer = await call(exchange.url, createItem([message({ to: ['nobody@contoso.test'], subject: 'Hi' })]));
    expect(answer.codes).toEqual(['NoError']);
    expect(inbox('alice@contoso.test')).toMatchObject([{ itemClass: 'REPORT.IPM.Note.NDR', subject: 'Undeliverable: Hi' }]);
  });

  it('returns one response message per item, in order; a failed item does not affect others', async () => {
    const items = [
      message({ subject: '1' }),
      message({ subject: '2', to: ['not an address'] }),
      message({ subject: '3', to: [] }),
      message({ subject: '4' }),
    ];
    const answer = await call(exchange.url, createItem(items));
    expect(answer.codes).toEqual(['NoError', 'ErrorInvalidRecipients', 'ErrorMissingRecipients', 'NoError']);
    expect(inbox('bob@contoso.test').map((i) => i.subject)).toEqual(['1', '4']);
  });

  it('delivers one copy to a recipient named twice', async () => {
    await call(exchange.url, createItem([message({ to: ['bob@contoso.test', 'BOB@contoso.test'] })]));
    expect(inbox('bob@contoso.test')).toHaveLength(1);
  });
});

describe('other dispositions', () => {
  it('SendOnly keeps no copy, SaveOnly sends nothing', async () => {
    await call(exchange.url, createItem([message({ subject: 'sent' })], '', 'SendOnly'));
    const saved = await call(exchange.url, createItem([message({ subject: 'saved' })], '', 'SaveOnly'));
    expect(saved.text).toContain('<t:ItemId ');
    expect(inbox('bob@contoso.test').map((i) => i.subject)).toEqual(['sent']);
    const alice = exchange.mailbox('alice@contoso.test');
    expect(alice.folder('drafts').items).toMatchObject([{ subject: 'saved', isDraft: true }]);
    expect(alice.folder('sentitems').items).toEqual([]);
  });

  it('SendItem sends a draft and moves it to Sent Items', async () => {
    await call(exchange.url, createItem([message()], '', 'SaveOnly'));
    const alice = exchange.mailbox('alice@contoso.test');
    const { id, changeKey } = alice.folder('drafts').items[0] ?? {};
    const answer = await call(
      exchange.url,
      `<m:SendItem SaveItemToFolder="true"><m:ItemIds><t:ItemId Id="${id}" ChangeKey="${changeKey}"/></m:ItemIds></m:SendItem>`,
    );
    expect(answer.codes).toEqual(['NoError']);
    expect(alice.folder('drafts').items).toEqual([]);
    expect(alice.folder('sentitems').items).toMatchObject([{ isDraft: false }]);
    expect(inbox('bob@contoso.test')).toHaveLength(1);
  });
});

describe('delegates', () => {
  it('a delegate sends for the principal, and the copy goes to the folder of the principal if named', async () => {
    const folder =
      '<t:DistinguishedFolderId Id="conversationhistory"><t:Mailbox><t:EmailAddress>boss@contoso.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>';
    const answer = await call(exchange.url, createItem([message({ from: 'boss@contoso.test' })], folder));
    expect(answer.codes).toEqual(['NoError']);
    expect(exchange.mailbox('boss@contoso.test').folder('conversationhistory').items).toHaveLength(1);
    expect(inbox('bob@contoso.test')[0]?.from?.address).toBe('boss@contoso.test');
  });

  it('without the principal in the folder id, the copy stays in Drafts', async () => {
    await call(exchange.url, createItem([message({ from: 'boss@contoso.test' })]));
    expect(exchange.mailbox('alice@contoso.test').folder('drafts').items).toHaveLength(1);
  });

  it('a user who may not send as another gets ErrorSendAsDenied, and leaves a draft with the principal', async () => {
    const answer = await call(exchange.url, createItem([message({ from: 'bob@contoso.test', tag: 'n/1' })]));
    expect(answer.codes).toEqual(['ErrorSendAsDenied']);
    const [draft] = exchange.mailbox('bob@contoso.test').folder('drafts').items;
    expect(draft?.property(propertySet, 'OfflineImNote')).toBe('n/1');
    expect(inbox('bob@contoso.test')).toEqual([]);
  });

  it('no user can read the mailbox of another', async () => {
    const folder =
      '<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>';
    expect((await call(exchange.url, createItem([message()], folder))).codes).toEqual(['ErrorAccessDenied']);
  });
});

describe('requests refused as a whole', () => {
  it.each([
    [
      'a wrong order of elements',
      createItem(['<t:Message><t:Subject>s</t:Subject><t:ItemClass>IPM.Note</t:ItemClass></t:Message>']),
    ],
    ['an unknown element', createItem(['<t:Message><t:Nonsense/></t:Message>'])],
    ['an unqualified element', createItem(['<t:Message><Subject>s</Subject></t:Message>'])],
    ['no items', createItem([])],
    ['an unknown folder name', createItem([message()], '<t:DistinguishedFolderId Id="nowhere"/>')],
    ['an unknown disposition', createItem([message()], history, 'Maybe')],
  ])('%s: ErrorSchemaValidation, nothing processed', async (_, body) => {
    const answer = await call(exchange.url, body, { unchecked: true });
    expect(answer).toMatchObject({ status: 500, fault: 'ErrorSchemaValidation' });
    expect(inbox('bob@contoso.test')).toEqual([]);
  });

  it('an unknown operation: ErrorInvalidRequest; malformed XML: ErrorSchemaValidation', async () => {
    expect(await call(exchange.url, '<m:Nonsense/>', { unchecked: true })).toMatchObject({ fault: 'ErrorInvalidRequest' });
    expect(await call(exchange.url, '<m:CreateItem>', { unchecked: true })).toMatchObject({ fault: 'ErrorSchemaValidation' });
  });

  const security = (attributes: string): string => `<w:Security xmlns:w="urn:security" ${attributes}/>`;
  it.each<[header: string, understood: boolean]>([
    [security('soap:mustUnderstand="1"'), false],
    [security('soap:mustUnderstand="1" soap:actor="http://schemas.xmlsoap.org/soap/actor/next"'), false],
    [security('soap:mustUnderstand="1" mustUnderstand="0"'), false],
    [security('soap:mustUnderstand="0"'), true],
    [security('soap:mustUnderstand="0" w:mustUnderstand="0"'), true],
    [security('mustUnderstand="1"'), true],
    [security('soap:mustUnderstand="1" soap:actor="urn:another"'), true],
    ['<t:MailboxCulture soap:mustUnderstand="1">en-US</t:MailboxCulture>', true],
    ...[
      'OpenAsAdminOrSystemService',
      'ProxySecurityContext',
      'ProxySuggesterSid',
      'ProxyPartnerToken',
      'SerializedSecurityContext',
    ].map((name): [string, boolean] => [`<t:${name} soap:mustUnderstand="1"/>`, true]),
    ['<t:Mailbox soap:mustUnderstand="1"/>', false],
    ['<MailboxCulture xmlns="urn:other" soap:mustUnderstand="1">en-US</MailboxCulture>', false],
  ])('a header %s is understood: %j', async (header, understood) => {
    const answer = await call(exchange.url, createItem([message()]), { header, unchecked: true });
    if (understood) expect(answer).toMatchObject({ status: 200, codes: ['NoError'] });
    else expect(answer).toMatchObject({ status: 500, text: expect.stringContaining('<faultcode>s:MustUnderstand</faultcode>') });
    expect(inbox('bob@contoso.test')).toHaveLength(understood ? 1 : 0);
  });

  it('a text that speaks of mustUnderstand is no header', async () => {
    const answer = await call(exchange.url, createItem([message({ subject: 'a s:mustUnderstand="1" b' })]));
    expect(answer).toMatchObject({ status: 200, codes: ['NoError'] });
    expect(inbox('bob@contoso.test')[0]?.subject).toBe('a s:mustUnderstand="1" b');
  });

  it('an unknown schema version: ErrorInvalidServerVersion', async () => {
    const answer = await call(exchange.url, createItem([message()]), { version: 'Exchange2099', unchecked: true });
    expect(answer).toMatchObject({ status: 500, fault: 'ErrorInvalidServerVersion' });
  });
});
