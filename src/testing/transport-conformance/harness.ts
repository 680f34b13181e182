import type { Mailbox, Note, Transport } from '../../transport/contract.ts';

/** What lies in a mailbox, as far as the suite looks at it. */
export interface ConformanceMessage {
  readonly messageClass: string;
  readonly subject: string;
  readonly body: { readonly type: 'text' | 'html'; readonly content: string };
  readonly from: string;
  /** SMTP addresses, in order. */
  readonly to: readonly string[];
  /**
   * Everything else that a text could have smuggled in (importance, more recipients, …). The suite compares it with that of a
   * harmless note, so its form is yours.
   */
  readonly others: Readonly<Record<string, unknown>>;
}

/**
 * Something that goes wrong at the server, or that has happened in its mailboxes. Troubles of a delivery strike the next
 * request that sends, once.
 *
 * - `busy`: nothing is processed; the server asks to be left alone for `backOff` ms.
 * - `reset-before`: the connection breaks before anything is processed.
 * - `lost-response`: everything is processed, and the connection breaks before a byte of the answer.
 * - `truncated`: everything is processed, and the answer ends in its middle, properly by HTTP.
 * - `hang`: nothing is processed, and there is no answer, ever.
 * - `html`: a page for people in place of an answer; nothing is processed.
 * - `empty-error`: the HTTP status of an internal error, without a body; nothing is processed.
 * - `refused-connection`: the server is gone for good.
 * - `unauthorized`: the login is refused.
 * - `rejected-items`: those items (by index) are refused for their recipients, the others sent.
 * - `send-as-denied`: nothing is sent, all is refused, and the server leaves a draft of each.
 * - `unknown-code`: those items are answered with a code that nobody knows, and not processed.
 * - `batch-stopped`: those items are not processed, and the server says so with a mere warning.
 * - `fewer-answers`: so many items are processed and answered; the others are neither.
 * - `fault-after`: so many items are processed; the answer is an error for the whole request.
 * - `late-copy`: sent at once; the copy appears at `settle()`.
 * - `copies-moved`: a person moved the copies of what was sent somewhere else.
 * - `old-draft`, `in-outbox`: an item with the tag of that note lies there, unsent, since a while.
 * - `search-fails`: what a probe asks is refused, until further notice.
 */
export type TransportTrouble =
  | { readonly kind: 'busy'; readonly backOff: number }
  | {
      readonly kind:
        | 'reset-before'
        | 'lost-response'
        | 'truncated'
        | 'hang'
        | 'html'
        | 'empty-error'
        | 'refused-connection'
        | 'unauthorized'
        | 'send-as-denied'
        | 'late-copy'
        | 'copies-moved'
        | 'search-fails';
    }
  | { readonly kind: 'rejected-items' | 'unknown-code' | 'batch-stopped'; readonly items: readonly number[] }
  | { readonly kind: 'fewer-answers' | 'fault-after'; readonly processed: number }
  | { readonly kind: 'old-draft' | 'in-outbox'; readonly note: Note };

/** What the server did, and the hands to make it misbehave. */
export interface ConformanceExchange {
  /** The Inbox of a mailbox, oldest first. */
  arrived(address: string): readonly ConformanceMessage[];
  /** The sender's copies of what was sent, wherever they lie, oldest first. */
  copies(address: string): readonly ConformanceMessage[];
  /** What was never sent and lies in Drafts. */
  drafts(address: string): readonly ConformanceMessage[];
  /** How many requests have reached the server so far, of whatever kind. */
  requests(): number;
  /** Lets that happen. Kinds that can't be done here are left out of the suite with `skip`. */
  arrange(trouble: TransportTrouble): Promise<void> | void;
  /** What was late is there now. */
  settle(): Promise<void> | void;
}

/** What a test wants of its transport. */
export interface TransportHarnessOptions {
  /** How long a request may take, ms. @default long enough for any test */
  readonly deadline?: number;
  /** How many notes a request carries at most; a transport that sends one by one may ignore it. @default as many as the transport likes */
  readonly notesPerRequest?: number;
}

/** What {@link transportConformance} works with: a transport, and the server behind it, whose mailboxes are empty. */
export interface TransportHarness {
  readonly transport: Transport;
  readonly exchange: ConformanceExchange;
  /** The mailbox that sends. */
  readonly from: Mailbox;
  /** A mailbox at the same server. */
  readonly to: Mailbox;
  /** Another one. */
  readonly alsoTo: Mailbox;
  /** A message class that the server takes and keeps between these mailboxes. */
  readonly messageClass: string;
  /**
   * Every note is a request of its own: after one that leaves its outcome open, those behind it in the same call may not be sent
   * at all (`NOT_ATTEMPTED`).
   *
   * @default false: notes share requests
   */
  readonly oneNotePerRequest?: boolean;
  /** Passwords and tokens, which no error may show. */
  readonly secrets: readonly string[];
  /** Gives back what the harness took, such as a server and its port. */
  dispose(): Promise<void>;
}

/** Makes one harness a test; none sees what another left. */
export type CreateTransportHarness = (options: TransportHarnessOptions) => Promise<TransportHarness>;
