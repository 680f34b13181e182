/** A probe searches the folder of the copy first, and then all folders: the findings of both count. */
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/transport/contract.ts';
import { useHarness } from '../support/harness.ts';
import { fault, found, foundFolders, type Item, message, ok, response } from '../support/responses.ts';
import type { Answer, SeenRequest } from '../support/server.ts';

const h = useHarness();
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const created = '2016-06-14T11:00:00Z';
const [sent, submitted, unsent] = [1, 12, 9];

interface World {
  /** The results of the searches, in order: items by folder, or a whole response. The last one applies to all later ones. */
  readonly looks: readonly (Readonly<Record<string, readonly Item[] | string>> | Answer)[];
  readonly folders?: Answer;
  /** The response of DeleteItem for each item. */
  readonly deletion?: string | readonly string[];
}

/** Probes one attempt in that world; returns the result and the operations used. */
async function probe({ looks, folders, deletion = ok }: World, tags: readonly string[] = ['a:1'], folder = 'sentitems') {
  let look = 0;
  h.server.handler = ({ operation, body }: SeenRequest): Answer => {
    if (operation === 'FindFolder') return folders ?? { body: foundFolders() };
    if (operation === 'DeleteItem') {
      return {
        body: response(
          'DeleteItem',
          [deletion].flat().map((code) => message('DeleteItem', code, { content: '' })),
        ),
      };
    }
    const shown = looks[Math.min(look++, looks.length - 1)] ?? {};
    if ('status' in shown || 'body' in shown) return shown as Answer;
    const byFolder = shown as Readonly<Record<string, readonly Item[] | string>>;
    const asked = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, name]) => name ?? '');
    const wanted = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag);
    const pages = asked.map((name) => {
      const items = byFolder[name] ?? [];
      return typeof items === 'string' ? items : items.filter(({ tag }) => wanted.includes(tag));
    });
    return { headers: { date }, body: found(body, pages) };
  };
  const transport = h.transport();
  const notes = tags.map((tag, n) => {
    const note = h.note(transport, n);
    return { ...note, unknownAttempts: [{ tag, place: { ...note.place, folder } }] };
  });
  const results: readonly ProbeResult[] = await transport.probe(notes, { signal: new AbortController().signal });
  return { result: results[0], results, operations: h.server.operations() };
}
const item = (flags: number, id = 'i', tag = 'a:1'): Item => ({ tag, id, flags, isDraft: flags !== sent, created });

describe('the first search', () => {
  it('is enough if it finds the copy', async () => {
    const { result, operations } = await probe({ looks: [{ sentitems: [item(sent)] }] });
    expect([result, operations]).toEqual([{ status: 'found' }, ['FindItem']]);
  });

  it('shows a note in transit that the second one misses: pending, not absent', async () => {
    expect((await probe({ looks: [{ sentitems: [item(submitted)] }, {}] })).result).toEqual({ status: 'pending' });
  });

  it('shows a draft that the second one shows too: deleted once', async () => {
    const draft = { sentitems: [item(unsent)] };
    const { result, operations } = await probe({ looks: [draft, draft, {}] });
    expect(result).toEqual({ status: 'draft', removed: true });
    expect(operations.filter((one) => one === 'DeleteItem')).toHaveLength(1);
  });

  it('finds a copy with the id of a draft that the second one shows: nothing is deleted', async () => {
    const { result, operations } = await probe({ looks: [{}, { sentitems: [item(sent)], drafts: [item(unsent)] }] });
    expect([result?.status, operations.includes('DeleteItem')]).toEqual(['found', false]);
  });

  it('shows a draft, the second one the copy: the note was sent', async () => {
    const draft = { sentitems: [item(unsent)] };
    const { result } = await probe({ looks: [draft, { ...draft, deleteditems: [item(sent, 'other')] }] });
    expect(result).toEqual({ status: 'found' });
  });

  it.each([
    ['under another id, as a draft: it is pending', 'other', { status: 'pending' }],
    ['under the same id, as a draft: the later look counts', 'i', { status: 'draft', removed: true }],
  ] as const)('shows a note in transit that the second one shows %s', async (_what, id, expected) => {
    const looks = [{ sentitems: [item(submitted)] }, { drafts: [item(unsent, id)] }];
    expect((await probe({ looks })).result).toEqual(expected);
  });

  it('with an error that any request would meet is the last one', async () => {
    const busy = { status: 500, body: fault('ErrorServerBusy', { BackOffMilliseconds: '7000' }) };
    const { results, operations } = await probe({ looks: [busy] }, ['a:1', 'b:1']);
    expect(results).toMatchObject([
      { status: 'unknown', scope: 'mailbox', retryAfter: 7_000 },
      { status: 'unknown', scope: 'mailbox', retryAfter: 7_000 },
    ]);
    expect(operations).toEqual(['FindItem']);
  });
});

describe('a failed look-up of Conversation History', () => {
  const world = (answer: Answer): World => ({ looks: [{}], folders: answer });

  it('that may pass leaves the result unknown, and no other folder is searched', async () => {
    const { result, operations } = await probe(
      world({ status: 429, headers: { 'retry-after': '9' }, body: 'busy' }),
      ['a:1'],
      'conversationhistory',
    );
    expect(result).toMatchObject({ status: 'unknown', scope: 'mailbox', retryAfter: 9_000 });
    expect(operations).toEqual(['FindItem', 'FindFolder']);
  });

  it('that is final lets other folders be searched, but nothing is absent', async () => {
    const { result, operations } = await probe(
      world({ status: 500, body: fault('ErrorNobodyHasHeardOf') }),
      ['a:1'],
      'conversationhistory',
    );
    expect([result?.status, operations.at(-1)]).toEqual(['unknown', 'FindItem']);
  });
});

it('if the second search fails as a whole, nothing is absent, and no folder is searched separately', async () => {
  const { result, operations } = await probe({ looks: [{}, { status: 403, body: 'no' }] });
  expect(result).toMatchObject({ status: 'unknown', scope: 'endpoint', blocked: true, error: { code: 'EWS_DISABLED' } });
  expect(operations).toEqual(['FindItem', 'FindItem']);
});

it('an unreadable folder closes no other: attempts of the mailbox with copies elsewhere are probed', async () => {
  h.server.handler = ({ operation, body }: SeenRequest): Answer => {
    if (operation === 'FindFolder') return { body: foundFolders() };
    if (body.includes('Constant Value="a:1"')) return { body: fault('ErrorNobodyHasHeardOf') };
    return { headers: { date }, body: found(body, [[item(sent, 'i', 'b:1')]]) };
  };
  const transport = h.transport();
  const attempt = (tag: string, folder: string, endpoint?: string) => {
    const note = h.note(transport, 0);
    return { ...note, unknownAttempts: [{ tag, place: { ...note.place, folder, ...(endpoint && { endpoint }) } }] };
  };
  const notes = [attempt('a:1', 'deleteditems'), attempt('b:1', 'sentitems'), attempt('b:1', 'sentitems', 'https://elsewhere')];
  expect(await transport.probe(notes, { signal: new AbortController().signal })).toMatchObject([
    { status: 'unknown', scope: 'note' },
    { status: 'found' },
    { status: 'unknown', error: { code: 'PLACE_GONE' } },
  ]);
});

it('a Conversation History re-created at every look-up is searched twice, not forever', async () => {
  let made = 0;
  h.server.handler = ({ operation, body }: SeenRequest): Answer => {
    if (operation === 'FindFolder') return { body: foundFolders(`AAMk-${made++}`) };
    const asked = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, name = '']) => name);
    return {
      body: found(
        body,
        asked.map((name) => (name.startsWith('AAMk') ? 'ErrorItemNotFound' : [])),
      ),
    };
  };
  const transport = h.transport();
  const note = h.note(transport, 0);
  const unknownAttempts = [{ tag: 'a:1', place: { ...note.place, folder: 'conversationhistory' } }];
  await transport.probe([{ ...note, unknownAttempts }], { signal: new AbortController().signal });
  expect(h.server.operations().filter((one) => one === 'FindItem')).toHaveLength(3);
});

it('a Conversation History re-created between two probes is searched again for open attempts only', async () => {
  let history = 'AAMk-old';
  const items = (): Readonly<Record<string, readonly Item[]>> => ({
    outbox: [item(submitted, 'o', 'b:1')],
    'AAMk-new': history === 'AAMk-new' ? [item(sent, 'n')] : [],
  });
  const asked: string[][] = [];
  h.server.handler = ({ operation, body }: SeenRequest): Answer => {
    if (operation === 'FindFolder') return { body: foundFolders(history) };
    const wanted = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag ?? '');
    asked.push(wanted);
    const pages = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, name = '']) => {
      if (name.startsWith('AAMk') && name !== history) return 'ErrorItemNotFound';
      return (items()[name] ?? []).filter(({ tag }) => wanted.includes(tag));
    });
    return { headers: { date }, body: found(body, pages) };
  };
  const transport = h.transport();
  const notes = ['a:1', 'b:1'].map((tag, n) => {
    const note = h.note(transport, n);
    return { ...note, unknownAttempts: [{ tag, place: { ...note.place, folder: 'conversationhistory' } }] };
  });
  const probeNow = () => transport.probe(notes, { signal: new AbortController().signal });
  expect(await probeNow()).toEqual([{ status: 'absent' }, { status: 'pending' }]);
  history = 'AAMk-new';
  expect(await probeNow()).toEqual([{ status: 'found' }, { status: 'pending' }]);
  expect(asked.at(-1)).toEqual(['a:1']);
});

describe('a draft', () => {
  const draft = { drafts: [item(unsent)] };

  it.each([
    ['is gone under its id, and nowhere: it was removed', {}, { status: 'draft', removed: true }],
    ['is gone under its id, and was sent meanwhile', { sentitems: [item(sent, 'other')] }, { status: 'found' }],
    ['is gone under its id, and on its way', { outbox: [item(submitted, 'other')] }, { status: 'pending' }],
    ['is still shown under the id that was not found: it is left', draft, { status: 'draft', removed: false }],
    ['is there under another id: it is left', { deleteditems: [item(unsent, 'other')] }, { status: 'draft', removed: false }],
    ['is there without an id: it is left', { drafts: [item(unsent, '')] }, { status: 'draft', removed: false }],
    ['is in Deleted Items', { recoverableitemsdeletions: [item(unsent, 'other')] }, { status: 'draft', removed: true }],
  ] as const)('%s', async (_what, after, expected) => {
    const { result } = await probe({ looks: [{}, draft, after], deletion: 'ErrorItemNotFound' });
    expect(result).toMatchObject(expected);
  });

  it('whose deletion fails is reported as left', async () => {
    const { result, operations } = await probe({ looks: [{}, draft], deletion: 'ErrorAccessDenied' });
    expect(result).toEqual({ status: 'draft', removed: false });
    expect(operations.filter((one) => one === 'FindItem')).toHaveLength(3);
  });

  it('whose deletion fails, and that is then found only in Deleted Items, was removed by someone else', async () => {
    const looks = [{}, draft, { recoverableitemsdeletions: [item(unsent)] }];
    expect((await probe({ looks, deletion: 'ErrorAccessDenied' })).result).toEqual({ status: 'draft', removed: true });
  });

  it('whose deletion fails, and that cannot be searched again, is reported as left in an unknown result', async () => {
    const looks: World['looks'] = [{}, draft, { status: 403, body: 'no' }];
    expect((await probe({ looks, deletion: 'ErrorAccessDenied' })).result).toMatchObject({ status: 'unknown', draft: 'left' });
    expect((await probe({ looks, deletion: 'ErrorItemNotFound' })).result).not.toHaveProperty('draft');
  });

  it('of two, deleted but still shown while the other is searched again, is left', async () => {
    const looks = [{}, { drafts: [item(unsent, 'one'), item(unsent, 'two')] }, { drafts: [item(unsent, 'one')] }];
    const { result } = await probe({ looks, deletion: [ok, 'ErrorItemNotFound'] });
    expect(result).toEqual({ status: 'draft', removed: false });
  });

  it('without an id cannot be deleted, and is reported as left', async () => {
    const { result, operations } = await probe({ looks: [{}, { drafts: [item(unsent, '')] }] });
    expect([result, operations.includes('DeleteItem')]).toEqual([{ status: 'draft', removed: false }, false]);
  });

  it('beside its copy changes nothing, whatever happens to it: the note was sent', async () => {
    const looks = [{}, { ...draft, deleteditems: [item(sent, 'other')] }, {}];
    const { result, operations } = await probe({ looks, deletion: 'ErrorItemNotFound' });
    expect(result).toEqual({ status: 'found' });
    expect(operations.filter((one) => one === 'FindItem')).toHaveLength(2);
  });

  it('that was verifiably deleted is not searched again', async () => {
    const { operations } = await probe({ looks: [{}, draft] });
    expect(operations).toEqual(['FindItem', 'FindItem', 'DeleteItem']);
  });
});
