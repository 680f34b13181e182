import { expect, it } from 'vitest';
import { sliceSize } from '../../../src/core/queues.ts';
import type { SenderFolders } from '../../../src/spool/file/disk/layout.ts';
import { EntryFiles, type StoredFile } from '../../../src/spool/file/entry-files.ts';

const file = (path: string, size = 1): StoredFile => ({ path, folders: {} as SenderFolders, place: 'waiting', size });

it('a file is abandoned once its last entry has another file, or has ended', () => {
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

it('a file that replaces another takes over its entries; the rest stay with the old one', () => {
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

it('accepts the entries of a large folder in slices, with the same result as file by file', () => {
  const files = new EntryFiles();
  const count = 2 * sliceSize;
  const currentFiles = Array.from({ length: count }, (_, index) => ({
    file: file(`${index}`, 2),
    entries: [[`a${index}`, 1] as const, [`b${index}`, 2] as const],
  }));
  const loading = files.loading(currentFiles);
  for (let slice = 0; slice < 2; slice++) loading.next();
  expect([files.get(`b${count - 1}`)?.rev, files.at('0')]).toEqual([2, undefined]);
  expect([...loading]).toHaveLength(2);
  const last = currentFiles[count - 1]?.file ?? file('none');
  expect([files.at(last.path), files.entriesIn(last)]).toEqual([last, [`a${count - 1}`, `b${count - 1}`]]);
  expect([files.drop(`a${count - 1}`), files.drop(`b${count - 1}`)]).toEqual([[], [last]]);
});
