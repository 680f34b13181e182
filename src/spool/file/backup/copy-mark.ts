import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { property } from '../../../core/errors/thrown.ts';
import { errnoOf, type FileLayer } from '../disk/file-layer.ts';
import type { Layout } from '../disk/layout.ts';

/*
 * `.offline-im/copy.json` tells a copy from the spool it was made of: what waits in the copy may have been sent since.
 */

/** What is known of a folder as a copy. */
export interface CopyMark {
  /** ms since 1970 UTC. Set in a backup that nobody has opened yet. */
  readonly madeAt?: number;
  /** Folders whose messages were held, as {@link identityOf} knows them. */
  readonly held: readonly string[];
}

const name = 'copy.json';
const largest = 64 * 1024;

/** Reads the mark; `undefined` where there is none. One that can't be read counts as that of a backup: holding what waits does no harm. */
export async function readMark(files: FileLayer, { own }: Pick<Layout, 'own'>): Promise<CopyMark | undefined> {
  const path = join(own, name);
  if ((await files.stat(path)) === undefined) return undefined;
  try {
    const data = await files.read(path, largest);
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    const madeAt = property(value, 'madeAt');
    const held = property(value, 'held');
    if (!Array.isArray(held)) return { madeAt: 0, held: [] };
    const names = held.filter((one) => typeof one === 'string');
    return typeof madeAt === 'number' ? { madeAt, held: names } : { held: names };
  } catch {
    return { madeAt: 0, held: [] };
  }
}

/** Writes the mark, durable when resolved. */
export async function writeMark(files: FileLayer, { own }: Pick<Layout, 'own'>, mark: CopyMark): Promise<void> {
  const partial = join(own, `${name}.partial`);
  await files.remove(partial).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  const file = await files.create(partial);
  try {
    await file.write(new TextEncoder().encode(`${JSON.stringify(mark)}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(partial, join(own, name));
  await files.syncFolder(own);
}

/** Names the folder itself, wherever it lies: a copy of it is another folder. All folders of a `FileLayer` of the host's have one name. */
export function identityOf(root: string): string {
  try {
    const { ino, birthtimeMs } = lstatSync(root);
    return `${ino}:${birthtimeMs}`;
  } catch {
    return 'folder';
  }
}
