/** Requests to Drafts by Graph, which parts of the responses are trusted, and the results of removal. */
import { describe, expect, it } from 'vitest';
import type { FindStrandedDraftsOptions } from '../../../src/transport/stranded-drafts.ts';
import { type Answer, canned, graphError, type Handler, item, standing } from '../support/canned.ts';

const address = 'alice@contoso.test';
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const hour = 3_600_000;
const at = (ago: number): string => new Date(Date.parse(date) - ago).toISOString();
const list = (...value: readonly unknown[]): Answer => ({ json: { value }, headers: { date } });
const withProperty = (id: string, value: string) => ({ singleValueExtendedProperties: [{ id, value }] });
const unsent = '8';
const submitted = '12';

interface Draft {
  readonly tag: string;
  readonly flags?: string | undefined;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A Drafts folder with these items, each listed with the requested property. */
const holding =
  (...drafts: readonly Draft[]): Handler =>
  ({ query }) => {
    const expand = query.get('$expand') ?? '';
    return list(
      ...drafts.map(({ tag, flags = unsent, fields }) => ({
        ...item(tag, { isDraft: true, createdDateTime: at(2 * hour), ...fields }),
        ...(expand.includes('OfflineImTag')
          ? {}
          : expand.includes('0x0E07')
            ? withProperty('Integer 0xe07', flags)
            : withProperty('String 0x1a', 'IM.Note.Missed')),
      })),
    );
  };

async function find(handler: Handler, options: FindStrandedDraftsOptions = {}) {
  const { transport, asked } = canned(handler);
  const report = await transport.findStrandedDrafts({ address }, { isSettled: () => true, ...options });
  return { ...report, asked };
}

describe('Drafts', () => {
  it('is searched for the tag, once per property, a hundred at a time', async () => {
    const { asked, drafts } = await find(holding({ tag: 'a:1' }));
    const tagged = `singleValueExtendedProperties/Any(ep: ep/id eq 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag' and ep/value ne null)`;
    expect(asked.map(({ query }) => [query.get('$filter'), query.get('$select'), query.get('$top')])).toEqual(
      Array(3).fill([tagged, 'id,isDraft,createdDateTime', '100']),
    );
    expect(asked.map(({ query }) => /id eq '(\w+ [^ ']+)/.exec(query.get('$expand') ?? '')?.[1])).toEqual([
      'Integer 0x0E07',
      'String 0x001A',
      'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147}',
    ]);
    const created = new Date(at(2 * hour));
    expect(drafts).toEqual([
      { mailbox: address, id: 'id-a:1', messageClass: 'IM.Note.Missed', created, tag: 'a:1', action: 'would-remove' },
    ]);
  });

  it('is searched for classes and subjects too if requested; an item found twice counts once', async () => {
    const { asked, drafts } = await find(holding({ tag: 'a:1', fields: { subject: 'S' } }), {
      byMessageClass: ['IM.Note'],
      subjects: true,
    });
    expect(asked).toHaveLength(6);
    expect(asked[3]?.query.get('$filter')).toBe(
      `singleValueExtendedProperties/Any(ep: ep/id eq 'String 0x001A' and startswith(ep/value, 'IM.Note'))`,
    );
    expect(asked[3]?.query.get('$select')).toBe('id,isDraft,createdDateTime,subject');
    expect(drafts).toMatchObject([{ id: 'id-a:1', subject: 'S' }]);
  });

  it.each<[string, Partial<Draft>]>([
    ['was handed over', { flags: submitted }],
    ['does not say whether it was', { flags: 'x' }],
    ['is no draft', { fields: { isDraft: false } }],
    ['does not say whether it is one', { fields: { isDraft: undefined } }],
  ])('has nothing to remove if an item %s', async (_what, draft) => {
    expect((await find(holding({ tag: 'a:1', ...draft }))).drafts).toMatchObject([{ action: 'left-not-a-draft' }]);
  });

  it('with an item that moved away before it was fully shown leaves that alone', async () => {
    const late = await find((asked, nth) => (nth === 1 ? list() : holding({ tag: 'a:1' })(asked, nth)));
    expect(late.drafts).toMatchObject([{ id: 'id-a:1', action: 'left-not-a-draft' }]);
    const early = await find((asked, nth) => (nth === 3 ? list() : holding({ tag: 'a:1' })(asked, nth)));
    expect(early.drafts).toEqual([]);
  });

  it('is listed oldest first, up to the limit, by the clock of the server', async () => {
    const drafts = [
      { tag: 'c:1', fields: { createdDateTime: at(hour - 1) } },
      { tag: 'b:1', fields: { createdDateTime: at(hour) } },
      { tag: 'a:1', fields: { createdDateTime: at(9 * hour) } },
      { tag: 'a:0', fields: { createdDateTime: at(9 * hour) } },
    ];
    const all = await find(holding(...drafts), { limit: 4 });
    expect(all.drafts.map(({ tag, action }) => [tag, action])).toEqual([
      ['a:0', 'would-remove'],
      ['a:1', 'would-remove'],
      ['b:1', 'would-remove'],
      ['c:1', 'left-too-young'],
    ]);
    expect(all.complete).toBe(true);
    const some = await find(holding(...drafts), { limit: 3 });
    expect([some.drafts.map(({ tag }) => tag), some.complete]).toEqual([['a:0', 'a:1', 'b:1'], false]);
  });

  it('is incomplete if a response is', async () => {
    const more = { '@odata.nextLink': 'https://elsewhere.test/v1.0/next' };
    const { drafts, complete } = await find((_asked, nth) => ({
      headers: { date },
      json: { value: [], ...(nth === 1 ? more : {}) },
    }));
    expect([drafts, complete]).toEqual([[], false]);
  });

  it('may be missing, and is then empty; a mailbox that cannot be read rejects', async () => {
    const { drafts, complete, asked } = await find(() => graphError(404, 'ErrorFolderNotFound'));
    expect([drafts, complete, asked.length]).toEqual([[], true, 1]);
    await expect(find(() => graphError(403, 'ErrorAccessDenied'))).rejects.toMatchObject({ code: 'GRAPH_ERROR' });
  });

  it('is not requested once the caller has aborted', async () => {
    const stop = new AbortController();
    const handler: Handler = () => {
      stop.abort();
      return list();
    };
    await expect(find(handler, { signal: stop.signal })).rejects.toMatchObject({ code: 'REQUEST_ABORTED' });
    const { transport, asked } = canned(handler);
    await expect(transport.findStrandedDrafts({ address }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'NOT_ATTEMPTED',
    });
    expect(asked).toHaveLength(0);
  });
});

describe('an item is read again before its removal', () => {
  const moved: Answer = { status: 201, json: { id: 'new', isDraft: true } };
  it.each<[string, Readonly<Record<string, Answer>>, string, readonly string[]]>([
    ['moved to Deleted Items', { get: standing('a:1', 8), move: moved }, 'removed', ['get', 'move']],
    ['left where it was handed over since', { get: standing('a:1', 12) }, 'left-not-a-draft', ['get']],
    ['left where it was sent since', { get: standing('a:1', 8, { isDraft: false }) }, 'left-not-a-draft', ['get']],
    ['left where it has gone', { get: graphError(404, 'ErrorItemNotFound') }, 'left-not-a-draft', ['get']],
    [
      'there still where it may not be moved',
      { get: standing('a:1', 8), move: graphError(403, 'ErrorAccessDenied') },
      'failed',
      ['get', 'move'],
    ],
    ['there perhaps where the move got no answer', { get: standing('a:1', 8), move: { status: 503 } }, 'failed', ['get', 'move']],
    ['not touched where it can not be read', { get: graphError(403, 'ErrorAccessDenied') }, 'failed', ['get']],
  ])('and %s', async (_what, answers, action, operations) => {
    const drafts = holding({ tag: 'a:1' });
    const found = await find(drafts);
    const { transport, asked } = canned((one, nth) => answers[one.what] ?? drafts(one, nth));
    expect((await transport.removeStrandedDrafts(found.drafts)).drafts).toMatchObject([{ id: 'id-a:1', action }]);
    expect(asked.map(({ what }) => what).filter((what) => what !== 'drafts')).toEqual(operations);
  });
});
