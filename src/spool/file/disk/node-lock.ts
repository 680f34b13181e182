import { closeSync, constants, openSync, statSync } from 'node:fs';
import { chmod, lstat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { property } from '../../../core/errors/thrown.ts';
import { errnoOf, type FolderLock } from './file-layer.ts';
import { takeToken } from './owner-token.ts';

/*
 * Three things keep a second process out, since none does alone.
 *
 * 1. An exclusive transaction on an empty SQLite file. The kernel ends it when the process dies, as no file with a process id in it
 *    does, and it holds across containers of one machine. But it is a POSIX lock: whatever in this process closes any descriptor of
 *    that file (a backup, a virus scanner's plug-in, `fs.cp`) drops it, without a word.
 * 2. One that can't be dropped: on Linux a socket in the abstract namespace, named by the folder's device and inode and by the user,
 *    so that nothing of it lies in the folder, and with the folder open, so that its inode can't go to another one; elsewhere, where there is one, a lock that belongs to its own descriptor (O_EXLOCK).
 * 3. A token in the folder, written by whoever got in last. It is read around each commit and right before each request: the last
 *    one that came owns the folder, and everyone else closes.
 */

const busy = 5;

/** Keeps locks reachable: the garbage collector closes a connection that nobody can reach, as that of a spool left open may be, and the lock goes with it. */
const held = new Set<object>();

/**
 * Locks the folder that a lock file lies in.
 *
 * @throws {OfflineImError} `SPOOL_LOCKED`
 */
export async function lockFolder(path: string, warn?: (error: OfflineImError) => void): Promise<FolderLock> {
  const folder = dirname(path);
  const dropped = await lockFile(path);
  try {
    const guard = await lockForGood(folder);
    try {
      const token = takeToken(join(folder, 'owner.json'), warn);
      return Object.assign(
        async () => {
          token.leave();
          await guard().finally(dropped);
        },
        { isHeld: token.isOurs, ...(token.secret === undefined ? {} : { secret: token.secret }) },
      );
    } catch (error) {
      await guard();
      throw error;
    }
  } catch (error) {
    dropped();
    throw error;
  }
}

const noSqlite =
  'FileSpool locks its folder with node:sqlite, which this runtime lacks. Use Node 22.13 or newer, without --no-experimental-sqlite.';

async function lockFile(path: string): Promise<() => void> {
  // Only when it is needed, since Node 22 warns of it; and without import(), which Jest's CommonJS lacks.
  const sqlite: typeof import('node:sqlite') | undefined = process.getBuiltinModule('node:sqlite');
  if (sqlite === undefined) throw new OfflineImError('SPOOL_ROOT_UNUSABLE', noSqlite);
  const { DatabaseSync } = sqlite;
  const before = await lstat(path).catch(() => undefined);
  if (before !== undefined && !before.isFile()) throw new Error('The lock is not a regular file.');
  const database = new DatabaseSync(path);
  try {
    // Nothing is ever written: no journal needs to lie beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    if (process.platform !== 'win32') await chmod(path, 0o600);
  } catch (error) {
    database.close();
    throw isBusy(error) ? locked(error) : error;
  }
  held.add(database);
  return () => {
    if (held.delete(database)) database.close();
  };
}

function isBusy(error: unknown): boolean {
  const code = property(error, 'errcode');
  return typeof code === 'number' && (code & 0xff) === busy;
}

function locked(cause: unknown): OfflineImError {
  const message = 'Another process, or another FileSpool in this process, has this folder open. Close it, or use another root.';
  return new OfflineImError('SPOOL_LOCKED', message, { cause });
}

/** Resolves with the function that unlocks. Where the system has no such lock, the other two must do. */
async function lockForGood(folder: string): Promise<() => Promise<void>> {
  if (process.platform === 'linux') return await listenOn(folder);
  const exclusive = bsdLock[process.platform];
  if (exclusive === undefined) return async () => undefined;
  const { O_RDWR, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
  let file: number;
  try {
    file = openSync(join(folder, 'guard'), O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | exclusive, 0o600);
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN' || errnoOf(error) === 'EWOULDBLOCK') throw locked(error);
    return async () => undefined;
  }
  return async () => closeSync(file);
}

/** `O_EXLOCK`, which Node has no name for. */
const bsdLock: Readonly<Partial<Record<NodeJS.Platform, number>>> = { darwin: 0x20, freebsd: 0x20, openbsd: 0x20, netbsd: 0x20 };

async function listenOn(folder: string): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(folder, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await listening(server, `\0offline-im ${dev} ${ino} ${process.getuid?.() ?? 0}`);
  } catch (error) {
    server.close();
    closeSync(descriptor);
    if (errnoOf(error) === 'EADDRINUSE') throw locked(error);
    // A sandbox without sockets.
    return async () => undefined;
  }
  held.add(server);
  return async () => {
    held.delete(server);
    try {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    } finally {
      // Last: as long as the socket listens, whoever got this inode would be kept out.
      closeSync(descriptor);
    }
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Later errors of the server don't matter.
    server.on('error', () => undefined);
    // Exclusive: the workers of a cluster would share it.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      server.unref();
      resolve();
    });
  });
}
