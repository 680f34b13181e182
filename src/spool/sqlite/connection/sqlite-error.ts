import type { ErrorCode } from '../../../core/errors/codes.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import { asError, isError, property } from '../../../core/errors/thrown.ts';
import { adviceOnPath, isDeniedByNode } from '../../disk/syncing.ts';

/** SQLite's primary result codes that matter here. */
const result = { busy: 5, locked: 6, readonly: 8, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, auth: 23, notadb: 26 } as const;

/** SQLite's own sentences, for runtimes whose errors have no `errcode` (Deno). */
const sentences: readonly (readonly [sentence: string, code: number])[] = [
  ['database is locked', result.busy],
  ['database table is locked', result.locked],
  ['database schema is locked', result.locked],
  ['attempt to write a readonly database', result.readonly],
  ['disk I/O error', result.ioerr],
  ['database disk image is malformed', result.corrupt],
  ['database or disk is full', result.full],
  ['unable to open database file', result.cantopen],
  ['authorization denied', result.auth],
  ['file is not a database', result.notadb],
];

/** The primary result code of an error of node:sqlite; `undefined` for any other error. */
function resultOf(error: unknown): number | undefined {
  const code = property(error, 'errcode');
  if (typeof code === 'number') return code & 0xff;
  const kind = property(error, 'code');
  const message = property(error, 'message');
  if (typeof message !== 'string' || (kind !== undefined && kind !== 'ERR_SQLITE_ERROR')) return undefined;
  return sentences.find(([sentence]) => message.includes(sentence))?.[1];
}

/** Another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = resultOf(error);
  return code === result.busy || code === result.locked;
}

/** The disk is full: nothing was kept, and nothing else is wrong. */
export function isFull(error: unknown): boolean {
  return resultOf(error) === result.full;
}

/** The file is not a SQLite database, or no longer. */
export function isDamage(error: unknown): boolean {
  const code = resultOf(error);
  return code === result.corrupt || code === result.notadb;
}

/** The file could not be read, written or opened: the connection's state can no longer be trusted. */
export function isInputOutput(error: unknown): boolean {
  const code = resultOf(error);
  return code === result.ioerr || code === result.cantopen;
}

/** An error of SQLite as the library's own. SQLite's messages name tables and columns, never values. */
export function asSpoolError(error: unknown, path: string): Error {
  if (error instanceof OfflineImError) return error;
  const code = resultOf(error);
  // An error of the file system, or of Node's permission model.
  if (code === undefined && isError(error) && ('syscall' in error || isDeniedByNode(error))) {
    const message = `The spool ${quoted(path)} can't be used: ${error.message.replace(/\.$/, '')}. ${adviceOnPath(error)}`;
    return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { cause: error });
  }
  if (code === undefined) return asError(error);
  return new OfflineImError(codeFor(code), `The spool ${quoted(path)} failed: ${asError(error).message}. ${adviceFor(code)}`, {
    cause: error,
  });
}

function codeFor(code: number): ErrorCode {
  if (code === result.busy || code === result.locked) return 'SPOOL_BUSY';
  if (code === result.corrupt || code === result.notadb) return 'SPOOL_CORRUPT';
  if (code === result.readonly || code === result.cantopen || code === result.auth) return 'SPOOL_ROOT_UNUSABLE';
  return 'SPOOL_FAILED';
}

function adviceFor(code: number): string {
  if (code === result.corrupt || code === result.notadb) {
    return 'It is not, or is no longer, a spool: restore a backup, or recover what is left with the sqlite3 shell (.recover).';
  }
  if (code === result.full) return 'Free some disk space; everything accepted earlier is still there.';
  if (code === result.readonly || code === result.cantopen) return 'Check the path and the permissions of its folder.';
  return 'Everything accepted earlier is still there.';
}
