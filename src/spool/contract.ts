import type { Clock } from '../core/clock.ts';
import type { AttemptEnd, Place, UnknownAttempt } from '../transport/contract.ts';
import type { SpoolAdmin } from './admin/contract.ts';
import type { Change, NewSpoolEntry, Reason, SpoolEntry, SpoolState } from './entry.ts';

export type { Change, NewSpoolEntry, Reason, SpoolEntry, SpooledMessage, SpoolState } from './entry.ts';
export { spoolStates } from './entry.ts';

/**
 * The contract between the spooler and a storage. docs/states.md has the state table; every storage passes
 * `spoolConformance` from `offline-im/testing`. All durations are ms by the storage's own clock: a storage shared by
 * several processes uses one clock for all (its database's), never the callers'.
 */

/** What became of one message of an append. `entries` are those kept: the new ones, or the first ones of a duplicate. */
export type AppendResult =
  | { readonly messageId: string; readonly status: 'appended' | 'duplicate'; readonly entries: readonly SpoolEntry[] }
  | { readonly messageId: string; readonly status: 'conflict' }
  /** `unknown`: it may have been kept. The sender rejects with APPEND_OUTCOME_UNKNOWN. */
  | { readonly messageId: string; readonly status: 'failed'; readonly kept: 'no' | 'unknown'; readonly error: Error };

/** What never changes for a note once it is claimed, and the place of this attempt. Plain data. */
export interface Frozen {
  readonly messageClass: string;
  readonly subject: string;
  /** Version of the wording rules its body is built with. */
  readonly wording: number;
  readonly place: Place;
}

/** Which lanes a request speaks of. */
export type LaneFilter = { readonly except: readonly string[] } | { readonly only: readonly string[] };

/** What a claim asks for. */
export interface ClaimRequest {
  /** `deliver`: notes that are due. `probe`: unconfirmed notes whose probe is due. */
  readonly kind: 'deliver' | 'probe';
  /** Notes at most, over all lanes. */
  readonly limit: number;
  /** Notes at most of one lane. */
  readonly perLane: number;
  readonly lease: number;
  /** This run of the spooler; who last tried an entry is kept with it. */
  readonly owner: string;
  readonly lanes?: LaneFilter;
  /** Takes spooled entries before their pickup time; back-off still counts. */
  readonly ignorePickup?: boolean;
  /** Entries a new note takes at most. */
  readonly maxEntries: number;
  /** Weight a new note takes at most; a single entry may exceed it. */
  readonly maxBytes: number;
  /** A new note id; called once a new note. */
  newNoteId(): string;
  /** Pure. For a note claimed again, `previous` is what was frozen: all but `place` is taken over. */
  freeze(members: readonly SpoolEntry[], previous: Frozen | undefined): Frozen;
}

/** Names one claim of one note; opaque to the spooler. A later claim of that note has another. */
export type ClaimToken = string;

/** A note claimed for this spooler until its lease ends. */
export interface ClaimedNote {
  readonly token: ClaimToken;
  readonly lane: string;
  readonly noteId: string;
  readonly attempt: number;
  readonly tag: string;
  readonly frozen: Frozen;
  /** Its members in order, with their messages. */
  readonly entries: readonly SpoolEntry[];
  readonly unknownAttempts: readonly UnknownAttempt[];
  /** Deferrals with the note's own back-off so far. */
  readonly failures: number;
  /** Probes since the attempt, and those of them in a row that said absent. */
  readonly probes: number;
  readonly absences: number;
  /** ms since the last unknown attempt could last have run; 0 for a claim to deliver. */
  readonly quietFor: number;
  /** ms already counted towards `unconfirmedFor`. */
  readonly unconfirmedFor: number;
  /** True when every member's expiry has passed. */
  readonly expired: boolean;
}

/** What {@link SpoolStorage.settle} resolves with. */
export interface SettleResult {
  /** Tokens that no longer match; nothing of their settlements was applied. */
  readonly lost: readonly ClaimToken[];
  readonly changes: readonly Change[];
}

/** What {@link SpoolStorage.refreeze} replaces. */
export interface Refreeze {
  readonly token: ClaimToken;
  readonly frozen: Frozen;
}

/** What becomes of a claimed note. Applied only while the token matches, except that `delivered` always counts. */
export type Settlement =
  | { readonly token: ClaimToken; readonly to: 'delivered'; readonly messageClass?: string }
  /**
   * Known not sent, tried again after `after` ms. `failure`: counts towards the note's own back-off.
   * From a probe: all unknown attempts were absent.
   */
  | {
      readonly token: ClaimToken;
      readonly to: 'deferred';
      readonly after: number;
      readonly failure: boolean;
      /** `unknown`: sent again although it may have been sent; a requested cancel then ends as dead, since nobody knows. @default 'no' */
      readonly sent?: 'no' | 'unknown';
      readonly reason: Reason;
    }
  /**
   * May have been sent: probed after `after` ms. `absent`: this probe said so (adds to `absences`; otherwise they start anew).
   * `counted`: ms to add to `unconfirmedFor`. `ended`: how the attempt that ran ended; kept with it in `unknownAttempts`.
   */
  | {
      readonly token: ClaimToken;
      readonly to: 'unconfirmed';
      readonly after: number;
      readonly absent: boolean;
      readonly counted: number;
      /** @default 'silence' */
      readonly ended?: AttemptEnd;
      readonly reason: Reason;
    }
  /** `sent: 'no'`: its running or probed attempt is proven unsent. A requested cancel then wins over dead. */
  | { readonly token: ClaimToken; readonly to: 'dead'; readonly sent: 'no' | 'unknown'; readonly reason: Reason }
  /** By the hook, before anything was sent. */
  | { readonly token: ClaimToken; readonly to: 'held' }
  | { readonly token: ClaimToken; readonly to: 'cancelled' }
  /** Spooled singles in the same order, due at once, never to merge again. */
  | { readonly token: ClaimToken; readonly to: 'split'; readonly reason: Reason }
  /** As before the claim; no attempt consumed. `after`: not due again before so many ms; left out, due as before. */
  | { readonly token: ClaimToken; readonly to: 'unclaim'; readonly after?: number };

/** Where an entry that is not at work stands in its conversation. */
export interface Standing {
  /** True while an older note of its conversation and audience has not ended. */
  readonly behind: boolean;
  /** ms until it is due: to be picked up, tried again or looked for; missing while its note is at work. */
  readonly dueIn?: number;
}

/** What {@link SpoolStorage.list} shows. */
export interface SpoolQuery {
  readonly state?: SpoolState;
  readonly lane?: string;
}

/** What {@link SpoolStorage.expire} may end. */
export interface ExpireRequest {
  readonly owner: string;
  /** Lanes that cannot be tried, and for how many ms they could not. */
  readonly closedLanes: readonly { readonly lane: string; readonly closedFor: number }[];
  /** For how many ms no lane at all could be tried, as while everything is paused. @default only `closedLanes` */
  readonly allClosedFor?: number;
  /** ms after the expiry of an unconfirmed entry until it is given up, whatever its lane does. @default never */
  readonly giveUpAfter?: number;
  /** Lanes of which nobody is given up, as while they are paused. @default none */
  readonly keptLanes?: readonly string[];
  readonly reason: Reason;
}

/** What {@link SpoolStorage.open} is given. */
export interface SpoolContext {
  readonly clock: Clock;
  /** How long the tombstone of an ended message is kept, so that its id makes no second one, in ms. */
  readonly tombstones: number;
  /** An entry that could not be read was set aside. */
  onCorrupt?(report: { readonly where: string; readonly error: Error }): void;
  /** Something that loses no message, but that someone should know. */
  onWarning?(error: Error): void;
}

/**
 * A durable (or not) store of entries. Every method but `open` and `close` rejects with `SPOOL_CLOSED` while it is not open.
 *
 * `Client` is the handle of a host's transaction that `append` can join; `never` for a storage that joins none.
 */
export interface SpoolStorage<Client = never> {
  readonly name: string;
  readonly capabilities: {
    /** An append that resolved survives the end of the process. */
    readonly durable: boolean;
    /** Several processes may have it open. */
    readonly shared: boolean;
    /** `append` can join a transaction of the host (`client`). @default false */
    readonly transactions?: boolean;
  };
  /** The id of a new entry of this lane, made of the one given, for a storage whose ids say where an entry lies. Pure. @default the id as it is */
  entryIdFor?(lane: string, id: string): string;
  /** Opens it, and does what a process that died has left undone. @throws {OfflineImError} `SPOOL_LOCKED` while another process has it, where only one may */
  open(context: SpoolContext): Promise<void>;
  /** Durable when resolved. One result a message, in order of first appearance; one bad message fails alone. */
  append(entries: readonly NewSpoolEntry[], options?: { readonly client?: Client | undefined }): Promise<readonly AppendResult[]>;
  /** Durable when resolved: a note claimed and then lost is unconfirmed, never forgotten. Lapsed leases become unconfirmed first. */
  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]>;
  /** Resolves with the tokens that no longer match. */
  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]>;
  /**
   * Replaces what was frozen of claimed notes, durable when resolved; resolves with the tokens that no longer match. Optional: for a storage around this one
   * that cannot freeze within the claim, such as `sealed()`.
   */
  refreeze?(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]>;
  /** Takes over what became of claimed notes, durable when resolved. */
  settle(settlements: readonly Settlement[]): Promise<SettleResult>;
  /**
   * Ends spooled and deferred entries past their expiry that this owner has tried, or whose lane was closed since they were due. Unconfirmed ones that are alone in
   * their note hold back nobody from then on (their `expiresAt` is 0), and are dead `giveUpAfter` later.
   */
  expire(request: ExpireRequest): Promise<readonly Change[]>;
  /** ms until something of those lanes is due (0: now), `undefined` when nothing waits. */
  nextDue(lanes?: LaneFilter): Promise<number | undefined>;
  /** An entry, its tombstone included; `undefined` when nothing (any more) is known of it. */
  get(entryId: string): Promise<SpoolEntry | undefined>;
  /** Tombstones and purged messages too, while they are kept. */
  findMessage(messageId: string): Promise<readonly SpoolEntry[]>;
  /** Where an entry stands; `undefined` for one that is held or has ended. Optional: without it `status()` can't tell order and due times. */
  standing?(entryId: string): Promise<Standing | undefined>;
  /** Entries, all or those that the query asks for, read page by page. */
  list(query?: SpoolQuery): AsyncIterable<SpoolEntry>;
  /** Keeps spooled and deferred entries from being claimed until they are released. Others are left as they are, and not among the changes. */
  hold(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Lets held entries go on at the end of the order; with unknown attempts they are probed first. */
  release(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Cancels what waits. Of what is at work or unconfirmed it notes the request: the change then has equal `from` and `to`. */
  cancel(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Spools dead entries anew at the end of the order; with unknown attempts they are probed first, unless `force` is given. */
  requeue(entryIds: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]>;
  /** Forgets ended entries but for the tombstone of their message id. */
  purge(entryIds: readonly string[]): Promise<readonly Change[]>;
  /**
   * Whether this process still has the storage to itself, answered at once: asked right before the first byte of each request to a server,
   * which is not written when it says no. For a storage of one process whose lock can be taken away. Optional.
   */
  isOwner?(): boolean;
  /**
   * Calls `wake` when another process appended, and with `'operated'` when an operator has changed something through this process, such as a pause; the returned
   * function ends that.
   */
  watch?(wake: (news?: 'operated') => void): () => void;
  /** Entries by state, purged ones left out. */
  counts(): Promise<Readonly<Record<SpoolState, number>>>;
  /** What its messages take, in bytes, as cheaply as `counts()` and as exactly as that allows: what `highWater.bytes` is held against. Optional. */
  usage?(): Promise<{ readonly bytes: number }>;
  /** What operators ask: pause, lists by filter, bulk changes. Optional: a storage without it works. */
  readonly admin?: SpoolAdmin;
  /** Ends every use of it; calls from then on reject with `SPOOL_CLOSED`. */
  close(): Promise<void>;
}
