import { accessSync, constants, existsSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';

/** What kind of spool lies where an operator points to. */
export type Place =
  | { readonly kind: 'file'; readonly root: string }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string };

/**
 * What is wrong with an address that is no path and no URL of PostgreSQL: a scheme that is not known, or one that is written in another way. A path that exists is a path,
 * whatever it looks like, and so is a drive of Windows.
 */
export function urlProblem(where: string): string | undefined {
  const [, scheme] = /^([a-z][a-z0-9+.-]+):/i.exec(where) ?? [];
  if (/^postgres(ql)?:\/\//i.test(where)) {
    // As pg reads it: blanks are escaped, and the host may be missing beside a login.
    const isReadable = URL.canParse(where.replaceAll(' ', '%20').replace('@/', '@host/'));
    if (!isReadable) return `The address of the spool is not a valid URL; expected ${postgresUrl}.`;
    // What follows would be dropped without a word: where it is part of a password, most of that is taken for a host.
    return where.includes('#') ? 'The address of the spool has a #, which ends the path of a URL; write it as %23.' : undefined;
  }
  if (/^file:/i.test(where)) {
    if (/[?#]/.test(where))
      return 'The address of the spool is a file URL with a ? or #, which end its path; write them as %3F and %23, or pass the path.';
    // None of it is shown: where a login is taken for a host, it has a password.
    return isWholeFileUrl(where)
      ? undefined
      : 'The address of the spool is no file URL with a whole path on this machine; expected file:///var/spool/my-bot, or a path.';
  }
  if (existsSync(where)) return undefined;
  // None of it is shown: it may have a password.
  if (scheme !== undefined) {
    if (/^postgres(ql)?$/i.test(scheme)) return `The address of the spool has no // after ${scheme}:; expected ${postgresUrl}.`;
    const another = /^sqlite/i.test(scheme) ? ' Name an SQLite file by its path alone.' : '';
    return `There is no spool of the kind ${quoted(scheme)}; expected a folder, an SQLite file or a postgres:// URL.${another}`;
  }
  if (isSettings(where)) return `The address of the spool is a list of settings, as psql takes it; expected ${postgresUrl}.`;
  // A drive of Windows is no user.
  const isLogin = /^(?![a-z]:[\\/])(?:\/\/)?[^/\\@]*:[^@]*@/i.test(where);
  return isLogin ? `The address of the spool has a login, but no scheme; expected ${postgresUrl}.` : undefined;
}

function isWholeFileUrl(where: string): boolean {
  // Others are completed by what reads them: file:spool.db to /spool.db.
  if (!/^file:\/(?:[^/]|\/localhost\/|\/\/)/i.test(where)) return false;
  try {
    return !fileURLToPath(where).includes('\0');
  } catch {
    // It can't be read, or has a slash that is escaped.
    return false;
  }
}

/** Several of them, or a password anywhere, which must not be shown as a path is. A path that begins with a slash, a dot or a drive is none, whatever its names look like. */
function isSettings(where: string): boolean {
  if (!/^(?:[/\\.]|[a-z]:[\\/])/i.test(where) && /\bpassword\s*=/i.test(where)) return true;
  if (!/^\s*[a-z_]+\s*=/i.test(where)) return false;
  const names = [...where.matchAll(/(?:^|[\s;&])([a-z_]+)\s*=/gi)].map(([, name = '']) => name.toLowerCase());
  return names.length > 1 && names.some((name) => settings.has(name));
}

const settings: ReadonlySet<string> = new Set(['host', 'hostaddr', 'port', 'dbname', 'database', 'user', 'service', 'sslmode']);

const postgresUrl = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE';

/** Tells what lies there, and makes nothing. @throws {OfflineImError} `OPTION_INVALID` for a URL that is none of a spool, `SPOOL_ROOT_UNUSABLE` when there is no spool, `SPOOL_CORRUPT` when it is a damaged file */
export function placeOf(where: string): Place {
  const problem = urlProblem(where);
  if (problem !== undefined) throw new OfflineImError('OPTION_INVALID', problem);
  if (/^postgres(ql)?:\/\//i.test(where)) return { kind: 'postgres', url: where };
  const path = resolve(/^file:/i.test(where) ? fileURLToPath(where) : where);
  const facts = factsOf(path, path);
  if (facts === undefined) throw unusable(path, 'does not exist');
  if (facts.isDirectory()) {
    if (factsOf(join(path, '.offline-im'), path) !== undefined) return { kind: 'file', root: path };
    throw unusable(path, 'is a folder without a spool (it has no .offline-im)');
  }
  if (!facts.isFile()) throw unusable(path, 'is neither a file nor a folder');
  if (facts.size === 0) throw unusable(path, 'is empty');
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw closed(path, error);
  }
  if (!isSpoolFile(path)) throw unusable(path, 'is not the SQLite file of a spool');
  return { kind: 'sqlite', path };
}

/** @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE` where that may not even be asked */
function factsOf(path: string, spool: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file where a folder belongs: there is nothing either.
    if (property(error, 'code') === 'ENOTDIR') return undefined;
    throw closed(spool, error);
  }
}

function closed(path: string, error: unknown): OfflineImError {
  const code = String(property(error, 'code'));
  if (code === 'ENAMETOOLONG') return unusable(path, 'is longer than a path may be');
  if (code === 'ERR_INVALID_ARG_VALUE') return unusable(path, 'is not a path');
  if (code === 'ELOOP') return unusable(path, 'is a link that leads back to itself');
  const user = process.getuid?.();
  const who = user === undefined ? '' : ` by user ${user}`;
  return unusable(path, `can't be read${who} (${code}); run this as the user that runs the sender`);
}

/** "OIMs", as the header of a spool's file has it. */
const applicationId = 0x4f494d73;

/**
 * Asked through SQLite: to read the file past it would drop the locks that this process may have on it (POSIX). A file with a damaged header is taken for
 * somebody else's, and so are encrypted ones.
 */
function isSpoolFile(path: string): boolean {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    return database.prepare('PRAGMA application_id').get()?.application_id === applicationId;
  } catch (error) {
    // SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN: its log beside it has to be written even by readers.
    const code = property(error, 'errcode');
    if (typeof code === 'number' && [3, 8, 14].includes(code & 0xff)) throw closed(path, error);
    // SQLITE_BUSY, SQLITE_LOCKED: a process that opens it alone, for a moment. Whoever opens it next waits for that, and is told what it is.
    if (typeof code === 'number' && [5, 6].includes(code & 0xff)) return true;
    // SQLITE_CORRUPT: it is one of SQLite, and not whole.
    if (typeof code === 'number' && (code & 0xff) === 11) throw damaged(path);
    return false;
  } finally {
    tell(() => database?.close()); // what was read is read
  }
}

function damaged(path: string): OfflineImError {
  const message = `${quoted(path)} is a damaged SQLite file: part of it is missing or was overwritten. Restore a backup.`;
  return new OfflineImError('SPOOL_CORRUPT', message, { details: { path } });
}

function unusable(path: string, found: string): OfflineImError {
  const message = `${quoted(path)} ${found}; expected the folder, the SQLite file or the PostgreSQL URL of a spool.`;
  return new OfflineImError('SPOOL_ROOT_UNUSABLE', message, { details: { path } });
}
