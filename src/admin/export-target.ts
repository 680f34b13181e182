import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import { isHeader, messagesIn, parse, textsOf } from './export-file.ts';

/**
 * Makes sure that an export of a spool may take the place of what has the name of its file: nothing, or an export whose messages the spool all knows, so that none of them
 * is in that file alone.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export async function assertReplaceable(
  file: string,
  isKnown: (messageId: string) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  if (/-(wal|shm|journal)$/i.test(file)) throw refused(file, 'has a name that SQLite gives to the companions of a database');
  const there = await lstat(file).catch((error: unknown) => {
    if (property(error, 'code') === 'ENOENT') return undefined;
    throw unwritable(file, error);
  });
  if (there === undefined) return;
  if (!there.isFile()) throw refused(file, `is ${kindOf(there)}`);
  if (!(await isExport(file))) throw refused(file, 'is there, and is no export');
  if (!(await isAllKnown(file, isKnown, signal))) throw refused(file, 'is an export with messages that this spool does not know');
}

async function isAllKnown(file: string, isKnown: (messageId: string) => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const { entries } of messagesIn(file)) {
      signal.throwIfAborted();
      for (const { messageId } of entries) if (!(await isKnown(messageId))) return false;
    }
    return true;
  } catch (error) {
    // Of another version, or damaged: nobody can tell what is in it.
    if (hasCode(error, 'OPTION_INVALID')) return false;
    throw error;
  }
}

function kindOf(there: Stats): string {
  if (there.isDirectory()) return 'a folder';
  return there.isSymbolicLink() ? 'a link' : 'no ordinary file';
}

async function isExport(file: string): Promise<boolean> {
  try {
    for await (const text of textsOf(file)) return isHeader(parse(text, file));
  } catch {
    // It can't be read, or its first line is no JSON.
  }
  return false;
}

/** Where an export is written until it is whole: by the process, since two may write at once. What killed ones have left is removed. @throws {OfflineImError} `OPTION_INVALID` */
export async function openPartial(file: string): Promise<{ readonly output: FileHandle; readonly path: string }> {
  const path = `${file}.${process.pid}.partial`;
  try {
    await removeLeft(file);
    return { output: await open(path, 'wx', 0o600), path };
  } catch (error) {
    throw unwritable(file, error);
  }
}

async function removeLeft(file: string): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)];
  for (const one of await readdir(folder)) {
    const [, pid] = one.startsWith(name) ? (/^\.(\d+)\.partial$/.exec(one.slice(name.length)) ?? []) : [];
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) await rm(join(folder, one), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Of another user: alive.
    return property(error, 'code') !== 'ESRCH';
  }
}

/** Gives what is whole its name, so that it has it after a power cut too. */
export async function publish(partial: string, file: string): Promise<void> {
  await rename(partial, file);
  const folder = await open(dirname(file), 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function unwritable(file: string, error: unknown): OfflineImError {
  const code = String(property(error, 'code'));
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'its folder is a file',
    EACCES: 'its folder is not yours to write',
    EROFS: 'its disk is read-only',
    ENOSPC: 'its disk is full',
  };
  const text = `${quoted(file)} can't be written: ${why[code] ?? code}. Nothing was exported.`;
  return new OfflineImError('OPTION_INVALID', text, { cause: error });
}

function refused(file: string, found: string): OfflineImError {
  const text = `Nothing was exported: ${quoted(file)} ${found}. Choose a path where nothing is yet, or that of an older export of the same spool.`;
  return new OfflineImError('OPTION_INVALID', text);
}
