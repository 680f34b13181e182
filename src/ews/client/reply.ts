import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Scope } from '../../transport/contract.ts';
import type { EwsServerVersion } from '../options.ts';
import type { XmlElement } from '../xml/read.ts';

/** One request to be made. */
export interface EwsCall {
  readonly operation: string;
  /**
   * What goes into soap:Body, for the schema version that the request will ask for; undefined when it can't be said in that
   * version. Asked anew for each version that is tried.
   */
  readonly body: string | ((version: EwsServerVersion) => string | undefined);
  /** Address of the mailbox it is for: decides who is impersonated. */
  readonly mailbox: string;
  readonly signal: AbortSignal;
  /** Ids of the notes it is about, for the trace. */
  readonly notes: readonly string[];
  /** ms; the transport's own when left out. */
  readonly deadline?: number;
  /** It changes nothing: what was processed twice has done no more than once. */
  readonly reads?: true;
  /** By mailbox and version, shared by the requests of one delivery. */
  readonly looks?: Map<string, SchemaLook>;
  /** Asked right before anything is written. */
  mayWrite?(): boolean;
}

/** What is known of a response beside its body. */
export interface ReplyMeta {
  readonly requestId: string;
  readonly status: number;
  /** The server's clock, ms since 1970. */
  readonly date?: number | undefined;
  /** Scheme of the login that the request was made with. */
  readonly scheme?: string;
  /** Schemes of logins that a 401 offers. */
  readonly offers?: readonly string[];
  /** A 401 that says that the token is invalid. */
  readonly tokenRefused?: boolean;
  /** It leads to, or is, a page on which a person would log in. */
  readonly loginPage?: boolean;
  /** Why what stands in front of EWS has passed nothing on. */
  readonly front?: string;
  /** Exchange's front end says why it passes the request on to nobody. */
  readonly nobody?: boolean;
  /** The login sent the body more than once, and another one than this answers may have been processed. */
  readonly sentBesides?: boolean;
  /** From the Retry-After header, in ms. */
  readonly retryAfter?: number | undefined;
  /** The schema version that the server says it speaks. */
  readonly serverVersion?: EwsServerVersion;
}

/** A SOAP fault. `responseCode` is '' when it names none that looks like one. */
export interface Fault {
  readonly responseCode: string;
  /** Where MessageXml lies. */
  readonly detail: XmlElement | undefined;
}

/**
 * How a request ended. Nothing here is an exception: what became of the notes depends on which of these it is.
 *
 * - `body`: an answer of EWS, whose parts have codes of their own.
 * - `fault`: a SOAP fault, with whatever HTTP status.
 * - `http`: an HTTP status that speaks for itself.
 * - `failed`: no usable answer. `sent: 'no'` when it is certain that no server saw the request.
 */
export type Reply =
  | { readonly kind: 'body'; readonly payload: XmlElement; readonly meta: ReplyMeta }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly meta: ReplyMeta }
  | { readonly kind: 'http'; readonly meta: ReplyMeta }
  | {
      readonly kind: 'failed';
      readonly sent: 'no' | 'unknown';
      readonly scope: Scope;
      readonly error: OfflineImError;
      /** Trying again won't help before someone has acted. */
      readonly blocks?: boolean;
      /** From the Retry-After header, in ms. */
      readonly retryAfter?: number | undefined;
    };

/** Whether a server takes a schema version, as a request that every schema has told; or the answer to that request, where it told nothing. */
export type SchemaLook = boolean | Exclude<Reply, { kind: 'body' }>;
