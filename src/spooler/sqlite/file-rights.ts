import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** SQLite's companions of a file in WAL mode. */
export function companionsOf(path: string): readonly string[] {
  return [`${path}-wal`, `${path}-shm`];
}

/**
 * Makes the file with its folders where they are missing, for this user only; SQLite gives its companions the rights of the
 * file. An existing file is never opened here: closing any descriptor of it would drop this process's locks (POSIX).
 */
export function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
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
