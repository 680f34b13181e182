/** The actions that a permission level of a folder allows, and no others; by PermissionSet and by the levels of delegates. */
import { describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, message } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
const service = { username: 'service@contoso.test', password: 'secret' };
const start = (delegates: readonly string[] = []): Promise<ExchangeSimulator> =>
  startExchangeSimulator({ mailboxes: [{ address: alice, delegates }, bob, carol], credentials: service });
const ofAlice = (folder: string): string =>
  `<t:DistinguishedFolderId Id="${folder}"><t:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
const itemId = (id: string): string => `<m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds>`;
const idOnly = '<t:BaseShape>IdOnly</t:BaseShape>';

/** All possible actions, one step each, in an order in which none removes what the next one needs. */
const doings: Readonly<Record<string, (item: string, own: string) => string>> = {
  see: () => `<m:GetFolder><m:FolderShape>${idOnly}</m:FolderShape><m:FolderIds>${ofAlice('inbox')}</m:FolderIds></m:GetFolder>`,
  list: () =>
    `<m:FindItem Traversal="Shallow"><m:ItemShape>${idOnly}</m:ItemShape><m:ParentFolderIds>${ofAlice('inbox')}</m:ParentFolderIds></m:FindItem>`,
  read: (item) => `<m:GetItem><m:ItemShape>${idOnly}</m:ItemShape>${itemId(item)}</m:GetItem>`,
  create: () => createItem([message()], ofAlice('inbox'), 'SaveOnly'),
  makeFolder: () =>
    `<m:CreateFolder><m:ParentFolderId>${ofAlice('inbox')}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>Below ${Math.random()}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>`,
  edit: (item) => update(item),
  editOwn: (_, own) => update(own),
  attach: (item) =>
    `<m:CreateAttachment><m:ParentItemId Id="${item}"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name><t:Content>YQ==</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>`,
  rename: () =>
    `<m:UpdateFolder><m:FolderChanges><t:FolderChange>${ofAlice('inbox')}<t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/><t:Folder><t:DisplayName>Mine</t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`,
  deleteOwn: (_, own) => remove(own),
  delete: (item) => remove(item),
};
const update = (id: string): string =>
  `<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange><t:ItemId Id="${id}"/><t:Updates><t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:Message><t:Subject>changed</t:Subject></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`;
const remove = (id: string): string => `<m:DeleteItem DeleteType="HardDelete">${itemId(id)}</m:DeleteItem>`;

const permit = (folder: string, address: string, level: string): string => {
  const entry = `<t:Permission><t:UserId><t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress></t:UserId><t:PermissionLevel>${level}</t:PermissionLevel></t:Permission>`;
  return `<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="${folder}"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:PermissionSet"/><t:Folder><t:PermissionSet><t:Permissions>${entry}</t:Permissions></t:PermissionSet></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`;
};

/** The actions that Bob may perform in Alice's Inbox; for others, the code of the response. */
async function tried(exchange: ExchangeSimulator): Promise<Readonly<Record<string, string>>> {
  const { url } = exchange;
  const box = exchange.mailbox(alice);
  const item = box.store('inbox', { subject: 'hers', from: { address: carol } });
  const made = /<t:ItemId Id="([^"]+)"/.exec(
    (await call(url, createItem([message()], ofAlice('inbox'), 'SaveOnly'), { as: bob })).text,
  );
  const own = made?.[1] ?? box.store('inbox', { subject: 'hers too' }).id;
  const codes: Record<string, string> = {};
  for (const [doing, request] of Object.entries(doings)) {
    codes[doing] = (await call(url, request(item.id, own), { as: bob })).codes[0] ?? '';
  }
  return codes;
}
const allowed = (codes: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(codes).filter((doing) => codes[doing] === 'NoError');
const everything = Object.keys(doings);

describe('a permission on the Inbox', () => {
  it.each([
    ['Owner', everything],
    ['PublishingEditor', everything.filter((one) => one !== 'rename')],
    ['Editor', everything.filter((one) => one !== 'rename' && one !== 'makeFolder')],
    ['PublishingAuthor', ['see', 'list', 'read', 'create', 'makeFolder', 'editOwn', 'deleteOwn']],
    ['Author', ['see', 'list', 'read', 'create', 'editOwn', 'deleteOwn']],
    ['NoneditingAuthor', ['see', 'list', 'read', 'create', 'deleteOwn']],
    ['Reviewer', ['see', 'list', 'read']],
    ['Contributor', ['see', 'create']],
    ['None', []],
  ])('of %s allows the documented actions', async (level, expected) => {
    await using exchange = await start();
    expect((await call(exchange.url, permit('inbox', bob, level))).codes).toEqual(['NoError']);
    expect(allowed(await tried(exchange))).toEqual(expected);
  });

  it('is enforced with the codes of Exchange', async () => {
    await using exchange = await start();
    await call(exchange.url, permit('inbox', bob, 'Reviewer'));
    expect(await tried(exchange)).toMatchObject({
      create: 'ErrorCreateItemAccessDenied',
      makeFolder: 'ErrorCreateSubfolderAccessDenied',
      edit: 'ErrorAccessDenied',
      attach: 'ErrorAccessDenied',
      delete: 'ErrorAccessDenied',
      rename: 'ErrorAccessDenied',
    });
    await call(exchange.url, permit('inbox', bob, 'Contributor'));
    expect(await tried(exchange)).toMatchObject({
      list: 'ErrorAccessDenied',
      read: 'ErrorItemNotFound',
      delete: 'ErrorItemNotFound',
    });
    await call(exchange.url, permit('inbox', carol, 'Owner'));
    expect(Object.values(await tried(exchange)).every((code) => code === 'ErrorAccessDenied')).toBe(true);
  });

  it('reveals nothing about other folders', async () => {
    await using exchange = await start();
    const { url } = exchange;
    await call(url, permit('inbox', bob, 'Reviewer'));
    const hidden = exchange.mailbox(alice).store('drafts', { subject: 'secret' }, 'draft');
    const codes = async (request: string): Promise<readonly (string | undefined)[]> =>
      (await call(url, request, { as: bob })).codes;
    expect(await codes((doings.read ?? String)(hidden.id, ''))).toEqual(['ErrorItemNotFound']);
    expect(await codes((doings.see ?? String)('', '').replace('"inbox"', '"drafts"'))).toEqual(['ErrorFolderNotFound']);
    const move = `<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="inbox"/></m:ToFolderId>${itemId(hidden.id)}</m:MoveItem>`;
    expect(await codes(move)).toEqual(['ErrorItemNotFound']);
    expect(exchange.mailbox(alice).folder('drafts').size).toBe(1);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(0);
  });
});

describe('the level of a delegate', () => {
  const delegate = (level: string): string =>
    `<m:AddDelegate><m:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></m:Mailbox><m:DelegateUsers><t:DelegateUser><t:UserId><t:PrimarySmtpAddress>${bob}</t:PrimarySmtpAddress></t:UserId><t:DelegatePermissions><t:InboxFolderPermissionLevel>${level}</t:InboxFolderPermissionLevel></t:DelegatePermissions></t:DelegateUser></m:DelegateUsers></m:AddDelegate>`;

  it.each([
    ['Editor', everything.filter((one) => one !== 'rename' && one !== 'makeFolder')],
    ['Author', ['see', 'list', 'read', 'create', 'editOwn', 'deleteOwn']],
    ['Reviewer', ['see', 'list', 'read']],
  ])('%s allows the documented actions', async (level, expected) => {
    await using exchange = await start();
    expect((await call(exchange.url, delegate(level))).codes).toEqual(['NoError']);
    expect(allowed(await tried(exchange))).toEqual(expected);
  });

  it('does not allow managing delegates or rules of the mailbox', async () => {
    await using exchange = await start();
    await call(exchange.url, delegate('Editor'));
    const more = delegate('Editor').replaceAll(bob, carol);
    expect((await call(exchange.url, more, { as: bob })).text).toContain('ErrorAccessDenied');
  });
});

it('a delegate configured with the mailbox, and a service account, may do everything', async () => {
  await using exchange = await start([bob]);
  expect(allowed(await tried(exchange))).toEqual(everything);
  const asService = { as: service.username, password: service.password };
  expect((await call(exchange.url, (doings.see ?? String)('', ''), asService)).codes).toEqual(['NoError']);
});

it('a folder created by a client inherits the permissions of its parent', async () => {
  await using exchange = await start();
  const { url } = exchange;
  await call(url, permit('inbox', bob, 'Reviewer'));
  const box = exchange.mailbox(alice);
  const below = box.createFolder(box.folder('inbox'), 'Below');
  const see = `<m:GetFolder><m:FolderShape>${idOnly}</m:FolderShape><m:FolderIds><t:FolderId Id="${below.id}"/></m:FolderIds></m:GetFolder>`;
  expect((await call(url, see, { as: bob })).codes).toEqual(['NoError']);
  expect((await call(url, see, { as: carol })).codes).toEqual(['ErrorAccessDenied']);
});

it('the owner of an item is restored with a snapshot', async () => {
  await using exchange = await start();
  const { url } = exchange;
  await call(url, permit('inbox', bob, 'Author'));
  const made = await call(url, createItem([message()], ofAlice('inbox'), 'SaveOnly'), { as: bob });
  const own = /<t:ItemId Id="([^"]+)"/.exec(made.text)?.[1] ?? '';
  const seeded = exchange.snapshot();
  exchange.reset();
  exchange.restore(seeded);
  expect((await call(url, update(own), { as: bob })).codes).toEqual(['NoError']);
});
