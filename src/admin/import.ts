import { createHash } from 'node:crypto';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import type { NewSpoolEntry, SpooledMessage, SpoolStorage } from '../spool/contract.ts';
import { jsonLines } from '../spool/disk/json-lines.ts';
import { storableEntry } from '../spool/state/append.ts';
import { parked } from '../spool/state/records.ts';
import { isExported, type MovedEntry } from '../spool/state/transfer.ts';
import { type TransferStorage, transferable } from './export.ts';
import { type ExportedMessage, isHeader, messagesIn, notWhole, parse } from './export-file.ts';

/** The result of an import. */
export interface Imported {
  readonly messages: number;
  readonly added: number;
  /** Messages that were there already, from an earlier run. */
  readonly known: number;
  /** Ids that belong to another message here: skipped. */
  readonly conflicts: readonly string[];
  /** Ids of known messages that wait in the file, and are held here for good, since this spool has exported them itself: nothing sends them from here. */
  readonly exported: readonly string[];
}

const atOnce = 100;

interface Tally extends Imported {
  messages: number;
  added: number;
  known: number;
  readonly conflicts: string[];
  readonly exported: string[];
}

/**
 * Reads an export into a spool: appends each message so that no claim takes it, not even a flush, then restores its state, and only then releases it. If interrupted, call it
 * again: it goes on; after a complete run it adds nothing. Senders and other imports may run at the same time.
 *
 * @throws {OfflineImError} `OPTION_INVALID` or `MESSAGE_INVALID` for a file that is not an export, or was cut off or changed, `SPOOL_VERSION` for one of a later version; nothing was added
 */
export async function importSpool(
  storage: SpoolStorage,
  file: string,
  { signal, onProgress }: { readonly signal: AbortSignal; onProgress(messages: number): void },
): Promise<Imported> {
  const spool = transferable(storage);
  const { copy } = await checkWhole(file);
  const tally: Tally = { messages: 0, added: 0, known: 0, conflicts: [], exported: [] };
  let batch: ExportedMessage[] = [];
  const flush = async (): Promise<void> => {
    await importAll(spool, batch, copy, tally);
    tally.messages += batch.length;
    batch = [];
    if (tally.messages % 1_000 === 0) onProgress(tally.messages);
  };
  for await (const message of messagesIn(file)) {
    signal.throwIfAborted();
    batch.push(message);
    if (batch.length >= atOnce) await flush();
  }
  if (batch.length > 0) await flush();
  return tally;
}

async function importAll(
  spool: TransferStorage,
  messages: readonly ExportedMessage[],
  copy: boolean,
  tally: Tally,
): Promise<void> {
  const results = await spool.append(messages.flatMap(({ entries }) => entries.map(newEntry)));
  const refused = new Set<string>();
  const known = new Set<string>();
  for (const result of results) {
    if (result.status === 'failed') throw result.error;
    if (result.status === 'appended') tally.added += 1;
    else if (result.status === 'duplicate') {
      tally.known += 1;
      known.add(result.messageId);
    } else {
      tally.conflicts.push(result.messageId);
      refused.add(result.messageId);
    }
  }
  const moved = messages.flatMap(({ entries }) => entries).filter(({ messageId }) => !refused.has(messageId));
  // Leaves entries of an earlier run that have gone on since unchanged.
  await spool.adopt(
    moved.map(
      ({ id, state, unknownAttempts, cancelRequested, reason }): MovedEntry => ({
        id,
        state,
        unknownAttempts,
        cancelRequested,
        reason,
      }),
    ),
  );
  for (const { messageId, state } of moved) {
    const waits = state === 'waiting' || state === 'held';
    // It came back to its origin: releasing it would send it twice if another spool has imported the first file.
    if (known.delete(messageId) && waits && (await spool.findMessage(messageId)).some(isExported)) tally.exported.push(messageId);
  }
  if (!copy) await spool.letAdoptedGo(moved.filter(({ state }) => state === 'waiting').map(({ id }) => id));
}

function newEntry(entry: ExportedMessage['entries'][number]): NewSpoolEntry {
  const {
    unknownAttempts: _attempts,
    state: _state,
    reason: _reason,
    attempt: _attempt,
    cancelRequested: _cancel,
    to,
    message,
    ...rest
  } = entry;
  // A tombstone has only its recipients; it is never sent.
  const text: SpooledMessage = message ?? {
    from: { sip: 'sip:nobody', mailbox: { address: entry.lane } },
    to,
    text: '',
    sentAt: 0,
  };
  return { ...rest, pickupIn: parked, message: text };
}

/** Refuses, before anything is added, a file that was cut off, was changed, or has content that no export has. */
async function checkWhole(file: string): Promise<{ readonly copy: boolean }> {
  const hash = createHash('sha256');
  let header: unknown;
  let last: string | undefined;
  for await (const text of jsonLines(file)) {
    if (last !== undefined) hash.update(`${last}\n`);
    header ??= parse(text, file);
    last = text;
  }
  const version = property(header, 'version');
  if (!isHeader(header)) throw notWhole(file, 'is not an export');
  if (typeof version === 'number' && version > 1) {
    const message = `The export ${quoted(file)} has version ${version}; this library knows up to 1. Nothing was added; import it with the version that wrote it, or a later one.`;
    throw new OfflineImError('SPOOL_VERSION', message, { details: { version, known: 1 } });
  }
  if (version !== 1) throw notWhole(file, 'is not an export of this version');
  const end = parse(last ?? '', file);
  if (property(end, 'end') !== true) throw notWhole(file, 'was cut off: its last line is missing');
  if (property(end, 'sha256') !== hash.digest('hex')) throw notWhole(file, 'was changed since it was written');
  for await (const { entries } of messagesIn(file)) for (const entry of entries) storableEntry(newEntry(entry));
  return { copy: property(header, 'copy') === true };
}
