import type { Clock } from '../core/clock.ts';
import type { AttemptEnd, Place, UnknownAttempt } from '../transport/contract.ts';
import type { SpoolAdmin } from './admin/contract.ts';
import type { Change, NewSpoolEntry, Reason, SpoolEntry, SpoolState } from './entry.ts';

export type { Change, NewSpoolEntry, Reason, SpoolEntry, SpooledMessage, SpoolState } from './entry.ts';
export { spoolStates } from './entry.ts';

/**
 * The contract between the spooler and a storage. docs/states.md has the state table; every storage passes
 * `spoolConformance` from `offline-im/testing`. All durations are in ms by the storage's own clock: a storage that several processes share
 * uses one clock for all of them (its database's), never the callers'.
 */

/** What became of one message of an append. `entries` are those that are kept: the new ones or, for a duplicate, the first ones. */
export type AppendResult =
  | { readonly messageId: string; readonly status: 'appended' | 'duplicate'; readonly entries: readonly SpoolEntry[] }
  | { readonly messageId: string; readonly status: 'conflict' }
  /** `unknown`: it may have been kept; the sender then rejects with APPEND_OUTCOME_UNKNOWN. */
  | { readonly messageId: string; readonly status: 'failed'; readonly kept: 'no' | 'unknown'; readonly error: Error };

/** The parts of a note that never change once it is claimed, and the place of this attempt. Plain data. */
export interface Frozen {
  readonly messageClass: string;
  readonly subject: string;
  /** Version of the wording rules that its body is built with. */
  readonly wording: number;
  readonly place: Place;
}

/** The lanes that a request is about. */
export type LaneFilter = { readonly except: readonly string[] } | { readonly only: readonly string[] };

/** What a claim asks for. */
export interface ClaimRequest {
  /** `deliver`: notes that are due. `probe`: unconfirmed notes whose probe is due. */
  readonly kind: 'deliver' | 'probe';
  /** How many notes to claim at most, over all lanes. */
  readonly limit: number;
  /** How many notes to claim at most of one lane. */
  readonly perLane: number;
  /** ms until the lease of the claim expires, unless it is renewed. */
  readonly lease: number;
  /** Names this run of the spooler; each entry keeps the run that tried it last. */
  readonly owner: string;
  readonly lanes?: LaneFilter;
  /** Also claims spooled entries before their pickup time; back-off still counts. @default false */
  readonly ignorePickup?: boolean;
  /** How many entries a new note takes at most. */
  readonly maxEntries: number;
  /** The weight of a new note at most, in bytes; a single entry may exceed it. */
  readonly maxBytes: number;
  /** Makes a note id; called once per new note. */
  newNoteId(): string;
  /** Pure. `previous`: what was frozen of a note that is claimed again; all of it but `place` stays. */
  freeze(members: readonly SpoolEntry[], previous: Frozen | undefined): Frozen;
}

/** Names one claim of one note; opaque to the spooler. A later claim of that note has another token. */
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
  /** How often the note was deferred by its own back-off. */
  readonly failures: number;
  /** Probes since the last attempt. */
  readonly probes: number;
  /** How many of the latest probes in a row returned absent. */
  readonly absences: number;
  /** ms since the last unknown attempt can have run at the latest; 0 for a claim to deliver. */
  readonly quietFor: number;
  /** ms for which it has been unconfirmed while it could be probed; counts towards `probe.giveUpAfter`. */
  readonly unconfirmedFor: number;
  /** Whether every member has expired. */
  readonly expired: boolean;
  /** ms since it was claimed, where the storage kept it back: its lease is that much shorter. @default 0 */
  readonly age?: number;
}

/** What {@link SpoolStorage.settle} resolves with. */
export interface SettleResult {
  /** Tokens that no longer match. Their settlements were not applied, except `delivered`. */
  readonly lost: readonly ClaimToken[];
  readonly changes: readonly Change[];
}

/** The new frozen parts of one claimed note; see {@link SpoolStorage.refreeze}. */
export interface Refreeze {
  readonly token: ClaimToken;
  readonly frozen: Frozen;
}

/** What becomes of a claimed note. It applies only while the token matches, except that `delivered` always counts. */
export type Settlement =
  | { readonly token: ClaimToken; readonly to: 'delivered'; readonly messageClass?: string }
  /**
   * Known not to be sent; tried again after `after` ms. `failure`: counts towards the note's own back-off.
   * After a probe: all unknown attempts were absent.
   */
  | {
      readonly token: ClaimToken;
      readonly to: 'deferred';
      readonly after: number;
      readonly failure: boolean;
      /** `unknown`: it goes out again although it may have been sent; a requested cancel then ends as dead, since nobody knows. @default 'no' */
      readonly sent?: 'no' | 'unknown';
      readonly reason: Reason;
    }
  /**
   * May have been sent; probed after `after` ms. `absent`: whether this probe returned absent, which adds to `absences`; otherwise they start over.
   * `counted`: ms to add to `unconfirmedFor`. `ended`: how the attempt ended; kept with it in `unknownAttempts`.
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
  /** `sent: 'no'`: the running or probed attempt is proven unsent; a requested cancel then wins over dead. */
  | { readonly token: ClaimToken; readonly to: 'dead'; readonly sent: 'no' | 'unknown'; readonly reason: Reason }
  /** The hook said so, before anything was sent. */
  | { readonly token: ClaimToken; readonly to: 'held' }
  | { readonly token: ClaimToken; readonly to: 'cancelled' }
  /** Each entry is spooled alone, in the same order, due at once, and never merges again. */
  | { readonly token: ClaimToken; readonly to: 'split'; readonly reason: Reason }
  /** As before the claim; consumes no attempt. `after`: ms until it is due again. @default due as before */
  | { readonly token: ClaimToken; readonly to: 'unclaim'; readonly after?: number };

/** Where an entry that is not at work stands in its conversation. */
export interface Standing {
  /** True while an older note of its conversation and audience has not ended. */
  readonly behind: boolean;
  /** ms until it is due to be picked up, tried again or probed; missing while its note is at work. */
  readonly dueIn?: number;
}

/** Which entries {@link SpoolStorage.list} shows. */
export interface SpoolQuery {
  readonly state?: SpoolState;
  readonly lane?: string;
}

/** Which entries {@link SpoolStorage.expire} may end. */
export interface ExpireRequest {
  readonly owner: string;
  /** Lanes that cannot be tried now, and for how many ms they could not. */
  readonly closedLanes: readonly { readonly lane: string; readonly closedFor: number }[];
  /** ms for which no lane at all could be tried, as while everything is paused. @default only `closedLanes` */
  readonly allClosedFor?: number;
  /** ms from the expiry of an unconfirmed entry until it is given up, whatever its lane does. @default never */
  readonly giveUpAfter?: number;
  /** Lanes of which no entry is given up, as while they are paused. @default none */
  readonly keptLanes?: readonly string[];
  readonly reason: Reason;
}

/** The surroundings of an open storage; see {@link SpoolStorage.open}. */
export interface SpoolContext {
  readonly clock: Clock;
  /** ms for which a message that has ended keeps its tombstone, so that its id makes no second message. */
  readonly tombstones: number;
  /** Called for each entry that could not be read and was set aside. */
  onCorrupt?(report: { readonly where: string; readonly error: Error }): void;
  /** Called with anything that loses no message but that someone should know. */
  onWarning?(error: Error): void;
}

/**
 * Stores entries, durably or not. Every method but `open` and `close` rejects with `SPOOL_CLOSED` while it is not open.
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
  /** Makes the id of a new entry of this lane from the one given, for a storage whose ids say where an entry lies. Pure. @default the id as it is */
  entryIdFor?(lane: string, id: string): string;
  /** Opens it, and finishes what a process that died left undone. @throws {OfflineImError} `SPOOL_LOCKED` while another process has it open, where only one may */
  open(context: SpoolContext): Promise<void>;
  /** Durable when resolved. Resolves with one result per message, in order of first appearance; a bad message fails alone. */
  append(entries: readonly NewSpoolEntry[], options?: { readonly client?: Client | undefined }): Promise<readonly AppendResult[]>;
  /** Durable when resolved: a note claimed and then lost is unconfirmed, never forgotten. Notes whose leases have expired become unconfirmed first. */
  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]>;
  /** Extends claims to `lease` ms from now; resolves with the tokens that no longer match. If it could extend some only, it rejects with those in `details.renewed`. */
  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]>;
  /**
   * Names the part that a claim lies in, for a storage over several that answer independently: claims are renewed part by part, so that one that does not answer
   * keeps no other from being renewed. Pure. Optional.
   */
  partOf?(claim: ClaimToken): string;
  /**
   * Replaces the frozen parts of claimed notes, durable when resolved; resolves with the tokens that no longer match. Optional: for a wrapper that cannot freeze
   * within the claim, such as `sealed()`.
   */
  refreeze?(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]>;
  /** Records what became of claimed notes, durable when resolved. */
  settle(settlements: readonly Settlement[]): Promise<SettleResult>;
  /**
   * Ends spooled and deferred entries that have expired, if this owner has tried them or their lane has been closed since they were due. An unconfirmed entry that has
   * expired and is alone in its note holds back none from then on (its `expiresAt` is 0), and is dead after `giveUpAfter`.
   */
  expire(request: ExpireRequest): Promise<readonly Change[]>;
  /** ms until something of those lanes is due (0: now); `undefined` when nothing waits. */
  nextDue(lanes?: LaneFilter): Promise<number | undefined>;
  /** Finds an entry, or its tombstone; `undefined` when nothing is known of it, or nothing any more. */
  get(entryId: string): Promise<SpoolEntry | undefined>;
  /** Finds the entries of a message, tombstones and purged ones included while they are kept. */
  findMessage(messageId: string): Promise<readonly SpoolEntry[]>;
  /** Returns where an entry stands; `undefined` for one that is held or has ended. Optional: without it `status()` can't tell order and due times. */
  standing?(entryId: string): Promise<Standing | undefined>;
  /** Lists entries, all or those of the query, page by page. */
  list(query?: SpoolQuery): AsyncIterable<SpoolEntry>;
  /** Keeps spooled and deferred entries from being claimed until they are released. Leaves others alone; they are not among the changes. */
  hold(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Spools held entries at the end of the order; those with unknown attempts are probed first. */
  release(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Cancels what waits. For what is at work or unconfirmed it records the request: `from` and `to` of that change are equal. */
  cancel(entryIds: readonly string[]): Promise<readonly Change[]>;
  /** Spools dead entries anew at the end of the order; those with unknown attempts are probed first, unless `force` is set. */
  requeue(entryIds: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]>;
  /** Forgets entries that have ended, except the tombstone of their message id. */
  purge(entryIds: readonly string[]): Promise<readonly Change[]>;
  /**
   * Whether this process still has the storage to itself. Called, without waiting, right before the first byte of each request to a server, which is not written
   * when it returns false. Optional: for a storage of one process whose lock can be taken away.
   * @param claims What the request is for. A storage over several is asked for the parts that these are in.
   */
  isOwner?(claims?: readonly ClaimToken[]): boolean;
  /**
   * Calls `wake` when another process has appended, and with `'operated'` when an operator has changed something through this process, such as a pause. The returned
   * function ends that. Optional.
   */
  watch?(wake: (news?: 'operated') => void): () => void;
  /** Counts entries by state, without purged ones. */
  counts(): Promise<Readonly<Record<SpoolState, number>>>;
  /** Measures its messages in bytes, as cheaply as `counts()` and as exactly as that allows; `highWater.bytes` is compared with it. Optional. */
  usage?(): Promise<{ readonly bytes: number }>;
  /** Serves operators: pauses, lists by filter, bulk changes. Optional. */
  readonly admin?: SpoolAdmin;
  /** Closes it; calls from then on reject with `SPOOL_CLOSED`. */
  close(): Promise<void>;
}
