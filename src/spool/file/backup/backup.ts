import { lstat, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../../../core/errors/thrown.ts';
import { type BackupOptions, backupRefused } from '../../disk/backup.ts';
import { errnoOf } from '../disk/file-layer.ts';
import { layoutOf } from '../disk/layout.ts';
import { nodeFiles } from '../disk/node-files.ts';
import { FileJournal } from '../file-journal.ts';
import { readMark, writeMark } from './copy-mark.ts';
import type { CopyStep } from './copy-step.ts';

/** Hands over a whole spool, step by step, each as it is at one moment. */
export type CopySource = (take: (step: CopyStep, progress: { copied: number; total: number }) => Promise<void>) => Promise<void>;

/** Writes a copy of a spool under a temporary name, and gives it the name of the target once all of it is durable. */
export async function backUpFolder(
  root: string,
  target: string,
  source: CopySource,
  { overwrite = false, signal, onProgress }: BackupOptions,
  clock: Clock,
): Promise<void> {
  signal?.throwIfAborted();
  await mkdir(dirname(target), { recursive: true });
  const path = join(await realpath(dirname(target)), basename(target));
  await (await claimTarget(root, path, overwrite))();
  const partial = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`;
  try {
    const copy = new FileJournal({ root: partial, files: nodeFiles, allowNetworkDisk: true });
    await copy.open({ clock, tombstones: 0 }, () => undefined);
    try {
      await source(async (step, progress) => {
        signal?.throwIfAborted();
        for (const change of step) await copy.write(change);
        answerAtOnce(onProgress?.(progress));
      });
    } finally {
      await copy.close();
    }
    await writeMark(nodeFiles, layoutOf(partial), { madeAt: Math.floor(clock.now()), held: [] });
    await nodeFiles.syncFolder(partial);
    signal?.throwIfAborted();
    await putInPlace(root, partial, path, overwrite);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Checks the target once more, and puts the copy in its place. What is replaced keeps a name until the copy has its own. */
async function putInPlace(root: string, partial: string, path: string, overwrite: boolean): Promise<void> {
  const release = await claimTarget(root, path, overwrite);
  const old = `${partial}.old`;
  try {
    const replaces = (await statOf(path)) !== undefined;
    if (replaces) await rename(path, old);
    try {
      await rename(partial, path);
    } catch (error) {
      if (replaces) await rename(old, path);
      throw error;
    }
    await nodeFiles.syncFolder(dirname(path));
  } finally {
    await release();
    await rm(old, { recursive: true, force: true });
  }
}

/** Makes sure that a target may be replaced, and that nobody opens it meanwhile. @throws {OfflineImError} `BACKUP_REFUSED` */
async function claimTarget(root: string, path: string, overwrite: boolean): Promise<() => Promise<void>> {
  const own = await realpath(root).catch(() => root);
  if (path === own || path.startsWith(own + sep)) throw backupRefused(path, 'is the spool itself, or is inside it');
  const facts = await statOf(path);
  if (facts === undefined) return async () => undefined;
  if (!facts.isFile() && !facts.isDirectory()) throw backupRefused(path, 'is a link or a device');
  const itself = await statOf(own);
  if (itself?.dev === facts.dev && itself.ino === facts.ino) throw backupRefused(path, 'is the spool itself');
  if (own.startsWith(path + sep)) throw backupRefused(path, 'is a folder that contains the spool');
  if (facts.isFile()) {
    if (!overwrite) throw backupRefused(path, 'is a file; overwrite: true replaces it');
    return async () => undefined;
  }
  const layout = layoutOf(path);
  const isSpool = (await statOf(layout.own)) !== undefined;
  const release = isSpool ? await lockTarget(path, layout.lock) : async () => undefined;
  if (overwrite || (isSpool && (await readMark(nodeFiles, layout))?.madeAt !== undefined)) return release;
  await release();
  throw backupRefused(path, 'exists and is not a backup of a spool; overwrite: true replaces it and everything in it');
}

async function lockTarget(path: string, lock: string): Promise<() => Promise<void>> {
  try {
    return await nodeFiles.lock(lock);
  } catch (error) {
    if (error instanceof OfflineImError && error.code === 'SPOOL_LOCKED') throw backupRefused(path, 'is a spool that is open');
    throw error;
  }
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
