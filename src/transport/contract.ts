import type { ErrorCode } from '../core/errors/codes.ts';
import type { OfflineImError } from '../core/errors/offline-im-error.ts';

/** A mailbox: where a note comes from or goes to. */
export interface Mailbox {
  /** SMTP address. Compared without regard to case. */
  readonly address: string;
  /** Display name, as it is shown to people. */
  readonly name?: string;
}

/** Whether the recipients of a note belong to the sender's own organisation. */
export type Audience = 'same-organization' | 'federated';

/** Where a note is sent to, and where its copy is kept: frozen per attempt, so that a probe looks in the right place. */
export interface Place {
  /** What notes share a circuit by, for EWS the URL. */
  readonly endpoint: string;
  /** SMTP address of the mailbox that sends. */
  readonly mailbox: string;
  /** Folder of the copy, in words the transport understands. */
  readonly folder: string;
}

/**
 * How an attempt ended of which nobody can say whether it was processed. `silence`: without an answer, or with one that says nothing.
 * `fault`: the server answered with an error. Some servers keep the copy and then fail to send, so a copy found after a fault proves little.
 */
export type AttemptEnd = 'silence' | 'fault';

/** An attempt of which nobody can say whether it was processed. */
export interface UnknownAttempt {
  readonly tag: string;
  readonly place: Place;
  /** @default 'silence' */
  readonly ended?: AttemptEnd;
}

/** One missed-conversation note, ready to be sent. */
export interface Note {
  readonly id: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Note id and attempt: goes onto the item, so that a probe can look for exactly this attempt. */
  readonly tag: string;
  /** Earlier attempts that may have been processed; what a probe looks for. */
  readonly unknownAttempts: readonly UnknownAttempt[];
  readonly place: Place;
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly audience: Audience;
  readonly messageClass: string;
  readonly subject: string;
  readonly body: { readonly type: 'text' | 'html'; readonly content: string };
  /** When its first message was sent. */
  readonly sentAt: Date;
  readonly conversationId: string;
  readonly entryIds: readonly string[];
}

/** What an outcome speaks of: this note only, every note of the mailbox, or every mailbox at the endpoint. */
export type Scope = 'note' | 'mailbox' | 'endpoint';

/** What became of a note that was handed to a transport. */
export type DeliveryOutcome =
  /** The server accepted it for sending. */
  | { readonly status: 'delivered'; readonly messageClass: string }
  /** Known not to have been processed; worth trying again, not before `retryAfter` ms. */
  | { readonly status: 'deferred'; readonly scope: Scope; readonly error: OfflineImError; readonly retryAfter?: number }
  /** May have been processed: it is looked for before it is ever sent again. `ended: 'fault'` when the server answered with an error. */
  | {
      readonly status: 'unconfirmed';
      readonly scope: Scope;
      readonly error: OfflineImError;
      readonly retryAfter?: number;
      /** @default 'silence' */
      readonly ended?: AttemptEnd;
    }
  /** Known not to have been sent, and never will be as it is. `splittable`: its messages may pass one by one. */
  | {
      readonly status: 'rejected';
      readonly scope: Scope;
      readonly splittable: boolean;
      readonly draft: 'none' | 'removed' | 'left';
      readonly error: OfflineImError;
    }
  /** Someone must act (password, permission, quota) before anything in that scope can be sent. */
  | {
      readonly status: 'blocked';
      readonly scope: Scope;
      readonly sent: 'no' | 'unknown';
      readonly error: OfflineImError;
      /**
       * What the refusal met. `login`: the scope opens again as soon as any request passes, a probe too. `sending` (quota, send-as, configuration): only a delivery
       * opens it. @default 'login' for the code `AUTHENTICATION_FAILED`, else 'sending'
       */
      readonly by?: 'login' | 'sending';
      /** For `sent: 'unknown'`. @default 'silence' */
      readonly ended?: AttemptEnd;
    };

/** What a probe found out about the unknown attempts of a note. */
export type ProbeResult =
  /** `tags`: the attempts whose copies were found. A transport that can't tell them apart leaves it out. */
  | { readonly status: 'found'; readonly tags?: readonly string[] }
  | { readonly status: 'absent' | 'pending' }
  | { readonly status: 'draft'; readonly removed: boolean }
  /** Nothing can be said yet. It delays or blocks its scope as a delivery that ended so does. */
  | {
      readonly status: 'unknown';
      /** @default 'note' */
      readonly scope?: Scope;
      readonly error: OfflineImError;
      /** ms for which the server asked to be left alone. */
      readonly retryAfter?: number;
      /** Someone must act before anything in that scope can be asked. @default false */
      readonly blocked?: boolean;
    };

/** Something that a transport cannot do for a mailbox, such as for want of a permission, and what cannot be promised then. */
export interface TransportLimit {
  readonly code: ErrorCode;
  readonly text: string;
}

/** What {@link Transport.verify} found. */
export interface TransportReport {
  /** Empty when nothing is lacking. */
  readonly limits: readonly TransportLimit[];
}

/** How {@link Transport.deliver} is called. */
export interface DeliverOptions {
  readonly signal: AbortSignal;
  /** Asked before the first byte of each request; after `false` nothing may be written. */
  mayWrite(): boolean;
}

/**
 * The way to the recipients' mailboxes. EWS is the first implementation.
 *
 * A transport of your own passes `transportConformance` from `offline-im/testing`.
 */
export interface Transport {
  readonly name: string;
  /**
   * Sends notes of one mailbox. One outcome a note, in order.
   * A rejection means unconfirmed for all, unless its code is `NOT_ATTEMPTED`.
   * When `mayWrite()` says no: `deferred` with `retryAfter: 0`, code `NOT_ATTEMPTED`.
   */
  deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]>;
  /** Were the unknown attempts of these notes sent? Reads only, except that it removes a draft that carries their tag. */
  probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]>;
  /** Where a note of this mailbox goes now. Mailboxes with the same endpoint share a circuit. Pure and quick. */
  placeOf(from: Mailbox): Place;
  /**
   * Whether `probe()` can still look into that place, which an earlier attempt was sent to. When it can't, nobody can settle the note: it is dead with
   * `OUTCOME_UNKNOWN`. Pure and quick. Without it every place is asked.
   */
  canProbe?(place: Place): boolean;
  /** The shortest grace in ms after which "absent" proves anything in that place; the larger of this and `probe.grace` counts. Pure and quick. */
  minimumGrace?(place: Place): number;
  /** The longest that one request can take, in ms: no request is begun with less of its lease left. @default 60_000, or less where the sender's lease is shorter */
  readonly requestTimeout?: number | undefined;
  /** Checks login and mailbox before the first message; rejects with what is wrong, resolves with what cannot be promised. */
  verify?(from: Mailbox, options: { readonly signal: AbortSignal }): Promise<TransportReport>;
  /** Ends what it keeps open; called once, at the end of `stop()`. Optional. */
  close?(): Promise<void>;
}
