import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Scope } from '../../transport/contract.ts';

/** One request to be made. */
export interface GraphCall {
  /** For the trace: `sendMail`, `listMessages`, … */
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  /** Below the root, with the version; or a whole URL that a `@odata.nextLink` gave, checked. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** Address of the mailbox it is for: its token, and its share of requests under way. */
  readonly mailbox: string;
  readonly signal: AbortSignal;
  /** ms: less than the transport's where several requests share one limit. @default its `requestTimeout` */
  readonly timeout?: number;
  /** Ids of the notes it is about, for the trace. */
  readonly notes: readonly string[];
  /** What was written earlier and is not in the body: the server may know it, and what it says of it is not kept. */
  readonly texts?: readonly string[];
  /** Asked right before anything is written. */
  mayWrite?(): boolean;
}

/** What is known of a response beside its body. */
export interface ReplyMeta {
  readonly requestId: string;
  readonly status: number;
  /** The server's clock, ms since 1970. Browsers may hide it from a page of another origin. */
  readonly date?: number | undefined;
  /** From the Retry-After header, in ms. Hidden likewise. */
  readonly retryAfter?: number | undefined;
}

/** What a response in Graph's shape says is wrong. */
export interface GraphError {
  /** Codes from the outermost to the most detailed, each of a sane form; empty when there is none. */
  readonly codes: readonly string[];
  /** Whom a 429 speaks of, by its header or by what its text names. */
  readonly throttled?: 'mailbox' | 'application';
}

/**
 * How a request ended. Nothing here is an exception: what became of a note depends on which of these it is.
 *
 * - `ok`: a 2xx. `body` is the JSON it came with; undefined when it had none, `unreadable` says why there is none to be read.
 * - `error`: any other status, with what Graph said about it. `error` is undefined when it said nothing that can be read.
 * - `failed`: no answer. `sent: 'no'` when it is certain that no server saw the request.
 */
export type Reply =
  | { readonly kind: 'ok'; readonly body: unknown; readonly unreadable?: OfflineImError; readonly meta: ReplyMeta }
  | { readonly kind: 'error'; readonly error: GraphError | undefined; readonly meta: ReplyMeta }
  | {
      readonly kind: 'failed';
      readonly sent: 'no' | 'unknown';
      readonly scope: Scope;
      readonly error: OfflineImError;
      /** Trying again won't help before someone has acted. */
      readonly blocks?: boolean;
    }
  /** The credential gave no token, or the host no user: nothing was written. */
  | { readonly kind: 'no-token'; readonly scope: 'mailbox' | 'endpoint'; readonly error: OfflineImError };

/** Whatever the server wrote there stays out. */
export function unreadable({ requestId, status }: ReplyMeta, why: string): OfflineImError {
  const text = `The response of Microsoft Graph cannot be read: it is ${why}.`;
  return new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId, status } });
}

export function aborted(requestId: string): OfflineImError {
  return new OfflineImError('REQUEST_ABORTED', 'The request was aborted.', { details: { requestId } });
}

export function failed(sent: 'no' | 'unknown', scope: Scope, error: OfflineImError): Reply {
  return { kind: 'failed', sent, scope, error };
}
