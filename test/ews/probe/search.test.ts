/** The requests of a search for tags, and what each response means for them: scripted responses, one test per branch. */
import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsClient } from '../../../src/ews/client/client.ts';
import { folderById } from '../../../src/ews/operations/elements.ts';
import type { EwsServerVersion } from '../../../src/ews/options.ts';
import { type SearchResult, searchTags } from '../../../src/ews/probe/search.ts';
import { settingsOf } from '../../../src/ews/settings.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { useHarness } from '../support/harness.ts';
import { fault, found, type Item } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const { signal } = new AbortController();
const sent = { flags: 1 };
const everyTag = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `tag-${n}`);
const noTag = { id: 'odd', tag: '' };

const askedFolders = (body: string): readonly string[] => [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, id]) => id ?? '');
const askedTags = (body: string): readonly string[] =>
  [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag ?? '');
/** The response to a request in which every folder has these items. */
const inEach = (body: string, items: readonly Item[] | string): Answer => ({
  body: found(
    body,
    askedFolders(body).map(() => items),
  ),
});

/** Searches a server that responds with `answer`; returns the tags of each request with the result. */
async function search(
  what: {
    readonly tags: readonly string[];
    readonly folders?: readonly string[];
    readonly serverVersion?: EwsServerVersion;
  },
  answer: (body: string, nth: number) => Answer,
): Promise<SearchResult & { readonly asked: readonly (readonly string[])[] }> {
  h.server.requests.length = 0;
  h.server.handler = ({ body }) => answer(body, h.server.requests.length);
  const { tags, folders = ['drafts'], serverVersion } = what;
  const fetch = checkedFetch();
  const settings = settingsOf({
    url: h.server.url,
    ...(serverVersion && { serverVersion }),
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'p' }),
    fetch,
  });
  const result = await searchTags(
    new EwsClient(settings),
    settings,
    { tags, folders, mailbox: 'alice@contoso.test' },
    { signal, notes: [] },
  );
  expect(fetch.errors).toEqual([]);
  return { ...result, asked: h.server.requests.map(({ body }) => askedTags(body)) };
}

const whyOf = ({ byTag }: SearchResult, tag: string) => byTag.get(tag)?.unreadable;

it('a server without Conversation History is not asked for it, and not at all if that is the only folder', async () => {
  const tags = ['a:1'];
  const known = (folders: readonly string[]) =>
    search({ tags, folders, serverVersion: 'Exchange2010_SP2' }, (body) => inEach(body, []));
  const both = await known(['conversationhistory', 'sentitems']);
  expect([askedFolders(h.server.requests[0]?.body ?? ''), whyOf(both, 'a:1')]).toEqual([['sentitems'], undefined]);
  const none = await known(['conversationhistory']);
  expect(none.asked).toEqual([]);
});

it('resolves a match without a tag with a bounded number of requests, and leaves the rest in doubt', async () => {
  const { asked, byTag } = await search({ tags: everyTag(50) }, (body) => inEach(body, [noTag]));
  expect(asked).toHaveLength(1 + 24);
  expect([...byTag.values()].every(({ unreadable }) => unreadable !== undefined)).toBe(true);
});

describe('one request', () => {
  it('searches for fifty tags, in the given order', async () => {
    const tags = everyTag(120);
    const { asked, byTag } = await search({ tags }, (body) => inEach(body, []));
    expect(asked).toEqual([tags.slice(0, 50), tags.slice(50, 100), tags.slice(100)]);
    expect([...byTag.values()]).toEqual(tags.map(() => ({ items: [], unreadable: undefined })));
  });

  it('is not sent for no tags', async () => {
    expect(await search({ tags: [] }, (body) => inEach(body, []))).toMatchObject({
      asked: [],
      byTag: new Map(),
      closed: undefined,
    });
  });

  it('names the folders that the mailbox lacks', async () => {
    const { missing, byTag } = await search({ tags: ['tag-0'], folders: ['conversationhistory', 'outbox'] }, (body) => ({
      body: found(body, ['ErrorFolderNotFound', []]),
    }));
    expect([...missing]).toEqual(['conversationhistory']);
    expect(byTag.get('tag-0')).toEqual({ items: [], unreadable: undefined });
  });
});

describe('an error that any request would meet', () => {
  const busy = (body: string, nth: number): Answer =>
    nth === 1 ? { body: fault('ErrorServerBusy', { BackOffMilliseconds: '60000' }) } : inEach(body, []);

  it('ends the search: tags of later requests are as unknown as those of the first', async () => {
    const tags = everyTag(120);
    const result = await search({ tags, folders: ['drafts', 'outbox'] }, busy);
    expect(result.asked).toEqual([tags.slice(0, 50)]);
    expect(result.closed).toMatchObject({ retryAfter: 60_000 });
    for (const tag of tags) expect(whyOf(result, tag)).toBe(result.closed);
  });

  it('ends it even while folders are searched one by one', async () => {
    const result = await search({ tags: ['tag-0'], folders: ['drafts', 'outbox', 'sentitems'] }, (body, nth) =>
      nth === 1 ? { body: fault('ErrorOfThatServer') } : nth === 2 ? inEach(body, []) : busy(body, 1),
    );
    expect(h.server.requests.map(({ body }) => askedFolders(body))).toEqual([
      ['drafts', 'outbox', 'sentitems'],
      ['drafts'],
      ['outbox'],
    ]);
    expect(result.closed).toMatchObject({ retryAfter: 60_000 });
  });

  it('ends it after folders that could be read', async () => {
    const folders = ['drafts', 'outbox', 'sentitems', 'deleteditems'];
    const result = await search({ tags: ['tag-0'], folders }, (body, nth) =>
      nth === 1 ? { body: fault('ErrorOfThatServer') } : nth < 4 ? inEach(body, []) : busy(body, 1),
    );
    expect(h.server.requests.map(({ body }) => askedFolders(body))).toEqual([folders, ['drafts'], ['outbox'], ['sentitems']]);
    expect(result.closed).toMatchObject({ retryAfter: 60_000 });
  });
});

describe('a match without a recognisable tag', () => {
  it('makes the unmatched tags be searched again in halves, down to single tags', async () => {
    const { asked } = await search({ tags: everyTag(4) }, (body) => inEach(body, [noTag, { tag: 'tag-3', ...sent }]));
    expect(asked).toEqual([everyTag(4), ['tag-0', 'tag-1'], ['tag-0'], ['tag-1'], ['tag-2']]);
  });

  it('costs one further request if it concerns one of many tags', async () => {
    const tags = everyTag(3);
    const { asked, byTag } = await search({ tags }, (body, nth) =>
      nth === 1 ? inEach(body, [noTag, ...tags.slice(1).map((tag) => ({ tag, ...sent }))]) : inEach(body, []),
    );
    expect(asked).toEqual([tags, ['tag-0']]);
    expect(byTag.get('tag-0')).toEqual({ items: [], unreadable: undefined });
  });

  it('is not searched again if there was only one tag', async () => {
    const result = await search({ tags: ['tag-0'] }, (body) => inEach(body, [noTag]));
    expect(result.asked).toHaveLength(1);
    expect(whyOf(result, 'tag-0')).toMatchObject({ error: { code: 'RESPONSE_INCOMPLETE' } });
  });

  it('costs at most 24 further requests, whatever a server returns; tags not searched alone stay unknown', async () => {
    const tags = everyTag(50);
    const result = await search({ tags }, (body) => inEach(body, [noTag]));
    expect(result.asked).toHaveLength(25);
    for (const tag of tags) expect(whyOf(result, tag)).toMatchObject({ error: { code: 'RESPONSE_INCOMPLETE' } });
  });
});

describe('a fault for the whole request', () => {
  const folders = ['drafts', 'outbox'];
  const requestsAfter = async (code: string, values = {}): Promise<number> =>
    (await search({ tags: ['tag-0'], folders }, (body, nth) => (nth === 1 ? { body: fault(code, values) } : inEach(body, []))))
      .asked.length;

  it.each(['ErrorFolderNotFound', 'ErrorAccessDenied', 'ErrorInvalidFolderType', 'ErrorOfThatServer', ''])(
    'may concern one folder: each is searched separately (%s)',
    async (code) => {
      expect(await requestsAfter(code)).toBe(3);
    },
  );

  it.each(['ErrorServerBusy', 'ErrorMailboxMoveInProgress', 'ErrorExceededConnectionCount', 'ErrorNonPrimarySmtpAddress'])(
    'would affect every folder: none is searched again (%s)',
    async (code) => {
      expect(await requestsAfter(code)).toBe(1);
    },
  );

  it('with a back-off means that the server is busy', async () => {
    expect(await requestsAfter('ErrorOfThatServer', { BackOffMilliseconds: '60000' })).toBe(1);
  });

  it('for a single folder is the result for it', async () => {
    const result = await search({ tags: ['tag-0'], folders: ['outbox'] }, () => ({ body: fault('ErrorAccessDenied') }));
    expect(result.asked).toHaveLength(1);
    expect(whyOf(result, 'tag-0')).toMatchObject({ error: { details: { responseCode: 'ErrorAccessDenied' } } });
  });
});

describe('a folder that is refused', () => {
  const refused = async (folder: string, code: string) => {
    const result = await search({ tags: ['tag-0'], folders: [folder] }, (body) => inEach(body, code));
    const unreadable = whyOf(result, 'tag-0');
    if (result.missing.has(folder)) return 'missing';
    return unreadable === undefined ? 'read' : 'unreadable';
  };

  it.each([
    ['conversationhistory', 'ErrorFolderNotFound', 'missing'],
    ['conversationhistory', 'ErrorItemNotFound', 'unreadable'],
    ['drafts', 'ErrorFolderNotFound', 'unreadable'],
    [folderById('AAMk'), 'ErrorFolderNotFound', 'missing'],
    // An id may also refer to an item of the store.
    [folderById('AAMk'), 'ErrorItemNotFound', 'missing'],
    ['drafts', 'ErrorItemNotFound', 'unreadable'],
    [folderById('AAMk'), 'ErrorAccessDenied', 'unreadable'],
    ['drafts', 'ErrorAccessDenied', 'unreadable'],
    ['recoverableitemsdeletions', 'ErrorAccessDenied', 'missing'],
    // What a login may not see is not in the store, as Exchange says it.
    ['recoverableitemsdeletions', 'ErrorItemNotFound', 'missing'],
    ['recoverableitemsdeletions', 'ErrorInvalidFolderType', 'missing'],
    ['recoverableitemsdeletions', 'ErrorOfThatServer', 'missing'],
    ['recoverableitemsdeletions', 'ErrorServerBusy', 'unreadable'],
    ['recoverableitemsdeletions', 'ErrorInternalServerError', 'unreadable'],
    ['recoverableitemsdeletions', 'ErrorConnectionFailedTransientError', 'unreadable'],
  ])('%s, %s: %s', async (folder, code, expected) => {
    expect(await refused(folder, code)).toBe(expected);
  });
});

it('a response to another operation is reported with the request id', async () => {
  const result = await search({ tags: ['tag-0'], folders: ['drafts', 'outbox'] }, (body) => ({ body: found(body, [[]]) }));
  expect(whyOf(result, 'tag-0')?.error).toMatchObject({
    code: 'RESPONSE_UNREADABLE',
    message: expect.stringContaining('does not answer this FindItem'),
    details: { requestId: h.server.requests[0]?.headers['client-request-id'] },
  });
});
