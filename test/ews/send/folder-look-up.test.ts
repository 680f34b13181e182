/** The look-up of Conversation History ends, with a folder or with a reason, whatever a server leaves out of its response. */
import { describe, expect, it } from 'vitest';
import { always, useHarness } from '../support/harness.ts';
import { created, createdFolder, fault, foundFolders, message, ok, response } from '../support/responses.ts';
import type { Answer, SeenRequest } from '../support/server.ts';

const h = useHarness();
const alice = { address: 'alice@contoso.test' };
const isHistory = (body: string): boolean => body.includes('"conversationhistory"');
const historyClass = '<ty:FolderClass>IPF.Note.Microsoft.Conversation</ty:FolderClass>';
const named = (name: string): string => `<ty:DisplayName>${name}</ty:DisplayName>`;
const folder = (id: string, properties: string): string =>
  `<ty:Folder><ty:FolderId Id="${id}" ChangeKey="ck"/>${properties}</ty:Folder>`;

function answer(content: string): string {
  return response('FindFolder', [message('FindFolder', ok, { content })]);
}

function listed(...folders: readonly string[]): string {
  return answer(
    `<me:RootFolder TotalItemsInView="${folders.length}" IncludesLastItemInRange="true"><ty:Folders>${folders.join('')}</ty:Folders></me:RootFolder>`,
  );
}

/** A mailbox without the distinguished folder. */
function server(find: string | ((request: SeenRequest) => Answer), make: Answer = { body: createdFolder('made') }): void {
  h.server.handler = (request): Answer => {
    if (request.operation === 'FindFolder') return typeof find === 'string' ? { body: find } : find(request);
    if (request.operation === 'CreateFolder') return make;
    return { body: created(isHistory(request.body) ? 'ErrorFolderNotFound' : ok) };
  };
}

async function folderUsed(): Promise<string> {
  const transport = h.transport();
  expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'delivered' }]);
  return transport.placeOf(alice).folder;
}

describe('a search without a match', () => {
  it.each([
    ['without RootFolder', answer('')],
    ['without Folders', answer('<me:RootFolder/>')],
    ['with empty Folders', listed()],
    ['without a response code', answer('').replace(/<me:ResponseCode>.*<\/me:ResponseCode>/, '')],
  ])('%s: the folder is created', async (_, find) => {
    server(find);
    expect(await folderUsed()).toBe('id:made');
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateFolder', 'CreateItem']);
  });
});

describe('a match', () => {
  it.each([
    ['by its class, in any language', listed(folder('f', historyClass + named('Aufgezeichnete Unterhaltungen')))],
    ['by its name', listed(folder('f', named('Conversation History')))],
    ['without class and name, which were asked for', listed(folder('f', ''))],
    ['among folders that were not asked for', listed(folder('x', named('Inbox')), folder('f', historyClass))],
    [
      'by class before one by name',
      listed(folder('x', `<ty:FolderClass>IPF.Note</ty:FolderClass>${named('Conversation History')}`), folder('f', historyClass)),
    ],
    ['without paging attributes', answer(`<me:RootFolder><ty:Folders>${folder('f', historyClass)}</ty:Folders></me:RootFolder>`)],
  ])('%s', async (_, find) => {
    server(find);
    expect(await folderUsed()).toBe('id:f');
    expect(h.server.operations()).not.toContain('CreateFolder');
  });

  it('is searched for by name only if the server cannot search by class', async () => {
    const refusal = { status: 500, body: fault('ErrorUnsupportedPathForQuery') };
    server(({ body }) => (body.includes('folder:FolderClass"/><t:FieldURIOrConstant>') ? refusal : { body: foundFolders('f') }));
    expect(await folderUsed()).toBe('id:f');
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'FindFolder', 'CreateItem']);
  });
});

describe('a Conversation History that this login may not see, which Exchange names an object that is not there', () => {
  const hidden = (operation: string): Answer => ({
    body: response(operation, [message(operation, 'ErrorItemNotFound', { content: '' })]),
  });
  const sees = (request: SeenRequest, one: Answer): Answer => {
    if (request.operation !== 'CreateItem') return hidden(request.operation);
    return isHistory(request.body) ? one : { body: created(ok) };
  };

  it.each([
    ['its item', { body: created('ErrorItemNotFound') }],
    ['a fault', { status: 500, body: fault('ErrorItemNotFound') }],
  ] as [string, Answer][])('by %s: the note is in doubt, later ones go to Sent Items', async (_, one) => {
    h.server.handler = (request) => sees(request, one);
    const transport = h.transport();
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'unconfirmed', ended: 'fault' }]);
    expect(await transport.deliver([h.note(transport, 1)], always())).toMatchObject([{ status: 'delivered' }]);
    expect(transport.placeOf(alice).folder).toBe('sentitems');
  });

  it('verify() finds Sent Items', async () => {
    h.server.handler = (request) =>
      request.body.includes('"sentitems"')
        ? { body: response('GetFolder', [message('GetFolder', ok, { content: '' })]) }
        : hidden(request.operation);
    const transport = h.transport();
    await transport.verify(alice, { signal: new AbortController().signal });
    expect(transport.placeOf(alice).folder).toBe('sentitems');
  });
});

describe('a mailbox whose top this login may not see', () => {
  it.each(['ErrorItemNotFound', 'ErrorAccessDenied', 'ErrorFolderNotFound'])('%s: the copy goes to Sent Items', async (code) => {
    const refusal = (operation: string): Answer => ({ body: response(operation, [message(operation, code, { content: '' })]) });
    server(() => refusal('FindFolder'), refusal('CreateFolder'));
    expect(await folderUsed()).toBe('sentitems');
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateFolder', 'CreateItem']);
  });
});

describe('a newly created folder', () => {
  it.each([
    [
      'without its id',
      response('CreateFolder', [message('CreateFolder', ok, { content: '<me:Folders><ty:Folder/></me:Folders>' })]),
    ],
    ['without Folders', response('CreateFolder', [message('CreateFolder', ok, { content: '' })])],
  ])('%s in the response is searched for', async (_, body) => {
    let made = false;
    server(() => ({ body: made ? listed(folder('f', historyClass)) : answer('') }), { body });
    const inner = h.server.handler;
    h.server.handler = (request, raw) => {
      made ||= request.operation === 'CreateFolder';
      return inner(request, raw);
    };
    expect(await folderUsed()).toBe('id:f');
  });

  it('refused for an unknown reason: Sent Items', async () => {
    server(answer(''), { body: createdFolder(undefined, 'ErrorOfTheFuture') });
    expect(await folderUsed()).toBe('sentitems');
  });
});

describe('an unreadable response twice in a row', () => {
  const other = response('GetFolder', [message('GetFolder', ok, { content: '' })]);
  const rows: readonly (readonly [string, Answer])[] = [
    ['the answer to something else', { body: other }],
    ['a folder without an id', { body: listed('<ty:Folder><ty:DisplayName>Conversation History</ty:DisplayName></ty:Folder>') }],
    ['two folders that nothing tells apart', { body: listed(folder('a', ''), folder('b', '')) }],
    ['more matches than it shows', { body: answer('<me:RootFolder TotalItemsInView="3" IncludesLastItemInRange="true"/>') }],
    ['a fault of no known meaning', { status: 500, body: fault('Server') }],
    ['a code of the future', { body: response('FindFolder', [message('FindFolder', 'ErrorOfTheFuture', { content: '' })]) }],
    ['an envelope that is cut off', { body: listed().slice(0, 300) }],
  ];
  it.each(rows)('%s: the mailbox is blocked, and nothing was sent', async (_, find) => {
    server(() => find);
    const transport = h.transport();
    const [outcome] = await transport.deliver([h.note(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no' });
    expect(h.server.operations().filter((name) => name === 'CreateItem')).toHaveLength(1);
    expect(h.server.operations()).not.toContain('CreateFolder');
  });

  it.each(['{}', 'OK', '<other/>'])('%s is not SOAP: the endpoint is unavailable', async (body) => {
    server(() => ({ body }));
    const transport = h.transport();
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'deferred', scope: 'endpoint' }]);
  });

  it.each(rows)('%s once: the note is sent', async (_, find) => {
    let asked = 0;
    server(() => (asked++ === 0 ? find : { body: foundFolders('f') }));
    expect(await folderUsed()).toBe('id:f');
  });
});

describe('an unknown fault of CreateItem', () => {
  const unknown = (folderState: string): void => {
    h.server.handler = ({ operation, body }): Answer => {
      if (operation === 'FindFolder') return { body: foundFolders('new') };
      if (operation === 'GetFolder')
        return { body: response('GetFolder', [message('GetFolder', folderState, { content: '<me:Folders/>' })]) };
      return body.includes('"new"') ? { body: created(ok) } : { status: 500, body: fault('Server') };
    };
  };

  it.each(['conversationhistory', 'id:gone'])(
    '%s is gone: unconfirmed, and the next attempt uses another folder',
    async (name) => {
      unknown('ErrorFolderNotFound');
      const transport = h.transport();
      const note = h.note(transport, 0);
      const [outcome] = await transport.deliver([{ ...note, place: { ...note.place, folder: name } }], always());
      expect(outcome).toMatchObject({ status: 'unconfirmed', ended: 'fault' });
      expect(h.server.operations()).toEqual(['CreateItem', 'GetFolder']);
      const next = await transport.deliver([h.note(transport, 1)], always());
      expect(next).toMatchObject([{ status: name === 'conversationhistory' ? 'delivered' : 'unconfirmed' }]);
    },
  );
});

describe('an unknown fault', () => {
  it.each([
    [200, ['CreateItem', 'GetFolder']],
    [500, ['CreateItem', 'GetFolder']],
    [502, ['CreateItem']],
    [504, ['CreateItem']],
  ])('with HTTP %i: the folder is checked if the server itself may have responded', async (status, operations) => {
    h.server.handler = () => ({ status, body: fault('Server') });
    expect(await h.deliver(1)).toMatchObject([{ status: 'unconfirmed' }]);
    expect([...new Set(h.server.operations())]).toEqual(operations);
  });
});

describe('a folder refused right after it was created', () => {
  const made = (): number => h.server.operations().filter((name) => name === 'CreateFolder').length;
  /** Each creation returns another folder; the test decides how the server treats copies in them. */
  const fresh = (create: () => Answer): void => {
    h.server.handler = ({ operation, body }): Answer => {
      if (operation === 'FindFolder') return { body: foundFolders() };
      if (operation === 'CreateFolder') return { body: createdFolder(`F${made()}`) };
      if (operation === 'GetFolder')
        return {
          body: response('GetFolder', [
            message('GetFolder', body.includes('"sentitems"') ? ok : 'ErrorFolderNotFound', { content: '<me:Folders/>' }),
          ]),
        };
      if (isHistory(body)) return { body: created('ErrorFolderNotFound') };
      return body.includes('"sentitems"') ? { body: created(ok) } : create();
    };
  };

  it('is not created again by concurrent batches: their copies go to Sent Items', async () => {
    fresh(() => ({ body: created('ErrorSavedItemFolderNotFound') }));
    const transport = h.transport();
    for (const round of [0, 1, 2]) {
      const batches = [0, 1, 2].map((n) => transport.deliver([h.note(transport, round * 3 + n)], always()));
      expect((await Promise.all(batches)).flat().map(({ status }) => status)).toEqual(Array(3).fill('delivered'));
      expect([made(), transport.placeOf(alice).folder]).toEqual([1, 'sentitems']);
    }
  });

  it('is not created again if the refusal is a fault that only a check explains', async () => {
    fresh(() => ({ status: 500, body: fault('Server') }));
    const transport = h.transport();
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'unconfirmed' }]);
    expect(await transport.deliver([h.note(transport, 1)], always())).toMatchObject([{ status: 'delivered' }]);
    expect([made(), transport.placeOf(alice).folder]).toEqual([1, 'sentitems']);
  });

  it('is not created again by verify(), even if shown as missing', async () => {
    fresh(() => ({ body: created('ErrorSavedItemFolderNotFound') }));
    const transport = h.transport();
    await transport.verify(alice, { signal: new AbortController().signal }).catch(() => undefined);
    expect([made(), transport.placeOf(alice).folder]).toEqual([1, 'sentitems']);
  });
});
