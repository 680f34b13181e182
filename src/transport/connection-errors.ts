/**
 * What an error of fetch says of the connection. Where the runtime reports whether a request was written (request-watch.ts),
 * that decides; the lists here are for the others. Whatever is not on them counts as written.
 *
 * Errors come from a host's fetch too, and from other realms: no `instanceof`, and nothing is kept of them but codes.
 */
import { isArray, property } from '../core/errors/thrown.ts';

/** Names that weren't found, connections that weren't made. */
const noConnection: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_INVALID_ARG', // undici refuses the request before it makes a connection
  'UND_ERR_NOT_SUPPORTED',
  'ERR_PROXY_TUNNEL',
  'ConnectionRefused', // Bun's
  'FailedToOpenSocket',
  'ERR_CONNECTION_GONE', // ours: the connection that a login belongs to had ended before
]);

/** Calls of the system that come before anything is written, whatever they failed with (`connect EPERM` of a sandbox, `getaddrinfo EAI_SYSTEM`). */
const beforeConnection = /^(socket|bind|connect|getaddrinfo|query[A-Z]\w{0,10})$/;

/** Handshakes that failed: before these end no byte of a request leaves. */
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
 * Alerts by which a server refuses a handshake. Under TLS 1.3 a client may have written its request by then (a certificate
 * of its own is checked last), but a server reads no request before the handshake is complete.
 */
const handshakeAlert =
  /^ERR_SSL_.*ALERT_(HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|MISSING_EXTENSION|UNSUPPORTED_EXTENSION|UNRECOGNIZED_NAME|BAD_CERTIFICATE_STATUS_RESPONSE|UNKNOWN_PSK_IDENTITY|CERTIFICATE_REQUIRED|NO_APPLICATION_PROTOCOL)$/;

/** Also without the word: `ERR_SSL_TLSV1_UNRECOGNIZED_NAME`. */
const unrecognizedName = /^ERR_SSL_\w+_(UNRECOGNIZED_NAME|BAD_CERTIFICATE_STATUS_RESPONSE|BAD_CERTIFICATE_HASH_VALUE)$/;

/** True when it is certain by the error alone that nothing was written. */
export function nothingWritten(error: unknown): boolean {
  return isUnwritten(error, 0);
}

/** Errors of several attempts are nested once; deeper ones (or one in itself) are none of a platform. */
function isUnwritten(error: unknown, depth: number): boolean {
  const parts = chain(error);
  if (depth >= 4 || !parts.some((part) => isBeforeWrite(part, depth))) return false;
  // Whoever tries again by itself hangs one failure on the other: any of them may have come after a write.
  return proxyStatus(error) !== undefined || !parts.some(isAfterWrite);
}

/** What only a connection that stood can fail with. */
const stood =
  /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_(SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT|REQ_RETRY|HEADERS_OVERFLOW|REQ_CONTENT_LENGTH_MISMATCH|RES_CONTENT_LENGTH_MISMATCH)|ERR_HTTP2_\w+|ERR_STREAM_\w+|HPE_\w+)$/;

function isAfterWrite(part: object): boolean {
  const syscall = textIn(part, 'syscall');
  if (beforeConnection.test(syscall)) return false;
  return syscall === 'read' || syscall === 'write' || stood.test(textIn(part, 'code'));
}

/** True when the server refused the handshake: then nothing was read, even where it was written. */
export function handshakeRefused(error: unknown): boolean {
  return chain(error).some((part) => isAlert(textIn(part, 'code')));
}

/** The first code in the chain of causes, for the details of an error. */
export function connectionCode(error: unknown): string | undefined {
  for (const part of chain(error)) {
    const code = textIn(part, 'code');
    if (isCode(code)) return code;
  }
  return undefined;
}

/** The status with which a proxy refused to connect, where the error tells it. */
export function proxyStatus(error: unknown): number | undefined {
  for (const part of chain(error)) {
    const code = textIn(part, 'code');
    const status: unknown = code === 'ERR_PROXY_TUNNEL' ? property(part, 'statusCode') : undefined;
    if (isStatus(status)) return status;
    // undici has it in the message only.
    const said = code === 'UND_ERR_ABORTED' ? /^Proxy response \((\d{3})\)/.exec(textIn(part, 'message'))?.[1] : undefined;
    if (isStatus(Number(said))) return Number(said);
  }
  return undefined;
}

/**
 * An error of a fetch or a login as it may be kept: its codes. Its message, and what hangs on it, may hold the request with
 * login and message text.
 */
export function bareCause(error: unknown): Error | undefined {
  let bare: Error | undefined;
  for (const part of chain(error).reverse()) {
    const facts = (['code', 'syscall'] as const).flatMap((key) => (isCode(textIn(part, key)) ? [[key, textIn(part, key)]] : []));
    if (facts.length === 0) continue;
    const said = facts.map(([, value]) => value).reverse();
    bare = Object.assign(new Error(said.join(' '), bare === undefined ? undefined : { cause: bare }), Object.fromEntries(facts));
  }
  return bare;
}

function isBeforeWrite(error: object, depth: number): boolean {
  // Happy eyeballs tries several addresses: all of them must have failed before a connection stood.
  const several = property(error, 'errors');
  if (isArray(several)) return several.length > 0 && several.length < 100 && several.every((one) => isUnwritten(one, depth + 1));
  const code = textIn(error, 'code');
  // A network that vanishes under a standing connection gives the same codes, on read or write.
  const syscall = textIn(error, 'syscall');
  if (isAlert(code)) return true;
  if (syscall === 'read' || syscall === 'write') return false;
  if (beforeConnection.test(syscall)) return true;
  // fetch speaks to no port of another protocol (WHATWG, "bad port"); undici has it in the message only.
  if (code === '' && textIn(error, 'message') === 'bad port') return true;
  if (code === 'UND_ERR_ABORTED') return proxyStatus(error) !== undefined;
  return noConnection.has(code) || noHandshake.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS_');
}

function isAlert(code: string): boolean {
  return handshakeAlert.test(code) || unrecognizedName.test(code);
}

/** A code as platforms give it. What only looks like a word may be anything, a secret too. */
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
