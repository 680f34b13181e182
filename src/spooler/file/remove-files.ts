import { dirname } from 'node:path';
import type { Parts } from '../../spool/file/parts.ts';
import { errnoOf } from './errno.ts';
import { eachOf } from './pool.ts';

/**
 * Removes files that say nothing any more, without making that durable: whatever comes back has a lower revision than
 * its entry has elsewhere, or a tombstone. Answers with the paths that could not be removed.
 */
export async function removeFiles(parts: Parts, paths: Iterable<string>): Promise<string[]> {
  const left: string[] = [];
  await eachOf(paths, async (path) => {
    try {
      await parts.files.remove(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') left.push(path);
    }
    parts.syncs.loosen(dirname(path));
  });
  return left;
}
