import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call, child, createItem, message, messagesNs, type RawAnswer, textOf, typesNs } from '../support/raw-ews.ts';

let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'], profile: 'exchange-2010' });
});
afterEach(() => exchange.reset());
afterAll(() => exchange.close());

const version = 'Exchange2010_SP2';
const ask = (body: string) => call(exchange.url, body, { version });
const root = '<t:DistinguishedFolderId Id="msgfolderroot"/>';
const shape = (base = 'IdOnly') => `<m:FolderShape><t:BaseShape>${base}</t:BaseShape></m:FolderShape>`;
const create = (name: string) =>
  ask(
    `<m:CreateFolder><m:ParentFolderId>${root}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>${name}</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>`,
  );
const findByName = (name: string) =>
  ask(
    `<m:FindFolder Traversal="Deep">${shape('Default')}<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="folder:DisplayName"/>` +
      `<t:FieldURIOrConstant><t:Constant Value="${name}"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>` +
      `<m:ParentFolderIds>${root}</m:ParentFolderIds></m:FindFolder>`,
  );
const idIn = (answer: RawAnswer) => {
  const holder = child(answer.messages[0], messagesNs, 'RootFolder') ?? answer.messages[0];
  const folders = child(holder, typesNs, 'Folders') ?? child(holder, messagesNs, 'Folders');
  return child(folders?.children[0], typesNs, 'FolderId')?.attributes.get('Id');
};
const saveIn = (id: string | undefined) => ask(createItem([message()], `<t:FolderId Id="${id}"/>`));

describe('folders', () => {
  it('GetFolder by distinguished name, in every shape', async () => {
    for (const base of ['IdOnly', 'Default', 'AllProperties']) {
      const answer = await ask(
        `<m:GetFolder>${shape(base)}<m:FolderIds><t:DistinguishedFolderId Id="inbox"/>${root}</m:FolderIds></m:GetFolder>`,
      );
      expect(answer.codes).toEqual(['NoError', 'NoError']);
      const folder = child(answer.messages[0], messagesNs, 'Folders')?.children[0];
      expect(textOf(folder, typesNs, 'DisplayName')).toBe(base === 'IdOnly' ? undefined : 'Inbox');
    }
  });

  it('an old server knows Conversation History by its name only', async () => {
    const byName = `<m:GetFolder>${shape()}<m:FolderIds><t:DistinguishedFolderId Id="conversationhistory"/></m:FolderIds></m:GetFolder>`;
    expect((await ask(byName)).fault).toBe('ErrorSchemaValidation');
    const id = idIn(await findByName('conversation history'));
    expect((await saveIn(id)).codes).toEqual(['NoError']);
    expect(exchange.mailbox('alice@contoso.test').conversationHistory()).toHaveLength(1);
  });

  it('creates a folder once, and returns ErrorSavedItemFolderNotFound once it is gone', async () => {
    const id = idIn(await create('Notes to self'));
    expect((await create('notes TO self')).codes).toEqual(['ErrorFolderExists']);
    expect((await saveIn(id)).codes).toEqual(['NoError']);
    expect(exchange.mailbox('alice@contoso.test').folder('Notes to self').items).toHaveLength(1);
    exchange.reset();
    expect((await saveIn(id)).codes).toEqual(['ErrorSavedItemFolderNotFound']);
  });

  it('reset() keeps the usual folders with their ids, readable and empty', async () => {
    const alice = exchange.mailbox('alice@contoso.test');
    const inbox = alice.folder('inbox');
    const id = idIn(await findByName('Conversation History'));
    await saveIn(id);
    alice.folder('inbox').readable = false;
    await create('Temporary');
    exchange.reset();
    expect(alice.folder('inbox')).toBe(inbox);
    expect([inbox.readable, inbox.size, alice.folder('Conversation History').size]).toEqual([true, 0, 0]);
    expect(alice.findFolder('Temporary')).toBeUndefined();
    expect((await saveIn(id)).codes).toEqual(['NoError']);
  });

  it('a newer server can be configured to return ErrorFolderNotFound', async () => {
    await using other = await startExchangeSimulator({
      mailboxes: ['alice@contoso.test', 'bob@contoso.test'],
      profile: { like: 'exchange-2016', conversationHistory: 'absent' },
    });
    expect((await call(other.url, createItem([message()]))).codes).toEqual(['ErrorFolderNotFound']);
  });
});

describe('DeleteItem', () => {
  const remove = (id: string, type: string) =>
    ask(`<m:DeleteItem DeleteType="${type}"><m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:DeleteItem>`);

  it.each([
    ['MoveToDeletedItems', 'deleteditems'],
    ['SoftDelete', 'recoverableitemsdeletions'],
    ['HardDelete', undefined],
  ])('%s', async (type, destination) => {
    await ask(createItem([message()], '', 'SaveOnly'));
    const alice = exchange.mailbox('alice@contoso.test');
    const id = alice.folder('drafts').items[0]?.id ?? '';
    expect((await remove(id, type)).codes).toEqual(['NoError']);
    expect(alice.folder('drafts').items).toEqual([]);
    expect(alice.folders.filter((f) => f.size > 0).map((f) => f.distinguished)).toEqual(
      destination === undefined ? [] : [destination],
    );
    expect((await remove(id, type)).codes).toEqual(['ErrorItemNotFound']);
  });
});
