/** An attempt is searched for where it was sent: by endpoint, mailbox and folder. */
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/transport/contract.ts';
import { useHarness } from '../support/harness.ts';
import { found, foundFolders, type Item } from '../support/responses.ts';

const h = useHarness();
const signal = new AbortController().signal;
const sent = 1;
const mailbox = 'alice@contoso.test';

/** Folders of two mailboxes, by the address named in a search; an id identifies its folder by itself. */
function server(items: Readonly<Record<string, readonly Item[]>>): void {
  h.server.handler = ({ operation, body }) => {
    if (operation === 'FindFolder') return { body: foundFolders() };
    const address = /<t:EmailAddress>([^<]*)</.exec(body)?.[1] ?? mailbox;
    const asked = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, name]) => name ?? '');
    const tags = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag);
    return {
      body: found(
        body,
        asked.map((name) => (items[`${address} ${name}`] ?? []).filter(({ tag }) => tags.includes(tag))),
      ),
    };
  };
}

/** Probes attempts by tag and place, each as its own note. */
async function probe(
  ...attempts: readonly (readonly [tag: string, folder: string, address?: string])[]
): Promise<readonly ProbeResult[]> {
  const transport = h.transport();
  const notes = attempts.map(([tag, folder, address = mailbox], n) => {
    const note = h.note(transport, n);
    return { ...note, unknownAttempts: [{ tag, place: { ...note.place, folder, mailbox: address } }] };
  });
  return transport.probe(notes, { signal });
}

/** The folders and tags of each search, as `folder,folder: tag,tag`. */
const searches = () =>
  h.server.requests
    .filter(({ operation }) => operation === 'FindItem')
    .map(({ body }) => {
      const folders = [...body.matchAll(/FolderId Id="([^"]+)"/g)].map(([, name]) => name);
      const tags = [...body.matchAll(/Constant Value="([^"]*)"/g)].map(([, tag]) => tag);
      return `${folders.join()}: ${tags.join()}`;
    });

describe('attempts', () => {
  it('at one place are probed in one search', async () => {
    server({
      [`${mailbox} sentitems`]: [
        { tag: 'a:1', flags: sent },
        { tag: 'b:1', flags: sent },
      ],
    });
    expect(await probe(['a:1', 'sentitems'], ['b:1', 'sentitems'])).toEqual([{ status: 'found' }, { status: 'found' }]);
    expect(searches()).toEqual(['sentitems: a:1,b:1']);
  });

  it('at one place are recorded in the trace with their note ids', async () => {
    server({});
    const lines: Readonly<Record<string, unknown>>[] = [];
    const write = (fields: Readonly<Record<string, unknown>>): void => {
      lines.push(fields);
    };
    const transport = h.transport({ logger: { debug: write, info: write, warn: write, error: write } });
    const notes = [0, 1, 2].map((n) => {
      const note = h.note(transport, n);
      const folder = n === 2 ? 'deleteditems' : 'sentitems';
      return { ...note, unknownAttempts: [{ tag: note.tag, place: { ...note.place, folder } }] };
    });
    await transport.probe(notes, { signal });
    const named = lines.filter(({ step }) => step === 'ews:request').map((line) => line.notes);
    expect(named).toEqual([['note-0', 'note-1'], ['note-0', 'note-1'], ['note-2'], ['note-2']]);
  });

  it('in two folders are each searched in their own folder first', async () => {
    server({ [`${mailbox} sentitems`]: [{ tag: 'a:1', flags: sent }], [`${mailbox} f`]: [{ tag: 'b:1', flags: sent }] });
    expect(await probe(['a:1', 'sentitems'], ['b:1', 'id:f'])).toEqual([{ status: 'found' }, { status: 'found' }]);
    expect(searches()).toEqual(['sentitems: a:1', 'f: b:1']);
  });

  it('with one tag in two folders get a result each: a copy in one says nothing about the other', async () => {
    server({ [`${mailbox} f`]: [{ tag: 'a:1', flags: sent }] });
    const [first, second] = await probe(['a:1', 'sentitems'], ['a:1', 'id:f']);
    expect([first?.status, second?.status]).toEqual(['absent', 'found']);
  });

  it('with one tag in two mailboxes get a result each; the case of an address does not matter', async () => {
    server({ 'carol@contoso.test sentitems': [{ tag: 'a:1', flags: sent }] });
    const results = await probe(
      ['a:1', 'sentitems'],
      ['a:1', 'sentitems', 'carol@contoso.test'],
      ['a:1', 'sentitems', 'Carol@Contoso.test'],
    );
    expect(results.map(({ status }) => status)).toEqual(['absent', 'found', 'found']);
    expect(searches().filter((search) => search === 'sentitems: a:1')).toHaveLength(2);
  });

  it('at another endpoint are not searched', async () => {
    server({});
    const transport = h.transport();
    const note = h.note(transport, 0);
    const place = { ...note.place, endpoint: 'https://gone.contoso.test/EWS/Exchange.asmx' };
    const [result] = await transport.probe([{ ...note, unknownAttempts: [{ tag: 'a:1', place }] }], { signal });
    expect(result).toMatchObject({ status: 'unknown', error: { code: 'PLACE_GONE' } });
    expect(h.server.requests).toEqual([]);
  });
});
