import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readdirSync } from 'node:fs';
import { copyFile, cp, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { AppendResult } from '../../../src/spool/contract.ts';
import { OpenFile } from '../../../src/spool/sqlite/connection/connection.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { programOf } from '../../support/program.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const due = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });
const context = { clock: systemClock, tombstones: 86_400_000 };

/** Another process opens the file, appends and closes it again, so many times; returns the appended ids. */
async function openElsewhere(path: string, times = 1): Promise<readonly string[]> {
  const script = programOf(new URL('./opener.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return said.trim().split('\n');
}

async function stored(path: string): Promise<ReadonlySet<string>> {
  const spool = new SqliteSpool({ path });
  await spool.open(context);
  try {
    return new Set(Object.keys(await statesOf(spool)));
  } finally {
    await spool.close();
  }
}

/** The watch over a file, until the end of its scope. */
function watched(path: string): OpenFile & Disposable {
  const file = new OpenFile(path);
  return Object.assign(file, { [Symbol.dispose]: () => file.close() });
}

function closeIfOpen(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // That of the list itself.
  }
}

const isKept = ([result]: readonly AppendResult[]) => result?.status === 'appended' || result?.status === 'duplicate';

describe('a file lost while its spool is open', () => {
  it('accepts nothing more: every resolved append is in the file at the path', async () => {
    await using at = await world();
    const path = join(at.folder, 'deeper', 'spool.db');
    const warnings: Error[] = [];
    const spool = new SqliteSpool({ path });
    await spool.open({ ...context, onWarning: (error) => warnings.push(error) });
    await spool.append([due('before')]);
    await rm(join(at.folder, 'deeper'), { recursive: true });
    const kept: string[] = [];
    for (let index = 0; index < 20; index++) if (isKept(await spool.append([due(`e${index}`)]))) kept.push(`e${index}`);
    expect(kept.length).toBeGreaterThanOrEqual(19);
    expect(warnings).toMatchObject([{ code: 'SPOOL_REPLACED', details: { loss: 'replaced' } }]);
    expect(Object.keys(await statesOf(spool))).toEqual(kept);
    await spool.close();
    expect([...(await stored(path))]).toEqual(kept);
  });

  it.each(['', '-wal', '-shm'])('is detected: spool.db%s is moved away', async (part) => {
    await using at = await world();
    const warnings: Error[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error) });
    await spool.append([due('before')]);
    await rename(`${at.path}${part}`, join(at.folder, 'elsewhere'));
    const kept: string[] = [];
    for (let index = 0; index < 5; index++) if (isKept(await spool.append([due(`e${index}`)]))) kept.push(`e${index}`);
    expect(kept.length).toBeGreaterThanOrEqual(4);
    expect(warnings.map((error) => 'code' in error && error.code)).toContain('SPOOL_REPLACED');
    await spool.close();
    const found = await stored(at.path);
    expect(kept.filter((id) => !found.has(id))).toEqual([]);
  });

  it('hands out no claim after an older copy was put in its place', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([due('old')]);
    await spool.close();
    await copyFile(at.path, join(at.folder, 'older'));
    await spool.open(context);
    await spool.append([due('new')]);
    await rename(join(at.folder, 'older'), at.path);
    const claimed = await spool.claim(claimRequest({ limit: 5, perLane: 5 })).catch(() => []);
    const other = new SqliteSpool({ path: at.path });
    await other.open(context);
    const states = await statesOf(other);
    expect(claimed.flatMap(({ entries }) => entries.map(({ id }) => id)).filter((id) => states[id] !== 'delivering')).toEqual([]);
    await other.close();
  });

  it('is detected while idle', async () => {
    await using at = await world();
    const clock = new ManualClock();
    const { promise: warned, resolve } = Promise.withResolvers<Error>();
    const spool = await at.open({ clock, onWarning: resolve });
    spool.watch(() => undefined);
    await rm(at.path);
    await clock.advance(1_000);
    expect(await warned).toMatchObject({ code: 'SPOOL_REPLACED' });
    expect(await spool.counts()).toMatchObject({ spooled: 0 });
    expect((await stat(at.path)).isFile()).toBe(true);
  });

  it('closes the spool if its replacement is not a spool', async () => {
    await using at = await world();
    const spool = await at.open();
    await copyFile(fileURLToPath(import.meta.url), join(at.folder, 'foreign'));
    await rename(join(at.folder, 'foreign'), at.path);
    await expect(spool.append([due('a')])).resolves.toMatchObject([{ status: 'failed', error: { code: 'SPOOL_CLOSED' } }]);
    expect(await readFile(at.path, 'utf8')).toContain('closes the spool when');
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    await rm(at.path);
  });
});

describe('locks dropped by other code of the process', () => {
  describe.runIf(process.platform === 'linux')('and their state in the kernel', () => {
    it('is read as held, then as lost after the file was read', async () => {
      await using at = await world();
      await using other = await world();
      const spool = await at.open();
      await other.open();
      using file = watched(at.path);
      using others = watched(other.path);
      expect([file.watchesLocks, file.look()]).toEqual([true, undefined]);
      await readFile(at.path);
      expect([file.look(), others.look()]).toEqual(['unlocked', undefined]);
      await spool.append([due('a')]);
      using anew = watched(at.path);
      expect(anew.watchesLocks).toBe(true);
    });

    it('survives the connection that took them while another one has the file open', async () => {
      await using at = await world();
      const first = await at.open();
      await at.open();
      using file = watched(at.path);
      await first.close();
      expect(file.look()).toBeUndefined();
      await readFile(`${at.path}-shm`);
      expect(file.look()).toBe('unlocked');
    });

    it('is found again after one of our descriptors was closed', async () => {
      await using at = await world();
      await at.open();
      const before = new Set(readdirSync('/proc/self/fd'));
      using file = watched(at.path);
      for (const descriptor of readdirSync('/proc/self/fd')) if (!before.has(descriptor)) closeIfOpen(Number(descriptor));
      expect(file.look()).toBeUndefined();
      await readFile(at.path);
      expect(file.look()).toBe('unlocked');
    });

    it('causes no warning for a file that no process has open', async () => {
      await using at = await world();
      await (await at.open()).close();
      using file = watched(at.path);
      expect([file.watchesLocks, file.look()]).toEqual([false, undefined]);
    });

    it('leaves no descriptor behind', async () => {
      await using at = await world();
      await at.open();
      const before = readdirSync('/proc/self/fd').length;
      for (let time = 0; time < 20; time++) {
        using file = watched(at.path);
        await readFile(at.path);
        expect(file.look()).toBe(time === 0 ? 'unlocked' : undefined);
      }
      expect(readdirSync('/proc/self/fd').length).toBe(before);
    });
  });

  it.each([
    ['read the file', (path: string) => readFile(path)],
    ['read its shared memory', (path: string) => readFile(`${path}-shm`)],
    ['copied the folder', (path: string) => cp(join(path, '..'), `${join(path, '..')}-copied`, { recursive: true })],
    ['read it in a worker', readInWorker],
  ])('lose no resolved append, even if another process comes and goes: %s', async (_what, read) => {
    await using at = await world();
    const warnings: Error[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error) });
    const kept: string[] = [];
    for (let round = 0; round < 3; round++) {
      await spool.append([due(`before-${round}`)]);
      await read(at.path);
      kept.push(...(await openElsewhere(at.path)));
      for (let index = 0; index < 5; index++) {
        const id = `e${round}-${index}`;
        if (isKept(await spool.append([due(id)]))) kept.push(id);
      }
    }
    expect(kept.length).toBeGreaterThanOrEqual(15);
    expect(warnings.length).toBeGreaterThanOrEqual(3);
    await spool.close();
    const found = await stored(at.path);
    expect(kept.filter((id) => !found.has(id))).toEqual([]);
    await rm(`${at.folder}-copied`, { recursive: true, force: true });
  });

  it('lose and duplicate nothing under load, however often', async () => {
    await using at = await world();
    const spool = await at.open();
    const kept = new Set<string>();
    const claims = new Map<string, number>();
    let over = false;
    const appending = Array.from({ length: 8 }, async (_, line) => {
      for (let index = 0; !over; index++) {
        const id = `${line}-${index}`;
        if (isKept(await spool.append([due(id)]))) kept.add(id);
      }
    });
    const claiming = (async () => {
      while (!over) {
        for (const { entries } of await spool.claim(claimRequest({ limit: 20, perLane: 20 })).catch(() => [])) {
          for (const { id } of entries) claims.set(id, (claims.get(id) ?? 0) + 1);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const reading = (async () => {
      while (!over) {
        await readFile(at.path).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 7));
      }
    })();
    const theirs = await openElsewhere(at.path, 40);
    over = true;
    await Promise.all([...appending, claiming, reading]);
    await spool.close();
    const found = await stored(at.path);
    expect([...kept, ...theirs].filter((id) => !found.has(id))).toEqual([]);
    expect([...claims].filter(([, times]) => times > 1)).toEqual([]);
    expect(kept.size).toBeGreaterThan(50);
    expect(at.raw((database) => database.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' });
  });

  it('are kept when workers of the process open and close the same spool', async () => {
    await using at = await world();
    const warnings: Error[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error) });
    const kept: string[] = [];
    const script = new URL('./opener.ts', import.meta.url);
    for (let round = 0; round < 2; round++) {
      const worker = new Worker(script, { argv: [at.path, '5'], stdout: true });
      const ended = once(worker, 'exit');
      let over = false;
      const appending = (async () => {
        for (let index = 0; !over; index++)
          if (isKept(await spool.append([due(`${round}-${index}`)]))) kept.push(`${round}-${index}`);
      })();
      expect(await ended).toEqual([0]);
      over = true;
      await appending;
      kept.push(...(await openElsewhere(at.path)));
    }
    await spool.append([due('after')]);
    expect(warnings).toEqual([]);
    await spool.close();
    const found = await stored(at.path);
    expect(kept.filter((id) => !found.has(id))).toEqual([]);
  });
});

async function readInWorker(path: string): Promise<void> {
  const worker = new Worker(`require('node:fs').readFileSync(${JSON.stringify(path)})`, { eval: true });
  await once(worker, 'exit');
}
