import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import type { SpoolEntry } from '../spool/contract.ts';
import { jsonLines } from '../spool/disk/json-lines.ts';
import type { MovedEntry } from '../spool/state/transfer.ts';

/** The first line of an export. */
export interface ExportHeader {
  readonly offlineIm: 'export';
  readonly version: 1;
  /** Whether waiting messages are imported as held: the spool that they come from goes on. */
  readonly copy: boolean;
}

/** One line per message, with its entries. Times are durations: clocks may differ. */
export interface ExportedMessage {
  readonly entries: readonly (Omit<SpoolEntry, 'state' | 'acceptedAt' | 'pickupAt' | 'expiresAt' | 'endedAt' | 'reason'> &
    MovedEntry & { readonly expiresIn: number })[];
}

/** The last line: a file without it was cut off. */
export interface ExportEnd {
  readonly end: true;
  readonly messages: number;
  /** SHA-256 of all preceding lines. */
  readonly sha256: string;
}

/** The messages of a file that was checked to be complete. @throws {OfflineImError} `OPTION_INVALID` */
export async function* messagesIn(file: string): AsyncIterable<ExportedMessage> {
  let isHeader = true;
  for await (const text of jsonLines(file)) {
    const line = parse(text, file);
    if (property(line, 'end') === true) return;
    if (!isHeader) yield messageOf(line, file);
    isHeader = false;
  }
}

/** Whether it is the first line of an export, of any version. */
export function isHeader(line: unknown): boolean {
  return property(line, 'offlineIm') === 'export';
}

export function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notWhole(file, 'has a line that is not JSON');
  }
}

export function notWhole(file: string, found: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${quoted(file)} ${found}. Nothing was added; export again.`);
}

const states: ReadonlySet<unknown> = new Set([
  'waiting',
  'held',
  'dead',
  'delivered',
  'cancelled',
] satisfies MovedEntry['state'][]);

/** Checks a line, which may hold anything if written by hand, or by another program; the spool checks what is appended of it. */
function messageOf(line: unknown, file: string): ExportedMessage {
  const entries = property(line, 'entries');
  if (!Array.isArray(entries) || entries.length === 0 || !entries.every(isMoved))
    throw notWhole(file, 'has a line that is not an exported message');
  return { entries };
}

function isMoved(entry: unknown): entry is ExportedMessage['entries'][number] {
  const [state, attempts, reason] = [property(entry, 'state'), property(entry, 'unknownAttempts'), property(entry, 'reason')];
  if (!states.has(state) || typeof property(entry, 'cancelRequested') !== 'boolean') return false;
  if (!Array.isArray(attempts) || !attempts.every(isAttempt)) return false;
  if (reason !== undefined && !(isText(property(reason, 'code')) && isText(property(reason, 'text')))) return false;
  // An entry without a text must not be sent.
  const message = property(entry, 'message');
  return (typeof message === 'object' && message !== null) || state === 'delivered' || state === 'cancelled';
}

function isAttempt(attempt: unknown): boolean {
  const place = property(attempt, 'place');
  return isText(property(attempt, 'tag')) && ['endpoint', 'mailbox', 'folder'].every((name) => isText(property(place, name)));
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
