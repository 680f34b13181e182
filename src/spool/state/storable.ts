import type { ErrorCode } from '../../core/errors/codes.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { readTraceparent } from '../../core/trace-context.ts';
import type { Mailbox, Place } from '../../transport/contract.ts';
import type { Frozen, NewSpoolEntry, Reason, Settlement } from '../contract.ts';
import type { Due } from './records.ts';

/*
 * What every spool can write and read back. The readers of stored records use the same limits, so that whatever is accepted here is
 * readable for good. Hosts write plain JavaScript and their own transports: values may be of any kind.
 */

/** The latest time that a Date can be, in ms since 1970. */
export const latestTime = 8.64e15;

/** Far enough below the limit of exact numbers that counting on stays exact. */
export const mostCount = 2 ** 52;

export function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(value);
}

/** A duration in ms: what is none, or negative, is 0; what is longer than all of time is as long as that. */
export function spanOf(ms: unknown): number {
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, latestTime) : 0;
}

/** The time so many ms from now, or the last there is. */
export function timeAfter(now: number, ms: number): number {
  return Math.min(now + ms, latestTime);
}

export function dueAfter(now: number, ms: number): Due {
  return { at: timeAfter(now, ms), within: ms };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), mostCount) : 0;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** @throws {OfflineImError} `MESSAGE_INVALID` when a text or an address of it is none. */
export function storableEntry(entry: NewSpoolEntry): NewSpoolEntry {
  const { message } = entry;
  for (const name of words) if (!isWord(entry[name])) throw invalid(name, 'a string that is not empty');
  for (const name of texts) if (typeof entry[name] !== 'string') throw invalid(name, 'a string');
  if (entry.audience !== 'same-organization' && entry.audience !== 'federated') throw invalid('audience', 'an audience');
  if (!isWord(message?.from?.sip)) throw invalid('message.from.sip', 'a string that is not empty');
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

/** A code of another form says nothing that a reader could rely on: it is kept as text. */
export function storableReason(reason: Reason): Reason {
  const given: { readonly code?: unknown; readonly text?: unknown; readonly serverCode?: unknown } = reason ?? {};
  const { code, text, serverCode } = given;
  const good = isCode(code) && typeof text === 'string' && (serverCode === undefined || typeof serverCode === 'string');
  if (good) return reason;
  const server = textOf(serverCode ?? (isCode(code) ? undefined : code));
  return {
    code: isCode(code) ? code : 'TRANSPORT_FAILED',
    text: textOf(text),
    ...(server === '' ? {} : { serverCode: server }),
  };
}

function storablePlace(place: Place): Place {
  const given: { readonly endpoint?: unknown; readonly mailbox?: unknown; readonly folder?: unknown } = place ?? {};
  const { endpoint, mailbox, folder } = given;
  if (typeof endpoint === 'string' && typeof mailbox === 'string' && typeof folder === 'string') return place;
  return { endpoint: textOf(endpoint), mailbox: textOf(mailbox), folder: textOf(folder) };
}

export function storableFrozen(frozen: Frozen): Frozen {
  const place = storablePlace(frozen.place);
  const wording = countOf(frozen.wording);
  const messageClass = textOf(frozen.messageClass) || 'IPM.Note';
  const subject = textOf(frozen.subject);
  const same =
    place === frozen.place && wording === frozen.wording && messageClass === frozen.messageClass && subject === frozen.subject;
  return same ? frozen : { ...frozen, messageClass, subject, wording, place };
}

/** The class that Exchange accepted a note under, where a transport says one. */
export function storableClass(messageClass: unknown): string | undefined {
  return typeof messageClass === 'string' && messageClass !== '' ? messageClass : undefined;
}

export function storableSettlement(settlement: Settlement): Settlement {
  switch (settlement.to) {
    case 'delivered': {
      const { messageClass, ...rest } = settlement;
      return storableClass(messageClass) === messageClass ? settlement : rest;
    }
    case 'deferred': {
      const after = spanOf(settlement.after);
      const reason = storableReason(settlement.reason);
      return after === settlement.after && reason === settlement.reason ? settlement : { ...settlement, after, reason };
    }
    case 'unconfirmed': {
      const after = spanOf(settlement.after);
      const counted = spanOf(settlement.counted);
      const reason = storableReason(settlement.reason);
      const same = after === settlement.after && counted === settlement.counted && reason === settlement.reason;
      return same ? settlement : { ...settlement, after, counted, reason };
    }
    case 'dead':
    case 'split': {
      const reason = storableReason(settlement.reason);
      return reason === settlement.reason ? settlement : { ...settlement, reason };
    }
    case 'unclaim': {
      if (settlement.after === undefined) return settlement;
      const after = spanOf(settlement.after);
      return after === settlement.after ? settlement : { ...settlement, after };
    }
    case 'held':
    case 'cancelled':
      return settlement;
  }
}
