import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Mailbox, UnknownAttempt } from '../../transport/contract.ts';
import type { ClaimToken, Frozen, NewSpoolEntry, Reason, SpoolEntry, SpooledMessage, SpoolState } from '../contract.ts';

/** Builds the entry that the contract shows. */
export function viewOf({ fixed, status }: EntryRecord, message?: SpooledMessage): SpoolEntry {
  // Part by part: this runs several times per message, and spreading objects takes many times as long.
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
    // An imported entry is due when the import lets it go, not a pickup delay after its acceptance.
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

/** A stored due time. `within`, its greatest distance in ms, keeps a clock that was set back from stranding it (see {@link clamp}). */
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
 * The part of an entry that changes. A journal may keep it with the entry or, while the entry is in a note, with the note; the one with the higher `rev` counts.
 */
export interface EntryStatus {
  readonly state: SpoolState;
  readonly rev: number;
  /** Position in its stream; release and requeue move it to the end. */
  readonly order: number;
  readonly due: Due;
  readonly expiresAt: number;
  /** Never merges again. */
  readonly single: boolean;
  readonly unknownAttempts: readonly UnknownAttempt[];
  readonly cancelRequested: boolean;
  /** The run of a spooler that tried it last. */
  readonly triedBy?: string;
  /** Its note while deferred, delivering or unconfirmed; its last note once it has ended. */
  readonly noteId?: string;
  readonly attempt: number;
  readonly reason?: Reason;
  readonly endedAt?: number;
  /** The class that Exchange accepted it under, where it differs from the planned one. */
  readonly sentClass?: string;
  readonly purged?: true;
}

/** An entry without its message. Records are replaced, never modified. */
export interface EntryRecord {
  readonly fixed: EntryFixed;
  readonly status: EntryStatus;
}

/** Who works on a note, and until when. */
export interface Lease {
  readonly token: string;
  readonly kind: 'deliver' | 'probe';
  readonly until: number;
  /** For unclaim: the note as it was; `undefined` when this claim made it, from spooled entries. */
  readonly before: NoteRecord | undefined;
  /** For unclaim: the run that had tried each member last, by entry id. */
  readonly triedBy: ReadonlyMap<string, string>;
}

/** A claimed group of entries. Its state is that of every member. */
export interface NoteRecord {
  readonly id: string;
  readonly lane: string;
  /** Its members in order. */
  readonly entryIds: readonly string[];
  /** Missing while a note that was made to probe a released or requeued entry has not been claimed. */
  readonly frozen?: Frozen;
  /** 0 before the first attempt. */
  readonly attempt: number;
  readonly state: 'delivering' | 'deferred' | 'unconfirmed';
  /** Deferred: end of the back-off. Unconfirmed: the next probe. */
  readonly due: Due;
  readonly failures: number;
  readonly probes: number;
  readonly absences: number;
  /** When its last unknown attempt can have run at the latest. */
  readonly lastRanAt: number;
  readonly unconfirmedFor: number;
  readonly lease?: Lease;
}

/** States in which an entry belongs to a note. */
export function isInNote(state: SpoolState): boolean {
  return state === 'deferred' || state === 'delivering' || state === 'unconfirmed';
}

/** The patch for an entry that leaves its note: its attempts were the note's. */
export const unbound = { noteId: undefined, attempt: 0 } as const;

/** States of an entry that waits or is at work. */
export function isActive(state: SpoolState): boolean {
  return state === 'spooled' || isInNote(state);
}

/** Whether an entry has a place in its stream, so that later entries wait for it. One that has expired and is only probed holds back none. */
export function holdsPlace({ state, expiresAt }: Pick<EntryStatus, 'state' | 'expiresAt'>): boolean {
  return isActive(state) && !(state === 'unconfirmed' && expiresAt === 0);
}

/** Whether only a tombstone is left of an entry. */
export function isTombstone(status: EntryStatus): boolean {
  return status.state === 'delivered' || status.state === 'cancelled' || status.purged === true;
}

/**
 * When `expire()` may change an entry; `undefined`: not in this state. An entry that waits dies at its expiry. One that may have been sent then holds back none
 * (from then on its due time is when that was), and is given up later.
 */
export function mayExpireAt({ state, expiresAt, due }: Pick<EntryStatus, 'state' | 'expiresAt' | 'due'>): number | undefined {
  if (state === 'unconfirmed') return expiresAt === 0 ? due.at : expiresAt;
  return state === 'spooled' || state === 'deferred' ? expiresAt : undefined;
}

/** Since when only a tombstone is left of an entry; 0 for a stored record that does not say. */
export function tombstoneSince(status: EntryStatus): number | undefined {
  return isTombstone(status) ? (status.endedAt ?? 0) : undefined;
}

/** Names the stream of an entry. Entries of one stream reach Exchange in order. */
export function streamKey(fixed: Pick<EntryFixed, 'lane' | 'audience' | 'conversationId'>): string {
  return `${fixed.lane}\n${fixed.audience}\n${fixed.conversationId}`;
}

/** The tag that an attempt puts on its item. Note ids contain no colon. */
export function tagOf(noteId: string, attempt: number): string {
  return `${noteId}:${attempt}`;
}

/** The note that a token claims. */
export function noteIdOf(token: ClaimToken): string {
  return token.slice(0, token.indexOf(':'));
}

/** A due time further off than its greatest distance comes from a clock that was set back: the wait starts anew. */
export function clamp(due: Due, now: number): Due {
  return due.at - now > due.within ? { at: now + due.within, within: due.within } : due;
}

/** The pickup delay of what an import appends, in ms: ten years. Nobody claims it, not even a flush, before the import has given it the state that it had in its old spool. */
export const parked = 315_360_000_000;

/**
 * Whether an import has appended an entry and not yet given it its old state; a host may have held it meanwhile.
 */
export function isParked({ fixed, status }: EntryRecord): boolean {
  const waits = status.state === 'spooled' || status.state === 'held';
  return waits && isImported(fixed) && status.due.at > fixed.acceptedAt + parked / 2;
}

/** When an entry is due that is held no longer: now, unless it is parked. Only the import knows whether its old spool has sent it. */
export function dueOnceLetGo(record: EntryRecord, now: number): Due {
  return isParked(record) ? record.status.due : { at: now, within: 0 };
}

function isImported({ pickupAt, acceptedAt }: EntryFixed): boolean {
  return pickupAt - acceptedAt === parked;
}

/*
 * Limits on what a spool stores. The readers of stored records use the same ones, so that whatever is accepted here can be read back. Hosts write plain JavaScript and
 * transports of their own, so a value may be of any kind.
 */

/** The latest time that a Date can be, in ms since 1970. */
export const latestTime = 8.64e15;

/** Far enough below the limit of exact numbers that counting on stays exact. */
export const mostCount = 2 ** 52;

export function isCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(value);
}

/** Reads a duration in ms: 0 for anything else and for a negative one, at most {@link latestTime}. */
export function spanOf(ms: unknown): number {
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, latestTime) : 0;
}

/** The time `ms` from now, at most {@link latestTime}. */
export function timeAfter(now: number, ms: number): number {
  return Math.min(now + ms, latestTime);
}

/** Due `ms` from now. */
export function dueAfter(now: number, ms: number): Due {
  return { at: timeAfter(now, ms), within: ms };
}

/**
 * When a lane has its turn: when something of it is due, but not before it was last served. So due lanes take turns in the order in which they were last served, and none
 * with much to do starves the others.
 */
export function turnAt(due: number | undefined, servedAt: number): number | undefined {
  return due === undefined ? undefined : Math.max(due, servedAt);
}

/** Reads a count: 0 for anything else, at most {@link mostCount}. */
export function countOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), mostCount) : 0;
}

/** Reads a text: empty for anything that has none. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** A reason that can be stored. A code of another form becomes the server's code. */
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
