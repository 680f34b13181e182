import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { byDefault, optional, type RulesFor, readOptions, text } from '../core/options.ts';
import { addressKey, parseAddress } from '../message/address.ts';
import type { SpoolAdmin } from '../spool/admin/contract.ts';
import type { SpoolStorage } from '../spool/contract.ts';

/** Who pauses, and why: kept in the spool, and shown to whoever asks why nothing is delivered. */
export interface PauseOptions {
  /** One line, at most 500 characters. @default none */
  readonly why?: string | undefined;
  /** A user or a program, at most 100 characters. @default 'sender' */
  readonly by?: string | undefined;
}

const oneLine = (most: number) =>
  text(
    `one line of 1 to ${most} characters`,
    (value) => value !== '' && value.length <= most && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value),
  );

const rules = {
  why: optional(oneLine(500)),
  by: byDefault(oneLine(100), 'sender'),
} satisfies RulesFor<PauseOptions>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export const readPause = (given: unknown) => readOptions('pause()', given, rules);

/** The lane of a mailbox that a host names. @throws {OfflineImError} `ADDRESS_INVALID` */
export function laneOf(mailbox: string | undefined): string | undefined {
  return mailbox === undefined ? undefined : addressKey(parseAddress(mailbox, 'ADDRESS_INVALID'));
}

/** @throws {OfflineImError} `SPOOL_NOT_OPERABLE` */
export function adminOf({ admin, name }: Pick<SpoolStorage, 'admin' | 'name'>): SpoolAdmin {
  if (admin !== undefined) return admin;
  const message = `The spool ${name} has no admin: it can't be paused, listed by filter, or changed in bulk.`;
  throw new OfflineImError('SPOOL_NOT_OPERABLE', message);
}
