import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../../src/spool/sqlite/connection/connection.ts';
import { GroupCommitter } from '../../../src/spool/sqlite/group-committer.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const own = (id: string) => newEntry(id, { pickupIn: 0, conversationId: id });
const diskError = () => Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 10 | (1 << 8) });

afterEach(() => {
  vi.restoreAllMocks();
});

/** Lets statements that contain this text fail with an I/O error, so many times. */
function breakStatements(sql: string, times: number): { readonly left: () => number } {
  let left = times;
  for (const name of ['get', 'all', 'run', 'iterate'] as const) {
    const inner = StatementSync.prototype[name] as (...parameters: unknown[]) => unknown;
    const broken = function (this: StatementSync, ...parameters: unknown[]): unknown {
      const result: unknown = Reflect.apply(inner, this, parameters);
      if (!this.sourceSQL.includes(sql) || left === 0) return result;
      left -= 1;
      throw diskError();
    };
    vi.spyOn(StatementSync.prototype, name).mockImplementation(broken as never);
  }
  return { left: () => left };
}

function breakOpening(): void {
  const exec = DatabaseSync.prototype.exec;
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
    if (text.includes('busy_timeout')) throw diskError();
    exec.call(this, text);
  });
}

describe('an I/O error before a commit', () => {
  it.each([
    ['the version of the data', 'data_version'],
    ['the row of totals', 'FROM spool'],
    ['notes', 'FROM notes'],
    ['entries', 'FROM entries'],
    ['an entry that is written', 'INSERT INTO entries'],
    ['a stream that is written', 'INTO streams'],
    ['the row of totals that is written', 'UPDATE spool'],
  ])('closes nothing: the operation is retried once on a reopened file (%s)', async (_what, sql) => {
    await using at = await world();
    const warnings: unknown[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error) });
    await spool.append([own('a')]);
    const disk = breakStatements(sql, 1);
    expect(await spool.append([own('b')])).toMatchObject([{ status: 'appended' }]);
    const notes = await spool.claim(claimRequest({ limit: 10 }));
    const { lost } = await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' as const })));
    expect([lost, disk.left()]).toEqual([[], 0]);
    vi.restoreAllMocks();
    expect(await statesOf(spool)).toEqual({ a: 'delivered', b: 'delivered' });
    for (const warning of warnings) expect(warning).toMatchObject({ code: 'SPOOL_FAILED', cause: { message: 'disk I/O error' } });
  });

  it('fails each call while it lasts, is reported once, and is over when the disk recovers', async () => {
    await using at = await world();
    const warnings: string[] = [];
    const spool = await at.open({ onWarning: (error) => warnings.push(error.message) });
    await spool.append([own('a')]);
    breakStatements('FROM spool', Number.POSITIVE_INFINITY);
    for (let time = 0; time < 3; time++) {
      await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
      expect(await spool.append([own('b'), own('c')])).toMatchObject([
        { status: 'failed', kept: 'no', error: { code: 'SPOOL_FAILED' } },
        { status: 'failed', kept: 'no', error: { code: 'SPOOL_FAILED' } },
      ]);
    }
    vi.restoreAllMocks();
    expect(warnings).toEqual([expect.stringContaining('had a storage error (disk I/O error) and is reopening its file')]);
    expect(await spool.append([own('b')])).toMatchObject([{ status: 'appended' }]);
    expect(await statesOf(spool)).toEqual({ a: 'spooled', b: 'spooled' });
  });

  it('does not end a spool whose file cannot be reopened at once', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    breakOpening();
    breakStatements('FROM notes', 2);
    for (let time = 0; time < 3; time++) {
      expect(await spool.append([own('b')])).toMatchObject([{ status: 'failed', kept: 'no', error: { code: 'SPOOL_FAILED' } }]);
      await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
    }
    vi.restoreAllMocks();
    expect(await spool.append([own('b')])).toMatchObject([{ status: 'appended' }]);
    expect(await statesOf(spool)).toEqual({ a: 'spooled', b: 'spooled' });
  });

  it('lets a spool with an unopenable file be closed, and opened again', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    breakOpening();
    breakStatements('FROM notes', 2);
    await spool.append([own('b')]);
    await spool.close();
    vi.restoreAllMocks();
    await spool.open({ clock: { now: Date.now, monotonic: Date.now, setTimer: () => () => undefined }, tombstones: 1 });
    expect(await statesOf(spool)).toEqual({ a: 'spooled' });
  });

  it('during a transaction that can be neither committed nor rolled back is not final: the next one starts on another connection', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    const exec = DatabaseSync.prototype.exec;
    let left = 2;
    vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
      if (text === 'ROLLBACK' && left-- > 0) throw diskError();
      exec.call(this, text);
    });
    expect((await spool.get('a'))?.state).toBe('spooled');
    expect(await spool.append([own('b')])).toMatchObject([{ status: 'appended' }]);
    expect(await statesOf(spool)).toEqual({ a: 'spooled', b: 'spooled' });
  });
});

describe('an unexpected error', () => {
  it('in a listener of quarantined entries does not turn a kept message into a failed one', async () => {
    await using at = await world();
    const spool = await at.open({
      onCorrupt: () => {
        throw new Error('a listener');
      },
    });
    await spool.append([own('a'), own('b')]);
    at.raw((database) => database.exec("UPDATE entries SET recipients = 'x' WHERE seq = 1"));
    expect((await spool.claim(claimRequest({ limit: 5 }))).length).toBe(1);
    expect(await spool.append([own('c')])).toMatchObject([{ status: 'appended' }]);
    expect(await statesOf(spool)).toEqual({ b: 'delivering', c: 'spooled' });
  });

  it.each(['busyTimeout', 'reopen', 'onFault', 'onFatal', 'closed', 'lost'] as const)(
    'in the committer itself (%s) fails the affected call, and holds up no later one',
    async (name) => {
      const thrown = new Error('unforeseen');
      let wrong = true;
      const fail = (): never => {
        throw thrown;
      };
      const connection = {
        file: { replaced: true, look: () => 'replaced' },
        get database() {
          return fail();
        },
      } as unknown as Connection;
      const context = {
        busyTimeout: 0,
        onFatal: () => undefined,
        onFault: () => undefined,
        reopen: async () => connection,
        lost: () => new Error('lost'),
        closed: () => new Error('closed'),
      };
      const broken = new Proxy(context, { get: (target, key) => (wrong && key === name ? fail() : Reflect.get(target, key)) });
      const committer = new GroupCommitter(broken as never, connection);
      const answers = await Promise.all(Array.from({ length: 300 }, () => committer.submit(() => 1)));
      expect(answers.every(({ ok }) => !ok)).toBe(true);
      wrong = false;
      expect((await committer.submit(() => 1)).ok).toBe(false);
      await committer.idle();
      expect(committer.waiting).toBe(0);
    },
  );
});

it('a file from before the table of records opens on a full disk; the first record creates the table', async () => {
  await using at = await world();
  const before = await at.open();
  await before.append([own('a')]);
  await before.close();
  at.raw((database) => database.exec('DROP TABLE admin'));
  const { exec } = DatabaseSync.prototype;
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, text: string) {
    if (text.includes('CREATE TABLE IF NOT EXISTS admin')) {
      throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    }
    exec.call(this, text);
  });
  const spool = await at.open();
  expect(await statesOf(spool)).toEqual({ a: 'spooled' });
  expect([await spool.admin.paused(), await spool.admin.resume()]).toEqual([[], false]);
  await expect(spool.admin.pause({ by: 'test' })).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
  const [note] = await spool.claim(claimRequest());
  expect((await spool.settle([{ token: note?.token ?? '', to: 'delivered' }])).lost).toEqual([]);
  vi.restoreAllMocks();
  await spool.admin.pause({ by: 'test' });
  expect(await spool.admin.paused()).toMatchObject([{ by: 'test' }]);
});
