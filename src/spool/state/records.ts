import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Mailbox, UnknownAttempt } from '../../transport/contract.ts';
import type { ClaimToken, Frozen, NewSpoolEntry, Reason, SpoolEntry, SpooledMessage, SpoolState } from '../contract.ts';

/** An entry as the contract shows it. */
export function viewOf({ fixed, status }: EntryRecord, message?: SpooledMessage): SpoolEntry {
  // Part by part: this runs several times a message, and objects spread into one another take many times as long.
  const view: { -readonly [Part in keyof SpoolEntry]: SpoolEntry[Part] } = {
    id: fixed.id,
    messageId: fixed.messageId,
    contentHash: fixed.contentHash,
    lane: fixed.lane,
    conversationId: fixed.conversationId,
    audience: fixed.audience,
    recipientsKey: fixed.recipientsKey,
    messageClass: status.sentClass ?? fixed.messageClass,
    weight: fixed.weight,
    to: fixed.to,
    acceptedAt: fixed.acceptedAt,
    // What was imported went on at a time of its own; while it is parked it goes at none that anybody lives to see.
    pickupAt: isImported(fixed) ? status.due.at : fixed.pickupAt,
    state: status.state,
    expiresAt: status.expiresAt,
    attempt: status.attempt,
    unknownAttempts: status.unknownAttempts,
    cancelRequested: status.cancelRequested,
  };
  if (message !== undefined) view.message = message;
  if (status.noteId !== undefined) view.noteId = status.noteId;
  if (status.reason !== undefined) view.reason = status.reason;
  if (status.endedAt !== undefined) view.endedAt = status.endedAt;
  return view;
}

/** A stored due time. `within` is its maximum distance: a clock that was set back can't strand it (see `clamp`). */
export interface Due {
  readonly at: number;
  readonly within: number;
}

/** The part of an entry that never changes. */
export interface EntryFixed extends Omit<NewSpoolEntry, 'pickupIn' | 'expiresIn' | 'message'> {
  readonly to: readonly Mailbox[];
  readonly acceptedAt: number;
  readonly pickupAt: number;
  readonly expiresIn: number;
}

/**
 * The part that changes. It is written either with the entry itself or, while the entry is a member of a note, in the
 * note's manifest; the one with the higher `rev` counts.
 */
export interface EntryStatus {
  readonly state: SpoolState;
  readonly rev: number;
  /** Position among the entries of its stream; release and requeue give a new one, at the end. */
  readonly order: number;
  readonly due: Due;
  readonly expiresAt: number;
  /** Never merges with others again. */
  readonly single: boolean;
  readonly unknownAttempts: readonly UnknownAttempt[];
  readonly cancelRequested: boolean;
  /** The run that tried it last. */
  readonly triedBy?: string;
  /** Its note while deferred, delivering or unconfirmed; its last note once it has ended. */
  readonly noteId?: string;
  readonly attempt: number;
  readonly reason?: Reason;
  readonly endedAt?: number;
  /** The class Exchange accepted it under, where that differs from the one planned. */
  readonly sentClass?: string;
  readonly purged?: true;
}

/** An entry without its message. Records are replaced, never changed. */
export interface EntryRecord {
  readonly fixed: EntryFixed;
  readonly status: EntryStatus;
}

/** Who works on a note, and until when. */
export interface Lease {
  readonly token: string;
  readonly kind: 'deliver' | 'probe';
  readonly until: number;
  /** For unclaim: the note as it was; absent when it was made by this claim, of entries that were spooled. */
  readonly before: NoteRecord | undefined;
  /** For unclaim: by which run members had been tried, those that had. */
  readonly triedBy: ReadonlyMap<string, string>;
}

/** A claimed group of entries. Its state is that of every member. */
export interface NoteRecord {
  readonly id: string;
  readonly lane: string;
  /** In order. */
  readonly entryIds: readonly string[];
  /** Missing while a note made of a released or requeued entry has only been looked for. */
  readonly frozen?: Frozen;
  /** 0 before the first. */
  readonly attempt: number;
  readonly state: 'delivering' | 'deferred' | 'unconfirmed';
  /** Deferred: end of the back-off. Unconfirmed: the next probe. */
  readonly due: Due;
  readonly failures: number;
  readonly probes: number;
  readonly absences: number;
  /** When its last unknown attempt could last have run. */
  readonly lastRanAt: number;
  readonly unconfirmedFor: number;
  readonly lease?: Lease;
}

/** States in which an entry belongs to a note, whose manifest then holds its status. */
export function isInNote(state: SpoolState): boolean {
  return state === 'deferred' || state === 'delivering' || state === 'unconfirmed';
}

/** What an entry that is no longer in a note has of it: its attempts were the note's. */
export const unbound = { noteId: undefined, attempt: 0 } as const;

/** States of an entry that is on its way. */
export function isActive(state: SpoolState): boolean {
  return state === 'spooled' || isInNote(state);
}

/** Whether an entry has its place in its stream, so that what follows waits for it. What has expired and is only looked for holds back nobody. */
export function holdsPlace({ state, expiresAt }: Pick<EntryStatus, 'state' | 'expiresAt'>): boolean {
  return isActive(state) && !(state === 'unconfirmed' && expiresAt === 0);
}

/** States of which only a tombstone is left. */
export function isTombstone(status: EntryStatus): boolean {
  return status.state === 'delivered' || status.state === 'cancelled' || status.purged === true;
}

/**
 * When an expiry may change something of an entry; `undefined`: not in this state. What waits to be sent expires; what may have been sent holds back nobody
 * any more (its due time is then its expiry), and is given up in the end.
 */
export function mayExpireAt({ state, expiresAt, due }: Pick<EntryStatus, 'state' | 'expiresAt' | 'due'>): number | undefined {
  if (state === 'unconfirmed') return expiresAt === 0 ? due.at : expiresAt;
  return state === 'spooled' || state === 'deferred' ? expiresAt : undefined;
}

/** Since when nothing but a tombstone is left of an entry. */
export function tombstoneSince(status: EntryStatus): number | undefined {
  return isTombstone(status) ? (status.endedAt ?? 0) : undefined;
}

/** Entries of one stream reach Exchange in order. */
export function streamKey(fixed: Pick<EntryFixed, 'lane' | 'audience' | 'conversationId'>): string {
  return `${fixed.lane}\n${fixed.audience}\n${fixed.conversationId}`;
}

/** The tag that an attempt puts on its item. Note ids hold no colon. */
export function tagOf(noteId: string, attempt: number): string {
  return `${noteId}:${attempt}`;
}

/** The note that a token claims. */
export function noteIdOf(token: ClaimToken): string {
  return token.slice(0, token.indexOf(':'));
}

/** A due time that is further off than it can be by its own maximum comes from another clock: start it anew. */
export function clamp(due: Due, now: number): Due {
  return due.at - now > due.within ? { at: now + due.within, within: due.within } : due;
}

/** ms: what an import appends is due in no lifetime of a spool. Nobody claims it, not even a flush, before it has taken over what it was where it comes from. */
export const parked = 315_360_000_000;

/**
 * Whether it was appended by an import, and is not yet what it was; one that was held meanwhile still is. Once it goes on it is due as others are; its pickup time stays.
 */
export function isParked({ fixed, status }: EntryRecord): boolean {
  const waits = status.state === 'spooled' || status.state === 'held';
  return waits && isImported(fixed) && status.due.at > fixed.acceptedAt + parked / 2;
}

/** When it is due once nothing holds it any more. What is parked stays so: only the import knows whether it was sent where it comes from. */
export function dueOnceLetGo(record: EntryRecord, now: number): Due {
  return isParked(record) ? record.status.due : { at: now, within: 0 };
}

function isImported({ pickupAt, acceptedAt }: EntryFixed): boolean {
  return pickupAt - acceptedAt === parked;
}

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

/**
 * When a lane has its turn: when something of it is due, but not before the time at which it was last served. So lanes that are due
 * come in the order in which they were served, and none with much to do starves the others.
 */
export function turnAt(due: number | undefined, servedAt: number): number | undefined {
  return due === undefined ? undefined : Math.max(due, servedAt);
}

export function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), mostCount) : 0;
}

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
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
