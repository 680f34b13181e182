import { type Limit, startLimit } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../../core/errors/thrown.ts';
import { newRequestId } from '../../core/text.ts';
import {
  bareCause,
  connectionCode,
  handshakeRefused,
  nothingWritten,
  proxyStatus,
  refusedByProxy,
  withoutCause,
} from '../../transport/connection-errors.ts';
import { answerWithin, dateOf, giveUp, readBody, retryAfterOf } from '../../transport/fetch.ts';
import { watchRequest } from '../../transport/request-watch.ts';
import type { CachedToken } from '../../transport/token-cache.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { GraphSettings } from '../settings.ts';
import { AccessTokens, claimsOf } from './access-tokens.ts';
import { readError } from './error-body.ts';
import { parseJson } from './json.ts';
import { Pace } from './pace.ts';
import { aborted, failed, type GraphCall, type Reply, type ReplyMeta, unreadable } from './reply.ts';
import { traceReply, traceRequest } from './trace.ts';

/** One request on its way. */
interface Attempt {
  readonly call: GraphCall;
  readonly requestId: string;
  readonly limit: Limit;
  /** What may have reached the server, and was not refused: false once it is certain that nothing was. */
  written: boolean;
  /** The failure was one of the connection, before anything was written. */
  unconnected: boolean;
  /** That of a proxy, which fetch made an error of. */
  refusedBy: number | undefined;
  headers: Headers | undefined;
  /** Of the tokens that it was sent with. */
  readonly tokens: string[];
  /** Until its answer was read, a host's dispatcher may make the request again. */
  readonly closed: PromiseWithResolvers<void>;
}

/** Maximum size of an error, in bytes; Graph's have some hundred. */
const longestError = 262_144;

/** How long the rest of an answer that has said everything is still read, in ms, so that its connection can be used again. */
const drainTime = 5_000;

/** Carries one request out and says how it ended; it never rejects. It repeats only what a 401 refused, so that nothing of it was processed: once, with a new token. */
export class GraphClient {
  readonly pace: Pace;
  readonly #settings: GraphSettings;
  readonly #tokens: AccessTokens;

  constructor(settings: GraphSettings) {
    this.#settings = settings;
    this.#tokens = new AccessTokens(settings.credential, settings.root);
    this.pace = new Pace(settings.clock, settings.messagesPerMinute);
  }

  /** What a refused token closes. */
  get tokenScope(): 'mailbox' | 'endpoint' {
    return this.#tokens.scope;
  }

  /** The path of a user's own resources; undefined, with the reason, when the host names none. */
  userPath(mailbox: string): string | OfflineImError {
    let user: unknown;
    try {
      user = answerAtOnce(this.#settings.userOf(mailbox));
    } catch (cause) {
      return new OfflineImError('OPTION_INVALID', 'GraphTransport: userOf threw.', { cause, details: { option: 'userOf' } });
    }
    if (typeof user === 'string' && user !== '' && user.length <= 512 && user.trim() === user && user !== '.' && user !== '..') {
      const key = encodeURIComponent(user.toWellFormed());
      // As a segment it would be taken for an option of the query: https://learn.microsoft.com/graph/api/user-get
      return user.startsWith('$') ? `/v1.0/users('${key.replaceAll("'", "''")}')` : `/v1.0/users/${key}`;
    }
    const text = 'GraphTransport: userOf must return the id or principal name of the user, a string without surrounding spaces.';
    return new OfflineImError('OPTION_INVALID', text, { details: { option: 'userOf' } });
  }

  /** The token itself, for a look at what it holds. Rejects as the credential does. */
  async token(mailbox: string, signal: AbortSignal): Promise<string> {
    return (await this.#tokens.current(mailbox, { signal, clock: this.#settings.clock })).value;
  }

  async call(call: GraphCall): Promise<Reply> {
    const { clock, logger, requestTimeout } = this.#settings;
    const requestId = newRequestId();
    let release = (): void => {};
    try {
      release = await this.pace.slot(call.mailbox, call.signal);
    } catch (error) {
      return { kind: 'failed', sent: 'no', scope: 'note', error: error as OfflineImError };
    }
    const attempt: Attempt = {
      call,
      requestId,
      limit: startLimit(clock, call.timeout ?? requestTimeout, call.signal),
      written: false,
      unconnected: false,
      refusedBy: undefined,
      headers: undefined,
      tokens: [],
      closed: Promise.withResolvers(),
    };
    const started = clock.monotonic();
    const reply = await this.#exchange(attempt);
    attempt.closed.resolve();
    attempt.limit.release();
    release();
    if (logger !== undefined) {
      const ms = Math.round(clock.monotonic() - started);
      const isOurs = (word: string): boolean => isRepeated(attempt, word);
      traceReply(logger, call, { requestId, ms, headers: attempt.headers, isOurs }, reply);
    }
    return reply;
  }

  async #exchange(attempt: Attempt): Promise<Reply> {
    const { call, limit, requestId } = attempt;
    const { clock } = this.#settings;
    const waiting = { signal: limit.signal, clock };
    let token: CachedToken;
    try {
      if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
      token = await limit.race(this.#tokens.current(call.mailbox, waiting));
    } catch (error) {
      return this.#withoutToken(attempt, error);
    }
    let meta: ReplyMeta | undefined;
    try {
      let response = await this.#send(attempt, token);
      // Refused for its token, so not looked at; a 403 only where it says what the next token must have.
      const claims = response.status === 401 || response.status === 403 ? claimsOf(response.headers) : undefined;
      if (response.status === 401 || claims !== undefined) {
        attempt.written = false;
        let next: CachedToken | undefined;
        try {
          next = await limit.race(this.#tokens.afterRefusal(call.mailbox, token, waiting, claims));
        } catch (error) {
          this.#drain(response);
          return this.#withoutToken(attempt, error);
        }
        if (next !== undefined) {
          this.#drain(response);
          response = await this.#send(attempt, next);
        }
      }
      meta = metaOf(response, requestId, clock.now());
      return await this.#understand(response, meta, attempt);
    } catch (error) {
      // Where the status has already told what became of the request, the rest doesn't matter.
      if (meta !== undefined && (meta.status < 200 || meta.status > 299)) return { kind: 'error', error: undefined, meta };
      return this.#failed(attempt, error);
    }
  }

  async #send(attempt: Attempt, token: CachedToken): Promise<Response> {
    const { call, requestId, limit } = attempt;
    const { fetch, logger } = this.#settings;
    if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
    if (call.mayWrite?.() === false) throw notAttempted('the lease is too short, or the sender stops');
    if (logger !== undefined) traceRequest(logger, call, requestId);
    attempt.written = true;
    attempt.tokens.push(token.value);
    const watch = watchRequest(requestId, call.method !== 'GET' && call.mayWrite);
    const asked = request(fetch, this.#settings.root, attempt, token);
    try {
      const response = await answerWithin(limit, asked);
      if (response.status === 202 || !watch.sentBesides(response.status)) {
        if (response.status === 401) attempt.written = false;
        attempt.headers = response.headers;
        return response;
      }
      giveUp(response);
      throw new Error('lost');
    } catch (error) {
      // A host's fetch that failed may have other requests under way.
      const fact = watch.abandon();
      // A proxy that wants a login has passed nothing on.
      const refused = watch.status() === 407 || handshakeRefused(fact === 'written' ? watch.socketError() : error);
      if (fact === 'unwritten' || (fact === 'unseen' && nothingWritten(error)) || refused) {
        attempt.written = false;
        attempt.unconnected = true;
        attempt.refusedBy = watch.status() === 407 ? 407 : proxyStatus(error);
      }
      throw error;
    } finally {
      asked.then(() => attempt.closed.promise.then(watch.end), watch.end);
    }
  }

  async #understand(response: Response, meta: ReplyMeta, attempt: Attempt): Promise<Reply> {
    const { status } = meta;
    // It says everything: whatever else comes takes nothing back.
    if (status === 202) {
      this.#drain(response);
      return { kind: 'ok', body: undefined, meta };
    }
    const { maxResponseBytes } = this.#settings;
    // A Response of a host's own kind may say something else of itself.
    const ok = status >= 200 && status <= 299;
    const text = await readBody(response, ok ? maxResponseBytes : Math.min(maxResponseBytes, longestError), attempt.limit);
    if (!ok) {
      return { kind: 'error', error: readError(text, response.headers, (word) => isRepeated(attempt, word)), meta };
    }
    if (text === '') return { kind: 'ok', body: undefined, meta };
    const read = parseJson(text);
    if ('value' in read) return { kind: 'ok', body: read.value, meta };
    return { kind: 'ok', body: undefined, unreadable: unreadable(meta, read.why), meta };
  }

  /** Reads what is left of an answer, within bounds, or its connection could not be used again. Nobody waits for it. */
  #drain(response: Response): void {
    // An empty one has been read with its head.
    if (response.headers.get('content-length') === '0' || response.body === null) return;
    const limit = startLimit(this.#settings.clock, drainTime, new AbortController().signal);
    const read = readBody(response, 65_536, limit);
    read.catch(() => undefined).finally(() => limit.release());
  }

  /** Nothing was written, for want of a token. */
  #withoutToken({ call, limit, requestId }: Attempt, error: unknown): Reply {
    if (error instanceof OfflineImError && error.code === 'NOT_ATTEMPTED') return failed('no', 'note', error);
    if (limit.ended() === 'aborted') return failed('no', 'note', aborted(requestId));
    const scope = this.#tokens.scope;
    if (error instanceof OfflineImError) return { kind: 'no-token', scope, error };
    const text = `The credential returned no token within ${call.timeout ?? this.#settings.requestTimeout} ms.`;
    return { kind: 'no-token', scope, error: new OfflineImError('AUTHENTICATION_FAILED', text, { details: { requestId } }) };
  }

  /** Classifies what fetch or the reading of a response threw. */
  #failed({ call, limit, requestId, written, unconnected, refusedBy }: Attempt, error: unknown): Reply {
    const details = { requestId };
    const own = error instanceof OfflineImError ? withoutCause(error, details) : undefined;
    // A fetch of the host's may throw the same after it has sent.
    if (own?.code === 'NOT_ATTEMPTED' && !written) return failed('no', 'note', own);
    if (limit.ended() === 'aborted') return failed(written ? 'unknown' : 'no', 'note', aborted(requestId));
    if (limit.ended() === 'deadline') {
      const requestTimeout = call.timeout ?? this.#settings.requestTimeout;
      const text = `Microsoft Graph did not finish its response within ${requestTimeout} ms.`;
      const timedOut = new OfflineImError('REQUEST_TIMEOUT', text, { details: { ...details, requestTimeout } });
      return failed(written ? 'unknown' : 'no', 'endpoint', timedOut);
    }
    if (own !== undefined) return failed(written ? 'unknown' : 'no', 'endpoint', own);
    if (refusedBy !== undefined) {
      return { kind: 'failed', sent: 'no', scope: 'endpoint', ...refusedByProxy(refusedBy, requestId) };
    }
    const code = connectionCode(error);
    const cause = bareCause(error);
    const known = code === undefined ? details : { ...details, connectionCode: code };
    const withCode = cause === undefined ? { details: known } : { cause, details: known };
    const named = code === undefined ? '' : ` (${code})`;
    if (unconnected) {
      const text = `Could not connect to Microsoft Graph${named}.`;
      return failed('no', 'endpoint', new OfflineImError('ENDPOINT_UNREACHABLE', text, withCode));
    }
    const text = `The connection was lost after the request may have been written${named}.`;
    return failed('unknown', 'endpoint', new OfflineImError('CONNECTION_LOST', text, withCode));
  }
}

/** Whether a word of the server stands in what it was sent: a token, or the text of a note. Shorter ones stand everywhere. */
function isRepeated({ tokens, call }: Attempt, word: string): boolean {
  const said = word.toLowerCase();
  return (
    said.length >= 6 && [...tokens, call.body, ...(call.texts ?? [])].some((sent) => sent?.toLowerCase().includes(said) === true)
  );
}

async function request(
  fetch: typeof globalThis.fetch,
  root: string,
  { call, requestId, limit }: Attempt,
  token: CachedToken,
): Promise<Response> {
  return fetch(call.path.startsWith('/') ? root + call.path : call.path, {
    method: call.method,
    headers: {
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      accept: 'application/json',
      authorization: `Bearer ${token.value}`,
      'client-request-id': requestId,
      'return-client-request-id': 'true',
    },
    ...(call.body === undefined ? {} : { body: call.body }),
    signal: limit.signal,
    redirect: 'manual', // would take the token along
    credentials: 'omit',
    ...(call.method === 'GET' ? { cache: 'no-store' } : {}), // a probe asks what is there now
  });
}

function metaOf(response: Response, requestId: string, now: number): ReplyMeta {
  const { status, headers } = response;
  return { requestId, status, date: dateOf(headers), retryAfter: retryAfterOf(headers, now) };
}
