/** Reading Drafts page by page, and the results of removal; the rest is in test/transport/stranded-drafts.test.ts, for both transports. */
import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsClient } from '../../../src/ews/client/client.ts';
import { draftsFolder } from '../../../src/ews/probe/stranded-drafts.ts';
import { settingsOf } from '../../../src/ews/settings.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { useHarness } from '../support/harness.ts';
import { found, type Item, message, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const mailbox = 'alice@contoso.test';
const { signal } = new AbortController();
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const unsent = 9;
const sent = 1;

function folder(answer: (body: string, nth: number) => Answer) {
  h.server.handler = ({ body }) => answer(body, h.server.requests.length);
  const settings = settingsOf({
    url: h.server.url,
    credentials: basicAuth({ username: mailbox, password: 'p' }),
    fetch: checkedFetch(),
  });
  return draftsFolder(new EwsClient(settings), settings, mailbox);
}

const query = { messageClasses: [], signal, subjects: false, limit: 1_000 };
const drafts = (from: number, count: number): readonly Item[] =>
  Array.from({ length: count }, (_, n) => ({ tag: `tag-${from + n}`, id: `id-${from + n}`, flags: unsent }));
const offsetsAsked = () => h.server.requests.map(({ body }) => Number(/Offset="(\d+)"/.exec(body)?.[1]));
/** A page that reports more. */
const more = (body: string, items: readonly Item[]): Answer => ({ body: found(body, [items], false), headers: { date } });
/** The last page; `before` is the number of items on earlier ones. */
const last = (body: string, items: readonly Item[], before = 0): Answer => ({
  body: found(body, [items]).replace(/TotalItemsInView="\d+"/, `TotalItemsInView="${before + items.length}"`),
  headers: { date },
});

describe('the content of Drafts', () => {
  it('is read page by page, each from where the last one ended', async () => {
    const pages = folder((body, nth) => (nth === 1 ? more(body, drafts(0, 100)) : last(body, drafts(100, 3), 100)));
    const { items, complete, now } = await pages.find(query);
    expect(offsetsAsked()).toEqual([0, 100]);
    expect(items.map(({ id }) => id)).toEqual(drafts(0, 103).map(({ id }) => id));
    expect({ complete, now }).toEqual({ complete: true, now: Date.parse(date) });
  });

  it('counts as unsent only if its flags say so', async () => {
    const { items } = await folder((body) =>
      last(body, [{ tag: 'a', flags: unsent }, { tag: 'b', flags: sent }, { tag: 'c' }]),
    ).find(query);
    expect(items.map((item) => [item.id, item.unsent])).toEqual([
      ['id-a', true],
      ['id-b', false],
      ['id-c', false],
    ]);
  });

  it('is read up to the limit: incomplete if there is more, complete otherwise', async () => {
    const all = folder((body) => last(body, drafts(0, 3)));
    expect(await all.find({ ...query, limit: 3 })).toMatchObject({ items: { length: 3 }, complete: true });
    expect(await all.find({ ...query, limit: 2 })).toMatchObject({ items: { length: 2 }, complete: false });
    const many = folder((body) => more(body, drafts(0, 100)));
    h.server.requests.length = 0;
    expect(await many.find({ ...query, limit: 100 })).toMatchObject({ items: { length: 100 }, complete: false });
    expect(offsetsAsked()).toEqual([0]);
  });

  it('is incomplete if a server repeats a page and claims more: no further request is sent', async () => {
    const stuck = folder((body) => more(body, drafts(0, 100)));
    expect(await stuck.find(query)).toMatchObject({ items: { length: 100 }, complete: false });
    expect(offsetsAsked()).toEqual([0, 100]);
  });

  it('is incomplete if an item has no id', async () => {
    const pages = folder((body) => {
      const answer = last(body, [...drafts(0, 1), { tag: 'nameless', id: '', flags: unsent }]);
      return { ...answer, body: answer.body?.replace('<ty:ItemId Id="" ChangeKey="ck"/>', '') ?? '' };
    });
    expect(await pages.find(query)).toMatchObject({ items: [{ id: 'id-0' }], complete: false });
  });

  it('may be empty', async () => {
    expect(await folder((body) => last(body, [])).find(query)).toMatchObject({ items: [], complete: true });
  });

  it('is not requested once the caller has aborted', async () => {
    const pages = folder((body) => last(body, []));
    await expect(pages.find({ ...query, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'NOT_ATTEMPTED' });
    expect(h.server.requests).toHaveLength(0);
  });
});

describe('an invalid response', () => {
  it.each([
    ['no message at all', () => response('FindItem', [])],
    ['a success without anything', () => response('FindItem', [message('FindItem', 'NoError', { content: '' })])],
    ['another operation', () => response('GetItem', [])],
    ['nothing shown, though there is more', (body: string) => found(body, [[]], false)],
  ])('%s: RESPONSE_UNREADABLE with the request id', async (_, answer) => {
    const looked = folder((body) => ({ body: answer(body) })).find(query);
    await expect(looked).rejects.toMatchObject({ message: expect.stringContaining('does not answer this FindItem') });
    const requestId = h.server.requests[0]?.headers['client-request-id'];
    await expect(looked).rejects.toMatchObject({ code: 'RESPONSE_UNREADABLE', details: { requestId } });
  });

  it.each([
    ['an error for the folder', (body: string) => ({ body: found(body, ['ErrorAccessDenied']) }), 'EWS_ERROR'],
    ['an HTTP status', () => ({ status: 403 }), 'EWS_DISABLED'],
  ])('%s is reported with its code', async (_, answer, code) => {
    await expect(folder(answer).find(query)).rejects.toMatchObject({ code });
  });
});

describe('removal', () => {
  it('moves items to Deleted Items, and reports on each in order', async () => {
    const codes = ['NoError', 'ErrorAccessDenied', 'ErrorItemNotFound'];
    const pages = folder((body) =>
      body.includes('<m:DeleteItem')
        ? {
            body: response(
              'DeleteItem',
              codes.map((code) => message('DeleteItem', code, { content: '' })),
            ),
          }
        : last(body, drafts(0, 3)),
    );
    const { items } = await pages.find(query);
    expect(await pages.remove(items, signal)).toEqual(['removed', 'failed', 'left-not-a-draft']);
    const request = h.server.requests.at(-1)?.body ?? '';
    expect(request).toContain('DeleteType="MoveToDeletedItems"');
    expect([...request.matchAll(/ItemId Id="([^"]+)"/g)].map(([, id]) => id)).toEqual(['id-0', 'id-1', 'id-2']);
  });
});
