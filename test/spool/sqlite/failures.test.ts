import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asSpoolError } from '../../../src/spool/sqlite/connection/sqlite-error.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const due = { pickupIn: 0 };
const own = (id: string) => newEntry(id, { ...due, conversationId: id });
const full = 13;
const ioerrFsync = 10 | (4 << 8);

afterEach(() => {
  vi.restoreAllMocks();
});

/** Fails as SQLite does when a connection executes this. */
function failOn(sql: string, errcode: number): { heal(): void } {
  const exec = DatabaseSync.prototype.exec;
  const spy = vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
    if (text === sql) throw Object.assign(new Error('simulated'), { code: 'ERR_SQLITE_ERROR', errcode });
    exec.call(this, text);
  });
  return { heal: () => spy.mockRestore() };
}

it('names the missing module when the runtime has no node:sqlite', async () => {
  await using at = await world();
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
  await expect(at.open()).rejects.toMatchObject({
    name: 'OfflineImError',
    code: 'SPOOL_ROOT_UNUSABLE',
    message: expect.stringContaining('Use Node 22.13 or newer'),
  });
});

describe('a file that is not a spool', () => {
  it.each([
    ['garbage', Buffer.alloc(5_000, 'garbage')],
    ['half a page of SQLite', Buffer.from(`SQLite format 3\0${'x'.repeat(300)}`)],
  ])('is refused and left alone: %s', async (_what, content) => {
    await using at = await world();
    await writeFile(at.path, content);
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    expect(await readFile(at.path)).toEqual(content);
  });

  it.each([
    ['with tables', 'CREATE TABLE theirs (a)'],
    ['with a log', 'PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)'],
    ['still without tables', 'PRAGMA application_id = 7'],
    ['without tables any more', 'PRAGMA user_version = 5'],
  ])('is refused and left alone: a database of another program, %s', async (_what, sql) => {
    await using at = await world();
    at.raw((database) => database.exec(sql));
    const before = await readFile(at.path);
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    expect(await readFile(at.path)).toEqual(before);
  });

  it('is refused and left alone: a spool of a later version', async () => {
    await using at = await world();
    await (await at.open()).close();
    at.raw((database) => database.exec('PRAGMA user_version = 2'));
    const before = await readFile(at.path);
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_VERSION', details: { version: 2, known: 1 } });
    expect(await readFile(at.path)).toEqual(before);
  });

  it('is refused: a folder, or a path below a file', async () => {
    await using at = await world();
    for (const path of [at.folder, join(at.path, 'below')]) {
      await writeFile(at.path, '');
      const spool = new SqliteSpool({ path });
      const opening = spool.open({
        clock: { now: Date.now, monotonic: Date.now, setTimer: () => () => undefined },
        tombstones: 1,
      });
      await expect(opening).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    }
  });

  it('is refused: a truncated spool', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(Array.from({ length: 200 }, (_, index) => own(`e${index}`)));
    await spool.close();
    await truncate(at.path, Math.floor((await stat(at.path)).size / 2));
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
  });

  it('is refused after an unclean shutdown: a spool with a damaged page', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(Array.from({ length: 200 }, (_, index) => own(`e${index}`)));
    await spool.close();
    const content = await readFile(at.path);
    content.fill(0xee, 8 * 4_096, 12 * 4_096);
    await writeFile(at.path, content);
    // A process that has it open dies: a log stays.
    await writeFile(`${at.path}-wal`, 'x');
    await expect(at.open()).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
  });
});

describe('options', () => {
  it.each([[{ path: '' }], [{ path: 'a\0b' }], [{ path: 'a', busyTimeout: -1 }], [{ path: 'a', busyTimeout: Number.NaN }]])(
    '%j',
    (options) => {
      expect(() => new SqliteSpool(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    },
  );
});

describe('a full disk', () => {
  it('keeps nothing of a failed call, reports it, and goes on once there is room again', async () => {
    await using at = await world();
    const connections = new Set<DatabaseSync>();
    const exec = DatabaseSync.prototype.exec;
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
      connections.add(this);
      exec.call(this, text);
    });
    const spool = await at.open();
    await spool.append([own('before')]);
    const mine = [...connections].at(-1);
    mine?.exec('PRAGMA max_page_count = 30');
    const big = (id: string) => {
      const entry = own(id);
      return { ...entry, message: { ...entry.message, text: 'x'.repeat(60_000) } };
    };
    const results = await Promise.all(['a', 'b', 'c', 'd'].map((id) => spool.append([big(id)])));
    const failed = results.flat().filter((one) => one.status === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed[0]).toMatchObject({ kept: 'no', error: { code: 'SPOOL_FAILED' } });
    expect((await spool.counts()).spooled).toBe(1 + results.flat().filter((one) => one.status === 'appended').length);
    mine?.exec('PRAGMA max_page_count = 100000');
    expect((await spool.append([big('after')]))[0]?.status).toBe('appended');
  });

  it('does not prevent reading when a lease expires meanwhile', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    await spool.claim(claimRequest({ lease: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const disk = failOn('COMMIT', full);
    expect((await spool.get('a'))?.state).toBe('delivering');
    disk.heal();
    expect((await spool.get('a'))?.state).toBe('unconfirmed');
  });
});

describe('an fsync that fails', () => {
  it('closes the spool: whether the message was kept is unknown', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('before')]);
    const disk = failOn('COMMIT', ioerrFsync);
    const appending = spool.append([own('a')]);
    // More than fits in a group: the rest finds the spool closed.
    const later = Promise.all(Array.from({ length: 300 }, (_, index) => spool.append([own(`later-${index}`)])));
    const [result] = await appending;
    disk.heal();
    expect((await later).at(-1)).toMatchObject([{ status: 'failed', kept: 'no', error: { code: 'SPOOL_CLOSED' } }]);
    expect(result).toMatchObject({ status: 'failed', kept: 'unknown', error: { code: 'SPOOL_FAILED' } });
    await expect(spool.append([own('b')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    await spool.open({ clock: { now: Date.now, monotonic: Date.now, setTimer: () => () => undefined }, tombstones: 1 });
    expect(await statesOf(spool)).toMatchObject({ before: 'spooled' });
  });
});

describe('a file locked by others', () => {
  it('is waited for without blocking, then given up with SPOOL_BUSY', async () => {
    await using at = await world();
    const patient = await at.open({}, 60_000);
    const spool = await at.open({}, 300);
    const other = new DatabaseSync(at.path);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const counting = setInterval(() => turns++, 10);
    expect((await spool.append([own('a')]))[0]).toMatchObject({ status: 'failed', kept: 'no', error: { code: 'SPOOL_BUSY' } });
    await expect(spool.hold(['a'])).rejects.toMatchObject({ code: 'SPOOL_BUSY' });
    clearInterval(counting);
    // A blocking wait gives the timer no turn; a busy machine gives it few.
    expect(turns).toBeGreaterThan(1);
    expect(await spool.counts()).toMatchObject({ spooled: 0 });
    const appending = patient.append([own('a')]);
    setTimeout(() => other.exec('ROLLBACK'), 50);
    expect((await appending)[0]?.status).toBe('appended');
    other.close();
  });
});

describe('unreadable rows', () => {
  const damages = [
    ['a message', "UPDATE bodies SET body = '{' WHERE seq = 2"],
    ['a message that is gone', 'DELETE FROM bodies WHERE seq = 2'],
    ['recipients', "UPDATE entries SET recipients = 'x' WHERE seq = 2"],
    ['a state', "UPDATE entries SET state = 'lost' WHERE seq = 2"],
  ] as const;

  it.each(damages)('are set aside and reported, and the rest goes on: %s', async (_what, damage) => {
    await using at = await world();
    const reports: string[] = [];
    const spool = await at.open({ onCorrupt: ({ where, error }) => reports.push(`${where}: ${error.message}`) });
    await spool.append([own('a'), own('b'), own('c')]);
    at.raw((database) => database.exec(damage));
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['a', 'c']);
    expect(reports).toEqual([expect.stringMatching(/^b: .* cannot be read$/)]);
    expect(await statesOf(spool)).toEqual({ a: 'delivering', c: 'delivering' });
    expect(await spool.counts()).toMatchObject({ spooled: 0, delivering: 2 });
    expect(at.raw((database) => database.prepare('SELECT count(*) AS n FROM corrupt').get()?.n)).toBe(1);
  });

  it.each(damages)('do not keep back what follows in their conversation: %s', async (_what, damage) => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(['a', 'b', 'c'].map((id) => newEntry(id, due)));
    at.raw((database) => database.exec(damage));
    const sent: string[] = [];
    for (const _entry of ['a', 'c']) {
      const notes = await spool.claim(claimRequest({ maxEntries: 1 }));
      sent.push(...notes.flatMap(({ entries }) => entries.map(({ id }) => id)));
      await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    }
    expect(sent).toEqual(['a', 'c']);
  });

  it('are set aside when list or get reads them', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a'), own('b')]);
    at.raw((database) => database.exec("UPDATE bodies SET body = '[]' WHERE seq = 1"));
    expect(await spool.get('a')).toBeUndefined();
    expect(await statesOf(spool)).toEqual({ b: 'spooled' });
    expect(await spool.counts()).toMatchObject({ spooled: 1 });
  });

  it('take the members of their note with them', async () => {
    await using at = await world();
    const reports: string[] = [];
    const spool = await at.open({ onCorrupt: ({ where }) => reports.push(where) });
    await spool.append([own('a'), own('b')]);
    const notes = await spool.claim(claimRequest());
    at.raw((database) => database.prepare("UPDATE notes SET frozen = '{' WHERE id = ?").run(notes[0]?.noteId ?? ''));
    const { lost } = await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    expect([lost.length, reports]).toEqual([1, ['a']]);
    expect(await statesOf(spool)).toEqual({ b: 'delivered' });
    expect(await spool.counts()).toMatchObject({ delivering: 0, delivered: 1 });
  });
});

it.each([
  ['the file system', Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'open' })],
  ["Node's permission model", Object.assign(new Error('fsync API is disabled'), { code: 'ERR_ACCESS_DENIED' })],
])('what %s refuses is an error of the spool', (_who, cause) => {
  expect(asSpoolError(cause, 's.db')).toMatchObject({ name: 'OfflineImError', code: 'SPOOL_ROOT_UNUSABLE', cause });
});
