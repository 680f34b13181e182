/** One list, one message, one move: the request, and which parts of the response are trusted. */
import { describe, expect, it } from 'vitest';
import { GraphClient } from '../../../src/graph/client/client.ts';
import { listMessages, literal, type MailboxAccess, moveMessage, readStanding } from '../../../src/graph/probe/messages.ts';
import { settingsOf } from '../../../src/graph/settings.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { type Answer, graphError, item, root, standing } from '../support/canned.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** A mailbox whose requests are answered in order; the last response applies to all later ones. */
function mailbox(...answers: readonly Answer[]): { readonly access: MailboxAccess; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push({ method: init?.method ?? 'GET', url: String(input), body: init?.body && JSON.parse(String(init.body)) });
    const { status = 200, headers = {}, json, text } = answers[Math.min(asked.length, answers.length) - 1] ?? {};
    const body = text ?? (json === undefined ? null : JSON.stringify(json));
    return new Response(status === 204 ? null : body, { status, headers: { 'content-type': 'application/json', ...headers } });
  };
  const settings = settingsOf({
    root,
    credential: async () => ({ token: 't' }),
    fetch,
    clock: hastyClock,
    messagesPerMinute: 10_000,
  });
  const call = { signal: new AbortController().signal, notes: [] };
  const client = new GraphClient(settings);
  return { access: { client, settings, mailbox: 'alice@contoso.test', userPath: '/v1.0/users/alice', call }, asked };
}

const query = { folder: 'sentitems', filter: "a eq 'b'" };
const next = `${root}/v1.0/users/alice/mailFolders/sentitems/messages?$skip=10`;
const page = (value: readonly unknown[], more: object = {}): Answer => ({ json: { value, ...more } });

describe('a list', () => {
  it('requests ten items with their tag, or as many and as much as specified', async () => {
    const { access, asked } = mailbox(page([]));
    await listMessages(access, query);
    await listMessages(access, { ...query, top: 3, select: 'id', expand: "it's" });
    const urls = asked.map(({ url }) => new URL(url));
    expect(urls.map(({ pathname }) => pathname)).toEqual(Array(2).fill('/v1.0/users/alice/mailFolders/sentitems/messages'));
    expect(urls.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
      {
        $filter: "a eq 'b'",
        $select: 'id,isDraft,createdDateTime,internetMessageId',
        $top: '10',
        $expand: "singleValueExtendedProperties($filter=id eq 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag')",
      },
      { $filter: "a eq 'b'", $select: 'id', $top: '3', $expand: "singleValueExtendedProperties($filter=id eq 'it''s')" },
    ]);
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('is complete over several pages if all counted items were shown', async () => {
    const pages = [page([item('a')], { '@odata.nextLink': next, '@odata.count': 2 }), page([item('b')], { '@odata.count': 2 })];
    const { access, asked } = mailbox(...pages);
    const listed = await listMessages(access, query);
    expect(listed).toMatchObject({ kind: 'listed', whole: true, messages: [{ tag: 'a' }, { tag: 'b' }] });
    expect(asked.map(({ url }) => url)).toEqual([expect.any(String), next]);
    expect(await listMessages(mailbox(page([item('a')], { '@odata.count': 2 })).access, query)).toMatchObject({ whole: false });
  });

  it('is incomplete if a page is missing; items shown before still count', async () => {
    for (const [second, kind] of [
      [graphError(403, 'ErrorAccessDenied'), 'error'],
      [graphError(404, 'ErrorFolderNotFound'), 'error'],
      [{ json: {} }, 'ok'],
    ] as const)
      expect(await listMessages(mailbox(page([item('a')], { '@odata.nextLink': next }), second).access, query)).toMatchObject({
        kind: 'listed',
        whole: false,
        messages: [{ tag: 'a' }],
        failure: { kind },
      });
  });

  it('follows twenty pages', async () => {
    const { access, asked } = mailbox(page([], { '@odata.nextLink': next }));
    expect(await listMessages(access, query)).toMatchObject({ kind: 'listed', whole: false });
    expect(asked).toHaveLength(20);
  });

  it('reads a thousand messages of a page, and is incomplete if there are more', async () => {
    const many = (count: number): Answer => page(Array.from({ length: count }, (_, n) => ({ id: `${n}` })));
    const lengthOf = async (count: number) => {
      const listed = await listMessages(mailbox(many(count)).access, query);
      return listed.kind === 'listed' && [listed.messages.length, listed.whole];
    };
    expect([await lengthOf(1_000), await lengthOf(1_001)]).toEqual([
      [1_000, true],
      [1_000, false],
    ]);
  });

  it.each<[string, Answer]>([
    ['another status', { status: 202, json: { value: [] } }],
    ['no list', { json: { value: {} } }],
    ['a refusal', graphError(403, 'ErrorAccessDenied')],
    ['another folder error', graphError(404, 'ErrorInvalidUser')],
    ['a folder error of another status', graphError(400, 'ErrorFolderNotFound')],
  ])('fails if the first page is %s', async (_what, answer) => {
    expect(await listMessages(mailbox(answer).access, query)).toMatchObject({ kind: 'failed' });
  });

  it.each(['ErrorFolderNotFound', 'ErrorItemNotFound'])('is missing if its folder is: %s', async (code) => {
    const inner = { code: 'x' };
    expect(await listMessages(mailbox(graphError(404, code, { inner })).access, query)).toMatchObject({ kind: 'missing' });
  });

  it.each<[string, object, boolean]>([
    ['nothing', { a: null, b: '', c: [], d: {} }, true],
    ['annotations', { '@odata.x': 1, 'value@x': true, 'odata.y': 'z' }, true],
    ['a number', { a: 0 }, false],
    ['a word', { a: 'b' }, false],
    ['a name with an @ inside', { 'a@b': 'c' }, false],
    ['a name that only ends like an annotation', { 'a.odata.b': 'c' }, false],
    ['a list in an annotation', { '@odata.x': [1] }, false],
    ['a next page that is no link', { '@odata.nextLink': 5 }, false],
    ['a next page by a link without end', { '@odata.nextLink': next.padEnd(16_385, 'x') }, false],
    ['a next page with a user in it', { '@odata.nextLink': next.replace('//', '//a@') }, false],
    ['a next page with a password in it', { '@odata.nextLink': next.replace('//', '//:a@') }, false],
  ])('with %s beside it', async (_what, beside, whole) => {
    const { access, asked } = mailbox(page([], beside));
    expect(await listMessages(access, query)).toMatchObject({ kind: 'listed', whole });
    expect(asked).toHaveLength(1);
  });

  it('uses only properties of the right type, and ignores a message without a usable id', async () => {
    const odd = { id: 'a', isDraft: 'true', createdDateTime: 5, internetMessageId: 6, subject: [] };
    const { access } = mailbox(page([odd, { id: '..' }, { id: 'a..' }]));
    expect(await listMessages(access, query)).toMatchObject({
      whole: false,
      messages: [{ id: 'a', isDraft: undefined, created: undefined, messageId: undefined, subject: undefined }, { id: 'a..' }],
    });
  });
});

describe('a single message', () => {
  it('is requested with its flags', async () => {
    const { access, asked } = mailbox(standing('t', 8));
    expect(await readStanding(access, 'id-t')).toMatchObject({ kind: 'there', isDraft: true, submitted: false });
    const { pathname, searchParams } = new URL(asked[0]?.url ?? '');
    expect([pathname, searchParams.get('$select'), searchParams.get('$expand')]).toEqual([
      '/v1.0/users/alice/messages/id-t',
      'id,isDraft,createdDateTime',
      "singleValueExtendedProperties($filter=id eq 'Integer 0x0E07')",
    ]);
  });

  it.each<[string, Answer, string]>([
    ['of another id', standing('other', 8), 'failed'],
    ['without an id', { json: { isDraft: true } }, 'failed'],
    ['with another status', { ...standing('t', 8), status: 202 }, 'failed'],
    ['that is refused', graphError(403, 'ErrorAccessDenied'), 'failed'],
    ['that is gone', graphError(404, 'ErrorItemNotFound'), 'gone'],
    ['of a user that is gone', graphError(404, 'ErrorInvalidUser'), 'failed'],
  ])('%s', async (_what, answer, kind) => {
    expect(await readStanding(mailbox(answer).access, 'id-t')).toMatchObject({ kind });
  });
});

describe('a move', () => {
  it('is one POST with the folder', async () => {
    const { access, asked } = mailbox({ status: 201, json: { isDraft: true } });
    expect(await moveMessage(access, 'a/b', 'deleteditems')).toEqual({ kind: 'moved', isDraft: true });
    expect(asked).toEqual([
      { method: 'POST', url: `${root}/v1.0/users/alice/messages/a%2Fb/move`, body: { destinationId: 'deleteditems' } },
    ]);
  });

  it.each<[string, Answer, object]>([
    ['and does not mention the draft', { status: 201, json: { isDraft: 'no' } }, { kind: 'moved', isDraft: undefined }],
    ['and has another status', { status: 200, json: { isDraft: true } }, { kind: 'failed', reply: { kind: 'ok' } }],
    ['and was refused', graphError(403, 'ErrorAccessDenied'), { kind: 'failed', reply: { kind: 'error' } }],
    ['and found nothing', graphError(404, 'ErrorItemNotFound'), { kind: 'gone' }],
  ])('results in %s', async (_what, answer, expected) => {
    expect(await moveMessage(mailbox(answer).access, 'a', 'deleteditems')).toMatchObject(expected);
  });
});

it('an OData string doubles its quotes', () => expect(literal("a'b''c")).toBe("'a''b''''c'"));
