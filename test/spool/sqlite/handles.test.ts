/** No handle stays open, whatever goes wrong while a spool is opened or closed. */
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { world } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Files that this process has open: those of the spool, and the lock file named after it. */
function openOf(path: string, ino: number): string[] {
  const files = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
  return files.filter((file) => file.startsWith(path) || new RegExp(`/spool-\\d+-${ino}\\.lock`).test(file));
}

const failure = new Error('simulated');

describe.runIf(process.platform === 'linux')('a SqliteSpool leaves no handle', () => {
  it('after its statements could not be prepared', async () => {
    await using at = await world();
    await (await at.open()).close();
    const { ino } = statSync(at.path);
    const prepare = DatabaseSync.prototype.prepare;
    vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
      if (sql === 'PRAGMA data_version') throw failure;
      return prepare.call(this, sql);
    });
    await expect(at.open()).rejects.toThrow('simulated');
    expect(openOf(at.path, ino)).toEqual([]);
  });

  it('of its lock after the file could not be closed', async () => {
    await using at = await world();
    const spool = await at.open();
    const { ino } = statSync(at.path);
    expect(openOf(at.path, ino).some((file) => file.includes('.lock'))).toBe(true);
    const close = DatabaseSync.prototype.close;
    vi.spyOn(DatabaseSync.prototype, 'close').mockImplementationOnce(function (this: DatabaseSync) {
      close.call(this);
      throw failure;
    });
    await expect(spool.close()).rejects.toThrow('simulated');
    expect(openOf(at.path, ino)).toEqual([]);
  });
});
