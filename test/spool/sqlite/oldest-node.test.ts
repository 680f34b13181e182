import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { world } from './support.ts';

/** What node:sqlite lacks in Node 22.13, the oldest that package.json allows: each was added by 22.16. */
const missing: ReadonlySet<string | symbol> = new Set([
  'isOpen',
  'isTransaction',
  'setReturnArrays',
  'location',
  'createTagStore',
]);
const blind = { commits: false };

const real = process.getBuiltinModule('node:sqlite');
const old: Readonly<Record<string, unknown>> = {
  ...real,
  backup: undefined,
  DatabaseSync: class {
    constructor(path: string, options = {}) {
      const database: DatabaseSync = new real.DatabaseSync(path, options);
      // biome-ignore lint/correctness/noConstructorReturn: the properties are the object's own, and can't be taken away.
      return older(database, {
        prepare: (sql: string): StatementSync => {
          // It binds none, and fails only when the statement runs: `column index out of range`.
          if (/\?\d/.test(sql)) throw new Error(`a numbered parameter: ${sql}`);
          return older(database.prepare(sql), {});
        },
        exec: (sql: string): void => {
          if (blind.commits && sql === 'COMMIT')
            throw Object.assign(new Error('full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
          database.exec(sql);
        },
      });
    }
  },
};

beforeEach(() => {
  const { getBuiltinModule } = process;
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
    name === 'node:sqlite' ? old : getBuiltinModule(name)) as typeof getBuiltinModule);
});
afterEach(() => {
  vi.restoreAllMocks();
});

function older<Target extends object>(target: Target, instead: Readonly<Record<string, unknown>>): Target {
  return new Proxy(target, {
    get(of, name) {
      if (missing.has(name)) return undefined;
      if (typeof name === 'string' && name in instead) return instead[name];
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const reason = { code: 'EXPIRED', text: 'Too late.' } as const;
const own = (id: string) => newEntry(id, { conversationId: id, pickupIn: 0 });

describe('SqliteSpool on the oldest Node', () => {
  it('is tested with the version in package.json', async () => {
    const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
      readonly engines: { readonly node: string };
    };
    expect(manifest.engines.node).toBe('>=22.13');
  });

  it('rolls back a failed operation, and goes on', async () => {
    await using at = await world();
    const spool = await at.open();
    blind.commits = true;
    expect((await spool.append([own('a')]))[0]).toMatchObject({ status: 'failed', kept: 'no' });
    blind.commits = false;
    expect((await spool.append([own('b')]))[0]?.status).toBe('appended');
    expect(await statesOf(spool)).toEqual({ b: 'spooled' });
  });

  it('releases the file when it is closed', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    await spool.close();
    expect(existsSync(`${at.path}-wal`)).toBe(false);
    expect((await (await at.open()).counts()).spooled).toBe(1);
  });

  it('sees what another process appends', async () => {
    await using at = await world();
    const [spool, other] = [await at.open(), await at.open()];
    const woken = new Promise<void>((resolve) => {
      spool.watch(resolve);
    });
    // The first poll is over.
    await spool.counts();
    await pause(20);
    await other.append([own('a')]);
    await woken;
  });

  it('expires overdue entries', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a')]);
    expect(await spool.expire({ owner: 'me', closedLanes: [], giveUpAfter: 1_000, reason })).toEqual([]);
  });

  it('claims, settles, lists and backs up', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([own('a'), own('b')]);
    const [note] = await spool.claim(claimRequest({ limit: 1 }));
    await spool.settle([{ token: note?.token ?? '', to: 'delivered' }]);
    expect(await statesOf(spool)).toEqual({ a: 'delivered', b: 'spooled' });
    await spool.backup(join(at.folder, 'copy.db'));
    expect(existsSync(join(at.folder, 'copy.db'))).toBe(true);
  });
});
