/** Delegates and folder permissions, as Evolution's dialogs request them: settings are returned, and delegates are admitted. */
import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call, type RawAnswer } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
const start = (delegates: readonly string[] = []) =>
  startExchangeSimulator({ mailboxes: [{ address: alice, delegates }, { address: bob, name: 'Bob Builder' }, carol] });

const of = `<m:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></m:Mailbox>`;
const user = (address: string, more = '') =>
  `<t:DelegateUser><t:UserId><t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress></t:UserId>${more}</t:DelegateUser>`;
const level = (folder: string, to: string) =>
  `<t:DelegatePermissions><t:${folder}FolderPermissionLevel>${to}</t:${folder}FolderPermissionLevel></t:DelegatePermissions>`;
const users = (...all: string[]) => `<m:DelegateUsers>${all.join('')}</m:DelegateUsers>`;
const get = `<m:GetDelegate IncludePermissions="true">${of}</m:GetDelegate>`;
const remove = (address: string) =>
  `<m:RemoveDelegate>${of}<m:UserIds><t:UserId><t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress></t:UserId></m:UserIds></m:RemoveDelegate>`;
const levels = ({ text }: RawAnswer) =>
  [...text.matchAll(/<t:(\w+)FolderPermissionLevel>(\w+)</g)]
    .filter(([, , to]) => to !== 'None')
    .map(([, f, to]) => `${f} ${to}`);
const inboxOfAlice = `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:FolderIds></m:GetFolder>`;

it('a delegate is added, changed and removed, and may open the mailbox meanwhile', async () => {
  await using exchange = await start();
  const { url } = exchange;
  expect((await call(url, inboxOfAlice, { as: bob })).codes).toEqual(['ErrorAccessDenied']);
  const added = await call(url, `<m:AddDelegate>${of}${users(user(bob, level('Calendar', 'Editor')))}</m:AddDelegate>`);
  expect([added.codes, levels(added)]).toEqual([['NoError'], ['Calendar Editor']]);
  expect(added.text).toContain('<t:DisplayName>Bob Builder</t:DisplayName>');
  expect((await call(url, inboxOfAlice, { as: bob })).codes).toEqual(['ErrorFolderNotFound']);
  expect((await call(url, inboxOfAlice.replace('"inbox"', '"calendar"'), { as: bob })).codes).toEqual(['NoError']);
  const more = `<m:DeliverMeetingRequests>DelegatesOnly</m:DeliverMeetingRequests>`;
  await call(url, `<m:UpdateDelegate>${of}${users(user(bob, level('Inbox', 'Reviewer')))}${more}</m:UpdateDelegate>`);
  const now = await call(url, get);
  expect(levels(now)).toEqual(['Calendar Editor', 'Inbox Reviewer']);
  expect((await call(url, inboxOfAlice, { as: bob })).codes).toEqual(['NoError']);
  expect(now.text).toContain('>DelegatesOnly<');
  expect((await call(url, remove(bob))).codes).toEqual(['NoError']);
  expect((await call(url, inboxOfAlice, { as: bob })).codes).toEqual(['ErrorAccessDenied']);
});

it('each user is reported separately', async () => {
  await using exchange = await start([bob]);
  const all = [bob, alice, 'nobody@contoso.test', carol].map((one) => user(one));
  expect((await call(exchange.url, `<m:AddDelegate>${of}${users(...all)}</m:AddDelegate>`)).codes).toEqual([
    'ErrorDelegateAlreadyExists',
    'ErrorDelegateCannotAddOwner',
    'ErrorDelegateNoUser',
    'NoError',
  ]);
  expect((await call(exchange.url, remove('nobody@contoso.test'))).codes).toEqual(['ErrorNotDelegate']);
});

it('delegates configured with the mailbox are ordinary ones, and return with a snapshot', async () => {
  await using exchange = await start([bob]);
  const seeded = exchange.snapshot();
  await call(exchange.url, remove(bob));
  expect((await call(exchange.url, inboxOfAlice, { as: bob })).codes).toEqual(['ErrorAccessDenied']);
  exchange.restore(seeded);
  expect((await call(exchange.url, inboxOfAlice, { as: bob })).codes).toEqual(['NoError']);
});

const shape =
  '<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="folder:PermissionSet"/></t:AdditionalProperties></m:FolderShape>';
const permissionsOf = async (url: string, folder: string): Promise<readonly (readonly [string, string, string])[]> => {
  const id = `<m:FolderIds><t:DistinguishedFolderId Id="${folder}"/></m:FolderIds>`;
  const { text } = await call(url, `<m:GetFolder>${shape}${id}</m:GetFolder>`);
  return [...text.matchAll(/<t:UserId>(.*?)<\/t:UserId>.*?<t:ReadItems>(\w+)<.*?PermissionLevel>(\w+)</g)].map((found) => [
    /(?:User|Address)>([^<]*)</.exec(found[1] ?? '')?.[1] ?? '',
    found[2] ?? '',
    found[3] ?? '',
  ]);
};
const set = (folder: string, element: string, entries: string) =>
  `<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="${folder}"/><t:Updates><t:SetFolderField>` +
  `<t:FieldURI FieldURI="folder:PermissionSet"/><t:${element}><t:PermissionSet>${entries}</t:PermissionSet></t:${element}>` +
  '</t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>';
const entry = (element: string, id: string, to: string) =>
  `<t:${element}><t:UserId>${id}</t:UserId><t:${element}Level>${to}</t:${element}Level></t:${element}>`;
const smtp = (address: string) => `<t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress>`;

it('permissions of a folder are returned with everything their level allows', async () => {
  await using exchange = await start();
  expect(await permissionsOf(exchange.url, 'inbox')).toEqual([
    ['Default', 'None', 'None'],
    ['Anonymous', 'None', 'None'],
  ]);
  expect((await permissionsOf(exchange.url, 'calendar'))[0]).toEqual(['Default', 'TimeOnly', 'FreeBusyTimeOnly']);
  const distinguished = '<t:DistinguishedUser>Default</t:DistinguishedUser>';
  const entries = entry('Permission', distinguished, 'Reviewer') + entry('Permission', smtp(bob), 'Editor');
  expect((await call(exchange.url, set('inbox', 'Folder', `<t:Permissions>${entries}</t:Permissions>`))).codes).toEqual([
    'NoError',
  ]);
  expect(await permissionsOf(exchange.url, 'inbox')).toEqual([
    ['Default', 'FullDetails', 'Reviewer'],
    [bob, 'FullDetails', 'Editor'],
  ]);
});

it.each([
  ['ErrorInvalidUserInfo', entry('CalendarPermission', smtp('nobody@contoso.test'), 'Editor')],
  ['ErrorDuplicateUserIdsSpecified', entry('CalendarPermission', smtp(bob), 'Editor').repeat(2)],
])('%s', async (code, entries) => {
  await using exchange = await start();
  const before = await permissionsOf(exchange.url, 'calendar');
  const change = set('calendar', 'CalendarFolder', `<t:CalendarPermissions>${entries}</t:CalendarPermissions>`);
  expect((await call(exchange.url, change)).codes).toEqual([code]);
  expect(await permissionsOf(exchange.url, 'calendar')).toEqual(before);
});

it('automatic replies have times even if nothing is scheduled, and keep settings that a change omits', async () => {
  await using exchange = await start();
  const mailbox = `<t:Mailbox><t:Address>${alice}</t:Address></t:Mailbox>`;
  const read = async (): Promise<string> =>
    (await call(exchange.url, `<m:GetUserOofSettingsRequest>${mailbox}</m:GetUserOofSettingsRequest>`)).text;
  const times = /<t:StartTime>[^<]+Z<.*<t:EndTime>[^<]+Z</;
  expect(await read()).toMatch(times);
  const settings = (more: string) =>
    `<m:SetUserOofSettingsRequest>${mailbox}<t:UserOofSettings><t:OofState>Enabled</t:OofState><t:ExternalAudience>All</t:ExternalAudience>${more}</t:UserOofSettings></m:SetUserOofSettingsRequest>`;
  await call(exchange.url, settings('<t:InternalReply><t:Message>away</t:Message></t:InternalReply>'));
  await call(exchange.url, settings(''));
  expect(await read()).toMatch(times);
  expect(await read()).toContain('<t:Message>away</t:Message>');
});
