import type { Mailbox, Note, Transport } from '../../transport/contract.ts';

/** A message in a mailbox, as far as the suite checks it. */
export interface ConformanceMessage {
  readonly messageClass: string;
  readonly subject: string;
  readonly body: { readonly type: 'text' | 'html'; readonly content: string };
  readonly from: string;
  /** SMTP addresses, in order. */
  readonly to: readonly string[];
  /**
   * Everything else that a text could have smuggled in (importance, more recipients, …). The suite compares it with that of a
   * harmless note, so you choose its form.
   */
  readonly others: Readonly<Record<string, unknown>>;
}

/**
 * Something that goes wrong at the server, or has happened in its mailboxes. Troubles of a delivery affect the next
 * request that sends, once.
 *
 * - `busy`: nothing is processed; the server asks to be left alone for `backOff` ms.
 * - `reset-before`: the connection breaks before anything is processed.
 * - `lost-response`: everything is processed, and the connection breaks before a byte of the answer.
 * - `truncated`: everything is processed, and the answer stops halfway, though it is complete by HTTP.
 * - `hang`: nothing is processed, and no answer ever comes.
 * - `html`: an HTML page instead of an answer; nothing is processed.
 * - `empty-error`: the HTTP status of an internal error, without a body; nothing is processed.
 * - `refused-connection`: the server is gone for good.
 * - `unauthorized`: the login is refused.
 * - `rejected-items`: those items (by index) are refused for their recipients, the others sent.
 * - `send-as-denied`: nothing is sent, every item is refused, and the server leaves a draft of each.
 * - `unknown-code`: those items are answered with an unknown code, and not processed.
 * - `batch-stopped`: those items are not processed, and the server reports that only as a warning.
 * - `fewer-answers`: that many items are processed and answered, the others neither.
 * - `fault-after`: that many items are processed; the answer is an error for the whole request.
 * - `late-copy`: sent at once; the copy appears at `settle()`.
 * - `copies-moved`: someone moved the copies of sent notes to another folder.
 * - `old-draft`, `in-outbox`: an unsent item with the tag of that note has been there for a while.
 * - `search-fails`: searches are refused from now on.
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

/** Shows what the server did, and makes it misbehave. */
export interface ConformanceExchange {
  /** The Inbox of a mailbox, oldest first. */
  arrived(address: string): readonly ConformanceMessage[];
  /** The sender's copies of sent notes, in any folder, oldest first. */
  copies(address: string): readonly ConformanceMessage[];
  /** Unsent items in Drafts. */
  drafts(address: string): readonly ConformanceMessage[];
  /** How many requests of any kind have reached the server so far. */
  requests(): number;
  /** Arranges that trouble. Pass kinds that can't be arranged here to the suite as `skip`. */
  arrange(trouble: TransportTrouble): Promise<void> | void;
  /** Makes late copies appear now. */
  settle(): Promise<void> | void;
}

/** What a test requires of its transport. */
export interface TransportHarnessOptions {
  /** How long a request may take, ms. @default long enough for any test */
  readonly deadline?: number;
  /** Maximum number of notes per request; a transport that sends them one by one may ignore it. @default as many as the transport likes */
  readonly notesPerRequest?: number;
}

/** What {@link transportConformance} works with: a transport, and the server behind it, with empty mailboxes. */
export interface TransportHarness {
  readonly transport: Transport;
  readonly exchange: ConformanceExchange;
  /** The mailbox that sends. */
  readonly from: Mailbox;
  /** A mailbox on the same server. */
  readonly to: Mailbox;
  /** Another one. */
  readonly alsoTo: Mailbox;
  /** A message class that the server accepts and preserves between these mailboxes. */
  readonly messageClass: string;
  /**
   * Each note is its own request: after one whose outcome stays open, the later ones of the same call may not be sent
   * at all (`NOT_ATTEMPTED`).
   *
   * @default false: notes share requests
   */
  readonly oneNotePerRequest?: boolean;
  /** Passwords and tokens, which no error may reveal. */
  readonly secrets: readonly string[];
  /** Releases what the harness holds, such as a server and its port. */
  dispose(): Promise<void>;
}

/** Makes a new harness for each test, independent of all others. */
export type CreateTransportHarness = (options: TransportHarnessOptions) => Promise<TransportHarness>;
