import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, statesOf } from '../../support/spool-entries.ts';

/** The files of a spool written by version 0.1.0, by path; its process was killed while a note was being delivered. */
const fixture = new URL('./fixtures/written-by-0.1.0.json', import.meta.url);

it('opens a spool written by version 0.1.0 and continues all of it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'offline-im-'));
  const files = JSON.parse(await readFile(fixture, 'utf8')) as Record<string, string>;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  const corrupt: string[] = [];
  const clock = new ManualClock();
  const spool = new FileSpool({ root });
  await spool.open({ clock, tombstones: 86_400_000, onCorrupt: ({ where }) => corrupt.push(where) });
  expect(corrupt).toEqual([]);
  const both = (name: string, state: string) => ({ [`${name}-1`]: state, [`${name}-2`]: state });
  expect(await statesOf(spool)).toEqual({
    ...both('spooled', 'spooled'),
    ...both('held', 'held'),
    ...both('deferred', 'deferred'),
    ...both('unconfirmed', 'unconfirmed'),
    ...both('delivering', 'unconfirmed'),
    ...both('dead', 'dead'),
    ...both('dead-unknown', 'dead'),
    ...both('delivered', 'delivered'),
    ...both('cancelled', 'cancelled'),
    late: 'spooled',
  });

  await clock.advance(5_000);
  const probes = await spool.claim(claimRequest({ kind: 'probe' }));
  const tags = probes.map(({ unknownAttempts }) => unknownAttempts.map(({ tag }) => tag));
  expect(tags.sort()).toEqual([['note-delivering-5:1'], ['note-unconfirmed-4:1']]);
  await spool.settle(probes.map(({ token }) => ({ token, to: 'delivered' })));
  expect((await spool.get('dead-unknown-2'))?.unknownAttempts).toHaveLength(1);
  expect(await spool.get('delivered-1')).toMatchObject({ messageClass: 'IPM.Note.Microsoft.Missed' });

  await clock.advance(3_600_000);
  await spool.release(['held-1', 'held-2']);
  const notes = await spool.claim(claimRequest());
  const claimed = notes.map(({ attempt, entries }) => [attempt, ...entries.map(({ message }) => message?.text)]);
  expect(claimed.sort()).toEqual([
    [1, 'text of held-1', 'text of held-2'],
    [1, 'text of late'],
    [1, 'text of spooled-1', 'text of spooled-2'],
    [2, 'text of deferred-1', 'text of deferred-2'],
  ]);
  await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
  expect(await spool.counts()).toMatchObject({ delivered: 13, cancelled: 2, dead: 4, spooled: 0, unconfirmed: 0 });
  await spool.close();
  await rm(root, { recursive: true });
});
