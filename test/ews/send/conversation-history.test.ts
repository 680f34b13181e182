/** The requests of the look-up of Conversation History, and its conclusion from each response. */
import { describe, expect, it } from 'vitest';
import { findHistory, findOrCreateHistory } from '../../../src/ews/send/conversation-history.ts';
import { answeredBy } from '../support/by-hand.ts';
import { createdFolder, fault, foundFolders, message, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const asking = { mailbox: 'alice@contoso.test', notes: [], signal: new AbortController().signal };
const found = (code: string): Answer => ({ body: response('FindFolder', [message('FindFolder', code, { content: '' })]) });

/** One answer for each request, in order. */
async function lookUp(by: typeof findHistory, ...answers: readonly (Answer | 'refused' | 'reset')[]) {
  const rest = [...answers];
  const { client, settings, asked } = answeredBy(() => rest.shift() ?? 'refused');
  const lookup = await by(client, settings, asking);
  return { lookup, asked: asked() };
}

describe('a search', () => {
  it.each<[string, Answer]>([
    ['a code of the future', found('ErrorOfTheFuture')],
    ['a fault of no known meaning', { status: 500, body: fault('Server') }],
    ['an answer to something else', { body: response('GetFolder', []) }],
  ])('with an unreadable response is repeated once, by name: %s', async (_what, answer) => {
    expect(await lookUp(findHistory, answer, { body: foundFolders('f') })).toEqual({
      lookup: { folder: 'id:f' },
      asked: ['FindFolder', 'FindFolder'],
    });
    const { lookup } = await lookUp(findHistory, answer, answer);
    expect(lookup).toMatchObject({
      outcome: { status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: expect.any(String) } },
    });
  });

  it('with a foreign response reports that, with the request id', async () => {
    const answer = { body: response('GetFolder', []) };
    expect((await lookUp(findHistory, answer, answer)).lookup).toMatchObject({
      outcome: {
        error: {
          code: 'RESPONSE_UNREADABLE',
          message: 'The response to the lookup of Conversation History cannot be read.',
          details: { requestId: expect.stringMatching(/./) },
        },
      },
    });
  });

  it('whose response is truncated each time reports what was wrong', async () => {
    const { client, settings } = answeredBy(() => ({ body: foundFolders('f').slice(0, 300) }));
    const lookup = await findHistory(client, settings, asking);
    expect(lookup).toMatchObject({ outcome: { status: 'blocked', scope: 'mailbox', error: { code: 'RESPONSE_UNREADABLE' } } });
    expect(lookup).not.toMatchObject({ outcome: { error: { message: expect.stringContaining('look-up') } } });
  });

  it.each<[string, unknown]>([
    ['ErrorTimeoutExpired', { outcome: { status: 'deferred', scope: 'note' } }],
    ['ErrorConnectionFailedTransientError', { outcome: { status: 'deferred', scope: 'note' } }],
    ['ErrorMailboxStoreUnavailable', { outcome: { status: 'deferred', scope: 'mailbox' } }],
    ['ErrorServerBusy', { outcome: { status: 'deferred' } }],
    ['ErrorAccountDisabled', { outcome: { status: 'blocked', sent: 'no' } }],
    ['ErrorFolderNotFound', 'none'],
    ['ErrorAccessDenied', 'none'],
    ['ErrorItemNotFound', 'none'],
  ])('refused with a known code is not repeated: %s', async (code, expected) => {
    for (const answer of [found(code), { status: 500, body: fault(code) }]) {
      const { lookup, asked } = await lookUp(findHistory, answer);
      expect(asked).toEqual(['FindFolder']);
      if (expected === 'none') expect(lookup).toBe('none');
      else expect(lookup).toMatchObject(expected as object);
    }
  });
});

describe('creating the folder', () => {
  const none = { body: foundFolders() };
  const made = (code: string): Answer => ({ body: createdFolder(undefined, code) });

  it('is skipped if a folder was found, or the search failed', async () => {
    expect(await lookUp(findOrCreateHistory, { body: foundFolders('f') })).toMatchObject({ lookup: { folder: 'id:f' } });
    expect((await lookUp(findOrCreateHistory, found('ErrorServerBusy'))).asked).toEqual(['FindFolder']);
  });

  it('returns the new folder', async () => {
    expect(await lookUp(findOrCreateHistory, none, { body: createdFolder('made') })).toEqual({
      lookup: { folder: 'id:made' },
      asked: ['FindFolder', 'CreateFolder'],
    });
  });

  it('if refused, leaves no folder, and no search follows', async () => {
    expect(await lookUp(findOrCreateHistory, none, made('ErrorAccessDenied'))).toEqual({
      lookup: 'none',
      asked: ['FindFolder', 'CreateFolder'],
    });
  });

  it('if not sent, needs no search: nothing can be there', async () => {
    const { lookup, asked } = await lookUp(findOrCreateHistory, none, 'refused');
    expect(lookup).toMatchObject({ outcome: { status: 'deferred' } });
    expect(asked).toEqual(['FindFolder', 'CreateFolder']);
  });

  it.each<[string, Answer | 'reset']>([
    ['a connection that broke', 'reset'],
    ['a gateway that got no answer', { status: 504, body: '' }],
    ['a meaningless code', made('ErrorTimeoutExpired')],
    ['a code of the future', made('ErrorOfTheFuture')],
    ['a folder without an id', made('NoError')],
  ])('with an unknown outcome is followed by a search, not repeated: %s', async (_what, answer) => {
    expect(await lookUp(findOrCreateHistory, none, answer, { body: foundFolders('f') })).toEqual({
      lookup: { folder: 'id:f' },
      asked: ['FindFolder', 'CreateFolder', 'FindFolder'],
    });
  });

  it('with an unknown outcome and no match is retried later, since it may have succeeded', async () => {
    const timedOut = await lookUp(findOrCreateHistory, none, made('ErrorTimeoutExpired'), none);
    expect(timedOut.lookup).toMatchObject({ outcome: { status: 'deferred', scope: 'note' } });
    expect((await lookUp(findOrCreateHistory, none, made('ErrorOfTheFuture'), none)).lookup).toBe('none');
  });
});
