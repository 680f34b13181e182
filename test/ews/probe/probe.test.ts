import { describe, expect, it } from 'vitest';
import type { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { Note, ProbeResult } from '../../../src/transport/contract.ts';
import { useHarness } from '../support/harness.ts';
import { fault, found, foundFolders, type Item, message, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const options = { signal: new AbortController().signal };
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const old = '2016-06-14T11:00:00Z';
const young = '2016-06-14T11:59:30Z';
const unsent = 9;
const sent = 1;

type Folders = Record<string, readonly Item[] | string>;

/** Answers searches from these folders; others are empty. */
function mailbox(folders: Folders, deletion = ok): void {
  h.server.handler = ({ operation, body }): Answer => {
    if (operation === 'DeleteItem') {
      return {
        body: response(
          'DeleteItem',
          (body.match(/<t:ItemId/g) ?? []).map(() => message('DeleteItem', deletion, { content: '' })),
        ),
      };
    }
    if (operation === 'FindFolder') return { body: foundFolders() };
    const asked = [...body.matchAll(/DistinguishedFolderId Id="(\w+)"/g)].map(([, name]) => name ?? '');
    const tags = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag);
    const inside = asked.map((name) => {
      const items = folders[name] ?? [];
      return typeof items === 'string' ? items : items.filter((item) => tags.includes(item.tag));
    });
    return { headers: { date }, body: found(body, inside) };
  };
}

function unknownNote(transport: EwsTransport, n: number, tags: readonly string[] = [`note-${n}/1`]): Note {
  const note = h.note(transport, n);
  return { ...note, unknownAttempts: tags.map((tag) => ({ tag, place: note.place })) };
}

async function probeOne(tags?: readonly string[]): Promise<ProbeResult | undefined> {
  const transport = h.transport();
  return (await transport.probe([unknownNote(transport, 0, tags)], options))[0];
}

const tag = 'note-0/1';
/** In the direction in which an item moves. */
const everywhere = ['drafts', 'outbox', 'conversationhistory', 'sentitems', 'deleteditems', 'recoverableitemsdeletions'];
/** Folders that a mailbox may lack. */
const notEverywhere = ['conversationhistory', 'recoverableitemsdeletions'];
const inEveryMailbox = everywhere.filter((folder) => !notEverywhere.includes(folder));

describe('found', () => {
  it.each(everywhere)('in %s', async (folder) => {
    mailbox({ [folder]: [{ tag, flags: sent, isDraft: false, created: old }] });
    expect(await probeOne()).toEqual({ status: 'found' });
  });

  it('in the folder of the copy, with one request', async () => {
    mailbox({ conversationhistory: [{ tag, flags: sent }] });
    await probeOne();
    expect(h.server.requests).toHaveLength(1);
  });

  it('as t:Item without flags', async () => {
    mailbox({ conversationhistory: [{ tag, isDraft: false, element: 'Item' }] });
    expect(await probeOne()).toEqual({ status: 'found' });
  });
});

describe('absent', () => {
  it('if nowhere, in two searches and one for a Conversation History known only by name', async () => {
    mailbox({});
    expect(await probeOne()).toEqual({ status: 'absent' });
    expect(h.server.operations()).toEqual(['FindItem', 'FindFolder', 'FindItem']);
    const searches = h.server.requests.filter(({ operation }) => operation === 'FindItem');
    const asked = searches.flatMap(({ body }) => [...body.matchAll(/FolderId Id="(\w+)"/g)].map((match) => match[1]));
    expect(asked).toEqual(['conversationhistory', ...everywhere]);
  });

  it('if only other tags are there', async () => {
    mailbox({});
    const others = [{ tag: 'note-0/10', flags: sent }];
    const inner = h.server.handler;
    h.server.handler = (request, raw) =>
      request.operation === 'FindItem'
        ? {
            body: found(
              request.body,
              (request.body.match(/FolderId Id=/g) ?? []).map(() => others),
            ),
          }
        : inner(request, raw);
    expect(await probeOne()).toEqual({ status: 'absent' });
  });

  it.each(notEverywhere)('if the folder %s is missing', async (folder) => {
    mailbox({ [folder]: 'ErrorFolderNotFound' });
    expect(await probeOne()).toEqual({ status: 'absent' });
  });

  it.each(notEverywhere)('if the server refuses the whole search because %s is missing', async (folder) => {
    mailbox({});
    const inner = h.server.handler;
    h.server.handler = (request, raw) =>
      request.body.includes(`Id="${folder}"`) ? { body: fault('ErrorFolderNotFound') } : inner(request, raw);
    expect(await probeOne()).toEqual({ status: 'absent' });
  });

  it.each(['ErrorAccessDenied', 'ErrorItemNotFound'])('if Recoverable Items are closed to this login: %s', async (code) => {
    mailbox({ recoverableitemsdeletions: code });
    expect(await probeOne()).toEqual({ status: 'absent' });
  });

  it('if the note has no unknown attempts', async () => {
    expect(await probeOne([])).toEqual({ status: 'absent' });
    expect(h.server.requests).toHaveLength(0);
  });
});

describe('unknown', () => {
  it.each(everywhere.slice(0, 5))('if %s cannot be read', async (folder) => {
    mailbox({ [folder]: 'ErrorAccessDenied' });
    expect(await probeOne()).toMatchObject({
      status: 'unknown',
      error: { code: 'EWS_ERROR', details: { responseCode: 'ErrorAccessDenied' } },
    });
  });

  it('if Recoverable Items may be readable later', async () => {
    mailbox({ recoverableitemsdeletions: 'ErrorServerBusy' });
    expect(await probeOne()).toMatchObject({ status: 'unknown' });
  });

  // Exchange says so of a folder that the owner of the mailbox does not show to the login.
  it.each(
    inEveryMailbox.flatMap((folder) => ['ErrorFolderNotFound', 'ErrorItemNotFound'].map((code) => [folder, code] as const)),
  )('while %s is missing, which every mailbox has: %s', async (folder, code) => {
    mailbox({ [folder]: code });
    const expected = { status: 'unknown', scope: 'note', error: { details: { responseCode: code } } };
    expect(await probeOne()).toMatchObject(expected);
    const inner = h.server.handler;
    h.server.handler = (request, raw) => (request.body.includes(`Id="${folder}"`) ? { body: fault(code) } : inner(request, raw));
    expect(await probeOne()).toMatchObject(expected);
  });

  it('if no folder is found: the login sees nothing', async () => {
    mailbox(Object.fromEntries(everywhere.map((name) => [name, 'ErrorFolderNotFound'])));
    expect(await probeOne()).toMatchObject({ status: 'unknown', error: { code: 'EWS_ERROR' } });
  });

  it.each([
    [{ status: 401 }, 'AUTHENTICATION_FAILED'],
    [{ status: 503 }, 'HTTP_STATUS'],
    [{ body: '<a>' }, 'RESPONSE_UNREADABLE'],
    [{ body: response('FindItem', []) }, 'RESPONSE_UNREADABLE'],
  ] as [Answer, string][])('if the search fails: %j', async (answer, code) => {
    h.server.handler = () => answer;
    expect(await probeOne()).toMatchObject({ status: 'unknown', error: { code } });
  });

  const reach: readonly (readonly [string, Answer, { readonly scope: string; readonly [key: string]: unknown }])[] = [
    ['a wrong password', { status: 401 }, { scope: 'mailbox', blocked: true }],
    ['EWS switched off', { status: 403 }, { scope: 'endpoint', blocked: true }],
    [
      'a busy server',
      { status: 500, body: fault('ErrorServerBusy', { BackOffMilliseconds: '9000' }) },
      { scope: 'mailbox', retryAfter: 9000 },
    ],
    ['a proxy', { status: 503, headers: { 'retry-after': '7' } }, { scope: 'endpoint', retryAfter: 7000 }],
    ['a web page', { body: '<!doctype html>' }, { scope: 'endpoint' }],
    ['a mailbox that is moved', { status: 500, body: fault('ErrorMailboxMoveInProgress') }, { scope: 'mailbox' }],
    ['a refused impersonation', { body: fault('ErrorImpersonateUserDenied') }, { scope: 'mailbox', blocked: true }],
    ['an answer to something else', { body: response('GetItem', []) }, { scope: 'note' }],
  ];
  it.each(reach)('%s: the scope of the error', async (_, answer, expected) => {
    h.server.handler = () => answer;
    const result = await probeOne();
    expect(result).toMatchObject({ status: 'unknown', ...expected });
    expect(Object.keys(result ?? {}).sort()).toEqual(['error', 'status', ...Object.keys(expected)].sort());
  });

  it.each(reach.filter(([, , { scope }]) => scope !== 'note'))(
    '%s: no further requests for any mailbox in its scope',
    async (_, answer, { scope }) => {
      h.server.handler = () => answer;
      const transport = h.transport();
      const asked = Array.from({ length: 120 }, (_, n) => {
        const note = unknownNote(transport, n);
        const mailbox = n < 60 ? note.place.mailbox : 'carol@contoso.test';
        return { ...note, unknownAttempts: [{ tag: `note-${n}/1`, place: { ...note.place, mailbox } }] };
      });
      const results = await transport.probe(asked, options);
      expect(new Set(results.map((result) => (result.status === 'unknown' ? result.scope : result.status)))).toEqual(
        new Set([scope]),
      );
      const mailboxes = h.server.requests.map(({ body }) => /EmailAddress>(\w+)@/.exec(body)?.[1]);
      expect([...new Set(mailboxes)]).toEqual(scope === 'endpoint' ? ['alice'] : ['alice', 'carol']);
      // One search each; a broken connection is retried at most twice.
      expect(mailboxes.length / new Set(mailboxes).size).toBeLessThanOrEqual(3);
    },
  );

  it('if one folder reports a busy server, whose back-off is kept', async () => {
    h.server.handler = ({ operation, body }): Answer => {
      if (operation === 'FindFolder') return { body: foundFolders() };
      const values = { BackOffMilliseconds: '4000' };
      const messages = (body.match(/FolderId Id=/g) ?? []).map(() =>
        message('FindItem', 'ErrorServerBusy', { values, content: '' }),
      );
      return { body: response('FindItem', messages) };
    };
    expect(await probeOne()).toMatchObject({ status: 'unknown', scope: 'mailbox', retryAfter: 4000 });
  });

  it('with the widest scope of several attempts', async () => {
    mailbox({ deleteditems: 'ErrorServerBusy', drafts: 'ErrorAccessDenied' });
    const transport = h.transport();
    const note = h.note(transport, 0);
    const gone = { tag: 'note-0/2', place: { ...note.place, endpoint: 'https://old.test/' } };
    const unknownAttempts = [gone, { tag, place: note.place }];
    const [result] = await transport.probe([{ ...note, unknownAttempts }], options);
    expect(result).toMatchObject({
      status: 'unknown',
      scope: 'mailbox',
      error: { details: { responseCode: 'ErrorServerBusy' } },
    });
  });

  it('if a search has more results than it returns', async () => {
    h.server.handler = ({ operation, body }) => ({
      body:
        operation === 'FindFolder'
          ? foundFolders()
          : found(
              body,
              (body.match(/FolderId Id=/g) ?? []).map(() => []),
              false,
            ),
    });
    expect(await probeOne()).toMatchObject({ status: 'unknown', error: { code: 'RESPONSE_INCOMPLETE' } });
  });

  it('if aborted', async () => {
    const transport = h.transport();
    const results = await transport.probe([unknownNote(transport, 0)], { signal: AbortSignal.abort() });
    expect(results[0]).toMatchObject({ status: 'unknown', error: { code: 'REQUEST_ABORTED' } });
  });

  it('if the attempt is at an endpoint that is no longer configured', async () => {
    const transport = h.transport();
    const note = h.note(transport, 0);
    const place = { ...note.place, endpoint: 'https://old.test/' };
    const results = await transport.probe([{ ...note, unknownAttempts: [{ tag, place }] }], options);
    expect(results[0]).toMatchObject({ status: 'unknown', error: { code: 'PLACE_GONE' } });
  });

  it('unless the copy is found elsewhere', async () => {
    mailbox({ conversationhistory: 'ErrorAccessDenied', sentitems: [{ tag, flags: sent }] });
    expect(await probeOne()).toEqual({ status: 'found' });
  });
});

describe('pending', () => {
  it.each([
    ['in Outbox, however old', { outbox: [{ tag, flags: unsent, created: old }] }],
    ['younger than a minute by the server’s clock', { drafts: [{ tag, flags: unsent, created: young }] }],
    ['handed over for sending', { drafts: [{ tag, flags: unsent | 4, created: old }] }],
    ['of unknown age', { drafts: [{ tag, isDraft: true }] }],
    // In the west of the earth it was made in the future: a time zone of this machine tells nothing.
    ['an hour older by a time without a zone', { drafts: [{ tag, flags: unsent, created: '2016-06-14T11:00:00.1234567' }] }],
  ] as [string, Folders][])('%s', async (_, folders) => {
    mailbox(folders);
    expect(await probeOne()).toEqual({ status: 'pending' });
    expect(h.server.operations()).not.toContain('DeleteItem');
  });
});

describe('where no answer says the server’s time, as behind a web page or without a proxy in front', () => {
  const hours = (ago: number) => new Date(Date.now() - ago * 3_600_000).toISOString();
  const withoutDate = (created: string): void => {
    mailbox({ drafts: [{ tag, flags: unsent, created }] });
    const inner = h.server.handler;
    h.server.handler = async (request, response) => {
      response.sendDate = false;
      const answer = await inner(request, response);
      return answer && { ...answer, headers: {} };
    };
  };

  it('an unsent item that is less than two hours old by our clock is pending: the clock may be an hour ahead', async () => {
    withoutDate(hours(1.9));
    expect(await probeOne()).toEqual({ status: 'pending' });
    expect(h.server.operations()).not.toContain('DeleteItem');
  });

  it('an older one is a draft, and removed', async () => {
    withoutDate(hours(2.1));
    expect(await probeOne()).toEqual({ status: 'draft', removed: true });
  });
});

describe('draft', () => {
  it.each(everywhere.filter((name) => name !== 'outbox' && name !== 'recoverableitemsdeletions'))(
    'in %s is removed',
    async (folder) => {
      mailbox({ [folder]: [{ tag, id: 'draft&amp;1', flags: unsent, created: old }] });
      expect(await probeOne()).toEqual({ status: 'draft', removed: true });
      const deletion = h.server.requests.find(({ operation }) => operation === 'DeleteItem')?.body;
      expect(deletion).toContain(
        '<m:DeleteItem DeleteType="HardDelete"><m:ItemIds><t:ItemId Id="draft&amp;1" ChangeKey="ck"/></m:ItemIds>',
      );
    },
  );

  it('is removed a day after a time without a zone', async () => {
    mailbox({ drafts: [{ tag, flags: unsent, created: '2016-06-13T12:00:00' }] });
    expect(await probeOne()).toEqual({ status: 'draft', removed: true });
  });

  it('in Recoverable Items counts as removed', async () => {
    mailbox({ recoverableitemsdeletions: [{ tag, flags: unsent, created: old }] });
    expect(await probeOne()).toEqual({ status: 'draft', removed: true });
    expect(h.server.operations()).not.toContain('DeleteItem');
  });

  it('that cannot be removed is reported as left', async () => {
    mailbox({ drafts: [{ tag, flags: unsent, created: old }] }, 'ErrorAccessDenied');
    expect(await probeOne()).toEqual({ status: 'draft', removed: false });
  });

  it('reported as missing, but still listed, is left', async () => {
    mailbox({ drafts: [{ tag, flags: unsent, created: old }] }, 'ErrorItemNotFound');
    expect(await probeOne()).toEqual({ status: 'draft', removed: false });
  });
});

describe('several attempts, in order of precedence: found, pending, unknown, draft, absent', () => {
  const a = 'note-0/1';
  const b = 'note-0/2';
  const draft = { tag: a, flags: unsent, created: old };
  it.each([
    [
      'found before draft, and the draft is removed all the same',
      { drafts: [draft], sentitems: [{ tag: b, flags: sent }] },
      'found',
      true,
    ],
    ['found before pending', { outbox: [{ tag: a, flags: unsent }], sentitems: [{ tag: b, flags: sent }] }, 'found', false],
    ['pending before draft', { drafts: [draft], outbox: [{ tag: b, flags: unsent }] }, 'pending', true],
    ['unknown before draft, which is removed', { drafts: [draft], deleteditems: 'ErrorAccessDenied' }, 'unknown', true],
    ['draft before absent', { drafts: [draft] }, 'draft', true],
    ['absent', {}, 'absent', false],
  ] as [string, Folders, string, boolean][])('%s', async (_, folders, status, deletes) => {
    mailbox(folders);
    expect(await probeOne([a, b])).toMatchObject({ status });
    expect(h.server.operations().includes('DeleteItem')).toBe(deletes);
  });

  const oldDraft = { ...draft, id: 'd1' };
  const copyOf = (one: string): Item => ({ tag: one, id: 's1', flags: sent });
  it.each([
    ['its own copy', { drafts: [oldDraft], sentitems: [copyOf(a)] }, [a], { status: 'found' }],
    [
      'an item of its own on its way',
      { drafts: [oldDraft], outbox: [{ ...copyOf(a), flags: unsent }] },
      [a],
      { status: 'pending' },
    ],
    ['a copy of another attempt', { drafts: [oldDraft], sentitems: [copyOf(b)] }, [a, b], { status: 'found', tags: [b] }],
  ] as [string, Folders, string[], ProbeResult][])(
    'a draft beside %s overrides nothing, and is reported if it cannot be removed',
    async (_, folders, tags, expected) => {
      mailbox(folders);
      expect(await probeOne(tags)).toEqual(expected);
      for (const refusal of ['ErrorAccessDenied', 'ErrorServerBusy']) {
        mailbox(folders, refusal);
        expect(await probeOne(tags)).toEqual({ ...expected, draft: 'left' });
      }
    },
  );

  it('a removal without a response does not override a copy, and reports that the draft may be left', async () => {
    mailbox({ drafts: [oldDraft], sentitems: [copyOf(a)] });
    const inner = h.server.handler;
    h.server.handler = (request, raw) => (request.operation === 'DeleteItem' ? { status: 401 } : inner(request, raw));
    expect(await probeOne([a])).toEqual({ status: 'found', draft: 'left' });
  });

  it('results keep the order of the call', async () => {
    mailbox({ sentitems: [{ tag: b, flags: sent }] });
    const transport = h.transport();
    const note = h.note(transport, 0);
    const attempts = [
      { tag: a, place: note.place },
      { tag: b, place: { ...note.place, folder: 'sentitems', mailbox: 'carol@contoso.test' } },
    ];
    expect(await transport.probe([{ ...note, unknownAttempts: attempts }], options)).toEqual([{ status: 'found', tags: [b] }]);
    const searched = h.server.requests
      .filter(({ operation }) => operation === 'FindItem')
      .map(({ body }) => [/EmailAddress>(\w+)@/.exec(body)?.[1], /Value="([^"]+)"/.exec(body)?.[1]]);
    expect(searched).toEqual([
      ['alice', a],
      ['alice', a],
      ['carol', b],
    ]);
  });
});

it('many notes take few requests', async () => {
  mailbox({ conversationhistory: Array.from({ length: 60 }, (_, n) => ({ tag: `note-${n}/1`, flags: sent })) });
  const transport = h.transport();
  const results = await transport.probe(
    Array.from({ length: 90 }, (_, n) => unknownNote(transport, n)),
    options,
  );
  expect(results.map((r) => r.status)).toEqual([...Array(60).fill('found'), ...Array(30).fill('absent')]);
  expect(h.server.operations()).toEqual(['FindItem', 'FindItem', 'FindFolder', 'FindItem']);
});
