import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { vi } from 'vitest';
import { mayMount, smallDisk } from './small-disk.ts';

/** Storage that a test fills up and frees again. */
export interface FullDisk extends AsyncDisposable {
  readonly folder: string;
  fill(): Promise<void>;
  free(): Promise<void>;
}

type Kind = 'file' | 'sqlite';

/** How storage gets full on this machine: for test names, so that a report shows what ran. */
export function formOf(kind: Kind): string {
  if (mayMount) return 'a full tmpfs';
  return kind === 'file' ? 'RLIMIT_FSIZE' : 'SQLITE_FULL at COMMIT';
}

/** A small file system of its own if this process may mount one; otherwise the closest simulation without privileges. */
export async function fullDisk(kind: Kind): Promise<FullDisk> {
  if (mayMount) return smallDisk('4m');
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-disk-'));
  const { fill, free, end } = kind === 'file' ? limitedFiles() : failingCommits();
  return {
    folder,
    fill: async () => fill(),
    free: async () => free(),
    async [Symbol.asyncDispose]() {
      free();
      end();
      await rm(folder, { recursive: true });
    },
  };
}

/** No file of this process may grow; a write fails with EFBIG once the accompanying signal is caught. */
function limitedFiles() {
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
  const caught = () => undefined;
  process.on('SIGXFSZ', caught);
  return { fill: () => void limit('0'), free: () => void limit('unlimited'), end: () => process.off('SIGXFSZ', caught) };
}

/** No transaction of this process can be written: SQLite reports that as on a full disk. */
function failingCommits() {
  const { exec } = DatabaseSync.prototype;
  let full = false;
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (full && sql === 'COMMIT') {
      throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    }
    exec.call(this, sql);
  });
  const set = (value: boolean) => {
    full = value;
  };
  return { fill: () => set(true), free: () => set(false), end: () => spy.mockRestore() };
}
