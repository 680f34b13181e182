import type { ErrorCode } from '../core/errors/codes.ts';
import type { Audience, Mailbox, UnknownAttempt } from '../transport/contract.ts';

/** Where an entry stands. Only `delivered`, `dead` and `cancelled` are ends. */
export type SpoolState = 'spooled' | 'deferred' | 'delivering' | 'unconfirmed' | 'held' | 'delivered' | 'dead' | 'cancelled';

/** All states, in the order in which a message meets them. */
export const spoolStates = [
  'spooled',
  'deferred',
  'delivering',
  'unconfirmed',
  'held',
  'delivered',
  'dead',
  'cancelled',
] as const satisfies readonly SpoolState[];

/** The message of an entry, as its note carries it. */
export interface SpooledMessage {
  readonly from: { readonly sip: string; readonly mailbox: Mailbox };
  readonly to: readonly Mailbox[];
  readonly text: string;
  readonly html?: string;
  /** The time of sending as the caller gave it, in ms since 1970 UTC. */
  readonly sentAt: number;
  /** The W3C trace context of its `send()`; never part of a note. */
  readonly traceparent?: string;
}

/** One message for one audience, as the sender appends it. */
export interface NewSpoolEntry {
  /** Unique, made by the sender; time-ordered. */
  readonly id: string;
  /** The host's id or a generated one. The entries of one message are appended all or none, next to each other. */
  readonly messageId: string;
  /** Hash of what the caller gave, without defaults: tells a repetition from a conflict. */
  readonly contentHash: string;
  /** The sender's mailbox, lower case. */
  readonly lane: string;
  readonly conversationId: string;
  readonly audience: Audience;
  /** Equal if and only if the sets of recipients are. */
  readonly recipientsKey: string;
  readonly messageClass: string;
  /** Bytes of the message as written into a note. */
  readonly weight: number;
  /** ms from acceptance until it is due. */
  readonly pickupIn: number;
  /** ms from acceptance until it expires. */
  readonly expiresIn: number;
  readonly message: SpooledMessage;
}

/** Why an entry is where it is. `text` never holds message text or a secret. */
export interface Reason {
  readonly code: ErrorCode;
  readonly text: string;
  /** The server's own code, where it gave one. */
  readonly serverCode?: string;
}

/** An entry as the storage shows it. Times are ms since 1970 UTC by the storage's clock. */
export interface SpoolEntry extends Omit<NewSpoolEntry, 'pickupIn' | 'expiresIn' | 'message'> {
  readonly state: SpoolState;
  readonly acceptedAt: number;
  /** When its two minutes end: `pickupAt` of the first receipt. It never changes. */
  readonly pickupAt: number;
  /** 0 once it has expired and is only probed: it is never sent again, unless the host requeues it. */
  readonly expiresAt: number;
  /** Its recipients; the tombstone keeps them too. */
  readonly to: readonly Mailbox[];
  /** Gone once delivered, cancelled or purged: the tombstone keeps no text. */
  readonly message?: SpooledMessage;
  /** The note it belongs to. */
  readonly noteId?: string;
  /** How often its note was tried, the running attempt included. */
  readonly attempt: number;
  readonly unknownAttempts: readonly UnknownAttempt[];
  readonly cancelRequested: boolean;
  readonly reason?: Reason;
  /** When it was delivered, dead or cancelled. */
  readonly endedAt?: number;
}

/** One entry's change of state. */
export interface Change {
  readonly entryId: string;
  readonly messageId: string;
  readonly from: SpoolState;
  readonly to: SpoolState | 'purged';
  readonly noteId?: string;
  readonly reason?: Reason;
}
