import type { Stats } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import type { SpoolEntry, SpoolState, SpoolStorage } from '../spool/contract.ts';
import { jsonLines } from '../spool/disk/json-lines.ts';
import { syncDescriptor } from '../spool/disk/syncing.ts';
import type { MovedEntry } from '../spool/state/transfer.ts';
import { type ExportedMessage, isHeader, messagesIn, parse } from './export-file.ts';

/** The file of an export, and the exported spool. */
export interface ExportTarget {
  readonly file: string;
  readonly spool: Pick<SpoolStorage, 'get' | 'findMessage'>;
  /** Replaces any export, even one with messages that exist nowhere else. */
  readonly overwrite: boolean;
  /** Whether waiting messages have been held for it by now. */
  readonly isHeld?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Ensures that an export may be written under its name: there is no file, or an export of which the spool still has every text, so that none exists in that
 * file alone. Resolves with the facts of the existing file.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export async function assertReplaceable(target: ExportTarget): Promise<Stats | undefined> {
  const { file, overwrite } = target;
  if (/-(wal|shm|journal)$/i.test(file))
    throw refused(target, 'has a name that SQLite uses for the companion files of a database');
  const there = await factsOf(target);
  if (there === undefined) return undefined;
  if (!there.isFile()) throw refused(target, `is ${kindOf(there)}`);
  if (!(await isExport(file))) throw refused(target, 'exists and is not an export');
  if (!overwrite && !(await isAllKept(target))) throw notKept(target);
  return there;
}

async function factsOf(target: Pick<ExportTarget, 'file' | 'isHeld'>): Promise<Stats | undefined> {
  try {
    return await lstat(target.file);
  } catch (error) {
    if (property(error, 'code') === 'ENOENT') return undefined;
    throw unwritable(target, error);
  }
}

async function isAllKept({ file, spool, signal }: ExportTarget): Promise<boolean> {
  try {
    // The spool eventually forgets ended entries: one entry that it knows proves that the file is its own.
    let isOwn: boolean | undefined;
    for await (const { entries } of messagesIn(file)) {
      signal.throwIfAborted();
      for (const entry of entries) {
        const found = isOwn !== true || !hasEnded(entry.state) ? await entryIn(spool, entry) : undefined;
        if (!hasEnded(entry.state) && !isKept(found)) return false;
        isOwn = isOwn === true || found !== undefined;
      }
    }
    return isOwn !== false;
  } catch (error) {
    // Of another version, or damaged: its content is unknown.
    if (hasCode(error, 'OPTION_INVALID')) return false;
    throw error;
  }
}

/** Finds an entry by its id, which is unique and kept by an import. Ids of messages are the host's, and two spools may have the same. */
async function entryIn(
  spool: ExportTarget['spool'],
  { id, messageId }: ExportedMessage['entries'][number],
): Promise<SpoolEntry | undefined> {
  // A line written by hand may hold anything, and PostgreSQL accepts no NUL.
  if (![id, messageId].every((one: unknown) => typeof one === 'string' && !one.includes('\0'))) return undefined;
  const found = (await spool.get(id)) ?? (await spool.findMessage(messageId)).find((entry) => entry.id === id);
  return found?.messageId === messageId ? found : undefined;
}

/** A message purged before delivery is a tombstone, whose text may exist in the file alone. */
function isKept(found: SpoolEntry | undefined): boolean {
  return found !== undefined && (found.message !== undefined || hasEnded(found.state));
}

function hasEnded(state: SpoolState | MovedEntry['state']): boolean {
  return state === 'delivered' || state === 'cancelled';
}

function kindOf(there: Stats): string {
  if (there.isDirectory()) return 'a folder';
  return there.isSymbolicLink() ? 'a link' : 'not a regular file';
}

async function isExport(file: string): Promise<boolean> {
  try {
    for await (const text of jsonLines(file)) return isHeader(parse(text, file));
  } catch {
    // Unreadable, or its first line is not JSON.
  }
  return false;
}

/**
 * Gives a complete export its name, durably. Checks the existing file again, even if it was there before: it may have appeared since the export began, or the spool may
 * have lost a text that is in that file.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export async function publish(partial: string, target: ExportTarget): Promise<void> {
  const { file } = target;
  if (!(await isLinked(partial, file))) {
    while (!isSame(await assertReplaceable(target), await factsOf(target))) target.signal.throwIfAborted();
    await rename(partial, file).catch((error: unknown) => {
      throw unwritable(target, error);
    });
  }
  // rename also leaves two names of the same file in place.
  await rm(partial, { force: true });
  const folder = await open(dirname(file), 'r').catch(() => undefined);
  if (folder !== undefined) await syncDescriptor(folder.fd).catch(() => undefined);
  await folder?.close();
}

/** Tries a link, which never replaces a file. False on a disk without links, or if a file exists, which must be checked. */
async function isLinked(partial: string, file: string): Promise<boolean> {
  return link(partial, file).then(
    () => true,
    () => false,
  );
}

function isSame(one: Stats | undefined, other: Stats | undefined): boolean {
  return (['dev', 'ino', 'size', 'mtimeMs', 'ctimeMs'] as const).every((fact) => one?.[fact] === other?.[fact]);
}

export function unwritable({ file, isHeld = false }: Pick<ExportTarget, 'file' | 'isHeld'>, error: unknown): OfflineImError {
  const code = String(property(error, 'code'));
  const why: Readonly<Record<string, string>> = {
    ENOENT: 'its folder does not exist',
    ENOTDIR: 'its folder is a file',
    EACCES: 'you may not write to its folder',
    EROFS: 'its disk is read-only',
    ENOSPC: 'its disk is full',
    ENAMETOOLONG: 'its name is too long',
  };
  const text = `${quoted(file)} can't be written: ${why[code] ?? code}. Nothing was exported.${isHeld ? heldByNow : ''}`;
  return new OfflineImError('OPTION_INVALID', text, { cause: error });
}

const heldByNow = ' The messages waiting here stay held until you export again.';

function refused(target: ExportTarget, found: string): OfflineImError {
  return new OfflineImError(
    'OPTION_INVALID',
    `${whatIs(target, found)} Choose a path that does not exist yet, or that of an older export of the same spool.`,
  );
}

function notKept(target: ExportTarget): OfflineImError {
  const found = 'is an export with messages that this spool does not know, or whose text it no longer has';
  const text = `${whatIs(target, found)} Choose a path that does not exist yet, or --overwrite (overwrite: true), which loses the messages that only that file has.`;
  return new OfflineImError('OPTION_INVALID', text);
}

function whatIs({ file, isHeld }: ExportTarget, found: string): string {
  return `Nothing was exported: ${quoted(file)} ${found}.${isHeld === true ? heldByNow : ''}`;
}
