/** Input that the schema allows is never reported as a violation: each of these once was, or got a response that no schema allows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { child } from '../../../src/ews/xml/read.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { schemaAvailable, validateBody } from '../../support/ews-schema.ts';
import { call, createItem, findItem, itemsIn, message, typesNs } from '../support/raw-ews.ts';

let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({
    mailboxes: [{ address: 'alice@contoso.test', password: 'secret' }, 'bob@contoso.test'],
  });
});
afterAll(() => exchange.close());

const ask = async (body: string): Promise<readonly (string | undefined)[]> => {
  const { codes, fault } = await call(exchange.url, body);
  return fault === undefined ? codes : [fault];
};

describe('a boolean may be written as a number', () => {
  it.each([
    ['1', 1],
    ['0', 0],
  ])('SendItem with SaveItemToFolder="%s"', async (save, copies) => {
    const { messages } = await call(exchange.url, createItem([message()], '', 'SaveOnly'));
    const id = child(itemsIn(messages[0])[0], typesNs, 'ItemId')?.attributes;
    const before = exchange.mailbox('alice@contoso.test').folder('sentitems').items.length;
    const draft = `<t:ItemId Id="${id?.get('Id')}" ChangeKey="${id?.get('ChangeKey')}"/>`;
    expect(await ask(`<m:SendItem SaveItemToFolder="${save}"><m:ItemIds>${draft}</m:ItemIds></m:SendItem>`)).toEqual(['NoError']);
    expect(exchange.mailbox('alice@contoso.test').folder('sentitems').items.length).toBe(before + copies);
  });
});

describe('optional content of the schema that is required has its own error code', () => {
  const create = (items: string): string =>
    `<m:CreateItem MessageDisposition="SendOnly"><m:Items>${items}</m:Items></m:CreateItem>`;
  it.each(['ReplyToItem', 'ForwardItem', 'SuppressReadReceipt', 'AcceptItem', 'CancelCalendarItem', 'RemoveItem'])(
    '%s without its item',
    async (name) => {
      expect(await ask(create(`<t:${name}/>`))).toEqual(['ErrorMissingInformationReferenceItemId']);
    },
  );

  const zone =
    '<t:TimeZone><t:Bias>0</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>1</t:DayOrder><t:Month>1</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime><t:Bias>0</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>1</t:DayOrder><t:Month>1</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>';
  const availability = (options: string): string =>
    `<m:GetUserAvailabilityRequest>${zone}<m:MailboxDataArray/>${options}</m:GetUserAvailabilityRequest>`;
  const window = (start: string): string =>
    `<t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>${start}</t:StartTime><t:EndTime>2026-12-01T00:00:00</t:EndTime></t:TimeWindow></t:FreeBusyViewOptions>`;
  it('free/busy without a view, or before the start of calendars', async () => {
    expect(await ask(availability(''))).toEqual(['ErrorMissingArgument']);
    expect(await ask(availability(window('-0044-03-15T12:00:00')))).toEqual(['ErrorInvalidTimeInterval']);
  });

  it('a calendar view before the start of calendars', async () => {
    const view = '<m:CalendarView StartDate="-0044-03-15T12:00:00Z" EndDate="2026-12-01T00:00:00Z"/>';
    const find = `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>${view}<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`;
    expect(await ask(find)).toEqual(['ErrorCalendarOutOfRange']);
  });

  it.skipIf(!schemaAvailable)('mail tips for a recipient without an address', async () => {
    const recipients = '<m:Recipients><t:Mailbox><t:Name>Bob</t:Name></t:Mailbox></m:Recipients>';
    const tips = `<m:GetMailTips><m:SendingAs/>${recipients}<m:MailTipsRequested>All</m:MailTipsRequested></m:GetMailTips>`;
    const { text } = await call(exchange.url, tips);
    expect([validateBody(text), text.includes('ErrorMissingInformationEmailAddress')]).toEqual([[], true]);
  });
});

const excludes = (mask: string): string =>
  `<t:Excludes><t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/><t:Bitmask Value="${mask}"/></t:Excludes>`;
const findFolder = (restriction: string): string =>
  `<m:FindFolder Traversal="Shallow"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:Restriction>${restriction}</m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds></m:FindFolder>`;

describe('the bit mask of Excludes', () => {
  it.each(['', '0x', '0X', '4294967296', '0x100000000'])('cannot be "%s", which does not fit into 32 bits', async (mask) => {
    expect(await ask(findItem({ restriction: excludes(mask) }))).toEqual(['ErrorInvalidExcludesRestriction']);
    expect(await ask(findFolder(excludes(mask)))).toEqual(['ErrorInvalidExcludesRestriction']);
  });

  it.each(['0', '007', '4294967295', '0xFFFFFFFF', '0X1f'])('may be "%s"', async (mask) => {
    expect(await ask(findItem({ restriction: excludes(mask) }))).toEqual(['NoError']);
    expect(await ask(findFolder(excludes(mask)))).toEqual(['NoError']);
  });
});

describe('an item with an empty class is not saved', () => {
  const property = '<t:ExtendedFieldURI PropertyTag="0x001A" PropertyType="String"/>';
  const byProperty = `<t:Message><t:ExtendedProperty>${property}<t:Value></t:Value></t:ExtendedProperty></t:Message>`;
  const refused = ['ErrorItemSavePropertyError'];
  const size = (folder: 'drafts' | 'sentitems' | 'contacts'): number =>
    exchange.mailbox('alice@contoso.test').folder(folder).size;

  it.each(['SaveOnly', 'SendOnly', 'SendAndSaveCopy'])('%s', async (disposition) => {
    const before = [size('drafts'), size('sentitems')];
    expect(await ask(createItem([message({ itemClass: '' })], '', disposition))).toEqual(refused);
    expect(await ask(createItem([byProperty], '', disposition))).toEqual(refused);
    expect([size('drafts'), size('sentitems')]).toEqual(before);
  });

  it('but a contact and the items beside it are', async () => {
    const before = size('contacts');
    const contacts = ['<t:Contact><t:ItemClass/></t:Contact>', '<t:Contact/>'];
    expect(await ask(createItem(contacts, '', 'SaveOnly'))).toEqual([...refused, 'NoError']);
    expect(size('contacts')).toBe(before + 1);
  });

  it.each([
    ['set', '<t:SetItemField><t:FieldURI FieldURI="item:ItemClass"/><t:Message><t:ItemClass/></t:Message></t:SetItemField>'],
    ['set as a property', `<t:SetItemField>${property}${byProperty}</t:SetItemField>`],
    ['deleted as a property', `<t:DeleteItemField>${property}</t:DeleteItemField>`],
  ])('nor if it is %s', async (_, update) => {
    const { messages } = await call(exchange.url, createItem([message({ itemClass: 'IPM.Note' })], '', 'SaveOnly'));
    const id = child(itemsIn(messages[0])[0], typesNs, 'ItemId')?.attributes;
    const draft = `<t:ItemId Id="${id?.get('Id')}" ChangeKey="${id?.get('ChangeKey')}"/>`;
    const changes = `<t:ItemChange>${draft}<t:Updates>${update}</t:Updates></t:ItemChange>`;
    const request = `<m:UpdateItem MessageDisposition="SaveOnly" ConflictResolution="AutoResolve"><m:ItemChanges>${changes}</m:ItemChanges></m:UpdateItem>`;
    expect(await ask(request)).toEqual(refused);
    expect(exchange.mailbox('alice@contoso.test').folder('drafts').items.at(-1)?.itemClass).toBe('IPM.Note');
  });
});

describe('a folder that holds well-known folders is not emptied of them', () => {
  it.each(['MoveToDeletedItems', 'SoftDelete', 'HardDelete'])('%s', async (type) => {
    const shown = (): readonly string[] =>
      exchange.mailbox('alice@contoso.test').folders.map(({ label, parent }) => `${label} in ${parent?.label}`);
    const before = shown();
    for (const folder of ['root', 'msgfolderroot', 'recoverableitemsroot']) {
      const ids = `<m:FolderIds><t:DistinguishedFolderId Id="${folder}"/></m:FolderIds>`;
      const empty = (below: boolean): string =>
        `<m:EmptyFolder DeleteType="${type}" DeleteSubFolders="${below}">${ids}</m:EmptyFolder>`;
      expect([await ask(empty(true)), await ask(empty(false))]).toEqual([['ErrorCannotEmptyFolder'], ['NoError']]);
    }
    expect(shown()).toEqual(before);
  });
});

it('two operations in one body are refused: neither is done', async () => {
  const before = exchange.mailbox('alice@contoso.test').folder('drafts').items.length;
  const twice = createItem([message()], '', 'SaveOnly').repeat(2);
  const { fault, text } = await call(exchange.url, twice, { unchecked: true });
  expect([fault, text.includes('CreateItem')]).toEqual(['ErrorSchemaValidation', true]);
  expect(exchange.mailbox('alice@contoso.test').folder('drafts').items.length).toBe(before);
});
