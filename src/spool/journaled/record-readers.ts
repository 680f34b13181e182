import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Mailbox, Place, UnknownAttempt } from '../../transport/contract.ts';
import { type Frozen, type Reason, type SpooledMessage, spoolStates } from '../contract.ts';
import type { Due, EntryFixed, EntryRecord, EntryStatus } from '../state/records.ts';
import { isCode } from '../state/records.ts';
import type { StoredNote } from './journal.ts';
import {
  count,
  duration,
  field,
  fields,
  flag,
  isTrue,
  listOf,
  oneOf,
  optional,
  type Reader,
  ShapeError,
  text,
  time,
  word,
} from './json-shape.ts';

/** Readers of the parts that the files of a FileSpool and the records of an IndexedDbSpool are made of. */

const mailbox: Reader<Mailbox> = (value, where) => {
  const of = fields(value, where);
  return { address: field(of, 'address', word, where), ...optional(of, 'name', text, where) };
};

const place: Reader<Place> = (value, where) => {
  const of = fields(value, where);
  return {
    endpoint: field(of, 'endpoint', text, where),
    mailbox: field(of, 'mailbox', text, where),
    folder: field(of, 'folder', text, where),
  };
};

/** Where an attempt was sent, and how it ended. */
export const origin: Reader<Omit<UnknownAttempt, 'tag'>> = (value, where) => {
  const of = fields(value, where);
  return { place: field(of, 'place', place, where), ...optional(of, 'ended', oneOf(['silence', 'fault']), where) };
};

export const unknownAttempt: Reader<UnknownAttempt> = (value, where) => {
  const tag = field(fields(value, where), 'tag', word, where);
  return { tag, ...origin(value, where) };
};

const due: Reader<Due> = (value, where) => {
  const of = fields(value, where);
  return { at: field(of, 'at', time, where), within: field(of, 'within', duration, where) };
};

/** Any code of the right form: one that a later version of this library wrote must not cost the entry. */
const code: Reader<ErrorCode> = (value, where) => {
  if (!isCode(value)) throw new ShapeError(where, 'an error code');
  return value;
};

const reason: Reader<Reason> = (value, where) => {
  const of = fields(value, where);
  return {
    code: field(of, 'code', code, where),
    text: field(of, 'text', text, where),
    ...optional(of, 'serverCode', text, where),
  };
};

const frozen: Reader<Frozen> = (value, where) => {
  const of = fields(value, where);
  return {
    messageClass: field(of, 'messageClass', word, where),
    subject: field(of, 'subject', text, where),
    wording: field(of, 'wording', count, where),
    place: field(of, 'place', place, where),
  };
};

export const message: Reader<SpooledMessage> = (value, where) => {
  const of = fields(value, where);
  const from = field(of, 'from', fields, where);
  return {
    from: { sip: field(from, 'sip', word, `${where}.from`), mailbox: field(from, 'mailbox', mailbox, `${where}.from`) },
    to: field(of, 'to', listOf(mailbox), where),
    text: field(of, 'text', text, where),
    ...optional(of, 'html', text, where),
    sentAt: field(of, 'sentAt', time, where),
    ...optional(of, 'traceparent', text, where),
  };
};

/** The part that never changes, without the recipients: an entry file has them in the message, a tombstone beside this part. */
export const fixedPart: Reader<Omit<EntryFixed, 'to'>> = (value, where) => {
  const of = fields(value, where);
  return {
    id: field(of, 'id', word, where),
    messageId: field(of, 'messageId', word, where),
    contentHash: field(of, 'contentHash', text, where),
    lane: field(of, 'lane', word, where),
    conversationId: field(of, 'conversationId', text, where),
    audience: field(of, 'audience', oneOf(['same-organization', 'federated']), where),
    recipientsKey: field(of, 'recipientsKey', text, where),
    messageClass: field(of, 'messageClass', word, where),
    weight: field(of, 'weight', count, where),
    acceptedAt: field(of, 'acceptedAt', time, where),
    pickupAt: field(of, 'pickupAt', time, where),
    expiresIn: field(of, 'expiresIn', duration, where),
  };
};

export const status: Reader<EntryStatus> = (value, where) => {
  const of = fields(value, where);
  return {
    state: field(of, 'state', oneOf(spoolStates), where),
    rev: field(of, 'rev', count, where),
    order: field(of, 'order', count, where),
    due: field(of, 'due', due, where),
    expiresAt: field(of, 'expiresAt', time, where),
    single: field(of, 'single', flag, where),
    unknownAttempts: field(of, 'unknownAttempts', listOf(unknownAttempt), where),
    cancelRequested: field(of, 'cancelRequested', flag, where),
    ...optional(of, 'triedBy', text, where),
    ...optional(of, 'noteId', word, where),
    attempt: field(of, 'attempt', count, where),
    ...optional(of, 'reason', reason, where),
    ...optional(of, 'endedAt', time, where),
    ...optional(of, 'sentClass', word, where),
    ...optional(of, 'purged', isTrue, where),
  };
};

/** The part that never changes, with the recipients. */
export const entryFixed: Reader<EntryFixed> = (value, where) => {
  const to = field(fields(value, where), 'to', listOf(mailbox), where);
  return { ...fixedPart(value, where), to };
};

export const entryRecord: Reader<EntryRecord> = (value, where) => {
  const of = fields(value, where);
  return { fixed: field(of, 'fixed', entryFixed, where), status: field(of, 'status', status, where) };
};

/** A note without its members. */
export const noteHead: Reader<Omit<StoredNote, 'entryIds'>> = (value, where) => {
  const of = fields(value, where);
  return {
    id: field(of, 'id', word, where),
    lane: field(of, 'lane', word, where),
    ...optional(of, 'frozen', frozen, where),
    attempt: field(of, 'attempt', count, where),
    state: field(of, 'state', oneOf(['delivering', 'deferred', 'unconfirmed']), where),
    due: field(of, 'due', due, where),
    failures: field(of, 'failures', count, where),
    probes: field(of, 'probes', count, where),
    absences: field(of, 'absences', count, where),
    lastRanAt: field(of, 'lastRanAt', time, where),
    unconfirmedFor: field(of, 'unconfirmedFor', duration, where),
  };
};

export const storedNote: Reader<StoredNote> = (value, where) => {
  const entryIds = field(fields(value, where), 'entryIds', listOf(word), where);
  if (entryIds.length === 0 || new Set(entryIds).size < entryIds.length)
    throw new ShapeError(`${where}.entryIds`, 'a list of different entries');
  return { ...noteHead(value, where), entryIds };
};
