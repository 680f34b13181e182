import { property } from '../../../core/errors/thrown.ts';

/** The `code` of a file system's error. */
export function errnoOf(error: unknown): string | undefined {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Errors that prove that the call changed nothing. */
const refusals: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EBUSY',
  'EDQUOT',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'EMFILE',
  'ENAMETOOLONG',
  'ENFILE',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'ENOTEMPTY',
  'EPERM',
  'EROFS',
  'EXDEV',
]);

export function isRefusal(error: unknown): boolean {
  return refusals.has(errnoOf(error));
}

/** Errors about the one file that was read; any other may be over in a moment, or concern every file. */
const ofTheFile: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EIO',
  'EISDIR',
  'ELOOP',
  'EMLINK',
  'ENOENT',
  'ENXIO',
  'EPERM',
]);

export function isAboutTheFile(error: unknown): boolean {
  return ofTheFile.has(errnoOf(error));
}

/** One name in a folder. A symbolic link, socket or device is `other`, and is never followed. */
export interface FolderItem {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** The kind and permissions of what is at a path: of the link itself if it is a link. */
export interface FileFacts {
  readonly kind: 'file' | 'folder' | 'other';
  /** Permission bits of group and others; 0 if the file system has none (Windows). */
  readonly othersMay: number;
}

/** A new file, open for writing at its end. */
export interface WritableFile {
  /** Writes all of it, or rejects; after a rejection part of it may be there. */
  write(data: Uint8Array): Promise<void>;
  /** Data and length are on durable storage when resolved (fdatasync). */
  sync(): Promise<void>;
  /** Cuts the file to that many bytes. */
  truncate(size: number): Promise<void>;
  /** Closes the handle. */
  close(): Promise<void>;
}

/**
 * The file operations that a `FileSpool` uses: a documented option, for other file systems and for tests of failures.
 * Paths are absolute and in the platform's form. Rejections carry a `code` as Node's do (`ENOENT`, `EEXIST`, `ENOSPC`, …).
 *
 * Nothing but `sync` and `syncFolder` has to be durable: the spool calls them where it counts. `rename` must be atomic
 * for its target: the name shows the old file or the new one, whatever happens.
 *
 * @example
 * ```ts
 * const full: FileLayer = { ...nodeFiles, create: async () => { throw Object.assign(new Error('full'), { code: 'ENOSPC' }); } };
 * new FileSpool({ root, files: full });
 * ```
 */
export interface FileLayer {
  /** Looks at a path; `undefined` when nothing is there. */
  stat(path: string): Promise<FileFacts | undefined>;
  /** Lists a folder, in no order. */
  list(path: string): Promise<readonly FolderItem[]>;
  /** Creates one folder for its owner only (0700); rejects with `EEXIST` if the name is taken. */
  makeFolder(path: string): Promise<void>;
  /** Removes all permissions of group and others on a folder. */
  restrict(path: string): Promise<void>;
  /** Creates a file for its owner only (0600); rejects with `EEXIST` if the name is taken. */
  create(path: string): Promise<WritableFile>;
  /** Reads a whole regular file; `undefined` when it has more than `limit` bytes. Rejects for a link. */
  read(path: string, limit: number): Promise<Uint8Array | undefined>;
  /**
   * Reads `length` bytes of a regular file from byte `from`, fewer only at its end. Rejects for a link. Optional: without it the whole file is read.
   */
  readPart?(path: string, from: number, length: number): Promise<Uint8Array>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a link itself. */
  remove(path: string): Promise<void>;
  /** Resolves once all names made, replaced and removed in the folder so far are on durable storage. */
  syncFolder(path: string): Promise<void>;
  /**
   * Locks the spool with this lock file, until the returned function is called or the process dies.
   * Rejects with the `OfflineImError` `SPOOL_LOCKED` while someone has it, in this process or another.
   *
   * @param warn Called if someone else may have it nevertheless.
   */
  lock(path: string, warn?: (error: Error) => void): Promise<FolderLock>;
}

/** Unlocks a spool. */
export interface FolderLock {
  (): Promise<void>;
  /**
   * Whether the spool is still ours at this very moment. Called before and after each write, and before each request to a server. For a lock that can be lost
   * silently. @default always
   */
  readonly isHeld?: () => boolean;
  /**
   * The token of `owner.json` beside the lock file, by which this process proves to operators on this machine that it has the spool. @default none: operators wait
   * until the spool is closed
   */
  readonly secret?: string;
}
