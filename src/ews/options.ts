import type { Clock } from '../core/clock.ts';
import type { Logger } from '../observability/trace.ts';
import type { HttpDispatcher } from '../transport/dispatcher.ts';
import type { Credentials } from './auth/credentials.ts';

/** Schema versions of EWS, as `RequestServerVersion` names them. */
export type EwsServerVersion = 'Exchange2010_SP2' | 'Exchange2013' | 'Exchange2013_SP1' | 'Exchange2015' | 'Exchange2016';

/** How an {@link EwsTransport} finds and treats its server. */
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
   * Says as whom requests for a mailbox are made (`t:ExchangeImpersonation`, and `X-AnchorMailbox` to find its server): for
   * one login that sends from many mailboxes, as an application of its own does. Asked for every request, looking for sent
   * notes included; `undefined` makes the request as the login itself. The login needs the role ApplicationImpersonation,
   * without which every mailbox is blocked. When it throws, the notes of that mailbox wait.
   *
   * @default every request is made as the login itself
   * @example ({ address }) => address
   */
  readonly impersonate?: ((mailbox: { readonly address: string }) => string | undefined) | undefined;
  /**
   * Carries the requests out. Pass your own for a proxy, a private certificate authority or a client certificate. It must
   * not follow redirects on its own and must not repeat a POST: a repeated CreateItem is a second message.
   *
   * @default the runtime's; on Deno with a client without idle connections, since Deno's repeats a POST on those
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * Carries the requests out in the place of `fetch`: a dispatcher of undici, which you install and close yourself. A `Pool` takes far less of the processor
   * for each request than the platform's `fetch`; a `ProxyAgent` goes through a proxy with a login; `connect` of either takes certificates. It must neither
   * follow redirects nor repeat a POST: with `allowH2: false`, since over HTTP/2, its default from version 8 on, undici repeats what the server says it has not
   * processed. Credentials with a `fetch` of their own, such as `ntlmAuth`, don't use it. With `fetch`
   * beside it the constructor throws `OPTION_INVALID`.
   *
   * @default none
   * @example new Pool('https://mail.contoso.com', { connections: 16, allowH2: false })
   */
  readonly dispatcher?: HttpDispatcher | undefined;
  /**
   * Between this page and Exchange stands the relay of `offline-im/relay`, which passes each send on once. A browser sends a
   * POST again by itself when a connection is lost, so in a page this or `answersClose` is required: without them the
   * constructor throws `OPTION_INVALID`. Elsewhere it has no effect.
   *
   * @default false
   */
  readonly relay?: boolean;
  /**
   * Something between this page and Exchange answers each request over HTTP/1.1 with `Connection: close`, so that the browser
   * reuses no connection and has none to repeat a request on. If it does not, notes can arrive twice.
   *
   * @default false
   */
  readonly answersClose?: boolean;
  /**
   * How long a request may take until the last byte of its answer, in ms. After it nobody knows whether the notes were
   * sent, so they are looked for before they are sent again: too short a time-out costs look-ups, not messages.
   *
   * @default 60_000
   */
  readonly requestTimeout?: number | undefined;
  /**
   * How many notes one request carries at most, 1 to 100. More are faster, and more are in doubt after a lost answer.
   *
   * @default 50
   */
  readonly notesPerRequest?: number | undefined;
  /**
   * How large a request may grow, in bytes, before the next note opens another one. A single larger note still goes, alone.
   * Exchange refuses requests from about 400 KB.
   *
   * @default 262_144
   */
  readonly maxRequestBytes?: number | undefined;
  /**
   * How large a response may be, in bytes after decompression. Beyond it reading stops and the notes are looked for.
   *
   * @default 2_097_152
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * The schema version that requests ask for first. A server that refuses it is asked for older ones and then for newer ones,
   * and what it takes is remembered; so a wrong value costs a request or two, not a message.
   *
   * @default 'Exchange2013_SP1'
   */
  readonly serverVersion?: EwsServerVersion | undefined;
  /**
   * Allows `http://` to other hosts than this one. Whoever listens on the way then reads passwords and messages.
   *
   * @default false
   */
  readonly allowInsecureHttp?: boolean | undefined;
  /**
   * Where the sender's copy is kept. Conversation History is found by its distinguished name, else by its display name below
   * the top of the mailbox, else made; where none of that is possible the copy goes to Sent Items.
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
   * Where the trace of requests and responses goes (`ews:request`, `ews:response`): ids, sizes, times and codes, no text.
   *
   * @default none
   */
  readonly logger?: Logger | undefined;
  /**
   * Time, for time-outs and for the age of drafts.
   *
   * @default the machine's clock
   */
  readonly clock?: Clock | undefined;
}
