import { describe, expect, it } from 'vitest';
import { always, useHarness } from './support/harness.ts';
import { created, fault, found, message, ok, response } from './support/responses.ts';
import type { Answer, SeenRequest } from './support/server.ts';

const h = useHarness();
const alice = { address: 'alice@contoso.test' };
const options = { signal: new AbortController().signal };
const folder = (code: string): string => response('GetFolder', [message('GetFolder', code, { content: '<me:Folders/>' })]);
const hasHistory = ({ body }: SeenRequest): boolean => body.includes('"conversationhistory"');

describe('the folder of the copy', () => {
  it('is Conversation History of the mailbox that sends, and asks nothing beforehand', async () => {
    h.server.handler = () => ({ body: created(ok) });
    await h.deliver(1);
    expect(h.server.operations()).toEqual(['CreateItem']);
    expect(h.server.requests[0]?.body).toContain(
      '<m:SavedItemFolderId><t:DistinguishedFolderId Id="conversationhistory"><t:Mailbox><t:EmailAddress>alice@contoso.test</t:EmailAddress>',
    );
  });

  it.each(['ErrorFolderNotFound', 'ErrorSavedItemFolderNotFound'])(
    '%s: Sent Items from then on, for that mailbox',
    async (code) => {
      h.server.handler = (request) => ({ body: created(hasHistory(request) ? code : ok) });
      const transport = h.transport();
      const outcomes = await transport.deliver([h.note(transport, 0)], always());
      expect(outcomes[0]).toMatchObject({ status: 'deferred', scope: 'note', retryAfter: 0 });
      expect(transport.placeOf({ address: 'ALICE@contoso.test' }).folder).toBe('sentitems');
      expect(transport.placeOf({ address: 'carol@contoso.test' }).folder).toBe('conversationhistory');
      expect((await transport.deliver([h.note(transport, 0)], always()))[0]?.status).toBe('delivered');
    },
  );

  it('ErrorSavedItemFolderNotFound for Sent Items too: forgotten, and tried anew with a back-off', async () => {
    h.server.handler = () => ({ body: created('ErrorSavedItemFolderNotFound') });
    const transport = h.transport();
    await transport.deliver([h.note(transport, 0)], always());
    const [outcome] = await transport.deliver([h.note(transport, 0)], always());
    expect(outcome?.status).toBe('deferred');
    expect(outcome).not.toHaveProperty('retryAfter');
    expect(transport.placeOf(alice).folder).toBe('conversationhistory');
  });

  it('a server whose schema does not know it', async () => {
    h.server.handler = (request): Answer =>
      hasHistory(request) ? { status: 500, body: fault('ErrorSchemaValidation') } : { body: created(ok, ok) };
    const transport = h.transport();
    const notes = () => [0, 1].map((n) => h.note(transport, n));
    for (const outcome of await transport.deliver(notes(), always()))
      expect(outcome).toMatchObject({ status: 'deferred', retryAfter: 0 });
    expect((await transport.deliver(notes(), always())).map((o) => o.status)).toEqual(['delivered', 'delivered']);
    expect(h.server.operations()).toEqual(['CreateItem', 'GetFolder', 'CreateItem']);
  });

  it('a schema error is the note’s where the server knows the folder', async () => {
    h.server.handler = (request): Answer =>
      request.operation === 'GetFolder'
        ? { body: folder('ErrorFolderNotFound') }
        : { status: 500, body: fault('ErrorSchemaValidation') };
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', splittable: true, draft: 'none' });
  });

  it('can be chosen, and old schema versions have Sent Items only', () => {
    expect(h.transport({ savedCopyFolder: 'sentitems' }).placeOf(alice).folder).toBe('sentitems');
    expect(h.transport({ serverVersion: 'Exchange2010_SP2' }).placeOf(alice).folder).toBe('sentitems');
  });
});

describe('verify()', () => {
  it('passes where the folder is there', async () => {
    h.server.handler = () => ({ body: folder(ok) });
    await h.transport().verify(alice, options);
    expect(h.server.operations()).toEqual(['GetFolder']);
  });

  it('falls back to Sent Items and remembers it', async () => {
    h.server.handler = (request) => ({ body: folder(hasHistory(request) ? 'ErrorFolderNotFound' : ok) });
    const transport = h.transport();
    await transport.verify(alice, options);
    expect(transport.placeOf(alice).folder).toBe('sentitems');
  });

  const rows: [string, Answer, object][] = [
    ['a wrong password', { status: 401 }, { code: 'AUTHENTICATION_FAILED' }],
    ['EWS switched off', { status: 403 }, { code: 'EWS_DISABLED' }],
    ['a web page', { body: '<!doctype html>' }, { code: 'RESPONSE_UNREADABLE' }],
    ['no folder at all', { body: folder('ErrorFolderNotFound') }, { code: 'FOLDER_UNAVAILABLE' }],
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

  it('tries again what may pass', async () => {
    h.server.handler = () => (h.server.requests.length < 3 ? { status: 503 } : { body: folder(ok) });
    await h.transport().verify(alice, options);
    expect(h.server.requests).toHaveLength(3);
  });

  it('gives up after three', async () => {
    h.server.handler = () => ({ status: 503 });
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject({ code: 'HTTP_STATUS', details: { status: 503 } });
    expect(h.server.requests).toHaveLength(3);
  });

  it('does not undercut a back-off', async () => {
    h.server.handler = () => ({ status: 503, headers: { 'retry-after': '60' } });
    await expect(h.transport().verify(alice, options)).rejects.toMatchObject({ code: 'HTTP_STATUS' });
    expect(h.server.requests).toHaveLength(1);
  });

  it('ends when aborted', async () => {
    await expect(h.transport().verify(alice, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'REQUEST_ABORTED' });
  });
});
