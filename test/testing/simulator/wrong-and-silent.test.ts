/** Invalid input that was accepted, or requests that were ignored: each is now done, or gets the code of Exchange. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, findItem, message, propertySet, type RawAnswer, type RawOptions } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
let exchange: ExchangeSimulator;
beforeEach(async () => {
  exchange = await startExchangeSimulator({
    mailboxes: [alice, { address: bob, quota: { receive: 100 } }],
    distributionLists: { 'team@contoso.test': [alice] },
  });
});
afterEach(() => exchange.close());

const ask = (body: string, options?: RawOptions): Promise<RawAnswer> => call(exchange.url, body, options);
const codeOf = async (body: string): Promise<string | undefined> => {
  const { fault, codes } = await ask(body);
  return fault ?? codes[0];
};
const field = (uri: string): string => `<t:FieldURI FieldURI="${uri}"/>`;
const entry = (uri: string, key: string): string => `<t:IndexedFieldURI FieldURI="contacts:${uri}" FieldIndex="${key}"/>`;
const itemId = ({ id, changeKey }: { id: string; changeKey: string }): string =>
  `<t:ItemId Id="${id}" ChangeKey="${changeKey}"/>`;
const get = (id: string, more = ''): string =>
  `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>${more === '' ? '' : `<t:AdditionalProperties>${more}</t:AdditionalProperties>`}</m:ItemShape><m:ItemIds>${id}</m:ItemIds></m:GetItem>`;
const update = (id: string, changes: string): string =>
  `<m:UpdateItem ConflictResolution="AutoResolve" MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>${id}<t:Updates>${changes}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`;
const set = (path: string, item: string): string => `<t:SetItemField>${path}${item}</t:SetItemField>`;
const append = (path: string, item: string): string => `<t:AppendToItemField>${path}${item}</t:AppendToItemField>`;
const contact = (list: string, written: string): string => `<t:Contact><t:${list}>${written}</t:${list}></t:Contact>`;
const person = (address: string): string => `<t:Mailbox><t:EmailAddress>${address}</t:EmailAddress></t:Mailbox>`;

describe('an update', () => {
  const phones = '<t:PhoneNumbers><t:Entry Key="MobilePhone">+1</t:Entry></t:PhoneNumbers>';
  const made = () =>
    exchange.mailbox(alice).store('contacts', { kind: 'Contact', itemClass: 'IPM.Contact', fields: { PhoneNumbers: phones } });

  it.each([
    [
      'of two properties',
      set(field('item:Subject'), '<t:Contact><t:Subject>x</t:Subject><t:Sensitivity>Private</t:Sensitivity></t:Contact>'),
      'ErrorIncorrectUpdatePropertyCount',
    ],
    [
      'of another entry',
      set(entry('PhoneNumber', 'HomePhone'), contact('PhoneNumbers', '<t:Entry Key="MobilePhone">+9</t:Entry>')),
      'ErrorUpdatePropertyMismatch',
    ],
    [
      'of more entries',
      set(
        entry('PhoneNumber', 'HomePhone'),
        contact('PhoneNumbers', '<t:Entry Key="HomePhone">+2</t:Entry><t:Entry Key="MobilePhone">+9</t:Entry>'),
      ),
      'ErrorUpdatePropertyMismatch',
    ],
    [
      'of another part of an address',
      set(
        entry('PhysicalAddress:City', 'Home'),
        contact('PhysicalAddresses', '<t:Entry Key="Home"><t:Street>S</t:Street></t:Entry>'),
      ),
      'ErrorUpdatePropertyMismatch',
    ],
    [
      'that appends to something else',
      append(field('item:Subject'), '<t:Contact><t:Body BodyType="Text">x</t:Body></t:Contact>'),
      'ErrorUpdatePropertyMismatch',
    ],
  ])('%s changes nothing', async (_what, change, code) => {
    const item = made();
    expect(await codeOf(update(itemId(item), change))).toBe(code);
    expect(exchange.mailbox(alice).folder('contacts').items).toEqual([item]);
  });

  it('sets one entry, and one part of it, and leaves the others', async () => {
    const street = (text: string): string =>
      contact('PhysicalAddresses', `<t:Entry Key="Home"><t:Street>${text}</t:Street></t:Entry>`);
    const city = contact('PhysicalAddresses', '<t:Entry Key="Home"><t:City>C</t:City></t:Entry>');
    const home = contact('PhoneNumbers', '<t:Entry Key="HomePhone">+2</t:Entry>');
    const changes = [
      set(entry('PhoneNumber', 'HomePhone'), home),
      set(entry('PhysicalAddress:Street', 'Home'), street('S')),
      set(entry('PhysicalAddress:City', 'Home'), city),
      set(entry('PhysicalAddress:Street', 'Home'), street('T')),
    ];
    expect(await codeOf(update(itemId(made()), changes.join('')))).toBe('NoError');
    const [now] = exchange.mailbox(alice).folder('contacts').items;
    expect([...(now?.content.fields?.values() ?? [])].join('').match(/>([^<>]+)</g)).toEqual(
      expect.arrayContaining(['>+1<', '>+2<', '>T<', '>C<']),
    );
  });

  it('appends to attendees and to reply-to addresses', async () => {
    const attendee = `<t:CalendarItem><t:OptionalAttendees><t:Attendee>${person(bob)}</t:Attendee></t:OptionalAttendees></t:CalendarItem>`;
    const first =
      '<t:OptionalAttendees><t:Attendee><t:Mailbox><t:EmailAddress>c@x.test</t:EmailAddress></t:Mailbox></t:Attendee></t:OptionalAttendees>';
    const meeting = exchange
      .mailbox(alice)
      .store('calendar', { kind: 'CalendarItem', itemClass: 'IPM.Appointment', fields: { OptionalAttendees: first } });
    const draft = exchange.mailbox(alice).store('drafts', { subject: 'x' }, 'draft');
    const replies = `<t:Message><t:ReplyTo>${person(bob)}</t:ReplyTo></t:Message>`;
    expect(await codeOf(update(itemId(meeting), append(field('calendar:OptionalAttendees'), attendee)))).toBe('NoError');
    expect(await codeOf(update(itemId(draft), append(field('message:ReplyTo'), replies)))).toBe('NoError');
    const fieldsIn = (folder: string) => exchange.mailbox(alice).folder(folder).items[0]?.content.fields;
    expect(fieldsIn('calendar')?.get('OptionalAttendees')).toMatch(/c@x\.test.*bob@contoso\.test/);
    expect(fieldsIn('drafts')?.get('ReplyTo')).toContain(bob);
  });
});

describe('an extended property', () => {
  const uri = (type: string): string =>
    `<t:ExtendedFieldURI PropertySetId="${propertySet}" PropertyName="P" PropertyType="${type}"/>`;
  const property = (type: string, value: string): string =>
    `<t:Message><t:ExtendedProperty>${uri(type)}${type.endsWith('Array') ? `<t:Values><t:Value>${value}</t:Value></t:Values>` : `<t:Value>${value}</t:Value>`}</t:ExtendedProperty></t:Message>`;
  const create = (type: string, value: string): string => createItem([property(type, value)], '', 'SaveOnly');

  it.each(['Error', 'Null', 'Object', 'ObjectArray'])('of type %s only appears in responses', async (type) => {
    expect(await codeOf(create(type, 'AQID'))).toBe('ErrorUnsupportedMapiPropertyType');
    const item = exchange.mailbox(alice).store('drafts', {}, 'draft');
    expect(await codeOf(get(itemId(item), uri(type)))).toBe('ErrorUnsupportedMapiPropertyType');
    expect(await codeOf(findItem({ restriction: `<t:Exists>${uri(type)}</t:Exists>` }))).toBe('ErrorUnsupportedMapiPropertyType');
  });

  it.each([
    ...[
      ['Short', '32768'],
      ['Integer', '2147483648'],
      ['IntegerArray', '-2147483649'],
      ['Long', '9223372036854775808'],
    ],
    ...[
      ['ApplicationTime', '2026-01-01'],
      ['Double', 'one'],
      ['Boolean', 'yes'],
      ['CLSID', '1'],
      ['BinaryArray', '*'],
    ],
  ] as const)('of type %s cannot be %s', async (type, value) => {
    expect(await codeOf(create(type, value))).toBe('ErrorInvalidExtendedPropertyValue');
  });

  it.each([
    ...[
      ['Short', '-32768'],
      ['Integer', '2147483647'],
      ['Long', '-9223372036854775808'],
      ['ApplicationTime', '46023.5'],
    ],
    ...[
      ['ApplicationTimeArray', '1.5'],
      ['Float', '0.5'],
      ['Currency', '12'],
      ['Binary', 'AQID'],
      ['StringArray', 'a'],
    ],
  ] as const)('of type %s is kept and found as %s', async (type, value) => {
    const { codes } = await ask(create(type, value));
    const [item] = exchange.mailbox(alice).folder('drafts').items;
    expect([codes, item?.properties.map((one) => [one.value].flat())]).toEqual([['NoError'], [[value]]]);
    const restriction = `<t:IsEqualTo>${uri(type)}<t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
    const { text } = await ask(findItem({ restriction, folders: ['<t:DistinguishedFolderId Id="drafts"/>'] }));
    expect(text).toContain('TotalItemsInView="1"');
  });
});

describe('a search', () => {
  const compared = (uri: string, value: string): string =>
    `<t:IsEqualTo>${field(uri)}<t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
  const view = (most: number, offset: number): string =>
    `<m:IndexedPageItemView MaxEntriesReturned="${most}" Offset="${offset}" BasePoint="Beginning"/>`;
  const part = (numerator: number, denominator: number): string =>
    `<m:FractionalPageItemView MaxEntriesReturned="1" Numerator="${numerator}" Denominator="${denominator}"/>`;
  const days = '<m:CalendarView StartDate="2026-01-01T00:00:00Z" EndDate="2026-02-01T00:00:00Z"/>';

  it.each([
    ['an invalid boolean', { restriction: compared('message:IsRead', 'yes') }, 'ErrorInvalidValueForProperty'],
    ['an invalid number', { restriction: `<t:Not>${compared('item:Size', 'big')}</t:Not>` }, 'ErrorInvalidValueForProperty'],
    ['an invalid time', { restriction: compared('item:DateTimeReceived', 'today') }, 'ErrorInvalidValueForProperty'],
    ['an invalid importance', { restriction: compared('item:Importance', 'Huge') }, 'ErrorInvalidValueForProperty'],
    [
      'a flag that every item has',
      { restriction: `<t:Exists>${field('item:IsDraft')}</t:Exists>` },
      'ErrorInvalidPropertyForExists',
    ],
    ['pages of nothing', { view: view(0, 0) }, 'ErrorInvalidPagingMaxRows'],
    ['pages before the first', { view: view(1, -1) }, 'ErrorInvalidIndexedPagingParameters'],
    ['a part greater than all', { view: part(3, 2) }, 'ErrorInvalidFractionalPagingParameters'],
    ['a part of nothing', { view: part(0, 0) }, 'ErrorInvalidFractionalPagingParameters'],
    ['a calendar view of mail', { view: days }, 'ErrorCalendarFolderIsInvalidForCalendarView'],
  ])('for %s is refused', async (_what, search, code) => {
    expect(await codeOf(findItem(search))).toBe(code);
  });
});

describe('an id', () => {
  it.each([
    ['that is empty', '', 'ErrorInvalidIdEmpty'],
    ['that no server writes', '&lt;1&gt;', 'ErrorInvalidIdMalformed'],
    ['of an item that is gone', 'AAMkADQ0=', 'ErrorItemNotFound'],
  ])('%s', async (_what, id, code) => {
    expect(await codeOf(get(`<t:ItemId ChangeKey="CQAAAA==" Id="${id}"/>`))).toBe(code);
  });

  it('in another spelling is invalid, whatever number it has', async () => {
    const { id } = exchange.mailbox(alice).store('inbox', {});
    for (const other of [`${id} `, id.replace('AAMkAGItem0', 'AAMkAGItem'), id.toLowerCase(), `${id}0`, `${id}.5`]) {
      expect((await ask(get(`<t:ItemId Id="${other}"/>`))).codes).not.toEqual(['NoError']);
    }
  });

  it('of a folder is not valid for an item, and vice versa', async () => {
    const { id } = exchange.mailbox(alice).store('inbox', {});
    const folder = exchange.mailbox(alice).folder('inbox').id;
    expect(await codeOf(get(`<t:ItemId Id="${folder}"/>`))).toBe('ErrorCannotUseFolderIdForItemId');
    expect(await codeOf(findItem({ folders: [`<t:FolderId Id="${id}"/>`] }))).toBe('ErrorCannotUseItemIdForFolderId');
    expect(await codeOf(findItem({ folders: ['<t:FolderId Id=""/>'] }))).toBe('ErrorInvalidIdEmpty');
  });
});

it('impersonation by SID never acts as the login itself', async () => {
  const header =
    '<t:ExchangeImpersonation><t:ConnectingSID><t:SID>S-1-5-21-1</t:SID></t:ConnectingSID></t:ExchangeImpersonation>';
  const { fault } = await ask(createItem([message()]), { header });
  expect([fault, exchange.mailbox(alice).folder('conversationhistory').size]).toEqual(['ErrorInvalidUserSid', 0]);
});

describe('only the requested parts are returned', () => {
  const name = '<t:DistinguishedFolderId Id="inbox"/>';
  const parts = {
    Dictionary: '<t:Dictionary/>',
    XmlData: '<t:XmlData>PGEvPg==</t:XmlData>',
    BinaryData: '<t:BinaryData>AQID</t:BinaryData>',
  };

  it.each([
    ['All', Object.keys(parts)],
    ['Dictionary', ['Dictionary']],
    ['Dictionary XmlData', ['Dictionary', 'XmlData']],
    ['Id', []],
  ])('of a configuration: %s', async (asked, given) => {
    const written = Object.values(parts).join('');
    await ask(
      `<m:CreateUserConfiguration><m:UserConfiguration><t:UserConfigurationName Name="C">${name}</t:UserConfigurationName>${written}</m:UserConfiguration></m:CreateUserConfiguration>`,
    );
    const { text } = await ask(
      `<m:GetUserConfiguration><m:UserConfigurationName Name="C">${name}</m:UserConfigurationName><m:UserConfigurationProperties>${asked}</m:UserConfigurationProperties></m:GetUserConfiguration>`,
    );
    expect(Object.keys(parts).filter((part) => text.includes(`<t:${part}`))).toEqual(given);
  });

  it.each([
    ['All', ['MailboxFull', 'InvalidRecipient'], ''],
    ['InvalidRecipient', ['InvalidRecipient'], ''],
    ['MailboxFullStatus Scope', ['MailboxFull'], 'Scope'],
    ['MaxMessageSize', [], 'MaxMessageSize'],
  ])('of mail tips: %s', async (asked, given, pending) => {
    exchange.mailbox(bob).store('inbox', {});
    const tips = (address: string): string =>
      `<m:GetMailTips><m:SendingAs><t:EmailAddress>${alice}</t:EmailAddress></m:SendingAs><m:Recipients>${person(address)}</m:Recipients><m:MailTipsRequested>${asked}</m:MailTipsRequested></m:GetMailTips>`;
    const { text } = await ask(tips(bob));
    expect(['MailboxFull', 'InvalidRecipient'].filter((tip) => text.includes(`<t:${tip}>`))).toEqual(given);
    expect(text).toContain(`<t:PendingMailTips>${pending}</t:PendingMailTips>`);
    if (given.includes('MailboxFull')) expect(text).toContain('<t:MailboxFull>true<');
    if (given.includes('InvalidRecipient'))
      expect((await ask(tips('team@contoso.test'))).text).toContain('<t:InvalidRecipient>false<');
  });

  it.each([
    ['IdOnly', ['ItemId']],
    ['Default', ['ItemId', 'DisplayName']],
    ['AllProperties', ['DisplayName', 'GivenName']],
  ])('of contacts: %s', async (shape, given) => {
    const fields = {
      DisplayName: '<t:DisplayName>Zoe</t:DisplayName>',
      GivenName: '<t:GivenName>Zoe</t:GivenName>',
      EmailAddresses: '<t:EmailAddresses><t:Entry Key="EmailAddress1">zoe@z.test</t:Entry></t:EmailAddresses>',
    };
    exchange.mailbox(alice).store('contacts', { kind: 'Contact', itemClass: 'IPM.Contact', fields });
    const { text } = await ask(
      `<m:ResolveNames ReturnFullContactData="true" SearchScope="Contacts" ContactDataShape="${shape}"><m:UnresolvedEntry>zoe</m:UnresolvedEntry></m:ResolveNames>`,
    );
    const written = /<t:Contact>.*<\/t:Contact>/.exec(text)?.[0] ?? '';
    expect(['ItemId', 'DisplayName', 'GivenName'].filter((part) => written.includes(`<t:${part}`))).toEqual(given);
  });
});
