import type { ErrorCode } from '../../../core/errors/codes.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { asError, isA, isError, property } from '../../../core/errors/thrown.ts';

/** SQLSTATE of an error from the server; `undefined` for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = property(error, 'severity') === undefined ? undefined : property(error, 'code');
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

const lockTimeout = '55P03';
/**
 * Deadlock, serialization failure, a message id that another transaction has just inserted, and a transaction that the server ended because this process stood still
 * for longer than `transactionSettings` allows: a retry may succeed.
 */
const transient = new Set(['40P01', '40001', '23505', '25P03']);

export function isLockTimeout(error: unknown): boolean {
  return sqlStateOf(error) === lockTimeout;
}

export function isTransient(error: unknown): boolean {
  return transient.has(sqlStateOf(error) ?? '');
}

/** Values, sizes, locks, and memory for them; a damaged row. Not errors that any statement would get. */
const aboutWhatWasAsked = /^(?:2[1-3]|40|44|5[45]|P0|XX|53200)/;

/** Whether other statements may still succeed: the server refused this one for its content, or it failed before it was sent. */
export function isAboutWhatWasAsked(error: unknown): boolean {
  return aboutWhatWasAsked.test(sqlStateOf(error) ?? '40') && !isConnectionError(error);
}

/** A server that takes no writes: a replica, or a primary that was demoted. */
const readOnly = '25006';
const tooManyConnections = '53300';
const noRight = '42501';

/** A standby refuses to begin a transaction that writes. */
class ReadOnlyServer extends OfflineImError {
  constructor(cause: unknown) {
    super('SPOOL_FAILED', `PostgreSQL refused to write: ${adviceFor(readOnly)}`, {
      cause,
      details: { sqlState: sqlStateOf(cause) },
    });
  }
}

/** The error of a transaction's first statement; recognizes a standby. */
export function asRefusedBegin(error: unknown): unknown {
  // "cannot set transaction read-write mode during recovery": nothing else in BEGIN and SET LOCAL is unsupported.
  return sqlStateOf(error) === '0A000' ? new ReadOnlyServer(error) : error;
}

/** No connection, a broken one, or a server that is shutting down, starting, or no longer the primary. */
export function isConnectionError(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (isA(error, ReadOnlyServer)) return true;
  if (state === readOnly || state === tooManyConnections) return true;
  if (state !== undefined) return state.startsWith('57P') || state.startsWith('08');
  return isError(error) && !(error instanceof OfflineImError) && ('errno' in error || error.message.includes('onnection'));
}

/** Classes whose messages quote values, which may be a message's text. */
const quotesValues = /^(?:22|23|P0)/;
const noTables = new Set(['42P01', '3F000', '42703', '42883']);

/** An error of pg as the library's own. Leaves out the server's `detail`, `where` and `internalQuery`. */
export function asSpoolError(error: unknown): Error {
  if (error instanceof OfflineImError) return error;
  const state = sqlStateOf(error);
  const said = asError(error).message;
  if (state === undefined) {
    return new OfflineImError(
      'SPOOL_FAILED',
      `The connection to PostgreSQL failed: ${said}. Everything accepted earlier is still there.`,
    );
  }
  const what = quotesValues.test(state) ? `SQLSTATE ${state}` : `${said} (SQLSTATE ${state})`;
  return new OfflineImError(codeOf(state), `PostgreSQL refused: ${what}. ${adviceFor(state)}`, { details: { sqlState: state } });
}

function codeOf(state: string): ErrorCode {
  if (state === lockTimeout) return 'SPOOL_BUSY';
  return noTables.has(state) ? 'SPOOL_NOT_MIGRATED' : 'SPOOL_FAILED';
}

function adviceFor(state: string): string {
  if (state === lockTimeout) return 'A transaction has locked the conversation for too long; commit it or roll it back.';
  if (noTables.has(state)) return 'Call migrate() once, before open().';
  if (state === readOnly)
    return 'This server accepts no writes (a replica, or a demoted primary); point the pool to the primary.';
  if (state === noRight) return 'Give the login of the pool that right; for migrate(), a schema that it owns is enough.';
  if (state === tooManyConnections) return 'Give the pools fewer connections, or put a pooler in front of the server.';
  return 'Everything accepted earlier is still there.';
}
