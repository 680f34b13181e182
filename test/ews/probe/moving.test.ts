/** An item in transit moves from folder to folder: whenever it moves, it is never reported as absent. */
import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/transport/contract.ts';
import { always, useHarness } from '../support/harness.ts';
import { found, foundFolders, type Item, message, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const way = ['drafts', 'outbox', 'conversationhistory', 'sentitems', 'deleteditems', 'recoverableitemsdeletions'] as const;
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const tag = 'note-0/1';

/** Folders are read one at a time; before each read in `moves`, the item moves on, which changes its id. */
function movingItem(begin: number, moves: readonly number[]): { deleted(): boolean } {
  let [at, reads, deleted] = [begin, 0, false];
  const before = (): void => {
    reads += 1;
    at += moves.filter((read) => read === reads).length;
  };
  const here = (): Item => ({ tag, id: `id-${at}`, flags: at < 2 ? 9 : 1, isDraft: at < 2, created: '2016-06-14T11:00:00Z' });
  h.server.handler = ({ operation, body }): Answer => {
    if (operation === 'FindFolder') return { body: foundFolders() };
    if (operation === 'DeleteItem') {
      before();
      const gone = !deleted && at < way.length && body.includes(`"id-${at}"`);
      deleted ||= gone;
      return { body: response('DeleteItem', [message('DeleteItem', gone ? ok : 'ErrorItemNotFound', { content: '' })]) };
    }
    const folders = [...body.matchAll(/DistinguishedFolderId Id="(\w+)"/g)].map(([, name]) => name);
    const pages = folders.map((name) => {
      before();
      return !deleted && way[at] === name ? [here()] : [];
    });
    return { headers: { date }, body: found(body, pages) };
  };
  return { deleted: () => deleted };
}

async function probe(folder = 'conversationhistory'): Promise<ProbeResult | undefined> {
  const transport = h.transport();
  const note = h.note(transport, 0);
  const place = { ...note.place, folder };
  return (await transport.probe([{ ...note, unknownAttempts: [{ tag, place }] }], always()))[0];
}

describe('an item that moves between two reads', () => {
  // The first search is one read, the search of every folder six more, the deletion of a draft one, and the search after it six.
  const reads = Array.from({ length: 14 }, (_, n) => n + 1);
  for (const [begin, from] of way.slice(0, -1).entries()) {
    it.each(reads)(`from ${from} before read %s`, async (read) => {
      const { deleted } = movingItem(begin, [read]);
      const result = await probe();
      expect(result?.status).not.toBe('absent');
      // An unsent item counts as a draft only while it stays where it is.
      if (result?.status === 'draft') expect(deleted()).toBe(true);
    });
  }

  it.each(reads.slice(0, -4))('in several steps, from read %s on', async (read) => {
    for (const moves of [
      [read, read],
      [read, read + 1],
      [read, read + 1, read + 2],
      [read, read, read + 3],
    ]) {
      movingItem(0, moves);
      expect((await probe())?.status).not.toBe('absent');
    }
  });

  it('to a differently named folder', async () => {
    for (const read of reads) {
      movingItem(1, [read, read]);
      expect((await probe('sentitems'))?.status).not.toBe('absent');
    }
  });
});
