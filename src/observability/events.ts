import type { ErrorCode } from '../core/errors/codes.ts';
import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { GateReason } from '../gating/gate.ts';
import type { Reason } from '../spool/contract.ts';
import type { Audience, DeliveryOutcome, ProbeResult } from '../transport/contract.ts';

/** What every event about one entry carries. A message to both audiences is one entry an audience. */
export interface EntryEvent {
  readonly messageId: string;
  /** Id of the entry, as in the receipt and in `status()`. */
  readonly id: string;
}

/** An event about an entry while its note is at work. */
export interface NoteEvent extends EntryEvent {
  readonly noteId: string;
  /** 1 for the first attempt of the note. */
  readonly attempt: number;
  /** Sender's mailbox. */
  readonly lane: string;
}

/** Every event with its payload. Times are `Date`s, durations ms. */
export interface OfflineImEvents {
  /** Accepted: on durable storage, as durable as the spool is. */
  'message:spooled': EntryEvent & { readonly audience: Audience; readonly messageClass: string; readonly pickupAt: Date };
  /** The gate refused it; `send()` rejects with the same reasons. */
  'message:refused': { readonly messageId?: string; readonly reasons: readonly GateReason[] };
  /** Its id was accepted before with the same content; `send()` resolves with the first receipt. */
  'message:duplicate': { readonly messageId: string };
  /** Its two minutes are over: it has become part of a note that is about to be sent. `waited`: ms since it was accepted; `late`: ms since its two minutes were over. */
  'message:picked-up': NoteEvent & { readonly waited: number; readonly late: number };
  /** Exchange accepted the note. Whether a person reads it, nobody can know. `took`: ms since the message was accepted. */
  'message:delivered': NoteEvent & {
    readonly messageClass: string;
    readonly took: number;
    readonly foundByProbe: boolean;
    /** Only with `probe.onCopyAfterFault: 'delivered'`: a copy was found, though the server had answered the request with an error. */
    readonly proof?: 'copy-after-fault';
  };
  /** Known not to have been sent; tried again after `retryIn` ms. */
  'message:deferred': NoteEvent & Reason & { readonly retryIn: number };
  /** May have been sent: looked for before it is ever sent again; next look after `probeIn` ms. */
  'message:unconfirmed': NoteEvent & Reason & { readonly probeIn: number };
  /** Ends here: kept, readable, with its reason, until `requeue` or `purge`. */
  'message:dead': EntryEvent & Reason;
  /** Held by the hook or by `hold()`. */
  'message:held': EntryEvent;
  /** Cancelled by the hook or by `cancel()`. */
  'message:cancelled': EntryEvent;
  /**
   * A note was taken to the server, or looked for there, and what came of it is stored: one for each attempt and each look. `at`: when; `took`: ms from the call of
   * the transport until it was stored. `entries`: messages in the note. `traceparents`: those of their sends, each once.
   * For metrics and traces; not in the log, where the step `settle` says it.
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
  /** Someone must act before anything of this mailbox can be sent (password, permission, quota). Tried again after `retryIn` ms, or on `resume()`. */
  'lane:blocked': Reason & { readonly lane: string; readonly retryIn: number };
  /** Mail of this mailbox goes out again. */
  'lane:resumed': { readonly lane: string };
  /** The server can't be reached, or refuses everybody: one trial after `retryIn` ms, nothing else until then. */
  'transport:unavailable': Reason & { readonly endpoint: string; readonly retryIn: number };
  /** The server answers again. */
  'transport:available': { readonly endpoint: string };
  /** An entry could not be read and was set aside; the rest goes on. */
  'spool:corrupt': { readonly where: string; readonly error: Error };
  /** Nothing is at work and nothing is due. */
  'spool:idle': Record<never, never>;
  'policy:changed': Record<never, never>;
  started: Record<never, never>;
  stopped: Record<never, never>;
  /** Something that loses no message but that someone should know: a listener that threw, a storage error, a draft left. */
  warning: { readonly error: OfflineImError | Error };
}

/** Name of an event. */
export type EventName = keyof OfflineImEvents;

/** What is called with an event's payload. */
export type Listener<Name extends EventName> = (event: OfflineImEvents[Name]) => unknown;
