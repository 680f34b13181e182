import type { ErrorCode } from '../core/errors/codes.ts';
import type { OfflineImError } from '../core/errors/offline-im-error.ts';

/** A mailbox: where a note comes from or goes to. */
export interface Mailbox {
  /** SMTP address. Compared without regard to case. */
  readonly address: string;
  /** Display name. */
  readonly name?: string;
}

/** Whether the recipients of a note belong to the sender's own organisation. */
export type Audience = 'same-organization' | 'federated';

/** Where a note is sent, and where its copy is kept. Frozen per attempt, so that a probe looks in the right place. */
export interface Place {
  /** Notes with the same endpoint share a circuit; for EWS it is the URL. */
  readonly endpoint: string;
  /** SMTP address of the sending mailbox. */
  readonly mailbox: string;
  /** Folder of the copy, as the transport names it. */
  readonly folder: string;
}

/**
 * How an attempt of unknown outcome ended. `silence`: without an answer, or with one that proves nothing. `fault`: the server answered with an error; some servers
 * keep the copy and then fail to send, so a copy found after a fault proves little.
 */
export type AttemptEnd = 'silence' | 'fault';

/** An attempt of unknown outcome: it may have been processed. */
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
  /** Note id and attempt. The item carries it, so that a probe can search for exactly this attempt. */
  readonly tag: string;
  /** Attempts that may have been processed, which a probe searches for. */
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

/** What an outcome applies to: this note only, every note of the mailbox, or every mailbox at the endpoint. */
export type Scope = 'note' | 'mailbox' | 'endpoint';

/** The outcome of a note that was handed to a transport. Durations are in ms. */
export type DeliveryOutcome =
  /** The server accepted it for sending. */
  | { readonly status: 'delivered'; readonly messageClass: string }
  /** Known not to have been processed; worth another try, but not before `retryAfter` ms. */
  | { readonly status: 'deferred'; readonly scope: Scope; readonly error: OfflineImError; readonly retryAfter?: number }
  /** May have been processed: it is probed before it is ever sent again. `ended: 'fault'` if the server answered with an error. */
  | {
      readonly status: 'unconfirmed';
      readonly scope: Scope;
      readonly error: OfflineImError;
      readonly retryAfter?: number;
      /** @default 'silence' */
      readonly ended?: AttemptEnd;
    }
  /** Known not to have been sent, and never will be as it is. `splittable`: its messages may be accepted one by one. */
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
       * What was refused. `login`: the scope opens again as soon as any request succeeds, even a probe. `sending` (quota, send-as, configuration): only a delivery
       * opens it. @default 'login' for the code `AUTHENTICATION_FAILED`, and for the scope 'endpoint'; else 'sending'
       */
      readonly by?: 'login' | 'sending';
      /** For `sent: 'unknown'`. @default 'silence' */
      readonly ended?: AttemptEnd;
    };

/** The result of probing the unknown attempts of a note. */
export type ProbeResult =
  /** `tags`: the attempts whose copies were found; left out by a transport that can't tell them apart. `draft`: of one attempt a draft was found that could not be removed. */
  | { readonly status: 'found'; readonly tags?: readonly string[]; readonly draft?: 'left' }
  | { readonly status: 'absent' }
  | { readonly status: 'pending'; readonly draft?: 'left' }
  /** No attempt was sent: a draft of one, and nothing of any other. */
  | { readonly status: 'draft'; readonly removed: boolean }
  /** No result yet. It delays or blocks its scope as the outcome of a delivery does. */
  | {
      readonly status: 'unknown';
      /** @default by the code: the endpoint for `ENDPOINT_UNREACHABLE`, `CONNECTION_LOST` and `EWS_DISABLED`, the mailbox for `AUTHENTICATION_FAILED`, else the note */
      readonly scope?: Scope;
      readonly error: OfflineImError;
      /** ms for which the server asked for a pause. */
      readonly retryAfter?: number;
      /** Someone must act before anything in that scope can be asked again. @default true for the codes `AUTHENTICATION_FAILED` and `EWS_DISABLED` */
      readonly blocked?: boolean;
      readonly draft?: 'left';
    };

/** Something that a transport can't do for a mailbox, for instance for lack of a permission, and what can't be promised without it. */
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
  /** Call it before the first byte of each request; after `false`, write nothing. Only the draft of a note that was just refused may be removed without. */
  mayWrite(): boolean;
}

/**
 * Carries notes to the recipients' mailboxes, as EwsTransport and GraphTransport do.
 *
 * A transport of your own passes `transportConformance` from `offline-im/testing`.
 */
export interface Transport {
  readonly name: string;
  /**
   * Sends notes of one mailbox. Resolves with one outcome per note, in order.
   * A rejection means `unconfirmed` for all of them, unless its code is `NOT_ATTEMPTED`.
   * Notes that `mayWrite()` kept from being written are `deferred` with `retryAfter: 0` and the code `NOT_ATTEMPTED`.
   */
  deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]>;
  /** Finds out whether the unknown attempts of these notes were sent. Resolves with one result per note, in order. It only reads, except that it removes drafts with their tags. */
  probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]>;
  /** Returns where a note of this mailbox goes now. Mailboxes with the same endpoint share a circuit. Pure and quick. */
  placeOf(from: Mailbox): Place;
  /**
   * Returns whether `probe()` can still look into a place that an earlier attempt was sent to. An attempt in a place where it can't is not handed to `probe()`; unless another
   * attempt of the note is found, the note is then dead with `OUTCOME_UNKNOWN`. Pure and quick. Optional: without it, every place is probed.
   */
  canProbe?(place: Place): boolean;
  /** Returns the shortest grace, in ms, after which "absent" proves anything in that place; the larger of this and `probe.grace` counts. Pure and quick. */
  minimumGrace?(place: Place): number;
  /** The longest that one request can take, in ms: no request begins with less of its lease left. @default 60_000, or less where the sender's lease is shorter */
  readonly requestTimeout?: number | undefined;
  /** Checks login and mailbox before the first message. Rejects with what is wrong, resolves with what can't be promised. Optional. */
  verify?(from: Mailbox, options: { readonly signal: AbortSignal }): Promise<TransportReport>;
  /** Closes what it keeps open. Called once, at the end of `stop()`. Optional. */
  close?(): Promise<void>;
}
