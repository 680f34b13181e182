import { close, constants, fdatasync, ftruncate, open, read, write } from 'node:fs';
import { chmod, lstat, mkdir, opendir, rename, unlink } from 'node:fs/promises';
import { syncDescriptor } from '../../disk/syncing.ts';
import { errnoOf, type FileFacts, type FileLayer, type FolderItem, type WritableFile } from './file-layer.ts';
import { lockFolder } from './node-lock.ts';

const windows = process.platform === 'win32';
/** How many names of a folder are read in one go. */
const namesAtOnce = 512;
const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;
/** Not on Windows, where links need a privilege and the names are checked all the same. */
const noFollow = constants.O_NOFOLLOW ?? 0;
const noWait = constants.O_NONBLOCK ?? 0;

/** The machine's own file system, through `node:fs`: what a `FileSpool` uses unless told otherwise. */
export const nodeFiles: FileLayer = {
  async stat(path) {
    try {
      const facts = await lstat(path);
      return { kind: kindOf(facts), othersMay: windows ? 0 : facts.mode & 0o077 };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async list(path) {
    // Some at a time: all at once, a large folder blocks the event loop.
    const items: FolderItem[] = [];
    for await (const item of await opendir(path, { bufferSize: namesAtOnce }))
      items.push({ name: item.name, kind: kindOf(item) });
    return items;
  },
  async makeFolder(path) {
    await mkdir(path, { mode: 0o700 });
  },
  restrict: (path) => chmod(path, 0o700),
  async create(path) {
    return new DescriptorFile(await openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | noFollow, 0o600));
  },
  async read(path, limit) {
    // Without waiting, as for the other end of a pipe.
    const file = await openFile(path, O_RDONLY | noFollow | noWait, 0);
    try {
      return await readAll(file, limit);
    } finally {
      await closeFile(file);
    }
  },
  async readPart(path, from, length) {
    const file = await openFile(path, O_RDONLY | noFollow | noWait, 0);
    try {
      return await readPart(file, from, length);
    } finally {
      await closeFile(file);
    }
  },
  rename: windows ? renamePatiently : rename,
  remove: unlink,
  async syncFolder(path) {
    if (windows) return; // NTFS keeps names in its journal, in order; a folder can't be flushed there.
    const folder = await openFile(path, O_RDONLY | constants.O_DIRECTORY, 0);
    try {
      await syncDescriptor(folder);
    } catch (error) {
      // Some network file systems have no such call; their servers order names themselves.
      if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
    } finally {
      await closeFile(folder);
    }
  },
  lock: lockFolder,
};

/** A descriptor with callbacks costs half as much as Node's FileHandle, and a message takes four of these calls. */
class DescriptorFile implements WritableFile {
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  async write(data: Uint8Array): Promise<void> {
    for (let from = 0; from < data.length; ) {
      from += await new Promise<number>((resolve, reject) => {
        write(this.#file, data, from, data.length - from, null, (error, count) => (error ? reject(error) : resolve(count)));
      });
    }
  }

  sync(): Promise<void> {
    return call((done) => fdatasync(this.#file, done));
  }

  truncate(size: number): Promise<void> {
    return call((done) => ftruncate(this.#file, size, done));
  }

  close(): Promise<void> {
    return closeFile(this.#file);
  }
}

function openFile(path: string, flags: number, mode: number): Promise<number> {
  return new Promise((resolve, reject) => open(path, flags, mode, (error, file) => (error ? reject(error) : resolve(file))));
}

function closeFile(file: number): Promise<void> {
  return call((done) => close(file, done));
}

function call(start: (done: (error: Error | null | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/** Reads into one buffer, which doubles when it is full: most files fit into the first. */
async function readAll(file: number, limit: number): Promise<Uint8Array | undefined> {
  let buffer = new Uint8Array(8 * 1024);
  let filled = 0;
  for (;;) {
    if (filled === buffer.length) {
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer);
      buffer = larger;
    }
    const [target, from] = [buffer, filled];
    const count = await new Promise<number>((resolve, reject) => {
      read(file, target, from, target.length - from, null, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
    if (count === 0) return buffer.subarray(0, filled);
    filled += count;
    if (filled > limit) return undefined;
  }
}

async function readPart(file: number, from: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  for (let filled = 0; ; ) {
    const count = await new Promise<number>((resolve, reject) => {
      read(file, buffer, filled, length - filled, from + filled, (error, bytes) => (error ? reject(error) : resolve(bytes)));
    });
    filled += count;
    if (count === 0 || filled === length) return buffer.subarray(0, filled);
  }
}

/** Renames again and again: Windows refuses while a virus scanner or an indexer has either file open, mostly for some ms. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let wait = 10; ; wait *= 2) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = errnoOf(error);
      if (wait > 1000 || (code !== 'EPERM' && code !== 'EACCES' && code !== 'EBUSY')) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function kindOf(item: { isFile(): boolean; isDirectory(): boolean }): FileFacts['kind'] {
  if (item.isFile()) return 'file';
  return item.isDirectory() ? 'folder' : 'other';
}
