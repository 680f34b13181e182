/** Names in the directory and in contacts, and contacts in the shape that clients read by default. */
import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call, type RawAnswer } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const start = () =>
  startExchangeSimulator({
    mailboxes: [alice, { address: bob, name: 'Bob Builder' }],
    distributionLists: { 'team@contoso.test': [alice, bob] },
  });
const create = (url: string, item: string) => call(url, `<m:CreateItem><m:Items>${item}</m:Items></m:CreateItem>`);
const idIn = ({ text }: RawAnswer): string => /ItemId Id="([^"]*)"/.exec(text)?.[1] ?? '';
const contact =
  '<t:Contact><t:GivenName>Bertha</t:GivenName><t:MiddleName>M.</t:MiddleName><t:EmailAddresses><t:Entry Key="EmailAddress1">bertha@fabrikam.test</t:Entry>' +
  '</t:EmailAddresses><t:JobTitle>Chief</t:JobTitle><t:Surname>Benz</t:Surname></t:Contact>';
const list =
  '<t:DistributionList><t:DisplayName>Builders</t:DisplayName><t:Members><t:Member><t:Mailbox><t:Name/><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:Member>' +
  '<t:Member><t:Mailbox><t:Name>Carl</t:Name><t:EmailAddress>carl@fabrikam.test</t:EmailAddress></t:Mailbox></t:Member></t:Members></t:DistributionList>';

it.each([
  ['ActiveDirectory', ['Bob Builder Mailbox']],
  ['Contacts', ['Bertha M. Benz Contact', 'Builders PrivateDL']],
  ['ActiveDirectoryContacts', ['Bob Builder Mailbox', 'Bertha M. Benz Contact', 'Builders PrivateDL']],
  ['ContactsActiveDirectory', ['Bertha M. Benz Contact', 'Builders PrivateDL', 'Bob Builder Mailbox']],
])('ResolveNames searches where SearchScope says: %s', async (scope, expected) => {
  await using exchange = await start();
  await create(exchange.url, contact);
  await create(exchange.url, list);
  const asked = `ReturnFullContactData="false" SearchScope="${scope}"`;
  const { text } = await call(exchange.url, `<m:ResolveNames ${asked}><m:UnresolvedEntry>b</m:UnresolvedEntry></m:ResolveNames>`);
  const found = [...text.matchAll(/<t:Name>([^<]*)<.*?<t:MailboxType>([^<]*)</g)].map(([, name, type]) => `${name} ${type}`);
  expect(found).toEqual(expected);
  expect(text).not.toContain('<t:Contact>');
});

it('ReturnFullContactData returns all known data of each', async () => {
  await using exchange = await start();
  await create(exchange.url, contact);
  const full = async (entry: string): Promise<string> => {
    const asked = `<m:ResolveNames ReturnFullContactData="true"><m:UnresolvedEntry>${entry}</m:UnresolvedEntry></m:ResolveNames>`;
    return (await call(exchange.url, asked)).text;
  };
  expect(await full('bob')).toMatch(/<t:Contact><t:DisplayName>Bob Builder<.*SMTP:bob@contoso.test<.*>ActiveDirectory</);
  expect(await full('team')).toMatch(/PublicDL<.*<t:Contact><t:DisplayName>team@contoso.test</);
  expect(await full('bertha')).toMatch(/<t:Contact>.*<t:GivenName>Bertha<.*<t:ContactSource>Store<.*<t:JobTitle>Chief</);
});

it('a contact list has no entry in the directory, and no address', async () => {
  await using exchange = await start();
  await create(exchange.url, list);
  const asked = '<m:ResolveNames ReturnFullContactData="true"><m:UnresolvedEntry>builders</m:UnresolvedEntry></m:ResolveNames>';
  const { text } = await call(exchange.url, asked);
  expect(text).toContain('<t:MailboxType>PrivateDL<');
  expect(text).not.toMatch(/<t:Contact>|SMTP:</);
});

it('ExpandDL returns nothing about an item in the mailbox of another user', async () => {
  await using exchange = await start();
  const { id } = exchange.mailbox(bob).store('inbox', { subject: 'Secret plans' });
  const other = `<t:Member><t:Mailbox><t:ItemId Id="${id}"/></t:Mailbox></t:Member>`;
  const made = await create(exchange.url, list.replace('</t:Members>', `${other}</t:Members>`));
  const { text } = await call(exchange.url, `<m:ExpandDL><m:Mailbox><t:ItemId Id="${idIn(made)}"/></m:Mailbox></m:ExpandDL>`);
  expect(text).toContain('TotalItemsInView="2"');
  expect(text).not.toContain('Secret plans');
});

it('ExpandDL opens a contact list by its id', async () => {
  await using exchange = await start();
  const id = idIn(await create(exchange.url, list));
  const expand = (one: string) => call(exchange.url, `<m:ExpandDL><m:Mailbox><t:ItemId Id="${one}"/></m:Mailbox></m:ExpandDL>`);
  const { text } = await expand(id);
  expect([...text.matchAll(/<t:Name>([^<]*)<.*?<t:MailboxType>([^<]*)</g)].map(([, ...found]) => found)).toEqual([
    ['Bob Builder', 'Mailbox'],
    ['Carl', 'OneOff'],
  ]);
  expect((await expand(idIn(await create(exchange.url, contact)))).codes).toEqual(['ErrorNameResolutionNoResults']);
});

it('contacts, lists, appointments and tasks have their own properties in the default shape', async () => {
  await using exchange = await start();
  const { url } = exchange;
  const meeting =
    '<t:CalendarItem><t:Subject>M</t:Subject><t:Start>2026-12-01T10:00:00Z</t:Start><t:End>2026-12-01T11:00:00Z</t:End><t:Location>Room</t:Location></t:CalendarItem>';
  const made = [
    await create(url, contact),
    await create(url, list),
    await create(url, '<t:Task><t:Subject>T</t:Subject><t:DueDate>2026-12-05T00:00:00Z</t:DueDate></t:Task>'),
    await call(url, `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${meeting}</m:Items></m:CreateItem>`),
  ].map((answer) => `<t:ItemId Id="${idIn(answer)}"/>`);
  const shape = '<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>';
  const { messages, text } = await call(url, `<m:GetItem>${shape}<m:ItemIds>${made.join('')}</m:ItemIds></m:GetItem>`);
  expect(messages.length).toBe(4);
  const name = '<t:FirstName>Bertha</t:FirstName><t:MiddleName>M.</t:MiddleName><t:LastName>Benz</t:LastName>';
  expect(text).toContain(`<t:CompleteName>${name}<t:FullName>Bertha M. Benz</t:FullName></t:CompleteName>`);
  expect(text).toMatch(/<t:Entry Key="EmailAddress1">bertha@fabrikam.test<.*<t:JobTitle>Chief</);
  expect(text).toMatch(/<t:DistributionList>.*<t:Subject>Builders<.*<t:DisplayName>Builders</);
  expect(text).toMatch(/<t:DueDate>2026-12-05T00:00:00Z<.*<t:Status>NotStarted</);
  expect(text).toMatch(/<t:Start>2026-12-01T10:00:00Z<.*<t:Location>Room<.*<t:Organizer>/);
});

it('a sticky note is a message, and so is the picture of a contact', async () => {
  await using exchange = await start();
  const note = '<t:Message><t:ItemClass>IPM.StickyNote</t:ItemClass><t:Subject>N</t:Subject></t:Message>';
  const saved = await call(exchange.url, `<m:CreateItem MessageDisposition="SaveOnly"><m:Items>${note}</m:Items></m:CreateItem>`);
  const id = idIn(await create(exchange.url, contact));
  const file = '<t:Name>ContactPicture.jpg</t:Name><t:IsContactPhoto>true</t:IsContactPhoto><t:Content>YQ==</t:Content>';
  const attach = `<m:CreateAttachment><m:ParentItemId Id="${id}"/><m:Attachments><t:FileAttachment>${file}</t:FileAttachment></m:Attachments></m:CreateAttachment>`;
  expect((await call(exchange.url, attach)).codes).toEqual(['NoError']);
  const ids = `<m:ItemIds><t:ItemId Id="${idIn(saved)}"/><t:ItemId Id="${id}"/></m:ItemIds>`;
  const shape = '<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>';
  const { text } = await call(exchange.url, `<m:GetItem>${shape}${ids}</m:GetItem>`);
  expect(text).toMatch(/<m:Items><t:Message>.*<t:IsContactPhoto>true<.*<t:HasPicture>true</);
});
