import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IDBFactory } from 'fake-indexeddb';
import pg from 'pg';
import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool, traceFile } from '../../../src/file.ts';
import { MemorySpool, sealed, sharded } from '../../../src/index.ts';
import { IndexedDbSpool } from '../../../src/indexeddb.ts';
import { PostgresSpool } from '../../../src/postgres.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { FakeOrigin } from '../../support/fake-locks.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { fastClock, never, settles } from '../calls.ts';
import type { Given } from '../child.ts';

const context = { clock: systemClock, tombstones: 86_400_000 };
const keys = { keys: [{ id: 'k', key: new Uint8Array(32).fill(7) }], routingKey: new Uint8Array(32).fill(9) };

export async function run(given: Given): Promise<void> {
  const { folder, postgres } = given;
  const sqlite = (name: string) => new SqliteSpool({ path: join(folder, name) });
  // Its idle connections keep no process alive.
  const pool = new pg.Pool({ connectionString: postgres, max: 3, allowExitOnIdle: true });
  const spools: Readonly<Record<string, SpoolStorage>> = {
    memory: new MemorySpool(),
    file: new FileSpool({ root: join(folder, 'files') }),
    sqlite: sqlite('one.db'),
    sealed: sealed(sqlite('sealed.db'), keys),
    sharded: sharded({ one: sqlite('shard-1.db'), two: sqlite('shard-2.db') }),
    indexeddb: new IndexedDbSpool({ indexedDB: new IDBFactory(), locks: new FakeOrigin().tab() }),
    postgres: new PostgresSpool({ pool, schema: 'awaited', migrate: true }) as never,
  };
  for (const [name, spool] of Object.entries(spools)) await everyCall(name, spool, join(folder, `${name}.copy`));
  await settles('pool.end()', () => pool.end());
  await locked(folder);
  await hangingPool();
  await traces(folder);
  if (given.disk !== undefined) await fullDisk(given.disk);
}

async function everyCall(name: string, spool: SpoolStorage, copy: string): Promise<void> {
  const call = async <Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> =>
    await settles(`${name}: ${what}`, work);
  await call('open()', () => spool.open(context));
  const ids = ['a', 'b', 'c'].map((id) => spool.entryIdFor?.('alice@contoso.com', id) ?? id);
  await call('append()', () => spool.append(ids.map((id) => newEntry(id))));
  const claims = await call('claim()', () => spool.claim(claimRequest({ ignorePickup: true, limit: 2 })));
  const tokens = (claims ?? []).map(({ token }) => token);
  await call('renew()', () => spool.renew(tokens, 120_000));
  await call('settle()', () => spool.settle(tokens.map((token) => ({ token, to: 'delivered' as const }))));
  await call('hold()', () => spool.hold(ids));
  await call('release()', () => spool.release(ids));
  await call('cancel()', () => spool.cancel(ids));
  await call('requeue()', () => spool.requeue(ids));
  await call('expire()', () => spool.expire({ owner: 'x', closedLanes: [], reason: { code: 'EXPIRED', text: 'x' } }));
  await call('nextDue()', () => spool.nextDue());
  await call('get()', () => spool.get('a'));
  await call('findMessage()', () => spool.findMessage('m-a'));
  await call('list()', async () => {
    for await (const _ of spool.list());
  });
  await call('counts()', () => spool.counts());
  await call('usage()', async () => spool.usage?.());
  const { admin } = spool;
  await call('admin.pause()', async () => admin?.pause({ by: 'carol' }));
  await call('admin.paused()', async () => admin?.paused());
  await call('admin.resume()', async () => admin?.resume());
  await call('admin.lanes()', async () => admin?.lanes());
  await call('admin.reports()', async () => admin?.reports?.());
  await call('admin.now()', async () => admin?.now?.());
  await call('admin.audit()', async () => admin?.audit({ by: 'carol', command: 'list' }));
  await call('admin.listBy()', async () => admin?.listBy({}));
  await call('admin.change()', async () => admin?.change('hold', {}, { limit: 10, dryRun: false }));
  const { backup, releaseRestored } = spool as {
    backup?: (path: string, options?: object) => Promise<unknown>;
    releaseRestored?: () => Promise<unknown>;
  };
  await call('backup()', async () => backup?.call(spool, copy));
  await call('backup() once more', async () =>
    backup?.call(spool, copy, { overwrite: true, signal: AbortSignal.timeout(600_000) }),
  );
  await call('backup() into a file', async () => backup?.call(spool, join(import.meta.filename, 'copy')));
  await call('releaseRestored()', async () => releaseRestored?.call(spool));
  await call('purge()', () => spool.purge(ids));
  const stop = spool.watch?.(() => undefined);
  await call('close() while it is watched', () => spool.close());
  stop?.();
  await call('counts() after close()', () => spool.counts());
}

/** Others have the file or the folder. */
async function locked(folder: string): Promise<void> {
  const path = join(folder, 'locked.db');
  const spool = new SqliteSpool({ path, busyTimeout: 50 });
  await settles('open() of a file', () => spool.open(context));
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  await settles('append() to a locked file', () => spool.append([newEntry('a')]));
  await settles('backup() of a locked file', () => spool.backup(join(folder, 'locked.copy')));
  const second = new SqliteSpool({ path, busyTimeout: 50 });
  await settles('open() of a locked file', () => second.open(context));
  other.exec('COMMIT');
  other.close();
  await settles('close() of a file that was locked', () => spool.close());
  await settles('close() of the second', () => second.close());
  const files = [1, 2].map(() => new FileSpool({ root: join(folder, 'locked') }));
  for (const one of files) await settles('open() of a folder', () => one.open(context));
  for (const one of files) await settles('close() of a folder', () => one.close());
}

/** A pool that never provides a connection, and connections that never answer. */
async function hangingPool(): Promise<void> {
  const quiet = { on: () => undefined, removeListener: () => undefined };
  const client = { ...quiet, query: () => never, release: () => undefined };
  for (const [name, connect] of Object.entries({ pool: () => never, server: async () => client })) {
    const pool = { ...quiet, options: { max: 2 }, connect } as never;
    const spool = new PostgresSpool({ pool, schema: 'hanging', statementTimeout: 1_000 });
    await settles(`migrate() with a hanging ${name}`, () => spool.migrate());
    await settles(`open() with a hanging ${name}`, () => spool.open({ ...context, clock: fastClock }));
    await settles(`close() with a hanging ${name}`, () => spool.close());
  }
}

async function traces(folder: string): Promise<void> {
  for (const path of [join(folder, 'trace.log'), '/dev/full', join(folder, 'one.db', 'trace.log')]) {
    const { warn } = console;
    console.warn = () => undefined;
    const trace = traceFile({ path });
    trace.info({ step: 'one' });
    await settles(`flush() of the trace ${path}`, () => trace.flush());
    trace.info({ step: 'two' });
    await settles(`close() of the trace ${path}`, () => trace.close());
    console.warn = warn;
  }
}

async function fullDisk(disk: string): Promise<void> {
  const spools = {
    file: new FileSpool({ root: join(disk, 'files') }),
    sqlite: new SqliteSpool({ path: join(disk, 'spool.db') }),
  };
  for (const spool of Object.values(spools)) await settles('open() on a small disk', () => spool.open(context));
  const ballast = openSync(join(disk, 'ballast'), 'a');
  try {
    for (;;) writeSync(ballast, Buffer.alloc(4_096));
  } catch {
    // It is full.
  }
  closeSync(ballast);
  for (const [name, spool] of Object.entries(spools)) {
    await settles(`${name}: append() on a full disk`, () => spool.append([newEntry('full')]));
    await settles(`${name}: backup() to a full disk`, () => spool.backup(join(disk, `${name}.copy`)));
    await settles(`${name}: close() on a full disk`, () => spool.close());
  }
}
