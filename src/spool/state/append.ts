import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { readTraceparent } from '../../core/trace-context.ts';
import type { Mailbox } from '../../transport/contract.ts';
import type { AppendResult, NewSpoolEntry } from '../contract.ts';
import { countOf, dueAfter, type EntryFixed, type EntryRecord, latestTime, spanOf, timeAfter } from './records.ts';
import type { Transaction } from './transaction.ts';

/** What an append would do with one message; nothing is written yet. */
export type PlannedAppend =
  | { readonly status: 'appended' | 'duplicate'; readonly messageId: string; readonly entryIds: readonly string[] }
  | { readonly status: 'conflict'; readonly messageId: string };

/** Groups entries by message, in order of first appearance. Each group is kept all or none. */
export function byMessage(entries: readonly NewSpoolEntry[]): Map<string, NewSpoolEntry[]> {
  return Map.groupBy(entries, ({ messageId }) => messageId);
}

/** The same without a map where there is a single entry, as in most calls. */
export function splitByMessage(entries: readonly NewSpoolEntry[]): readonly (readonly NewSpoolEntry[])[] {
  return entries.length === 1 ? [entries] : [...byMessage(entries).values()];
}

/** Appends the messages that can be stored; each of the others fails alone, with nothing kept. */
export function appendStorable(
  entries: readonly NewSpoolEntry[],
  append: (storable: readonly NewSpoolEntry[]) => Promise<readonly AppendResult[]>,
): Promise<readonly AppendResult[]> {
  let good: readonly NewSpoolEntry[];
  try {
    good = entries.map(storableEntry);
  } catch {
    return appendOthers(entries, append);
  }
  return append(good);
}

/** Finds the bad entries, and appends the messages without any. */
async function appendOthers(
  entries: readonly NewSpoolEntry[],
  append: (storable: readonly NewSpoolEntry[]) => Promise<readonly AppendResult[]>,
): Promise<readonly AppendResult[]> {
  const bad = new Map<string, AppendResult>();
  const good: NewSpoolEntry[] = [];
  for (const [messageId, group] of byMessage(entries)) {
    try {
      good.push(...group.map(storableEntry));
    } catch (error) {
      if (!(error instanceof OfflineImError)) throw error;
      bad.set(messageId, { messageId, status: 'failed', kept: 'no', error });
    }
  }
  const results = good.length === 0 ? [] : await append(good);
  const byId = new Map(results.map((result) => [result.messageId, result]));
  return [...byMessage(entries).keys()].flatMap((messageId) => bad.get(messageId) ?? byId.get(messageId) ?? []);
}

/** Adds the entries of one message, unless a message with its id, or its tombstone, is there. */
export function appendMessage(tx: Transaction, entries: readonly NewSpoolEntry[], now: number): PlannedAppend {
  const { messageId } = entries[0] ?? missing('The first entry of a message');
  const kept = tx.entriesOfMessage(messageId);
  if (kept.length > 0) {
    const same = kept.every((id) => tx.entry(id)?.fixed.contentHash === entries[0]?.contentHash);
    return same ? { status: 'duplicate', messageId, entryIds: kept } : { status: 'conflict', messageId };
  }
  for (const entry of entries) tx.add(newRecord(entry, tx, now));
  return { status: 'appended', messageId, entryIds: entries.map((entry) => entry.id) };
}

function newRecord({ pickupIn, expiresIn, message, ...rest }: NewSpoolEntry, tx: Transaction, now: number): EntryRecord {
  const acceptedAt = tx.wall(now);
  const fixed: EntryFixed = { ...rest, to: message.to, acceptedAt, pickupAt: timeAfter(acceptedAt, pickupIn), expiresIn };
  return {
    fixed,
    status: {
      state: 'spooled',
      rev: tx.rev,
      order: tx.nextOrder(),
      due: dueAfter(now, pickupIn),
      expiresAt: timeAfter(acceptedAt, expiresIn),
      single: false,
      unknownAttempts: [],
      cancelRequested: false,
      attempt: 0,
    },
  };
}

/** An entry that can be stored. @throws {OfflineImError} `MESSAGE_INVALID` when a part is of the wrong kind */
export function storableEntry(entry: NewSpoolEntry): NewSpoolEntry {
  const { message } = entry;
  for (const name of words) if (!isWord(entry[name])) throw invalid(name, 'a non-empty string');
  for (const name of texts) if (typeof entry[name] !== 'string') throw invalid(name, 'a string');
  if (entry.audience !== 'same-organization' && entry.audience !== 'federated') throw invalid('audience', 'an audience');
  if (!isWord(message?.from?.sip)) throw invalid('message.from.sip', 'a non-empty string');
  if (!isMailbox(message.from.mailbox)) throw invalid('message.from.mailbox', 'a mailbox');
  if (!Array.isArray(message.to) || !message.to.every(isMailbox)) throw invalid('message.to', 'a list of mailboxes');
  if (typeof message.text !== 'string') throw invalid('message.text', 'a string');
  if (message.html !== undefined && typeof message.html !== 'string') throw invalid('message.html', 'a string');
  if (message.traceparent !== undefined && readTraceparent(message.traceparent) === undefined)
    throw invalid('message.traceparent', 'a traceparent of W3C Trace Context');
  if (!(Math.abs(message.sentAt) <= latestTime)) throw invalid('message.sentAt', 'a time');
  const weight = countOf(entry.weight);
  const pickupIn = spanOf(entry.pickupIn);
  const expiresIn = spanOf(entry.expiresIn);
  const same = weight === entry.weight && pickupIn === entry.pickupIn && expiresIn === entry.expiresIn;
  return same ? entry : { ...entry, weight, pickupIn, expiresIn };
}

/** Parts that are strings and not empty. */
const words = ['id', 'messageId', 'lane', 'messageClass'] as const;
const texts = ['contentHash', 'conversationId', 'recipientsKey'] as const;

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isMailbox(value: unknown): value is Mailbox {
  if (typeof value !== 'object' || value === null) return false;
  const { address, name } = value as { readonly address?: unknown; readonly name?: unknown };
  return isWord(address) && (name === undefined || typeof name === 'string');
}

function invalid(field: string, expected: string): OfflineImError {
  return new OfflineImError('MESSAGE_INVALID', `${field} of an entry is not ${expected}.`, { details: { field } });
}
