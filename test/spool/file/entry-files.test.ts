import { expect, it } from 'vitest';
import type { SenderFolders } from '../../../src/spool/file/disk/layout.ts';
import { EntryFiles, type StoredFile } from '../../../src/spool/file/entry-files.ts';

const file = (path: string, size = 1): StoredFile => ({ path, folders: {} as SenderFolders, place: 'waiting', size });

it('a file is left when its last entry has another, or has ended', () => {
  const files = new EntryFiles();
  const [both, later] = [file('both', 2), file('later')];
  expect(
    files.put(both, [
      ['a', 1],
      ['b', 1],
    ]),
  ).toEqual([]);
  expect(files.put(later, [['a', 2]])).toEqual([]);
  expect([files.entriesIn(both), files.entriesIn(later), files.get('a')]).toEqual([['b'], ['a'], { file: later, rev: 2 }]);
  expect(files.drop('b')).toEqual([both]);
  expect([files.at('both'), files.at('later'), files.entriesIn(both)]).toEqual([undefined, later, []]);
});

it('a file in the place of another takes over the entries that it holds; the rest stay with the one before', () => {
  const files = new EntryFiles();
  const [before, after] = [file('one', 2), file('one')];
  files.put(before, [
    ['a', 1],
    ['b', 1],
  ]);
  expect(files.put(after, [['a', 2]])).toEqual([]);
  expect([files.at('one'), files.entriesIn(before), files.entriesIn(after)]).toEqual([after, ['b'], ['a']]);
  expect(files.drop('b')).toEqual([before]);
  expect([files.at('one'), files.entriesIn(before), files.drop('a'), files.at('one')]).toEqual([after, [], [after], undefined]);
});
