import { dirname } from 'node:path';
import { eachOf } from '../../core/queues.ts';
import { LaterFormat, ShapeError } from '../journaled/json-shape.ts';
import { errnoOf, type FileLayer, isAboutTheFile } from './disk/file-layer.ts';
import type { StoredFile } from './entry-files.ts';
import { largestFile, parseEntries, type StoredEntry } from './formats.ts';
import type { Parts } from './parts.ts';

/**
 * Removes files that nobody needs, without making that durable: whatever comes back has a lower revision than
 * its entry has elsewhere, or a tombstone. Resolves with the paths that could not be removed.
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

/** What is wrong with a file, in words that quote none of it. */
export interface Unreadable {
  readonly found: string;
  /** Set when nothing is wrong but that a later version of this library wrote it. */
  readonly later?: LaterFormat;
}

/**
 * Reads a file of entries. Resolves with what is wrong with it, if anything.
 *
 * @throws errors that say nothing about this file: too many are open, memory is short
 */
export async function readEntries(files: FileLayer, path: string): Promise<readonly StoredEntry[] | Unreadable> {
  let data: Uint8Array | undefined;
  try {
    data = await readTwice(files, path, largestFile);
  } catch (error) {
    if (!isAboutTheFile(error)) throw error;
    return { found: `it cannot be read (${errnoOf(error) ?? 'error'})` };
  }
  return parsed(path, data, parseEntries);
}

/** Reads again what could not be read: a disk or a network that stumbles once must not set a message aside. */
async function readTwice(files: FileLayer, path: string, largest: number): Promise<Uint8Array | undefined> {
  try {
    return await files.read(path, largest);
  } catch (error) {
    if (errnoOf(error) !== 'EIO') throw error;
    return files.read(path, largest);
  }
}

/** Decodes and parses what was read; `undefined` was too large. */
export function parsed<Value>(path: string, data: Uint8Array | undefined, parse: (content: string) => Value): Value | Unreadable {
  if (data === undefined) return { found: `it has more than ${largestFile} bytes` };
  try {
    return parse(decode(data));
  } catch (error) {
    if (error instanceof ShapeError) return { found: error.message };
    if (error instanceof LaterFormat) return { found: error.message, later: new LaterFormat(path, error.format) };
    throw error;
  }
}

export function isUnreadable(value: object): value is Unreadable {
  return 'found' in value;
}

/** Reads entries with their messages, each file once. Sets aside what can't be read, and leaves it out. */
export async function readEntriesById(parts: Parts, ids: Iterable<string>): Promise<ReadonlyMap<string, StoredEntry>> {
  const wanted = new Map<StoredFile, string[]>();
  for (const id of ids) {
    const file = parts.entryFiles.get(id)?.file;
    if (file === undefined) continue;
    const others = wanted.get(file);
    if (others === undefined) wanted.set(file, [id]);
    else others.push(id);
  }
  const entries = new Map<string, StoredEntry>();
  await eachOf(wanted, async ([file, wantedIds]) => {
    const read = await readEntries(parts.files, file.path);
    if (isUnreadable(read)) {
      for (const id of parts.entryFiles.entriesIn(file)) parts.entryFiles.drop(id);
      if (read.later === undefined) await parts.quarantine.setAside(file.path, file.folders.corrupt, read.found);
      else parts.quarantine.report(file.path, read.found);
      return;
    }
    for (const id of wantedIds) {
      const entry = read.find(({ fixed }) => fixed.id === id);
      if (entry !== undefined) entries.set(id, entry);
      else {
        parts.entryFiles.drop(id);
        parts.quarantine.report(file.path, 'an entry that it held is no longer in it');
      }
    }
  });
  return entries;
}

function decode(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    throw new ShapeError('the file', 'UTF-8');
  }
}
