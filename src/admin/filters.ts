import { type ErrorCode, isErrorCode } from '../core/errors/codes.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { answerAtOnce, isDate } from '../core/errors/thrown.ts';
import {
  abortSignal,
  byDefault,
  callback,
  flag,
  oneOf,
  optional,
  type RulesFor,
  readOptions,
  rule,
  text,
  whole,
} from '../core/options.ts';
import { sha256 } from '../core/text.ts';
import { addressKey, parseAddress } from '../message/address.ts';
import type { EntryFilter, ListProgress } from '../spool/admin/contract.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';

/** Selects entries; a property that is left out selects all. */
export interface HandleFilter {
  readonly state?: SpoolState | undefined;
  /** The sender's mailbox. */
  readonly mailbox?: string | undefined;
  /** An address that is among the recipients. */
  readonly recipient?: string | undefined;
  /** Accepted at this time or later. */
  readonly since?: Date | undefined;
  /** Accepted before this time. */
  readonly until?: Date | undefined;
  /** The code of the reason, such as `EXPIRED`. */
  readonly code?: ErrorCode | undefined;
}

/** A part of a list. */
export interface HandleQuery extends HandleFilter {
  /** Maximum number of entries, 1 to 1,000,000. @default 100 */
  readonly limit?: number | undefined;
  /** The cursor that an earlier part of the same list returned; only `since` and `until` may differ. @default the beginning */
  readonly cursor?: string | undefined;
  /** Ends a list that has to look at many entries. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress, after each part that was looked at. @default none */
  readonly onProgress?: ((progress: ListProgress) => void) | undefined;
}

/** Options of bulk changes. */
export interface HandleChange extends HandleFilter {
  /** Maximum number of entries to change, 1 to 1,000,000. @default 1_000 */
  readonly limit?: number | undefined;
  /** Changes nothing, and returns what would be changed. @default false */
  readonly dryRun?: boolean | undefined;
  /** Ends it between two parts of some hundred entries; what has been changed by then stays changed, and is audited. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress, after each part. @default none */
  readonly onProgress?: ((progress: ListProgress) => void) | undefined;
}

const date = rule<Date>('a Date', (value) => isDate(value) && !Number.isNaN(value.getTime()));
const filterRules = {
  state: optional(oneOf(spoolStates)),
  mailbox: optional(text('an address')),
  recipient: optional(text('an address')),
  since: optional(date),
  until: optional(date),
  code: optional(rule<ErrorCode>('an error code', isErrorCode)),
} satisfies RulesFor<HandleFilter>;
const course = {
  signal: optional(abortSignal()),
  onProgress: optional(callback<(progress: ListProgress) => void>()),
};
const queryRules = {
  ...filterRules,
  limit: byDefault(whole(1, 1_000_000), 100),
  cursor: optional(text('the cursor of the previous page')),
  ...course,
} satisfies RulesFor<HandleQuery>;
const changeRules = {
  ...filterRules,
  limit: byDefault(whole(1, 1_000_000), 1_000),
  dryRun: byDefault(flag(), false),
  ...course,
} satisfies RulesFor<HandleChange>;

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function readQuery(given: HandleQuery) {
  const { limit, cursor, signal, onProgress, ...filter } = readOptions('list()', given, queryRules);
  return { filter: filterOf(filter), limit, cursor, signal, onProgress: heard(onProgress) };
}

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function readChange(owner: string, given: HandleChange) {
  const { limit, dryRun, signal, onProgress, ...filter } = readOptions(owner, given, changeRules);
  return { filter: filterOf(filter), limit, dryRun, signal, onProgress: heard(onProgress) };
}

/** An async callback is not awaited, and its rejection must not end the process. */
function heard(onProgress: HandleQuery['onProgress']): HandleQuery['onProgress'] {
  return onProgress && ((progress) => void answerAtOnce<unknown>(onProgress(progress)));
}

/**
 * A cursor of a storage as callers get it: it says of which list it is, since another one would silently show a part of nothing, and stands unquoted at a shell and in an
 * address.
 */
export async function cursorFor(filter: EntryFilter, cursor: string): Promise<string> {
  return `${await listMark(filter)}.${Buffer.from(cursor).toString('base64url')}`;
}

/** What {@link cursorFor} was given. @throws {OfflineImError} `OPTION_INVALID` for one of another list */
export async function cursorOf(filter: EntryFilter, given: string): Promise<string> {
  const mark = `${await listMark(filter)}.`;
  if (given.startsWith(mark)) return Buffer.from(given.slice(mark.length), 'base64url').toString();
  const text = `list() cursor is ${quoted(given)}; expected the cursor of an earlier page of the same list, with the same state, mailbox, recipient and code.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'cursor' } });
}

/** Times only narrow a list, and change no place in it: `2h ago` is another time for each part. */
async function listMark({ state, lane, recipient, code }: EntryFilter): Promise<string> {
  return (await sha256(JSON.stringify([state, lane, recipient, code]))).slice(0, 12);
}

function filterOf({ mailbox, recipient, since, until, ...rest }: HandleFilter): EntryFilter {
  const key = (address: string): string => addressKey(parseAddress(address, 'ADDRESS_INVALID'));
  return {
    ...rest,
    lane: mailbox === undefined ? undefined : key(mailbox),
    recipient: recipient === undefined ? undefined : key(recipient),
    since: since?.getTime(),
    until: until?.getTime(),
  };
}
