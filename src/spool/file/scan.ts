import { join, sep } from 'node:path';
import { systemClock, Turns } from '../../core/clock.ts';
import { eachOf } from '../../core/queues.ts';
import { errnoOf, type FileLayer } from './disk/file-layer.ts';
import { isRecordName, isTemporaryName, type Layout, type SenderFolders } from './disk/layout.ts';

/** A file that may be one of ours, by place and name. */
export interface FoundFile {
  readonly path: string;
  readonly folders: SenderFolders;
  /** False for a link or worse, which is not to be read. */
  readonly regular: boolean;
}

/** The files and folders under a root. */
export interface Scan {
  readonly waiting: readonly FoundFile[];
  readonly dead: readonly FoundFile[];
  readonly manifests: readonly FoundFile[];
  /** Paths of our folders where something else lies. */
  readonly strange: readonly string[];
  /** Every folder that may contain a file of ours. */
  readonly folders: readonly string[];
  /** Files that were never completed. */
  readonly leftovers: readonly string[];
}

/** Lists the files of every sender, and takes rights to their folders from others. */
export async function scan(files: FileLayer, layout: Layout): Promise<Scan> {
  const found = {
    waiting: [] as FoundFile[],
    dead: [] as FoundFile[],
    manifests: [] as FoundFile[],
    strange: [] as string[],
    folders: [layout.root] as string[],
    leftovers: [] as string[],
  };
  const senders = (await files.list(layout.root)).filter(({ name, kind }) => kind === 'folder' && !name.startsWith('.'));
  await eachOf(senders, async ({ name }) => {
    const folders = layout.sender(name);
    // Other programs have folders here too: the product keeps its logs beside its History Spooler.
    const before = found.folders.length;
    await scanFolder(files, folders.dead, folders, found, found.dead);
    if (found.folders.length === before) return;
    found.folders.push(folders.sender);
    await scanFolder(files, folders.waiting, folders, found, found.waiting);
    await scanFolder(files, folders.notes, folders, found, found.manifests);
  });
  return found;
}

async function scanFolder(
  files: FileLayer,
  path: string,
  folders: SenderFolders,
  found: { readonly strange: string[]; readonly folders: string[]; readonly leftovers: string[] },
  records: FoundFile[],
): Promise<void> {
  const facts = await files.stat(path);
  if (facts === undefined) return;
  if (facts.kind !== 'folder') {
    found.strange.push(path);
    return;
  }
  if (facts.othersMay !== 0) await files.restrict(path);
  found.folders.push(path);
  const turns = new Turns(systemClock);
  for (const { name, kind } of await files.list(path)) {
    await turns.step();
    if (isTemporaryName(name)) found.leftovers.push(join(path, name));
    else if (isRecordName(name) && kind !== 'folder') {
      records.push({ path: `${path}${sep}${name}`, folders, regular: kind === 'file' });
    }
  }
}

/** Removes what a process that died had not published yet. */
export async function removeLeftovers(files: FileLayer, paths: readonly string[]): Promise<void> {
  await eachOf(paths, async (path) => {
    try {
      await files.remove(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  });
}
