import type { Clock } from '../core/clock.ts';
import type { Logger } from '../observability/trace.ts';
import type { HttpDispatcher } from '../transport/dispatcher.ts';
import type { Credentials } from './auth/credentials.ts';

/** Schema versions of EWS, as `RequestServerVersion` names them. */
export type EwsServerVersion = 'Exchange2010_SP2' | 'Exchange2013' | 'Exchange2013_SP1' | 'Exchange2015' | 'Exchange2016';

/** Options of {@link EwsTransport}. */
export interface EwsTransportOptions {
  /**
   * Address of the EWS endpoint, as Autodiscover or the administrator gives it. `http://` is refused except to the loopback
   * interface, since the login would travel in the clear; see `allowInsecureHttp`.
   *
   * @example 'https://mail.contoso.com/EWS/Exchange.asmx'
   */
  readonly url: string | URL;
  /** How requests log in. */
  readonly credentials: Credentials;
  /**
   * Returns the address that requests for a mailbox act as (`t:ExchangeImpersonation`, and `X-AnchorMailbox` to find its
   * server), for one login that sends from many mailboxes, as a service account does. Called for every request, probes
   * included; `undefined` sends the request as the login itself. The login needs the role ApplicationImpersonation; without
   * it every mailbox is blocked. If the function throws, the notes of that mailbox wait.
   *
   * @default every request is made as the login itself
   * @example ({ address }) => address
   */
  readonly impersonate?: ((mailbox: { readonly address: string }) => string | undefined) | undefined;
  /**
   * Sends the requests. Pass your own for a proxy, a private certificate authority or a client certificate. It must neither
   * follow redirects nor repeat a POST: a repeated CreateItem is a second message.
   *
   * @default the runtime's; on Deno with a client without idle connections, since Deno's repeats a POST on those
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * Sends the requests instead of `fetch`: a dispatcher of undici, which you install and close yourself. A `Pool` needs far less CPU time
   * per request than the platform's `fetch`; a `ProxyAgent` goes through a proxy with a login; `connect` of either takes certificates. It must neither
   * follow redirects nor repeat a POST: set `allowH2: false` (see {@link HttpDispatcher}). Credentials with a `fetch` of their own, such as `ntlmAuth`, don't use it. If both
   * `fetch` and `dispatcher` are set, the constructor throws `OPTION_INVALID`.
   *
   * @default none
   * @example new Pool('https://mail.contoso.com', { connections: 16, allowH2: false })
   */
  readonly dispatcher?: HttpDispatcher | undefined;
  /**
   * Set when the relay of `offline-im/relay`, which passes each send on once, stands between this page and Exchange. A browser
   * repeats a POST by itself when a connection is lost, so a page requires this or `answersClose`: without either, the
   * constructor throws `OPTION_INVALID`. It has no effect elsewhere.
   *
   * @default false
   */
  readonly relay?: boolean;
  /**
   * Set when a proxy between this page and Exchange answers each request over HTTP/1.1 with `Connection: close`, so that the
   * browser reuses no connection on which it could repeat a request. If the proxy doesn't, notes can arrive twice.
   *
   * @default false
   */
  readonly answersClose?: boolean;
  /**
   * Time limit of a request, up to the last byte of its response, in ms. After that nobody knows whether the notes were sent, so
   * they are probed before they are ever sent again: a limit that is too short costs probes, not messages.
   *
   * @default 60_000
   */
  readonly requestTimeout?: number | undefined;
  /**
   * Maximum number of notes per request, 1 to 100. More are faster, but a lost response leaves the outcome of more of them unknown.
   *
   * @default 50
   */
  readonly notesPerRequest?: number | undefined;
  /**
   * Maximum size of a request, in bytes; the note that would exceed it starts the next request. A single larger note is sent alone.
   * Exchange refuses requests from about 400 KB.
   *
   * @default 262_144
   */
  readonly maxRequestBytes?: number | undefined;
  /**
   * Maximum size of a response, in bytes after decompression. The transport stops reading there, and the notes are probed.
   *
   * @default 2_097_152
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * The schema version that requests ask for first. When a server refuses it, the transport tries older ones, then newer
   * ones, and remembers which one the server takes: a wrong value costs a request or two, not a message.
   *
   * @default 'Exchange2013_SP1'
   */
  readonly serverVersion?: EwsServerVersion | undefined;
  /**
   * Allows `http://` to other hosts. Anyone on the network path can then read passwords and messages.
   *
   * @default false
   */
  readonly allowInsecureHttp?: boolean | undefined;
  /**
   * Where the sender's copy is kept. Conversation History is found by its distinguished name, else by its class or display name directly
   * below the root of the mailbox, else created; if none of that is possible, the copy goes to Sent Items.
   *
   * @default 'conversationhistory'
   */
  readonly savedCopyFolder?: 'conversationhistory' | 'sentitems' | undefined;
  /**
   * The class that notes are sent under, in the same delivery and from then on, when a server refuses theirs
   * (`ErrorObjectTypeChanged`). It must be below `IPM.Note`. `false`: such notes are rejected.
   *
   * @default 'IPM.Note.Microsoft.Missed'
   */
  readonly fallbackMessageClass?: string | false | undefined;
  /**
   * Receives the trace of requests and responses (`ews:request`, `ews:response`): ids, sizes, times and codes, no text.
   *
   * @default none
   */
  readonly logger?: Logger | undefined;
  /**
   * Clock for time-outs and the age of drafts.
   *
   * @default the machine's clock
   */
  readonly clock?: Clock | undefined;
}
