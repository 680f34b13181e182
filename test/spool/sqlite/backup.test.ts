import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { SpoolContext } from '../../../src/spool/contract.ts';
import { SqliteSpool, type SqliteSpoolOptions } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { programOf } from '../../support/program.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { type World, world } from './support.ts';

const due = (id: string, conversationId = id) => newEntry(id, { pickupIn: 0, conversationId });
const context = { clock: systemClock, tombstones: 86_400_000 };
const refused = { code: 'BACKUP_REFUSED' };

async function openAt(path: string, options: Partial<SqliteSpoolOptions> = {}, more: Partial<SpoolContext> = {}) {
  const spool = new SqliteSpool({ path, ...options });
  await spool.open({ ...context, ...more });
  return { spool, [Symbol.asyncDispose]: () => spool.close() };
}

/** A spool with one message in each waiting state, and a backup of it. */
async function backedUp(at: World) {
  const spool = await at.open();
  const path = join(at.folder, 'copy.db');
  await spool.append([due('unconfirmed'), due('deferred'), due('delivering')]);
  const notes = await spool.claim(claimRequest({ limit: 3 }));
  const reason = { code: 'EWS_ERROR', text: 'no' } as const;
  await spool.settle(
    notes.flatMap(({ token, entries }) => {
      if (entries[0]?.id === 'unconfirmed')
        return { token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const;
      return entries[0]?.id === 'deferred' ? ({ token, to: 'deferred', after: 0, failure: true, reason } as const) : [];
    }),
  );
  await spool.append([due('mine'), due('first', 'chat'), due('second', 'chat'), due('third', 'chat')]);
  await spool.hold(['mine']);
  await spool.backup(path);
  return path;
}

describe('a backup', () => {
  it('is a snapshot of the spool, whatever is written meanwhile', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(Array.from({ length: 500 }, (_, index) => due(`before-${index}`)));
    await mkdir(join(at.folder, 'backups'));
    const path = join(at.folder, 'backups', 'copy.db');
    let copied = false;
    const copying = spool.backup(path).finally(() => {
      copied = true;
    });
    copying.catch(() => undefined);
    for (let index = 0; !copied; index++) await spool.append([due(`during-${index}`)]);
    await copying;
    expect(await readdir(join(at.folder, 'backups'))).toEqual(['copy.db']);
    if (process.platform !== 'win32') expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    await using copy = await openAt(path, { restored: 'resume' });
    const states = await statesOf(copy.spool);
    expect(Object.keys(states).filter((id) => id.startsWith('before-'))).toHaveLength(500);
    expect((await copy.spool.counts()).spooled).toBe(Object.keys(states).length);
    expect(at.raw((database) => database.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' });
  });

  it.runIf(process.platform === 'linux')(
    'starts over when its process reads the files, which lets another process checkpoint the log',
    async () => {
      await using at = await world();
      const spool = await at.open();
      const text = 'x'.repeat(20_000);
      const large = (id: string) => {
        const entry = due(id);
        return { ...entry, message: { ...entry.message, text } };
      };
      await spool.append(Array.from({ length: 400 }, (_, index) => large(`before-${index}`)));
      const path = join(at.folder, 'copy.db');
      const child = programOf(new URL('./writer.ts', import.meta.url));
      const copied: number[] = [];
      await spool.backup(path, {
        onProgress: (progress) => {
          copied.push(progress.copied);
          if (copied.length > 1) return;
          for (const file of [at.path, `${at.path}-shm`]) readFileSync(file);
          // A process that believes to be alone: it checkpoints the log, overwrites free pages, and removes the log.
          execFileSync(process.execPath, [child, at.path, '300']);
        },
      });
      expect(copied.length).toBeGreaterThan(2);
      expect(copied.filter((pages, index) => pages <= (copied[index - 1] ?? 0)).length).toBeGreaterThan(0);
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      } finally {
        database.close();
      }
      await using copy = await openAt(path, { restored: 'resume' });
      const states = await statesOf(copy.spool);
      expect(Object.keys(states).filter((id) => id.startsWith('before-'))).toHaveLength(400);
    },
  );

  it('completes while another process writes continuously', async () => {
    await using at = await world();
    const spool = await at.open();
    const large = (id: string) => ({ ...due(id), message: { ...due(id).message, text: 'x'.repeat(8_000) } });
    for (let from = 0; from < 4_000; from += 250) {
      await spool.append(Array.from({ length: 250 }, (_, index) => large(`e${from + index}`)));
    }
    const script = programOf(new URL('./child.ts', import.meta.url));
    const options = JSON.stringify({ path: at.path, name: 'w', lease: 1, does: 'append' });
    const writer = spawn(process.execPath, [script, options], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(writer.stdout, 'data');
      writer.stdout.resume();
      const steps: number[] = [];
      await spool.backup(join(at.folder, 'copy.db'), { onProgress: ({ copied, total }) => steps.push(copied / total) });
      expect(steps.length).toBeGreaterThan(2);
      expect(steps).toEqual([...steps].sort((one, other) => one - other));
    } finally {
      writer.kill('SIGKILL');
      await once(writer, 'close');
    }
    await using copy = await openAt(join(at.folder, 'copy.db'));
    expect((await copy.spool.counts()).held).toBeGreaterThanOrEqual(4_000);
  });

  it('is aborted by its signal, and leaves nothing', async () => {
    await using at = await world();
    const spool = await at.open();
    const large = (id: string) => ({ ...due(id), message: { ...due(id).message, text: 'x'.repeat(30_000) } });
    for (let from = 0; from < 1_000; from += 250) {
      await spool.append(Array.from({ length: 250 }, (_, index) => large(`e${from + index}`)));
    }
    const giveUp = new AbortController();
    const path = join(at.folder, 'copy.db');
    const copying = spool.backup(path, { signal: giveUp.signal, onProgress: () => giveUp.abort(new Error('enough')) });
    await expect(copying).rejects.toThrow('enough');
    await expect(spool.backup(path, { signal: giveUp.signal })).rejects.toThrow('enough');
    expect((await readdir(at.folder)).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('replaces an older backup, and no other file', async () => {
    await using at = await world();
    const spool = await at.open();
    const path = join(at.folder, 'copy.db');
    await spool.backup(path);
    await spool.append([due('a')]);
    await spool.backup(path);
    const foreign = join(at.folder, 'precious.txt');
    await writeFile(foreign, 'precious');
    await expect(spool.backup(foreign)).rejects.toMatchObject(refused);
    expect(await readFile(foreign, 'utf8')).toBe('precious');
    await spool.backup(foreign, { overwrite: true });
    await using copy = await openAt(foreign);
    expect((await copy.spool.counts()).held).toBe(1);
  });

  it('never overwrites a spool, even a closed one, without overwrite', async () => {
    await using at = await world();
    const spool = await at.open();
    const closed = join(at.folder, 'closed.db');
    await using other = await openAt(closed);
    await other.spool.append([due('theirs')]);
    await other.spool.close();
    await expect(spool.backup(closed)).rejects.toMatchObject(refused);
    // A copy that has become a spool is no longer a backup.
    const used = join(at.folder, 'used.db');
    await spool.backup(used);
    await (await openAt(used)).spool.close();
    await expect(spool.backup(used)).rejects.toMatchObject(refused);
  });

  it.each(['overwrite', 'no overwrite'])('never overwrites a file in use, a link or a device: %s', async (how) => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([due('a')]);
    const there = (name: string) => join(at.folder, name);
    await using other = await openAt(there('other.db'));
    await other.spool.append([due('theirs')]);
    await mkdir(there('folder'));
    await symlink('spool.db', there('link.db'));
    await symlink('nowhere', there('dangling.db'));
    await symlink('.', there('same'));
    await link(at.path, there('hard.db'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [there('fifo')]);
    const before = await readdir(at.folder);
    const targets = ['spool.db', 'spool.db-wal', 'spool.db-shm', 'spool.db-journal', 'other.db', 'other.db-wal', 'new.db-wal'];
    targets.push('folder', 'link.db', 'dangling.db', 'hard.db', 'same/spool.db', 'same/other.db', 'folder/../spool.db');
    if (process.platform !== 'win32') targets.push('fifo', '/dev/null');
    for (const target of targets) {
      const path = target.startsWith('/') ? target : `${at.folder}/${target}`;
      const kind = async () => (await lstat(path).catch(() => undefined))?.mode;
      const mode = await kind();
      await expect(spool.backup(path, { overwrite: how === 'overwrite' }), target).rejects.toMatchObject(refused);
      expect(await kind(), target).toBe(mode);
    }
    expect(await readdir(at.folder)).toEqual(before);
    await spool.append([due('b')]);
    await other.spool.append([due('theirs too')]);
    for (const [path, count] of [[at.path, 2] as const, [there('other.db'), 2] as const]) {
      using database = new DatabaseSync(path);
      expect(database.prepare('SELECT count(*) AS n FROM entries').get()?.n).toBe(count);
    }
  });

  it('never overwrites a spool that another process has open', async () => {
    await using at = await world();
    const spool = await at.open();
    const path = join(at.folder, 'theirs.db');
    const script = programOf(new URL('./child.ts', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify({ path, name: 'w', lease: 1, does: 'append' })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      child.stdout.resume();
      await expect(spool.backup(path, { overwrite: true })).rejects.toMatchObject(refused);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    // Nor over files left by a killed process.
    await expect(spool.backup(path, { overwrite: true })).rejects.toMatchObject(refused);
  });

  it('fails with a code if it cannot be written, and leaves nothing', async () => {
    await using at = await world();
    const spool = await at.open();
    await expect(spool.backup(join(at.path, 'copy.db'))).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    await expect(spool.backup('')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await spool.close();
    await expect(spool.backup(join(at.folder, 'copy.db'))).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });
});

describe('a restored copy', () => {
  it('holds all waiting entries, says so at every start, and expires nothing meanwhile', async () => {
    await using at = await world();
    const path = await backedUp(at);
    const clock = new ManualClock();
    for (let start = 0; start < 2; start++) {
      const warnings: Error[] = [];
      await using copy = await openAt(path, {}, { clock, onWarning: (error) => warnings.push(error) });
      expect(warnings).toMatchObject([{ code: 'SPOOL_RESTORED', details: { held: 6 } }]);
      expect(new Set(Object.values(await statesOf(copy.spool)))).toEqual(new Set(['held']));
      await clock.advance(30 * 86_400_000);
      await copy.spool.expire({ owner: 'me', closedLanes: [], reason: { code: 'EXPIRED', text: 'late' } });
      expect(await copy.spool.claim(claimRequest({ limit: 10 }))).toEqual([]);
      expect(await copy.spool.claim(claimRequest({ kind: 'probe', limit: 10 }))).toEqual([]);
      expect(await copy.spool.counts()).toMatchObject({ held: 7, dead: 0 });
    }
  });

  it('releases in the original order, before later messages, and probes entries that may have been sent first', async () => {
    await using at = await world();
    const path = await backedUp(at);
    await using copy = await openAt(path);
    await copy.spool.append([due('fourth', 'chat')]);
    await copy.spool.cancel(['second']);
    expect(await copy.spool.releaseRestored()).toBe(5);
    expect(await copy.spool.releaseRestored()).toBe(0);
    expect(await statesOf(copy.spool)).toEqual({
      unconfirmed: 'unconfirmed',
      delivering: 'unconfirmed',
      deferred: 'spooled',
      mine: 'held',
      first: 'spooled',
      second: 'cancelled',
      third: 'spooled',
      fourth: 'spooled',
    });
    const probes = await copy.spool.claim(claimRequest({ kind: 'probe', limit: 10, perLane: 10 }));
    expect(probes.map(({ unknownAttempts }) => unknownAttempts.length)).toEqual([1, 1]);
    const notes = await copy.spool.claim(claimRequest({ limit: 10, perLane: 10 }));
    const chat = notes.find(({ entries }) => entries[0]?.conversationId === 'chat');
    expect(chat?.entries.map(({ id }) => id)).toEqual(['first', 'third', 'fourth']);
    expect(chat?.entries.every(({ reason }) => reason === undefined)).toBe(true);
  });

  it("continues at once with 'resume', even after it was held", async () => {
    await using at = await world();
    const path = await backedUp(at);
    await (await openAt(path)).spool.close();
    const warnings: Error[] = [];
    await using copy = await openAt(path, { restored: 'resume' }, { onWarning: (error) => warnings.push(error) });
    expect(await copy.spool.counts()).toMatchObject({ spooled: 4, unconfirmed: 2, held: 1 });
    expect(warnings).toEqual([]);
  });

  it('made without backup() is held once if the host says so', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([due('a')]);
    await spool.close();
    const path = join(at.folder, 'moved.db');
    await copyFile(at.path, path);
    const first = await openAt(path, { restored: true });
    expect(await first.spool.counts()).toMatchObject({ held: 1 });
    await first.spool.releaseRestored();
    await first.spool.append([due('b')]);
    await first.spool.close();
    await using second = await openAt(path, { restored: true });
    expect(await second.spool.counts()).toMatchObject({ held: 0, spooled: 2 });
    // Another copy of that is another file.
    await second.spool.close();
    const again = join(at.folder, 'again.db');
    await copyFile(path, again);
    await using third = await openAt(again, { restored: true });
    expect(await third.spool.counts()).toMatchObject({ held: 2 });
  });

  it('is refused with restored: true while another process has it open', async () => {
    await using at = await world();
    await (await at.open()).append([due('a')]);
    await expect(openAt(at.path, { restored: true })).rejects.toMatchObject({ code: 'SPOOL_BUSY' });
    expect(() => new SqliteSpool({ path: at.path, restored: 'yes' as 'resume' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
