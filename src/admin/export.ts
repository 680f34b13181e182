import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { EntryFilter } from '../spool/admin/contract.ts';
import type { SpoolEntry, SpoolStorage } from '../spool/contract.ts';
import { syncDescriptor } from '../spool/disk/syncing.ts';
import { isBeingImported, isExported, type MovedEntry, wasHeld } from '../spool/state/transfer.ts';
import { TransitionSpool } from '../spool/state/transition-spool.ts';
import type { ExportEnd, ExportedMessage, ExportHeader } from './export-file.ts';
import { openPartial } from './export-partial.ts';
import { assertReplaceable, publish, unwritable } from './export-target.ts';

export type TransferStorage = SpoolStorage & TransitionSpool;

/** @throws {OfflineImError} `SPOOL_NOT_OPERABLE` */
export function transferable(storage: SpoolStorage): TransferStorage {
  if (storage instanceof TransitionSpool && storage.admin !== undefined) return storage;
  throw new OfflineImError('SPOOL_NOT_OPERABLE', `The spool ${storage.name} can neither be exported nor imported into.`);
}

const atOnce = 200;

export interface ExportOptions {
  /** The spool goes on; waiting messages are imported as held. */
  readonly copy: boolean;
  /** Replaces an older export even if it has messages that this spool no longer knows, which are then lost. Never replaces anything but an export. @default false */
  readonly overwrite?: boolean;
  readonly signal: AbortSignal;
  onProgress(messages: number): void;
}

/**
 * Writes the whole content of a spool to a file. First holds everything that waits for good, each part in the commit that stops its claims; then writes it, under
 * another name until it is complete. If interrupted, call it again: it starts over. Replaces only an older export of messages that the spool still has, unless
 * `overwrite` is set.
 *
 * @throws {OfflineImError} `SPOOL_LOCKED` while messages are being sent from the spool, or imported into it; `OPTION_INVALID` for a file that can't be created,
 * or is not an export
 */
export async function exportSpool(
  storage: SpoolStorage,
  file: string,
  { copy, overwrite = false, signal, onProgress }: ExportOptions,
): Promise<{ readonly messages: number }> {
  const spool = transferable(storage);
  // Before anything is held: an unwritable place must not stop a spool.
  const target = { file, spool, overwrite, signal };
  await assertReplaceable(target);
  const { output, path: partial } = await openPartial(file);
  const hash = createHash('sha256');
  let isHeld = false;
  const kept = (written: Promise<void>): Promise<void> =>
    written.catch((error: unknown) => {
      throw unwritable({ file, isHeld }, error);
    });
  const write = async (line: ExportHeader | ExportedMessage): Promise<void> => {
    const text = `${JSON.stringify(line)}\n`;
    hash.update(text);
    await kept(output.appendFile(text));
  };
  let messages = 0;
  try {
    for (const state of ['spooled', 'held'] as const)
      for await (const page of pagesOf(spool, { state }, signal)) for (const entry of page) requireImported(entry);
    isHeld = !copy;
    if (isHeld) await holdAll(spool, signal);
    await write({ offlineIm: 'export', version: 1, copy });
    for await (const entries of messagesOf(spool, copy, signal)) {
      await write({ entries });
      messages += 1;
      if (messages % 1_000 === 0) onProgress(messages);
    }
    const last: ExportEnd = { end: true, messages, sha256: hash.digest('hex') };
    await kept(output.appendFile(`${JSON.stringify(last)}\n`));
    await kept(syncDescriptor(output.fd));
    await kept(output.close());
    await publish(partial, { ...target, isHeld });
  } catch (error) {
    await output.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
  return { messages };
}

async function holdAll(spool: TransferStorage, signal: AbortSignal): Promise<void> {
  const { delivering } = await spool.counts();
  if (delivering > 0) throw sending(delivering);
  for (const state of ['spooled', 'deferred', 'unconfirmed', 'held'] as const) {
    for await (const page of pagesOf(spool, { state }, signal)) {
      const ids = page.filter((entry) => !isExported(entry)).map(({ id }) => id);
      if (ids.length > 0) await spool.holdExported(ids);
    }
  }
}

async function* pagesOf(spool: TransferStorage, filter: EntryFilter, signal: AbortSignal): AsyncIterable<readonly SpoolEntry[]> {
  let cursor: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await spool.admin?.listBy(filter, cursor, atOnce);
    if (page === undefined) return;
    yield page.entries;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** Every message once, in the order of acceptance; tombstones too. */
async function* messagesOf(
  spool: TransferStorage,
  copy: boolean,
  signal: AbortSignal,
): AsyncIterable<ExportedMessage['entries']> {
  const seen = new Set<string>();
  for await (const page of pagesOf(spool, {}, signal)) {
    for (const { messageId } of page) {
      if (seen.has(messageId)) continue;
      seen.add(messageId);
      const entries = [];
      for (const entry of await spool.findMessage(messageId)) {
        if (!copy) await holdLate(spool, entry);
        entries.push(exportedOf((await spool.get(entry.id)) ?? entry));
      }
      if (entries.length > 0) yield entries;
    }
  }
}

/** Holds an entry that another process has accepted since the others were held: it would be sent both from here and from where it is imported. */
async function holdLate(spool: TransferStorage, { id, state, reason }: SpoolEntry): Promise<void> {
  if (waitsNoMore(state) || isExported({ reason })) return;
  if (state === 'delivering') throw sending(1);
  await spool.holdExported([id]);
}

function waitsNoMore(state: SpoolEntry['state']): boolean {
  return state === 'dead' || state === 'delivered' || state === 'cancelled';
}

function sending(entries: number): OfflineImError {
  const text = `${entries} entries are being sent from this spool, or were when their sender died; stop its senders, and export once their leases have expired.`;
  return new OfflineImError('SPOOL_LOCKED', text);
}

/** Refuses an entry whose import is unfinished: it would look as if it had never been tried. */
function requireImported(entry: SpoolEntry): void {
  if (!isBeingImported(entry)) return;
  const text =
    'Entries of this spool are still being imported, or their import was interrupted: import the same file again, then export.';
  throw new OfflineImError('SPOOL_LOCKED', text);
}

function exportedOf(entry: SpoolEntry): ExportedMessage['entries'][number] {
  requireImported(entry);
  const { state, acceptedAt, pickupAt: _pickup, expiresAt, endedAt: _ended, reason, noteId: _note, ...rest } = entry;
  const waits = !waitsNoMore(state);
  // 0: it has expired, and is only probed.
  const expiresIn = expiresAt === 0 ? 1 : Math.max(1, expiresAt - (waits ? Date.now() : acceptedAt));
  const known = isExported(entry) ? (wasHeld(entry) ? 'held' : 'waiting') : stateOf(state);
  // Purged: it can't be sent any more, and its id prevents a second message.
  const moved = entry.message === undefined && known !== 'delivered' ? 'cancelled' : known;
  return { ...rest, expiresIn, state: moved, ...(reason === undefined || isExported(entry) ? {} : { reason }) };
}

function stateOf(state: SpoolEntry['state']): MovedEntry['state'] {
  switch (state) {
    case 'spooled':
    case 'deferred':
    case 'delivering':
    case 'unconfirmed':
      return 'waiting';
    case 'held':
    case 'dead':
    case 'delivered':
    case 'cancelled':
      return state;
  }
}
