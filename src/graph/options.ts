import type { Clock } from '../core/clock.ts';
import type { Logger } from '../observability/trace.ts';
import type { HttpDispatcher } from '../transport/dispatcher.ts';
import type { AccessToken } from '../transport/token-cache.ts';

/** The shape of the credentials of `@azure/identity`, which can be passed as they are. */
export interface TokenCredential {
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: AbortSignal; readonly claims?: string },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** A request for a token. */
export interface TokenRequest {
  /** `<root>/.default`. */
  readonly scopes: readonly string[];
  /** Claims, as JSON, that the next token must satisfy: Microsoft refused the last one for them (continuous access evaluation). */
  readonly claims?: string;
  /** Aborts after 30 s, or when no request waits for the token any more. */
  readonly signal: AbortSignal;
}

/** Returns the token for one mailbox, if each has its own login. Called once, however many requests of that mailbox need it. */
export type MailboxCredential = (
  mailbox: { readonly address: string },
  request: TokenRequest,
) => Promise<AccessToken> | AccessToken;

/** The class requested for the notes of each audience. */
export interface GraphMessageClasses {
  /**
   * Inside the organisation. A class that is not below `IPM.Note` may be refused; then the note goes out under
   * `IPM.Note.Microsoft.Missed` in the same delivery, and if that is refused too, as an ordinary mail.
   *
   * @default 'IPM.Note.Microsoft.Missed'
   */
  readonly 'same-organization'?: string;
  /** To other organisations, where the class does not arrive. @default 'IPM.Note' */
  readonly federated?: string;
}

/** Options of {@link GraphTransport}. */
export interface GraphTransportOptions {
  /**
   * Provides access tokens. An object (any credential of `@azure/identity`) serves every mailbox, so its failure closes the
   * endpoint for all of them; a function is called per mailbox, and its failure blocks that mailbox only.
   *
   * @example new ClientSecretCredential(tenantId, clientId, clientSecret)
   */
  readonly credential: TokenCredential | MailboxCredential;
  /**
   * Root of the service without a version. National clouds have their own: `https://graph.microsoft.us`,
   * `https://dod-graph.microsoft.us`, `https://microsoftgraph.chinacloudapi.cn`. `http://` is refused except on this machine.
   *
   * @default 'https://graph.microsoft.com'
   */
  readonly root?: string | URL;
  /**
   * Object id or user principal name of the mailbox with an address. Graph doesn't find a user by an alias: where addresses
   * and principal names differ, look them up beforehand. Called for every request; must have no effects. If it throws,
   * the notes of that mailbox wait.
   *
   * @default the address itself
   */
  readonly userOf?: (address: string) => string;
  /** Classes to request, by audience. */
  readonly messageClasses?: GraphMessageClasses;
  /**
   * Time limit of a request, up to the last byte of its response, in ms. After that nobody knows whether the note was sent, so
   * it is probed before it is ever sent again.
   *
   * @default 60_000
   */
  readonly requestTimeout?: number;
  /**
   * Maximum size of a response, in bytes after decompression; of an error, at most 262,144. The transport stops reading there.
   *
   * @default 1_048_576
   */
  readonly maxResponseBytes?: number;
  /**
   * Shortest time in ms before a note that may have been sent is sent again, whatever the sender's `probe.grace`: Exchange stores the
   * sender's copy only after the message has left, which takes minutes when the service is busy.
   *
   * @default 600_000
   */
  readonly minimumGrace?: number;
  /**
   * An unsent item with the tag of a note counts as being sent until it is this old, in ms. An older one that was never submitted is a
   * draft that the service left, and is moved to Deleted Items.
   *
   * @default 86_400_000
   */
  readonly draftAge?: number;
  /**
   * Maximum number of notes sent per mailbox and minute. Exchange Online accepts 30; it keeps any surplus unsent in the mailbox for
   * an unknown time. Counted by this transport: share it among all senders of a process, and divide the number among processes that send from the same mailbox.
   *
   * @default 30
   */
  readonly messagesPerMinute?: number;
  /**
   * Moves the sender's copy from Sent Items to this folder, some seconds after it was sent. Best effort, in this process only; needs
   * `Mail.ReadWrite`. A failure is a warning in the log, never an outcome.
   *
   * @default the copy stays in Sent Items
   */
  readonly keepCopyIn?: 'conversationhistory';
  /**
   * Sends the requests. It must neither follow redirects nor repeat a POST: a repeated sendMail is a second message.
   *
   * @default the runtime's; on Deno with a client without idle connections, since Deno's repeats a POST on those
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Sends the requests instead of `fetch`: a dispatcher of undici, which you install and close yourself, such as a `ProxyAgent` for a proxy with a
   * login. It must neither follow redirects nor repeat a POST: set `allowH2: false` (see {@link HttpDispatcher}).
   * If both `fetch` and `dispatcher` are set, the constructor throws `OPTION_INVALID`.
   *
   * @default none
   */
  readonly dispatcher?: HttpDispatcher | undefined;
  /**
   * Receives the trace of requests and responses (`graph:request`, `graph:response`): ids, sizes, times and codes, no text.
   *
   * @default none
   */
  readonly logger?: Logger;
  /**
   * Clock for time-outs, pace and the age of drafts.
   *
   * @default the machine's clock
   */
  readonly clock?: Clock;
}
