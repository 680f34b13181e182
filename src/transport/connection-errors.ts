/**
 * What an error of fetch proves about the connection. If the runtime reports whether a request was written (request-watch.ts), that decides; the lists here are for
 * other runtimes. An error that is not on them counts as written.
 *
 * Errors may come from a host's fetch or another realm: so no `instanceof`, and only their codes are kept.
 */
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { isArray, property } from '../core/errors/thrown.ts';

/**
 * Host names that weren't found, connections that weren't made. Not `ENETUNREACH` and the like: a network that vanishes under an open connection causes them too, so
 * only the failed system call tells.
 */
const noConnection: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG', // undici refuses the request before it makes a connection
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_PRX_TLS', // of undici's ProxyAgent: the handshake failed, for the reason that is its cause
  'ERR_PROXY_TUNNEL',
  'ConnectionRefused', // Bun's
  'FailedToOpenSocket',
  'ERR_CONNECTION_GONE', // ours: the connection that a login belongs to had ended before
]);

/** System calls that come before anything is written, whatever they fail with (`connect EPERM` in a sandbox, `getaddrinfo EAI_SYSTEM`). */
const beforeConnection = /^(socket|bind|connect|getaddrinfo|query[A-Z]\w{0,10})$/;

/** Failed handshakes: no byte of a request is sent before the handshake ends. */
const noHandshake: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
]);

/**
 * Alerts by which a server refuses a handshake. Under TLS 1.3 a client may have written its request by then, since its own certificate is checked last, but a server
 * reads no request before the handshake is complete.
 */
const handshakeAlert =
  /^ERR_SSL_.*ALERT_(HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|MISSING_EXTENSION|UNSUPPORTED_EXTENSION|UNRECOGNIZED_NAME|BAD_CERTIFICATE_STATUS_RESPONSE|UNKNOWN_PSK_IDENTITY|CERTIFICATE_REQUIRED|NO_APPLICATION_PROTOCOL)$/;

/** Alerts whose code lacks the word ALERT: `ERR_SSL_TLSV1_UNRECOGNIZED_NAME`. */
const unrecognizedName = /^ERR_SSL_\w+_(UNRECOGNIZED_NAME|BAD_CERTIFICATE_STATUS_RESPONSE|BAD_CERTIFICATE_HASH_VALUE)$/;

/** Failures after the handshake: a server may ask for another one in the middle of an answer. */
const laterHandshake = /^ERR_TLS_(RENEGOTIAT\w+|SESSION_ATTACK)$/;

/** Whether the error alone proves that nothing was written. */
export function nothingWritten(error: unknown): boolean {
  return isUnwritten(error, 0);
}

/** Whether the server refused the handshake: then it read nothing, even if something was written. */
export function handshakeRefused(error: unknown): boolean {
  return chain(error).some((part) => isAlert(textIn(part, 'code'))) && isUnwritten(error, 0);
}

/**
 * A client that retries by itself chains its failures, any of which may have come after a write. So every part of the chain must have come before one; a part that
 * can't be understood counts as one that didn't.
 *
 * Errors of several attempts are nested once; deeper nesting, or an error within itself, comes from no platform.
 */
function isUnwritten(error: unknown, depth: number): boolean {
  const parts = chain(error);
  const innermost = parts.at(-1);
  if (depth >= 4 || innermost === undefined) return false;
  // The cause is a text, or the chain has no end.
  if ((property(innermost, 'cause') ?? undefined) !== undefined) return false;
  return parts.every((part) => isBeforeWrite(part, depth) || (part !== innermost && merelyWraps(part)));
}

/** Properties in which an error says what failed; `erroredSysCall` is node-fetch's. */
const facts = ['code', 'syscall', 'erroredSysCall'] as const;

/** Names of errors that only wrap their cause. Others mean something themselves, as `TimeoutError` does. */
const wrappers: ReadonlySet<string> = new Set(['', 'Error', 'TypeError', 'FetchError']);

/** Words for the end of a connection that had been open. */
const spokenEnd =
  /\b(hang up|hung up|time[ds]?[ -]?out|closed?|reset|abort(ed)?|terminated|disconnect(ed)?|broken pipe|lost|ended)\b/i;

/** Whether an error only wraps its cause, as `TypeError: fetch failed` does. */
function merelyWraps(part: object): boolean {
  const isSilent = [...facts, 'errors'].every((key) => (property(part, key) ?? '') === '');
  return isSilent && wrappers.has(textIn(part, 'name')) && !spokenEnd.test(textIn(part, 'message'));
}

/** The first code in the chain of causes, for the details of an error. */
export function connectionCode(error: unknown): string | undefined {
  for (const part of chain(error)) {
    const code = textIn(part, 'code');
    if (isCode(code)) return code;
  }
  return undefined;
}

/** The status with which a proxy refused to connect, if the error has it. */
export function proxyStatus(error: unknown): number | undefined {
  for (const part of chain(error)) {
    const status = statusOfProxy(part);
    if (status !== undefined) return status;
  }
  return undefined;
}

/** Statuses by which a proxy says that it will not do it for this client: someone must act. */
const proxyWantsLogin: ReadonlySet<number> = new Set([401, 403, 407]);

/** A proxy on the way did not connect, so that the server was never reached. `blocks`: trying again won't help before someone has acted. */
export function refusedByProxy(status: number, requestId: string): { readonly error: OfflineImError; readonly blocks: boolean } {
  const why = status === 407 ? 'it wants a login of its own, which is for the fetch or its agent to give' : 'see its log';
  const error = new OfflineImError(
    'ENDPOINT_UNREACHABLE',
    `A proxy refused the connection to the server with HTTP ${status}: ${why}.`,
    { details: { requestId, proxyStatus: status } },
  );
  return { error, blocks: proxyWantsLogin.has(status) };
}

function statusOfProxy(part: object): number | undefined {
  const code = textIn(part, 'code');
  const status: unknown = code === 'ERR_PROXY_TUNNEL' ? property(part, 'statusCode') : undefined;
  if (isStatus(status)) return status;
  // undici has it in the message only.
  const said = code === 'UND_ERR_ABORTED' ? /^Proxy response \((\d{3})\)/.exec(textIn(part, 'message'))?.[1] : undefined;
  return isStatus(Number(said)) ? Number(said) : undefined;
}

/**
 * The part of a fetch's or a login's error that may be kept: its codes. Its message and properties may hold the request, with login and message text.
 */
export function bareCause(error: unknown): Error | undefined {
  let bare: Error | undefined;
  for (const part of chain(error).reverse()) {
    const given = (['code', 'syscall'] as const).flatMap((key) => (isCode(textIn(part, key)) ? [[key, textIn(part, key)]] : []));
    if (given.length === 0) continue;
    const said = given.map(([, value]) => value).reverse();
    bare = Object.assign(new Error(said.join(' '), bare === undefined ? undefined : { cause: bare }), Object.fromEntries(given));
  }
  return bare;
}

/** An error of ours that passed through a host's function, which may have attached an error of its own. */
export function withoutCause(error: OfflineImError, more: Readonly<Record<string, unknown>> = {}): OfflineImError {
  return new OfflineImError(error.code, error.message, { details: { ...more, ...error.details } });
}

function isBeforeWrite(error: object, depth: number): boolean {
  // Happy eyeballs tries several addresses: all of them must have failed before a connection was made.
  const several = property(error, 'errors');
  if (isArray(several)) {
    if (several.length === 0 || several.length >= 100 || !several.every((one) => isUnwritten(one, depth + 1))) return false;
    // Node copies the code of the first one.
    const code = property(error, 'code') ?? '';
    if (code === '' || several.some((one) => property(one, 'code') === code)) return failedCall(error) !== 'other';
  }
  const code = property(error, 'code') ?? '';
  if (typeof code !== 'string') return false; // a DOMException's: aborted at an unknown time
  if (isAlert(code)) return true;
  const call = failedCall(error);
  if (call !== undefined) return call === 'before';
  // fetch speaks to no port of another protocol (WHATWG, "bad port"); undici has it in the message only.
  if (code === '') return textIn(error, 'message') === 'bad port';
  if (code === 'UND_ERR_ABORTED') return statusOfProxy(error) !== undefined;
  if (noConnection.has(code) || noHandshake.has(code) || code.startsWith('CERT_')) return true;
  return code.startsWith('ERR_TLS_') && !laterHandshake.test(code);
}

/** Whether the failed system call comes before anything is written; `undefined` if the error names none. */
function failedCall(error: object): 'before' | 'other' | undefined {
  const calls = [property(error, 'syscall'), property(error, 'erroredSysCall')].filter((call) => (call ?? '') !== '');
  if (calls.length === 0) return undefined;
  return calls.every((call) => typeof call === 'string' && beforeConnection.test(call)) ? 'before' : 'other';
}

function isAlert(code: string): boolean {
  return handshakeAlert.test(code) || unrecognizedName.test(code);
}

/** A code as platforms write it. Any other word might be a secret. */
function isCode(code: string): boolean {
  return /^(E[A-Z0-9]{2,20}|[A-Z]{2,12}(_[A-Z0-9/]{1,24}){1,9}|Connection[A-Z][a-z]{3,12}|FailedToOpenSocket)$/.test(code);
}

function isStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599;
}

function chain(error: unknown): object[] {
  const found: object[] = [];
  for (let next = error; typeof next === 'object' && next !== null && found.length < 8; next = property(next, 'cause')) {
    found.push(next);
  }
  return found;
}

function textIn(error: object, key: string): string {
  const value = property(error, key);
  return typeof value === 'string' ? value : '';
}
