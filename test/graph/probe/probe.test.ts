import { describe, expect, it } from 'vitest';
import { type Answer, canned, graphError, item, list, nothing, root, standing } from '../support/canned.ts';

const tag = 'note-1:1';
const folders = ['drafts', 'outbox', 'sentitems', 'deleteditems', 'recoverableitemsdeletions'];
const gone = graphError(404, 'ErrorFolderNotFound');
const young = new Date().toISOString();
const copy = { id: 'x', isDraft: false, internetMessageId: '<NOTE-1=3a1@contoso.test>' };

/** The content of every folder, by name; others are empty. */
function holding(content: Readonly<Record<string, Answer>>, keys: 'both' | 'tag' = 'tag') {
  return canned(({ what, query }) => {
    const byTag = query.get('$filter')?.includes('OfflineImTag') === true;
    const found = content[what];
    if (found === undefined) return nothing;
    return what === 'get' || what === 'move' || byTag || keys === 'both' ? found : nothing;
  });
}

describe('the order of the requests', () => {
  it('follows the path of an item, each after the response before, by both keys before anything is absent', async () => {
    let open = 0;
    const { probe, asked } = canned(async () => {
      open += 1;
      expect(open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open -= 1;
      return nothing;
    });
    expect(await probe()).toEqual([{ status: 'absent' }]);
    expect(asked.map(({ what }) => what)).toEqual([...folders, ...folders]);
    expect(asked[0]?.query.get('$filter')).toBe(
      `singleValueExtendedProperties/Any(ep: ep/id eq 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag' and ep/value eq 'note-1:1')`,
    );
    expect(asked[5]?.query.get('$filter')).toBe(`internetMessageId eq '<note-1=3a1@contoso.test>'`);
  });

  it('includes Conversation History if copies are, or were, kept there', async () => {
    const kept = canned(() => nothing, { keepCopyIn: 'conversationhistory' });
    await kept.probe();
    expect(kept.asked.map(({ what }) => what)).toContain('conversationhistory');
    const since = canned(() => nothing);
    await since.probe([
      since.note(1, { place: { endpoint: root, mailbox: 'alice@contoso.test', folder: 'conversationhistory' } }),
    ]);
    expect(since.asked.map(({ what }) => what)).toContain('conversationhistory');
  });
});

describe('what is found', () => {
  it.each(folders)('a sent item in %s', async (folder) => {
    expect(await holding({ [folder]: list(item(tag)) }).probe()).toEqual([{ status: 'found' }]);
  });

  it('by its Message-ID alone, if the tag cannot be searched for (Mail.ReadBasic)', async () => {
    const { probe } = canned(({ what, query }) => {
      if (query.get('$filter')?.includes('OfflineImTag') === true) return graphError(403, 'ErrorAccessDenied');
      return what === 'sentitems' ? list(copy) : nothing;
    });
    expect(await probe()).toEqual([{ status: 'found' }]);
  });

  it.each(['drafts', 'deleteditems'])('by its Message-ID alone, while %s is not shown to the login', async (hidden) => {
    const { probe } = canned(({ what, query }) => {
      if (what === hidden) return graphError(404, 'ErrorItemNotFound');
      return what === 'sentitems' && query.get('$filter')?.includes('OfflineImTag') === false ? list(copy) : nothing;
    });
    expect(await probe()).toEqual([{ status: 'found' }]);
  });

  it.each([
    ['another tag', item('note-1:2')],
    ['a tag that begins alike', item('note-1:11')],
    ['neither tag nor Message-ID', { id: 'x', isDraft: false }],
    ['another Message-ID', { id: 'x', isDraft: false, internetMessageId: '<other@contoso.test>' }],
    ['no id', { isDraft: false, singleValueExtendedProperties: [] }],
    ['an invalid id', item(tag, { id: 7 })],
    ['an id that leads elsewhere in an address', item(tag, { id: '..' })],
    ['a dot for an id', item(tag, { id: '.' })],
    ['half a character for an id', item(tag, { id: 'a\ud800' })],
    ['an id without end', item(tag, { id: 'x'.repeat(3_000) })],
    ['keys of the prototype', JSON.parse('{"__proto__":{"id":"x","isDraft":false},"constructor":{"id":"x"}}')],
    ['no word on whether it was sent', item(tag, { isDraft: undefined })],
    ['isDraft as text', item(tag, { isDraft: 'false' })],
    ['no object', 'x'],
  ])('an item with %s is unknown', async (_, value) => {
    expect((await holding({ sentitems: list(value) }).probe())[0]?.status).toBe('unknown');
    expect((await holding({ drafts: list(value) }).probe())[0]?.status).toBe('unknown');
  });

  it('an item by its property, even if that is returned in another form than requested', async () => {
    const id = 'string {B1F7C0A4-52C8-4D5E-9C3B-6F0D8E2A9147} name OfflineImTag';
    const value = item(tag, { singleValueExtendedProperties: [{ id, value: tag.toUpperCase() }] });
    expect(await holding({ sentitems: list(value) }).probe()).toEqual([{ status: 'found' }]);
  });
});

describe('an unsent item', () => {
  const drafts = list(item(tag, { isDraft: true }));
  const moved: Answer = { status: 201, json: { id: 'new', isDraft: true } };
  const flags = { singleValueExtendedProperties: [{ id: 'Integer 0xe07', value: '8' }] };

  it.each([
    ['submitted', { drafts, get: standing(tag, 12) }, { status: 'pending' }],
    ['young', { drafts, get: standing(tag, 8, { createdDateTime: young }) }, { status: 'pending' }],
    ['without flags', { drafts, get: standing(tag, undefined) }, { status: 'pending' }],
    ['without a time', { drafts, get: standing(tag, 8, { createdDateTime: undefined }) }, { status: 'pending' }],
    ['in the Outbox', { outbox: drafts }, { status: 'pending' }],
    ['sent since', { drafts, get: standing(tag, 8, { isDraft: false }) }, { status: 'found' }],
    ['old and never submitted', { drafts, get: standing(tag, 8), move: moved }, { status: 'draft', removed: true }],
    [
      'old, and it may not be moved',
      { drafts, get: standing(tag, 8), move: graphError(403, 'ErrorAccessDenied') },
      { status: 'draft', removed: false },
    ],
    ['old, and the move gets no answer', { drafts, get: standing(tag, 8), move: { status: 503 } }, { status: 'unknown' }],
    [
      'old, moved and sent at that moment',
      { drafts, get: standing(tag, 8), move: { status: 201, json: { id: 'n', isDraft: false } } },
      { status: 'found' },
    ],
    ['gone at each look', { drafts, get: graphError(404, 'ErrorItemNotFound') }, { status: 'pending' }],
    ['gone at each move', { drafts, get: standing(tag, 8), move: graphError(404, 'ErrorItemNotFound') }, { status: 'pending' }],
    ['another item is read', { drafts, get: standing('other', 8) }, { status: 'unknown' }],
    ['removed before', { deleteditems: drafts, get: standing(tag, 8) }, { status: 'draft', removed: true }],
    ['beside a sent one', { drafts, sentitems: list(item(tag)), get: standing(tag, 8), move: moved }, { status: 'found' }],
    [
      'old, while a folder can not be read',
      { drafts, deleteditems: graphError(403, 'ErrorAccessDenied'), get: standing(tag, 8) },
      { status: 'pending' },
    ],
  ])('%s', async (_, content, expected) => {
    expect(await holding(content).probe()).toMatchObject([expected]);
  });

  it.each(['a/b', 'a?b#c', '../x', '%2e%2e', '%2F', 'a b', 'ä', '\u0000', '"', "'", '$batch', '__proto__', 'constructor', '=='])(
    'with the odd id %j is read and moved by that very id',
    async (id) => {
      const odd = { json: { id, isDraft: true, createdDateTime: '2026-01-01T00:00:00Z', ...flags } };
      const { probe, asked } = holding({ drafts: list(item(tag, { isDraft: true, id })), get: odd, move: moved });
      expect(await probe()).toEqual([{ status: 'draft', removed: true }]);
      const [get, move] = asked.slice(-2).map(({ path }) => path);
      expect(decodeURIComponent(get?.split('/messages/')[1] ?? '')).toBe(id);
      expect(move).toBe(`${get}/move`);
    },
  );

  it.each([
    ['the first', 0],
    ['the second', 1],
  ])('of two is left if %s may not be moved', async (_which, kept) => {
    const two = list(item(tag, { isDraft: true, id: 'd0' }), item(tag, { isDraft: true, id: 'd1' }));
    const { probe } = canned(({ what, path }) => {
      if (what === 'move') return path.includes(`/d${kept}/`) ? graphError(403, 'ErrorAccessDenied') : moved;
      if (what === 'get') return standing(tag, 8, { id: path.split('/').at(-1) });
      return what === 'drafts' ? two : nothing;
    });
    expect(await probe()).toEqual([{ status: 'draft', removed: false }]);
  });

  describe('beside a sent copy of its attempt', () => {
    const sentitems = list(item(tag, { id: 'copy' }));
    const denied = graphError(403, 'ErrorAccessDenied');
    const left = { status: 'found', draft: 'left' };
    const found = { status: 'found' };
    it.each([
      ['is removed', { get: standing(tag, 8), move: moved }, found, ['get', 'move']],
      ['is reported if it may not be moved', { get: standing(tag, 8), move: denied }, left, ['get', 'move']],
      ['is reported if the move gets no response', { get: standing(tag, 8), move: { status: 503 } }, left, ['get', 'move']],
      ['is reported if the login is refused meanwhile', { get: { status: 401 } }, left, ['get', 'get']],
      ['is that copy where it has gone', { get: graphError(404, 'ErrorItemNotFound') }, found, ['get']],
      [
        'is that copy where it goes while it is moved',
        { get: standing(tag, 8), move: graphError(404, 'ErrorItemNotFound') },
        found,
        ['get', 'move'],
      ],
      ['stays while it may be on its way', { get: standing(tag, 12) }, found, ['get']],
    ] as [string, Record<string, Answer>, object, string[]][])('%s', async (_, content, expected, requests) => {
      const { probe, asked } = holding({ drafts, sentitems, ...content });
      expect(await probe()).toEqual([expected]);
      expect(asked.map(({ what }) => what)).toEqual(['drafts', 'outbox', 'sentitems', ...requests]);
    });

    it('is not that copy, which an outdated list still shows among the drafts', async () => {
      const { probe, asked } = holding({
        drafts: list(item(tag, { id: 'copy', isDraft: true })),
        sentitems,
        get: standing(tag, 8),
        move: moved,
      });
      expect(await probe()).toEqual([found]);
      expect(asked.map(({ what }) => what)).toEqual(['drafts', 'outbox', 'sentitems']);
    });

    it('is removed even if a folder before the copy cannot be read: the copy is sufficient proof', async () => {
      const { probe, asked } = holding({ drafts, outbox: denied, sentitems, get: standing(tag, 8), move: moved });
      expect(await probe()).toEqual([found]);
      expect(asked.at(-1)?.what).toBe('move');
    });
  });

  it.each([
    ['one before it that can not be removed', 'd0'],
    ['one after it that can not be removed', 'd1'],
  ])('sent after it was listed does not hide %s', async (_, kept) => {
    const two = list(item(tag, { isDraft: true, id: 'd0' }), item(tag, { isDraft: true, id: 'd1' }));
    const { probe } = canned(({ what, path }) => {
      if (what === 'move') return graphError(403, 'ErrorAccessDenied');
      const id = path.split('/').at(-1);
      if (what === 'get') return standing(tag, 8, { id, isDraft: id === kept });
      return what === 'drafts' ? two : nothing;
    });
    expect(await probe()).toEqual([{ status: 'found', draft: 'left' }]);
  });

  it('that moved while it was read is searched for again', async () => {
    let reads = 0;
    const { probe } = canned(({ what }) => {
      if (what === 'get') reads += 1;
      if (what === 'get') return graphError(404, 'ErrorItemNotFound');
      if (what === 'drafts' && reads === 0) return drafts;
      return what === 'sentitems' && reads > 0 ? list(item(tag)) : nothing;
    });
    expect(await probe()).toEqual([{ status: 'found' }]);
  });
});

describe('absent', () => {
  it('includes a missing folder that not every mailbox has', async () => {
    const content = { recoverableitemsdeletions: gone, conversationhistory: gone };
    const { probe, note } = holding(content, 'both');
    const kept = note(1, { place: { endpoint: root, mailbox: 'alice@contoso.test', folder: 'conversationhistory' } });
    expect(await probe([kept])).toEqual([{ status: 'absent' }]);
  });

  // Exchange says so of a folder that the owner of the mailbox does not show to the login.
  it.each(
    ['drafts', 'outbox', 'sentitems', 'deleteditems'].flatMap((folder) =>
      ['ErrorFolderNotFound', 'ErrorItemNotFound'].map((code) => [folder, code] as const),
    ),
  )('is not returned while %s is missing, which every mailbox has: %s', async (folder, code) => {
    const [result] = await holding({ [folder]: graphError(404, code) }, 'both').probe();
    expect(result).toMatchObject({ status: 'unknown', scope: 'note', error: { details: { responseCode: code } } });
  });

  it.each(folders)(
    'is never returned while %s cannot be read',
    async (folder) => {
      for (const answer of [
        graphError(403, 'ErrorAccessDenied'),
        { status: 503 },
        graphError(404, 'ErrorInvalidUser'),
        graphError(429, 'TooManyRequests'),
        { text: '<html>' },
        { json: { value: {} } },
        { json: [] },
        { json: { value: null } },
        { status: 202 },
      ]) {
        expect((await holding({ [folder]: answer }, 'both').probe())[0]?.status).toBe('unknown');
      }
    },
    60_000,
  );

  it.each([
    ['another origin', 'https://evil.test/v1.0/next'],
    ['another port', 'https://graph.contoso.test:444/v1.0/next'],
    ['plain http', 'http://graph.contoso.test/v1.0/next'],
    ['a login in it', 'https://a:b@graph.contoso.test/v1.0/next'],
    ['another version', 'https://graph.contoso.test/beta/next'],
    ['a way out of it', 'https://graph.contoso.test/v1.0/../beta/next'],
    ['no URL', 'next'],
    ['no text', 7],
  ])('is not returned if the next page is at %s, which is not followed', async (_, nextLink) => {
    const { probe, asked } = canned(({ what }) =>
      what === 'outbox' ? { json: { value: [], '@odata.nextLink': nextLink } } : nothing,
    );
    expect((await probe())[0]?.status).toBe('unknown');
    expect(asked.every(({ path }) => path.startsWith('/v1.0/users/'))).toBe(true);
  });

  it.each([
    ['counts more than it shows', { '@odata.count': 1, value: [] }],
    ['counts more, as OData 4.01 writes it', { '@count': 3, value: [] }],
    ['counts in no number', { '@odata.count': 'many', value: [] }],
    ['has a next page, as OData 3 writes it', { 'odata.nextLink': `${root}/elsewhere`, value: [] }],
    ['has an error beside its list', { error: { code: 'ErrorServerBusy' }, value: [] }],
    ['has an error in words', { error: 'busy', value: [] }],
    ['counts in other letters', { '@OData.Count': 1, value: [] }],
    ['counts as a property of its list', { 'value@odata.count': 1, value: [] }],
    ['has a next page in other letters', { '@odata.nextlink': `${root}/elsewhere`, value: [] }],
    ['has a next page as a property of its list', { 'value@odata.nextLink': `${root}/elsewhere`, value: [] }],
    ['has a list in other letters beside it', { value: [], Value: [item(tag)] }],
    ['has a list of another name beside it', { value: [], values: [item(tag)] }],
    ['has a list in the form of OData 2 beside it', { value: [], d: { results: [item(tag)] } }],
    ['has a match beside its list', { value: [], ...item(tag) }],
    ['has a match among its annotations', { value: [], '@odata.other': [item(tag)] }],
    ['has a list as text', { value: [], messages: JSON.stringify([item(tag)]) }],
  ])('is not returned for a response that %s, which is incomplete', async (_, json) => {
    expect((await canned(({ what }) => (what === 'outbox' ? { json } : nothing)).probe())[0]?.status).toBe('unknown');
  });

  it('is not returned for a list with a duplicate name', async () => {
    const sent = JSON.stringify([item(tag)]);
    for (const text of [`{"value":${sent},"value":[]}`, `{"value":[],"value":${sent}}`, `{"v\\u0061lue":${sent},"value":[]}`]) {
      expect((await canned(() => ({ text })).probe())[0]?.status).toBe('unknown');
    }
  });

  it.each([
    { '@odata.count': 0, value: [], '@odata.nextLink': null },
    { '@odata.context': `${root}/v1.0/$metadata#users('alice')/mailFolders('x')/messages(id)`, value: [] },
    {
      '@microsoft.graph.tips': 'Use $select',
      '@odata.deltaLink': 'x',
      'odata.metadata': 'y',
      value: [],
      error: null,
      warnings: [],
    },
  ])('is still returned with properties that only repeat that there is nothing: %j', async (json) => {
    expect((await canned(() => ({ json })).probe())[0]?.status).toBe('absent');
  });

  it.each([
    ['a folder that is missing', gone],
    ['an item that is missing', graphError(404, 'ErrorItemNotFound')],
    ['a busy server', { status: 503, headers: { 'retry-after': '9' } }],
    ['a refusal', graphError(403, 'ErrorAccessDenied')],
    ['no list', { json: {} }],
    ['nothing', { status: 204 }],
  ])('is not returned if a second page is %s, which does not invalidate the first either', async (_, second) => {
    const next = `${root}/v1.0/users/alice%40contoso.test/mailFolders/x/messages?$skip=10`;
    const holds = (...first: readonly unknown[]) =>
      canned(({ what, path }) => {
        if (path.includes('/mailFolders/x/')) return second;
        return what === 'sentitems' ? { json: { value: first, '@odata.nextLink': next } } : nothing;
      });
    expect(await holds(item(tag)).probe()).toEqual([{ status: 'found' }]);
    expect((await holds(item('other')).probe())[0]?.status).toBe('unknown');
    expect((await holds().probe())[0]?.status).toBe('unknown');
  });

  it('is returned after all pages, of which there is a limit', async () => {
    const next = `${root}/v1.0/users/alice%40contoso.test/mailFolders/sentitems/messages?$skip=10`;
    const two = canned(({ what, query }) => {
      if (what !== 'sentitems') return nothing;
      return query.has('$skip') ? list(item(tag)) : { json: { value: [], '@odata.nextLink': next } };
    });
    expect(await two.probe()).toEqual([{ status: 'found' }]);
    const endless = canned(({ what }) => (what === 'sentitems' ? { json: { value: [], '@odata.nextLink': next } } : nothing));
    expect((await endless.probe())[0]?.status).toBe('unknown');
    expect(endless.asked.length).toBeLessThan(60);
  });
});

describe('unknown states the reason, as a delivery does', () => {
  it.each([
    [
      graphError(401, 'InvalidAuthenticationToken'),
      { scope: 'mailbox', blocked: true, error: { code: 'AUTHENTICATION_FAILED' } },
    ],
    [graphError(429, 'TooManyRequests', { headers: { 'retry-after': '9' } }), { scope: 'mailbox', retryAfter: 9000 }],
    [
      { status: 503, headers: { 'retry-after': '9' } },
      { scope: 'endpoint', retryAfter: 9000 },
    ],
    [graphError(404, 'MailboxNotEnabledForRESTAPI'), { scope: 'mailbox', blocked: true }],
    // A login that may send but not read continues to send.
    [graphError(403, 'ErrorAccessDenied'), { scope: 'note', error: { details: { responseCode: 'ErrorAccessDenied' } } }],
  ])('%j', async (answer, expected) => {
    const [result] = await canned(() => answer).probe();
    expect(result).toMatchObject({ status: 'unknown', ...expected });
    if (!('blocked' in expected)) expect(result).not.toHaveProperty('blocked', true);
  });

  it.each(['OfflineImTag', 'internetMessageId'])('even if only the search by one key was refused: %s', async (key) => {
    const [result] = await canned(({ query }) =>
      query.get('$filter')?.includes(key) === true ? graphError(400, 'ErrorInvalidUrlQueryFilter') : nothing,
    ).probe();
    expect(result).toMatchObject({
      status: 'unknown',
      scope: 'note',
      error: { details: { responseCode: 'ErrorInvalidUrlQueryFilter' } },
    });
  });

  it('if there is no token or no response', async () => {
    const credential = async (): Promise<never> => {
      throw new Error('no token');
    };
    const closed = canned(() => nothing, { credential });
    expect(await closed.probe()).toMatchObject([{ status: 'unknown', error: { code: 'AUTHENTICATION_FAILED' } }]);
    expect(closed.asked).toEqual([]);
    const silent = canned(() => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
    });
    expect(await silent.probe()).toMatchObject([{ status: 'unknown', scope: 'endpoint' }]);
  });

  it('in words, of what was seen or could not be', async () => {
    const [strange] = await holding({ outbox: list(item('other')) }).probe();
    expect(strange).toMatchObject({ error: { message: expect.stringContaining('is not what was searched for') } });
    const [cut] = await holding({ outbox: { json: { value: [], '@odata.count': 1 } } }).probe();
    expect(cut).toMatchObject({ error: { message: expect.stringContaining('a folder could not be read to its end') } });
  });

  const inMailbox = (mailbox: string, n: number, endpoint = root) => ({
    id: `note-${n}`,
    place: { endpoint, mailbox, folder: 'sentitems' },
  });

  it('a failure that closes one mailbox stops further requests there, and closes no other', async () => {
    const { probe, note, asked } = canned(({ path }) =>
      /alice/i.test(path) ? graphError(404, 'MailboxNotEnabledForRESTAPI') : nothing,
    );
    const alice = Array.from({ length: 20 }, (_, n) =>
      note(n, inMailbox(n % 2 === 0 ? 'alice@contoso.test' : 'ALICE@contoso.test', n)),
    );
    const bob = note(20, inMailbox('bob@contoso.test', 20));
    const results = await probe([...alice, bob]);
    expect(results.slice(0, 20).every(({ status }) => status === 'unknown')).toBe(true);
    expect(results[20]).toEqual({ status: 'absent' });
    // Four attempts are probed concurrently, each in five folders: one may be missing.
    expect(asked.filter(({ path }) => /alice/i.test(path)).length).toBeLessThanOrEqual(20);
  });

  it('a failure that concerns one note closes nothing', async () => {
    const { probe, note } = canned(({ query }) =>
      query.get('$filter')?.includes('note-0') === true ? graphError(403, 'ErrorAccessDenied') : nothing,
    );
    const results = await probe(Array.from({ length: 9 }, (_, n) => note(n, inMailbox('alice@contoso.test', n))));
    expect(results.map(({ status }) => status)).toEqual(['unknown', ...Array<string>(8).fill('absent')]);
  });

  it('an attempt at another endpoint, or of a mailbox without a user, is searched for nowhere', async () => {
    const other = canned(() => nothing);
    expect(await other.probe([other.note(1, inMailbox('alice@contoso.test', 1, 'https://elsewhere.test'))])).toMatchObject([
      { status: 'unknown', error: { code: 'PLACE_GONE' } },
    ]);
    const nobody = canned(() => nothing, { userOf: () => '' });
    expect(await nobody.probe()).toMatchObject([{ status: 'unknown', scope: 'mailbox', error: { code: 'OPTION_INVALID' } }]);
    expect([...other.asked, ...nobody.asked]).toEqual([]);
  });

  it('a failure that closes the endpoint is not met once per note', async () => {
    const { probe, note, asked } = canned(() => ({ status: 503, headers: { 'retry-after': '60' } }));
    const results = await probe(Array.from({ length: 40 }, (_, n) => note(n)));
    expect(results.every(({ status }) => status === 'unknown')).toBe(true);
    expect(asked.length).toBeLessThanOrEqual(4);
  });
});
