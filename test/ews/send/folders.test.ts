import { describe, expect, it } from 'vitest';
import { always, useHarness } from '../support/harness.ts';
import { created, createdFolder, fault, found, foundFolders, message, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const alice = { address: 'alice@contoso.test' };
const options = { signal: new AbortController().signal };
const folder = (code: string): string => response('GetFolder', [message('GetFolder', code, { content: '<me:Folders/>' })]);
const isHistory = (body: string): boolean => body.includes('"conversationhistory"');

/** Answers CreateItem by its body, FindFolder in order (the last response forever), CreateFolder as specified. */
function server(answers: { create(body: string): string; find: readonly string[]; make?: Answer }): void {
  let finds = 0;
  h.server.handler = ({ operation, body }): Answer => {
    if (operation === 'CreateItem') return { body: answers.create(body) };
    if (operation === 'FindFolder') return { body: answers.find[Math.min(finds++, answers.find.length - 1)] ?? '' };
    return operation === 'CreateFolder' && answers.make !== undefined ? answers.make : { status: 500 };
  };
}

describe('the folder of the copy', () => {
  it('is Conversation History of the sending mailbox, without a request beforehand', async () => {
    h.server.handler = () => ({ body: created(ok) });
    await h.deliver(1);
    expect(h.server.operations()).toEqual(['CreateItem']);
    expect(h.server.requests[0]?.body).toContain(
      '<m:SavedItemFolderId><t:DistinguishedFolderId Id="conversationhistory"><t:Mailbox><t:EmailAddress>alice@contoso.test</t:EmailAddress>',
    );
  });

  it.each(['ErrorFolderNotFound', 'ErrorSavedItemFolderNotFound'])(
    '%s: found by name, used in the same delivery, and remembered for the mailbox',
    async (code) => {
      server({ create: (body) => (isHistory(body) ? created(code) : created(ok)), find: [foundFolders('AAM+/=')] });
      const transport = h.transport();
      expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'delivered' }]);
      expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateItem']);
      expect(h.server.requests[2]?.body).toContain('<m:SavedItemFolderId><t:FolderId Id="AAM+/="/></m:SavedItemFolderId>');
      expect(transport.placeOf({ address: 'ALICE@contoso.test' }).folder).toBe('id:AAM+/=');
      expect(transport.placeOf({ address: 'carol@contoso.test' }).folder).toBe('conversationhistory');
      await transport.deliver([h.note(transport, 1)], always());
      expect(h.server.operations().slice(3)).toEqual(['CreateItem']);
    },
  );

  it('only the notes refused because of it are resent', async () => {
    server({
      create: (body) => (isHistory(body) ? created(ok, 'ErrorFolderNotFound', ok) : created(ok)),
      find: [foundFolders('f')],
    });
    expect((await h.deliver(3)).map((o) => o.status)).toEqual(['delivered', 'delivered', 'delivered']);
    expect(h.server.requests.at(-1)?.body.match(/secret text \d/g)).toEqual(['secret text 1']);
  });

  it('is created if missing', async () => {
    server({
      create: (body) => created(isHistory(body) ? 'ErrorFolderNotFound' : ok),
      find: [foundFolders()],
      make: { body: createdFolder('made') },
    });
    const transport = h.transport();
    await transport.deliver([h.note(transport, 0)], always());
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateFolder', 'CreateItem']);
    expect(h.server.requests[2]?.body).toContain(
      '<t:Folder><t:FolderClass>IPF.Note.Microsoft.Conversation</t:FolderClass><t:DisplayName>Conversation History</t:DisplayName></t:Folder>',
    );
    expect(transport.placeOf(alice).folder).toBe('id:made');
  });

  it.each([
    ['whose making was lost on the way', { status: 500 }],
    ['that someone else made meanwhile', { body: createdFolder(undefined, 'ErrorFolderExists') }],
  ] as [string, Answer][])('%s is searched for: no second one is created', async (_, make) => {
    server({
      create: (body) => created(isHistory(body) ? 'ErrorFolderNotFound' : ok),
      find: [foundFolders(), foundFolders('there')],
      make,
    });
    expect(await h.deliver(1)).toMatchObject([{ status: 'delivered' }]);
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'CreateFolder', 'FindFolder', 'CreateItem']);
  });

  it('refused right after it was created is not created again: the copy goes to Sent Items', async () => {
    server({
      create: (body) => created(body.includes('"sentitems"') ? ok : 'ErrorFolderNotFound'),
      find: [foundFolders()],
      make: { body: createdFolder('made') },
    });
    const transport = h.transport();
    for (const n of [0, 1, 2]) {
      expect(await transport.deliver([h.note(transport, n)], always())).toMatchObject([{ status: 'delivered' }]);
    }
    expect(h.server.operations().filter((operation) => operation === 'CreateFolder')).toHaveLength(1);
    expect(h.server.operations().slice(-2)).toEqual(['CreateItem', 'CreateItem']);
  });

  it('that took copies and has disappeared is looked up again', async () => {
    let gone: string | undefined;
    server({
      create: (body) => created(isHistory(body) || (gone !== undefined && body.includes(gone)) ? 'ErrorFolderNotFound' : ok),
      find: [foundFolders('first'), foundFolders('second')],
    });
    const transport = h.transport();
    const note = h.note(transport, 0);
    await transport.deliver([note], always());
    gone = 'first';
    expect(await transport.deliver([{ ...note, id: 'n-1', tag: 'n-1/1' }], always())).toMatchObject([{ status: 'delivered' }]);
    expect(h.server.requests.at(-1)?.body).toContain('<t:FolderId Id="second"/>');
  });

  it('whose creation is uncertain is searched for later before creating it again', async () => {
    server({
      create: (body) => created(isHistory(body) ? 'ErrorFolderNotFound' : ok),
      find: [foundFolders(), foundFolders(), foundFolders('late')],
      make: { status: 500 },
    });
    const transport = h.transport();
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'deferred' }]);
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'delivered' }]);
    expect(h.server.operations().filter((name) => name === 'CreateFolder')).toHaveLength(1);
  });

  it.each([
    ['may not be made', { body: createdFolder(undefined, 'ErrorAccessDenied') }],
    ['may not be made, as a fault', { status: 500, body: fault('ErrorCreateItemAccessDenied') }],
  ] as [string, Answer][])('that %s: Sent Items', async (_, make) => {
    server({ create: (body) => created(isHistory(body) ? 'ErrorFolderNotFound' : ok), find: [foundFolders()], make });
    const transport = h.transport();
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'delivered' }]);
    expect(transport.placeOf(alice).folder).toBe('sentitems');
  });

  it.each([
    ['a busy server', { status: 500, body: fault('ErrorServerBusy', { BackOffMilliseconds: '9000' }) }, 'deferred', 9000],
    ['a wrong password', { status: 401 }, 'blocked', undefined],
    ['a failing server', { status: 502 }, 'deferred', undefined],
  ] as [string, Answer, string, number | undefined][])(
    'if the look-up meets %s, nothing was sent',
    async (_, answer, status, wait) => {
      h.server.handler = ({ operation }) => (operation === 'CreateItem' ? { body: created('ErrorFolderNotFound') } : answer);
      const [outcome] = await h.deliver(1);
      expect(outcome).toMatchObject({ status, ...(status === 'blocked' ? { sent: 'no' } : {}) });
      expect(outcome !== undefined && 'retryAfter' in outcome ? outcome.retryAfter : undefined).toBe(wait);
    },
  );

  it('is looked up once by many concurrent deliveries', async () => {
    server({
      create: (body) => created(isHistory(body) ? 'ErrorFolderNotFound' : ok),
      find: [foundFolders()],
      make: { body: createdFolder('made') },
    });
    const transport = h.transport();
    const all = await Promise.all([0, 1, 2, 3].map((n) => transport.deliver([h.note(transport, n)], always())));
    expect(all.flat().map((o) => o.status)).toEqual(Array(4).fill('delivered'));
    expect(h.server.operations().filter((name) => name === 'CreateFolder')).toHaveLength(1);
  });

  it('known by id and missing: forgotten, and the next attempt freezes another place', async () => {
    let gone = false;
    server({
      create: (body) => created(isHistory(body) || (gone && body.includes('"f1"')) ? 'ErrorSavedItemFolderNotFound' : ok),
      find: [foundFolders('f1'), foundFolders('f2')],
    });
    const transport = h.transport();
    await transport.deliver([h.note(transport, 0)], always());
    gone = true;
    const note = h.note(transport, 1);
    expect(note.place.folder).toBe('id:f1');
    expect(await transport.deliver([note], always())).toMatchObject([{ status: 'deferred', retryAfter: 0 }]);
    expect(await transport.deliver([h.note(transport, 1)], always())).toMatchObject([{ status: 'delivered' }]);
    expect(transport.placeOf(alice).folder).toBe('id:f2');
  });

  it('and Sent Items missing too: forgotten, and retried with a back-off', async () => {
    server({ create: () => created('ErrorSavedItemFolderNotFound'), find: [foundFolders()], make: { status: 403 } });
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    const [outcome] = await transport.deliver([h.note(transport, 0)], always());
    expect(outcome?.status).toBe('deferred');
    expect(outcome).not.toHaveProperty('retryAfter');
  });

  it('of a server that finds no folder at all is not looked up endlessly', async () => {
    server({ create: () => created('ErrorFolderNotFound'), find: [foundFolders('f')] });
    expect(await h.deliver(1)).toMatchObject([{ status: 'deferred' }]);
    expect(h.server.requests.length).toBeLessThan(20);
  });

  it('is found by name if the schema of the server does not know it', async () => {
    h.server.handler = ({ operation, body }): Answer => {
      if (operation === 'FindFolder') return { body: foundFolders('f') };
      return isHistory(body) ? { status: 500, body: fault('ErrorSchemaValidation') } : { body: created(ok, ok) };
    };
    const transport = h.transport();
    const notes = [0, 1].map((n) => h.note(transport, n));
    expect((await transport.deliver(notes, always())).map((o) => o.status)).toEqual(['delivered', 'delivered']);
    // Whether it is the schema version, once; then whether it is the folder.
    expect(h.server.operations()).toEqual(['CreateItem', 'GetFolder', 'GetFolder', 'FindFolder', 'CreateItem']);
  });

  it('mayWrite is asked before each request', async () => {
    server({ create: () => created('ErrorFolderNotFound'), find: [foundFolders('f')] });
    const transport = h.transport();
    for (const allowed of [1, 2]) {
      h.server.requests.length = 0;
      let asked = 0;
      const mayWrite = (): boolean => asked++ < allowed;
      const outcomes = await transport.deliver([h.note(transport, 0, { place: { ...h.note(transport, 0).place } })], {
        ...always(),
        mayWrite,
      });
      expect(outcomes).toMatchObject([{ status: 'deferred', error: { code: 'NOT_ATTEMPTED' } }]);
      expect(h.server.requests).toHaveLength(allowed);
    }
  });

  it('is not to blame for a schema error if the server knows it', async () => {
    h.server.handler = (request): Answer =>
      request.operation === 'GetFolder'
        ? { body: folder('ErrorFolderNotFound') }
        : { status: 500, body: fault('ErrorSchemaValidation') };
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', splittable: true, draft: 'none' });
  });

  it('can be configured', () => {
    expect(h.transport({ savedCopyFolder: 'sentitems' }).placeOf(alice).folder).toBe('sentitems');
  });
});

describe('verify()', () => {
  it('passes if the folder exists', async () => {
    h.server.handler = () => ({ body: folder(ok) });
    expect(await h.transport().verify(alice, options)).toEqual({ limits: [] });
    expect(h.server.operations()).toEqual(['GetFolder']);
  });

  it('looks Conversation History up by its name and remembers it', async () => {
    h.server.handler = ({ operation, body }) => ({
      body: operation === 'FindFolder' ? foundFolders('f') : folder(isHistory(body) ? 'ErrorFolderNotFound' : ok),
    });
    const transport = h.transport();
    await transport.verify(alice, options);
    expect(transport.placeOf(alice).folder).toBe('id:f');
    expect(h.server.operations()).toEqual(['GetFolder', 'FindFolder', 'GetFolder']);
  });

  it('falls back to Sent Items', async () => {
    h.server.handler = ({ operation, body }) => {
      if (operation === 'FindFolder') return { body: foundFolders() };
      if (operation === 'CreateFolder') return { body: createdFolder(undefined, 'ErrorAccessDenied') };
      return { body: folder(isHistory(body) ? 'ErrorFolderNotFound' : ok) };
    };
    const transport = h.transport();
    await transport.verify(alice, options);
    expect(transport.placeOf(alice).folder).toBe('sentitems');
  });

  it('rejects if there is no folder at all', async () => {
    h.server.handler = ({ operation }) => {
      if (operation === 'FindFolder') return { body: foundFolders() };
      if (operation === 'CreateFolder') return { body: createdFolder(undefined, 'ErrorAccessDenied') };
      return { body: folder('ErrorFolderNotFound') };
    };
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject({ code: 'FOLDER_UNAVAILABLE' });
  });

  const rows: [string, Answer, object][] = [
    ['a wrong password', { status: 401 }, { code: 'AUTHENTICATION_FAILED' }],
    ['EWS switched off', { status: 403 }, { code: 'EWS_DISABLED' }],
    ['a web page', { body: '<!doctype html>' }, { code: 'RESPONSE_UNREADABLE' }],
    [
      'another code',
      { body: folder('ErrorNonExistentMailbox') },
      { code: 'EWS_ERROR', details: { responseCode: 'ErrorNonExistentMailbox' } },
    ],
    ['another answer', { body: found('', []) }, { code: 'RESPONSE_UNREADABLE' }],
  ];
  it.each(rows)('rejects for %s', async (_, answer, expected) => {
    h.server.handler = () => answer;
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject(expected);
  });

  it('retries temporary failures', async () => {
    h.server.handler = () => (h.server.requests.length < 3 ? { status: 503 } : { body: folder(ok) });
    await h.transport().verify(alice, options);
    expect(h.server.requests).toHaveLength(3);
  });

  it('gives up after three', async () => {
    h.server.handler = () => ({ status: 503 });
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject({ code: 'HTTP_STATUS', details: { status: 503 } });
    expect(h.server.requests).toHaveLength(3);
  });

  it('never retries earlier than the server asked', async () => {
    h.server.handler = () => ({ status: 503, headers: { 'retry-after': '60' } });
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject({ code: 'HTTP_STATUS' });
    expect(h.server.requests).toHaveLength(1);
  });

  it('ends when aborted', async () => {
    await expect(h.transport().verify(alice, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'REQUEST_ABORTED' });
  });
});
