import type { HandleFilter } from '../admin/filters.ts';
import type { ErrorCode } from '../core/errors/codes.ts';
import { quoted } from '../core/errors/quote.ts';
import { errorCodes } from '../core/errors/sentences.ts';
import { spoolStates } from '../spool/contract.ts';
import { type Call, checkedAddress, choiceOption, textOption } from './command.ts';
import { UsageError } from './exit-codes.ts';

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The filter of a command line; `now` is the time of the spool's clock, since the compared times are. @throws {UsageError} */
export function filterOf(call: Call, now: Date): HandleFilter {
  return {
    state: choiceOption(call, 'state', spoolStates),
    mailbox: addressOption(call, 'mailbox'),
    recipient: addressOption(call, 'recipient'),
    since: timeOption(call, 'since', now),
    until: timeOption(call, 'until', now),
    code: choiceOption(call, 'code', Object.keys(errorCodes) as ErrorCode[]),
  };
}

/** Checks the filter before anything is opened. @throws {UsageError} */
export function checkFilter(call: Call): HandleFilter {
  return filterOf(call, new Date());
}

export function isEmpty(filter: HandleFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

function addressOption(call: Call, name: string): string | undefined {
  const value = textOption(call, name);
  return value === undefined ? undefined : checkedAddress(value, `--${name}`);
}

/** ISO 8601, as lists print it or shorter. Other forms are ambiguous: `Date.parse('5')` is a day in 2001, and 11/12 one of two. */
const iso = /^(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** A point in time, or how long ago: `2026-11-28T08:00Z`, `2h`. */
function timeOption(call: Call, name: string, now: Date): Date | undefined {
  const value = textOption(call, name);
  if (value === undefined) return undefined;
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(value) ?? [];
  const [, day] = iso.exec(value) ?? [];
  const date =
    count !== undefined
      ? new Date(now.getTime() - Number(count) * (units[unit] ?? 0))
      : day !== undefined && isDay(day)
        ? new Date(value.replace(' ', 'T'))
        : undefined;
  if (date !== undefined && !Number.isNaN(date.getTime())) return date;
  throw new UsageError(`--${name} is ${quoted(value)}; expected a time such as 2026-11-28T08:00Z, or how long ago: 30m, 2h, 1d.`);
}

/** Rejects days that a month doesn't have, which Date moves to the next month. */
function isDay(day: string): boolean {
  const date = new Date(day);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
