import type { ErrorCode } from '../core/errors/codes.ts';
import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { GateReason } from '../gating/gate.ts';
import type { Reason } from '../spool/contract.ts';
import type { Audience, DeliveryOutcome, ProbeResult } from '../transport/contract.ts';

/** The fields of every event about one entry. A message to both audiences is one entry per audience. */
export interface EntryEvent {
  readonly messageId: string;
  /** Id of the entry, as in the receipt and in `status()`. */
  readonly id: string;
}

/** The fields of an event about an entry whose note is in hand. */
export interface NoteEvent extends EntryEvent {
  readonly noteId: string;
  /** 1 for the first attempt of the note. */
  readonly attempt: number;
  /** SMTP address of the sender's mailbox, normalised. */
  readonly lane: string;
}

/** Every event with its payload. Times are `Date`s, durations ms. */
export interface OfflineImEvents {
  /** The message was accepted: it is on durable storage, as durable as the spool is. */
  'message:spooled': EntryEvent & { readonly audience: Audience; readonly messageClass: string; readonly pickupAt: Date };
  /** The gate refused it; `send()` rejects with the same reasons. */
  'message:refused': { readonly messageId?: string; readonly reasons: readonly GateReason[] };
  /** The same message was accepted before; `send()` resolves with the first receipt. */
  'message:duplicate': { readonly messageId: string };
  /** The message has become part of a note that is about to be sent. `waited`: ms since it was accepted; `late`: ms since its two minutes ended. */
  'message:picked-up': NoteEvent & { readonly waited: number; readonly late: number };
  /** Exchange accepted the note; nobody can know whether a person reads it. `took`: ms since the message was accepted. */
  'message:delivered': NoteEvent & {
    readonly messageClass: string;
    readonly took: number;
    readonly foundByProbe: boolean;
    /** Only with `probe.onCopyAfterFault: 'delivered'`: a copy was found although the server had answered the request with an error. */
    readonly proof?: 'copy-after-fault';
  };
  /** The note is known not to have been sent; it is tried again after `retryIn` ms. */
  'message:deferred': NoteEvent & Reason & { readonly retryIn: number };
  /** The note may have been sent: it is probed before it is ever sent again, next in `probeIn` ms. */
  'message:unconfirmed': NoteEvent & Reason & { readonly probeIn: number };
  /** The message was given up. It is kept, readable, with its reason, until `requeue()` or `purge()`. */
  'message:dead': EntryEvent & Reason;
  /** Held by the hook or by `hold()`. */
  'message:held': EntryEvent;
  /** Cancelled by the hook or by `cancel()`. */
  'message:cancelled': EntryEvent;
  /**
   * The outcome of an attempt or a probe of a note has been stored. `at`: when; `took`: ms from the call of the transport until it was stored; `entries`: the number of
   * messages in the note; `traceparents`: those of their sends, each once. For metrics and traces; it isn't in the log, which has the step `settle`.
   */
  'note:settled': {
    readonly noteId: string;
    readonly attempt: number;
    readonly lane: string;
    readonly endpoint: string;
    readonly kind: 'deliver' | 'probe';
    readonly outcome: DeliveryOutcome['status'] | ProbeResult['status'];
    readonly code?: ErrorCode;
    readonly entries: number;
    readonly at: Date;
    readonly took: number;
    readonly traceparents: readonly string[];
  };
  /** Someone must act before this mailbox can send (password, permission, quota). It is tried again after `retryIn` ms, or on `retryNow()`. */
  'lane:blocked': Reason & { readonly lane: string; readonly retryIn: number };
  /** The mailbox sends again. */
  'lane:resumed': { readonly lane: string };
  /** The server can't be reached, or refuses everybody. One trial follows after `retryIn` ms, and nothing else until then. */
  'transport:unavailable': Reason & { readonly endpoint: string; readonly retryIn: number };
  /** The server answers again. */
  'transport:available': { readonly endpoint: string };
  /** An entry could not be read and was set aside; the rest goes on. */
  'spool:corrupt': { readonly where: string; readonly error: Error };
  /** Nothing is in flight and nothing is due. */
  'spool:idle': Record<never, never>;
  /** `setPolicy()` was called. */
  'policy:changed': Record<never, never>;
  /** `start()` has opened the spool. */
  started: Record<never, never>;
  /** `stop()` has ended. */
  stopped: Record<never, never>;
  /** Something that loses no message, but that someone should know: a listener threw, a storage failed, a draft was left. */
  warning: { readonly error: OfflineImError | Error };
}

/** Name of an event. */
export type EventName = keyof OfflineImEvents;

/** A function that is called with an event's payload; what it returns is ignored. */
export type Listener<Name extends EventName> = (event: OfflineImEvents[Name]) => unknown;
