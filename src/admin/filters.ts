import { type ErrorCode, isErrorCode } from '../core/errors/codes.ts';
import { isDate } from '../core/errors/thrown.ts';
import { byDefault, flag, oneOf, optional, type RulesFor, readOptions, rule, text, whole } from '../core/options.ts';
import { addressKey, parseAddress } from '../message/address.ts';
import type { EntryFilter } from '../spool/admin/contract.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';

/** Which entries; what is left out does not matter. */
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
  /** Entries at most. @default 100 */
  readonly limit?: number | undefined;
  /** Where a part before ended. @default the beginning */
  readonly cursor?: string | undefined;
}

/** How many are changed in bulk. */
export interface HandleChange extends HandleFilter {
  /** Entries that are changed at most. @default 1_000 */
  readonly limit?: number | undefined;
  /** Changes nothing, and tells what would be changed. @default false */
  readonly dryRun?: boolean | undefined;
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
const queryRules = {
  ...filterRules,
  limit: byDefault(whole(1, 1_000_000), 100),
  cursor: optional(text('the cursor of a part before')),
} satisfies RulesFor<HandleQuery>;
const changeRules = {
  ...filterRules,
  limit: byDefault(whole(1, 1_000_000), 1_000),
  dryRun: byDefault(flag(), false),
} satisfies RulesFor<HandleChange>;

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function readQuery(given: HandleQuery): {
  readonly filter: EntryFilter;
  readonly limit: number;
  readonly cursor: string | undefined;
} {
  const { limit, cursor, ...filter } = readOptions('list()', given, queryRules);
  return { filter: filterOf(filter), limit, cursor };
}

/** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
export function readChange(
  owner: string,
  given: HandleChange,
): { readonly filter: EntryFilter; readonly limit: number; readonly dryRun: boolean } {
  const { limit, dryRun, ...filter } = readOptions(owner, given, changeRules);
  return { filter: filterOf(filter), limit, dryRun };
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
