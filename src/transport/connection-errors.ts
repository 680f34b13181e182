import { isError, partsOf } from '../core/errors/thrown.ts';

/**
 * Was a request written before fetch failed? The platform doesn't say, but the code of the cause does for what fails before
 * a connection stands. Whatever is not on these lists counts as written.
 */

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
  'ERR_CONNECTION_GONE', // ours: the connection that a login belongs to had ended before
]);

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
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
]);

/** True when it is certain that nothing was written. */
export function nothingWritten(error: unknown): boolean {
  return chain(error).some(isBeforeWrite);
}

/** The first code in the chain of causes, for the details of an error. */
export function connectionCode(error: unknown): string | undefined {
  for (const part of chain(error)) {
    if ('code' in part && typeof part.code === 'string') return part.code;
  }
  return undefined;
}

function isBeforeWrite(error: Error): boolean {
  // Happy eyeballs tries several addresses: all of them must have failed before a connection stood.
  const parts = partsOf(error);
  if (parts !== undefined) return parts.length > 0 && parts.every(nothingWritten);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A network that vanishes under a standing connection gives the same codes, on read or write.
  const syscall = 'syscall' in error && typeof error.syscall === 'string' ? error.syscall : '';
  if (syscall === 'read' || syscall === 'write') return false;
  if (code === 'ETIMEDOUT') return syscall === 'connect';
  return noConnection.has(code) || noHandshake.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS_');
}

function chain(error: unknown): Error[] {
  const found: Error[] = [];
  for (let next = error; isError(next) && found.length < 8; next = next.cause) found.push(next);
  return found;
}
