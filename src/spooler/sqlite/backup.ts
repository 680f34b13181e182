import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as sqlite from 'node:sqlite';
import { makeFile } from './file-rights.ts';

/** Copies the database as it is at one moment, while it is in use; the copy appears under its name when it is whole. */
export async function backUp(database: sqlite.DatabaseSync, path: string): Promise<void> {
  const partial = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}.partial`;
  makeFile(partial);
  try {
    // Missing in Node before 22.16 and 23.8; VACUUM INTO needs a file that does not exist, or is empty.
    const backup = (sqlite as { backup?: typeof sqlite.backup }).backup;
    if (backup === undefined) database.prepare('VACUUM INTO ?').run(partial);
    else await backup(database, partial, { rate: 1_000 });
    await chmod(partial, 0o600);
    await sync(partial, 'r+');
    await rename(partial, path);
    if (process.platform !== 'win32') await sync(dirname(path), 'r');
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
