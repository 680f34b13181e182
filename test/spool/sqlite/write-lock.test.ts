import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { WriteLock } from '../../../src/spool/sqlite/connection/write-lock.ts';
import { programOf } from '../../support/program.ts';

const holder = programOf(new URL('./lock-holder.ts', import.meta.url));
const user = process.getuid?.() ?? 0;

/** A spool, and a place for locks beside its folder. */
async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-lock-'));
  const [spool, locks, other] = [join(folder, 'spool.db'), join(folder, 'locks'), join(folder, 'other')];
  mkdirSync(locks);
  mkdirSync(other);
  writeFileSync(spool, '');
  const made: WriteLock[] = [];
  return {
    spool,
    locks,
    other,
    folder: join(locks, `offline-im-${user}`),
    file: (): string => join(locks, `offline-im-${user}`, readdirSync(join(locks, `offline-im-${user}`))[0] ?? ''),
    lock: (path = spool, among: readonly string[] = [locks], noLock = (): void => {}) => {
      const lock = new WriteLock(path, { among, noLock });
      made.push(lock);
      return lock;
    },
    async [Symbol.asyncDispose]() {
      for (const lock of made) lock.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const free = (lock: WriteLock): boolean => lock.try(() => true) === true;

describe.skipIf(process.platform === 'win32')('the write lock of a spool', () => {
  it('that cannot be released undoes nothing done while it was held, and is free anyway', async () => {
    await using at = await place();
    const [one, other] = [at.lock(), at.lock()];
    expect(free(one)).toBe(true);
    const { run } = StatementSync.prototype;
    const failing = vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (this: StatementSync, ...values) {
      if (this.sourceSQL !== 'ROLLBACK') return run.apply(this, values);
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 });
    });
    try {
      expect(one.hold(() => 'done')).toBe('done');
      expect(await one.during(async () => 'done')).toBe('done');
      expect(() =>
        one.hold(() => {
          throw new Error('its own');
        }),
      ).toThrow('its own');
    } finally {
      failing.mockRestore();
    }
    expect([free(other), free(one)]).toEqual([true, true]);
  });

  it('excludes others in the process until it is released', async () => {
    await using at = await place();
    const [one, other] = [at.lock(), at.lock()];
    expect(one.hold(() => [free(other), free(one)])).toEqual([false, true]);
    expect(() => one.hold(() => other.hold(() => undefined))).toThrow('database is locked');
    expect([free(other), free(one)]).toEqual([true, true]);
  });

  it('is released when the work under it throws, and distinguishes that from another holder', async () => {
    await using at = await place();
    const [one, other] = [at.lock(), at.lock()];
    const busy = Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 });
    const fails = () => {
      throw busy;
    };
    expect(() => one.try(fails)).toThrow(busy);
    expect(free(other)).toBe(true);
  });

  it('excludes another process, and is released when that ends', async () => {
    await using at = await place();
    const lock = at.lock();
    const child = spawn(process.execPath, [holder, at.spool, at.locks, 'stay'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    await once(child.stdout, 'data');
    expect(free(lock)).toBe(false);
    child.kill('SIGKILL');
    await ended;
    expect(free(lock)).toBe(true);
  });

  it('excludes another thread', async () => {
    await using at = await place();
    const inThread = async (): Promise<unknown> => (await once(new Worker(holder, { argv: [at.spool, at.locks] }), 'message'))[0];
    const lock = at.lock();
    expect(await inThread()).toBe('held');
    const { promise: told, resolve } = Promise.withResolvers<unknown>();
    const worker = new Worker(holder, { argv: [at.spool, at.locks, 'stay'] });
    worker.once('message', resolve);
    expect(await told).toBe('held');
    expect(free(lock)).toBe(false);
    await worker.terminate();
  });

  it('survives its process reading the whole folder of the spool', async () => {
    await using at = await place();
    const elsewhere = () => spawnSync(process.execPath, [holder, at.spool, at.locks]).stdout.toString();
    const lock = at.lock();
    const during = lock.hold(() => {
      readFileSync(at.spool);
      return elsewhere();
    });
    expect([during, elsewhere()]).toEqual(['busy', 'held']);
  });

  it('is one per spool, whatever its path', async () => {
    await using at = await place();
    const another = `${at.spool}-2`;
    writeFileSync(another, '');
    const link = `${at.spool}-link`;
    symlinkSync(at.spool, link);
    const [one, same, other] = [at.lock(), at.lock(link), at.lock(another)];
    expect(one.hold(() => [free(same), free(other)])).toEqual([false, true]);
    expect([one.isFor(link), one.isFor(another)]).toEqual([true, false]);
    rmSync(at.spool);
    expect(one.isFor(at.spool)).toBe(false);
  });

  it('is in a folder of the user, both accessible to nobody else', async () => {
    await using at = await place();
    at.lock().hold(() => undefined);
    chmodSync(at.folder, 0o777);
    at.lock().hold(() => undefined);
    expect([lstatSync(at.folder).mode & 0o777, lstatSync(at.file()).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(readdirSync(at.folder)).toHaveLength(1);
  });

  it('is not created where another user may have prepared something', async () => {
    await using at = await place();
    symlinkSync(at.other, at.folder);
    const [one, other] = [at.lock(at.spool, [at.locks, at.other]), at.lock(at.spool, [at.other])];
    expect(one.hold(() => free(other))).toBe(false);
    expect(readdirSync(at.other)).toEqual([`offline-im-${user}`]);
  });

  it('warns once if it cannot exist, and excludes nothing', async () => {
    await using at = await place();
    const told: string[] = [];
    const lock = at.lock(at.spool, [join(at.locks, 'missing')], () => {
      told.push('told');
    });
    expect([lock.try(() => 'one'), lock.try(() => 'two'), told]).toEqual(['one', 'two', ['told']]);
  });

  it.runIf(user === 0)('is not created in a folder of another user', async () => {
    await using at = await place();
    mkdirSync(at.folder);
    chownSync(at.folder, 12_345, 12_345);
    at.lock(at.spool, [at.locks, at.other]).hold(() => undefined);
    expect([readdirSync(at.folder), readdirSync(at.other)]).toEqual([[], [`offline-im-${user}`]]);
  });

  it('is found again by all after its file was removed or overwritten', async () => {
    await using at = await place();
    const [one, other] = [at.lock(), at.lock()];
    expect([free(one), free(other)]).toEqual([true, true]);
    rmSync(at.folder, { recursive: true });
    expect(one.hold(() => free(other))).toBe(false);
    expect(other.hold(() => free(one))).toBe(false);
    writeFileSync(at.file(), 'no database, and long enough for one to be seen in it '.repeat(100));
    expect(one.hold(() => free(other))).toBe(false);
    expect(other.hold(() => free(one))).toBe(false);
  });

  it('is re-created by a waiting process if the last holder removed it', async () => {
    await using at = await place();
    const [one, other, third] = [at.lock(), at.lock(), at.lock()];
    expect(free(other)).toBe(true);
    one.hold(() => one.remove());
    one.close();
    expect(readdirSync(at.folder)).toEqual([]);
    expect(other.hold(() => free(third))).toBe(false);
  });

  it('lets work go on if no lock file can be created', async () => {
    await using at = await place();
    expect(free(at.lock(at.spool, [join(at.locks, 'missing')]))).toBe(true);
  });
});
