import { basename, dirname } from 'node:path';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { FileLayer } from '../../src/spool/file/disk/file-layer.ts';

type Content = Uint8Array<ArrayBuffer>;

class DiskFile {
  readonly kind = 'file';
  content: Content = new Uint8Array();
  /** As of the last sync; `undefined` before the first. */
  synced: Content | undefined;
}

class DiskFolder {
  readonly kind = 'folder';
  readonly names = new Map<string, Item>();
  /** As of the last sync. */
  synced: ReadonlyMap<string, Item> = new Map();
  /** What each name referred to since then, oldest first. */
  readonly changes = new Map<string, (Item | undefined)[]>();
}

type Item = DiskFile | DiskFolder;

/** Returns a whole number below `bound`. */
export type Pick = (bound: number) => number;

/** A repeatable generator (mulberry32). */
export function pickFrom(seed: number): Pick {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Thrown by every call from the cut on: the process does not live to see more. */
export class PowerIsOut extends Error {}

/**
 * An in-memory disk that keeps only what was synced after a power cut: of a file its data, of a folder its names. Real disks may
 * keep more, in any order; `powerCut(pick)` keeps a random part, name by name and file by file, including halves.
 */
export class ForgetfulDisk {
  readonly root = new DiskFolder();
  readonly #locks = new Set<string>();
  #life = 0;
  /** Number of calls so far, and each of them. */
  calls: string[] = [];
  /** Every call from this one on throws. */
  cutAt = Number.POSITIVE_INFINITY;
  /** Makes a call fail before it does anything. */
  fault: ((operation: string, path: string) => string | undefined) | undefined;

  /** The file layer of one process; unusable after {@link restart}. */
  layer(): FileLayer {
    const life = this.#life;
    const does = (operation: string, path: string): void => {
      if (life !== this.#life || this.calls.length >= this.cutAt) throw new PowerIsOut('The power is out.');
      this.calls.push(`${operation} ${path}`);
      const code = this.fault?.(operation, path);
      if (code !== undefined) throw fail(code, path);
    };
    return {
      stat: async (path) => {
        does('stat', path);
        const item = this.#find(path);
        return item && { kind: item.kind, othersMay: 0 };
      },
      list: async (path) => {
        does('list', path);
        return [...this.#folder(path).names].map(([name, { kind }]) => ({ name, kind }));
      },
      makeFolder: async (path) => {
        does('makeFolder', path);
        this.#add(path, new DiskFolder());
      },
      restrict: async (path) => does('restrict', path),
      create: async (path) => {
        does('create', path);
        const file = new DiskFile();
        this.#add(path, file);
        return {
          write: async (data) => {
            does('write', path);
            file.content = joined(file.content, data);
          },
          sync: async () => {
            does('sync', path);
            file.synced = file.content;
          },
          truncate: async (size) => {
            does('truncate', path);
            file.content = file.content.slice(0, size);
          },
          close: async () => undefined,
        };
      },
      read: async (path, limit) => {
        does('read', path);
        const { content } = this.#file(path);
        return content.length > limit ? undefined : content;
      },
      rename: async (from, to) => {
        does('rename', to);
        const file = this.#file(from);
        this.#set(from, undefined);
        this.#set(to, file);
      },
      remove: async (path) => {
        does('remove', path);
        this.#file(path);
        this.#set(path, undefined);
      },
      syncFolder: async (path) => {
        does('syncFolder', path);
        const folder = this.#folder(path);
        folder.synced = new Map(folder.names);
        folder.changes.clear();
      },
      lock: async (path) => {
        does('lock', path);
        if (this.#locks.has(path)) throw new OfflineImError('SPOOL_LOCKED', 'Locked.');
        this.#locks.add(path);
        return async () => {
          if (life === this.#life) this.#locks.delete(path);
        };
      },
    };
  }

  /** The process dies, the machine does not: all data is there, synced or not, and all locks are gone. */
  restart(): void {
    this.#life += 1;
    this.#locks.clear();
  }

  /** No cut and no fault from here on; calls are counted from zero. */
  heal(): void {
    this.calls = [];
    this.cutAt = Number.POSITIVE_INFINITY;
    this.fault = undefined;
  }

  /** The power fails and returns. @param pick Decides whether unsynced data is kept. @default none of it is kept */
  powerCut(pick?: Pick): void {
    this.restart();
    forget(this.root, pick, new Set());
  }

  /** Paths of all files. */
  files(folder = this.root, path = ''): string[] {
    return [...folder.names].flatMap(([name, item]) =>
      item.kind === 'file' ? [`${path}/${name}`] : this.files(item, `${path}/${name}`),
    );
  }

  text(path: string): string {
    return new TextDecoder().decode(this.#file(path).content);
  }

  put(path: string, content: string): void {
    const file = new DiskFile();
    file.content = new Uint8Array(new TextEncoder().encode(content));
    file.synced = file.content;
    this.#set(path, file);
  }

  #find(path: string): Item | undefined {
    let item: Item | undefined = this.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      item = item?.kind === 'folder' ? item.names.get(name) : undefined;
    }
    return item;
  }

  #folder(path: string): DiskFolder {
    const item = this.#find(path);
    if (item?.kind !== 'folder') throw fail(item === undefined ? 'ENOENT' : 'ENOTDIR', path);
    return item;
  }

  #file(path: string): DiskFile {
    const item = this.#find(path);
    if (item?.kind !== 'file') throw fail(item === undefined ? 'ENOENT' : 'EISDIR', path);
    return item;
  }

  #add(path: string, item: Item): void {
    if (this.#find(path) !== undefined) throw fail('EEXIST', path);
    this.#set(path, item);
  }

  #set(path: string, item: Item | undefined): void {
    const folder = this.#folder(dirname(path));
    const name = basename(path);
    const changes = folder.changes.get(name) ?? [folder.synced.get(name)];
    folder.changes.set(name, [...changes, item]);
    if (item === undefined) folder.names.delete(name);
    else folder.names.set(name, item);
  }
}

function forget(folder: DiskFolder, pick: Pick | undefined, seen: Set<Item>): void {
  if (seen.has(folder)) return;
  seen.add(folder);
  for (const [name, history] of folder.changes) {
    const item = history[pick === undefined ? 0 : pick(history.length)];
    if (item === undefined) folder.names.delete(name);
    else folder.names.set(name, item);
  }
  folder.changes.clear();
  folder.synced = new Map(folder.names);
  for (const item of folder.names.values()) {
    if (item.kind === 'folder') forget(item, pick, seen);
    else if (!seen.has(item)) {
      seen.add(item);
      item.content = survivorOf(item, pick);
      item.synced = item.content;
    }
  }
}

/** The synced data; or with what was written after it; or a part of that; or its length filled with zeros. */
function survivorOf({ content, synced = new Uint8Array() }: DiskFile, pick: Pick | undefined): Content {
  if (pick === undefined || content === synced) return synced;
  const choice = pick(4);
  if (choice === 0) return synced;
  if (choice === 1) return content;
  const cut = content.length <= synced.length ? content.length : synced.length + pick(content.length - synced.length + 1);
  if (choice === 2) return content.slice(0, cut);
  return joined(content.slice(0, cut), new Uint8Array(content.length - cut));
}

function joined(first: Content, second: Uint8Array): Content {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function fail(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
