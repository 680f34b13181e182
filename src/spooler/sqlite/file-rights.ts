import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** SQLite's companions of a file in WAL mode. */
export function companionsOf(path: string): readonly string[] {
  return [`${path}-wal`, `${path}-shm`];
}

/**
 * Makes the file with its folders where they are missing, for this user only; SQLite gives its companions the rights of the
 * file. An existing file is never opened here: closing any descriptor of it would drop this process's locks (POSIX).
 * True when it was missing.
 */
export function makeFile(path: string): boolean {
  makeFolder(dirname(path));
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** One by one: Node's `recursive` tells of a read-only file system as of a missing folder. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Throws the system's error where SQLite would say "disk I/O error": it opens what it may not write to. */
export function assertWritable(path: string): void {
  accessSync(path, constants.R_OK | constants.W_OK);
  accessSync(dirname(path), constants.W_OK);
}

/** Takes rights to the file and its companions from others, where the owner may. */
export function restrict(path: string): void {
  if (process.platform === 'win32') return;
  for (const one of [path, ...companionsOf(path)]) {
    try {
      if ((statSync(one).mode & 0o077) !== 0) chmodSync(one, 0o600);
    } catch {
      // Missing, or someone else's: then it is theirs to restrict.
    }
  }
}

/** True when the last one who had it open did not close it: closing folds the log into the file and removes it. */
export function hasLog(path: string): boolean {
  return existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
}
