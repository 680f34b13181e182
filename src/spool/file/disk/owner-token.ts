import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { errnoOf } from './file-layer.ts';

/** A file in the folder that says who has it: whoever wrote it last. */
export interface OwnerToken {
  /** The secret that proves to others that we have the folder; missing where it could not be written. */
  readonly secret?: string;
  isOurs(): boolean;
  /** Removes it, if it is still ours. */
  leave(): void;
}

/** Errors that say nothing of the file: too many are open, memory is short. */
const momentary: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EINTR', 'EAGAIN']);
const noRoom: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG']);

/** Writes a token of our own. @param warn Called when somebody else, whom no lock of this machine keeps out, may still have the folder. */
export function takeToken(path: string, warn: ((error: OfflineImError) => void) | undefined): OwnerToken {
  const before = read(path);
  const system = { host: hostname(), pid: process.pid, pids: pidNamespace() };
  warnOfOthers(before, system, warn);
  const secret = randomUUID();
  const ours = `${JSON.stringify({ token: secret, ...system, openedAt: new Date().toISOString() })}\n`;
  const isWritten = write(path, ours);
  const expected = isWritten ? ours : before;
  const isOurs = (): boolean => {
    try {
      return read(path) === expected;
    } catch (error) {
      return momentary.has(errnoOf(error));
    }
  };
  const leave = (): void => {
    try {
      if (expected !== undefined && read(path) === expected) unlinkSync(path);
    } catch {
      // It says nothing any more: the next one that comes writes its own.
    }
  };
  return { isOurs, leave, ...(isWritten ? { secret } : {}) };
}

/** Returns false on a full or read-only disk. Then the old token is ours: whoever comes next writes another one. */
function write(path: string, content: string): boolean {
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, content, { mode: 0o600, flush: false });
    renameSync(temporary, path);
    return true;
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // It was never made.
    }
    if (noRoom.has(errnoOf(error))) return false;
    throw error;
  }
}

/** Reads synchronously, not in the thread pool: it is called right before the first byte of a request. */
function read(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const data = Buffer.alloc(1_024);
    return data.toString('utf8', 0, readSync(file, data));
  } finally {
    closeSync(file);
  }
}

/** Warns of another owner: containers that share a folder, but not the kernel's locks, are known only by the token they left. */
function warnOfOthers(
  before: string | undefined,
  system: { readonly host: string; readonly pids: string | undefined },
  warn: ((error: OfflineImError) => void) | undefined,
): void {
  const last = before === undefined ? undefined : parsed(before);
  if (last === undefined || (last.host === system.host && last.pids === system.pids)) return;
  const message =
    'Another machine or container had this folder open and has not closed it. If it is still running, its spool closes itself at its next step; two senders must not share a FileSpool.';
  warn?.(new OfflineImError('SPOOL_LOCKED', message, { details: { host: last.host } }));
}

function parsed(content: string): { readonly host?: unknown; readonly pids?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function pidNamespace(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return String(statSync('/proc/self/ns/pid', { bigint: true }).ino);
  } catch {
    return undefined;
  }
}
