/** Which index a list of operators is served by: never a walk over what has ended, however much that is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { EntryFilter } from '../../../src/spool/admin/contract.ts';
import { AdminReading } from '../../../src/spool/sqlite/admin-read.ts';
import { SqliteSpool } from '../../../src/spool/sqlite/sqlite-spool.ts';
import { newEntry } from '../../support/spool-entries.ts';

let folder: string;
let database: DatabaseSync;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-lists-'));
  const path = join(folder, 'spool.db');
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  await spool.append([newEntry('a'), newEntry('b'), newEntry('c')]);
  await spool.cancel(['c']);
  await spool.close();
  database = new DatabaseSync(path, { readOnly: true });
});

afterAll(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

/** The plan of the statement that one step of a list carries out. */
function planOf(filter: EntryFilter, ended: boolean): string {
  const prepared: string[] = [];
  const watching = new Proxy(database, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'prepare') prepared.push(String(args[0]));
        return Reflect.apply(value, object, args) as unknown;
      };
    },
  });
  const reading = new AdminReading(watching);
  prepared.length = 0;
  reading.step(filter, { ended, seq: 0 });
  return prepared
    .flatMap((sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    .map(({ detail }) => String(detail))
    .join('\n');
}

const lane = 'alice@contoso.com';

it.each([
  ['what is spooled', { state: 'spooled' }, 'SEARCH entries USING INDEX entries_waiting_state (state=?'],
  ['what is unconfirmed of a mailbox', { state: 'unconfirmed', lane }, 'SEARCH entries USING INDEX entries_waiting_lane (lane=?'],
  ['a mailbox', { lane }, 'SEARCH entries USING INDEX entries_waiting_lane (lane=?'],
  ['a recipient', { recipient: 'Bob@contoso.com' }, 'SEARCH waiting_recipients USING PRIMARY KEY (recipient=?'],
  ['what is dead', { state: 'dead' }, 'SEARCH entries USING INDEX entries_kept (state=?'],
  ['what is held', { state: 'held' }, 'SEARCH entries USING INDEX entries_kept (state=?'],
] as const)('%s is found by its index', (_, filter, index) => {
  const plan = planOf(filter, false);
  expect(plan).toContain(index);
  expect(plan).not.toContain('SCAN entries');
  expect(plan).not.toContain('TEMP B-TREE');
});

it.each([
  ['what has ended', { lane }, true],
  ['what a time narrows', { since: 1 }, false],
] as const)('%s is read in slices', (_, filter, ended) => {
  expect(planOf(filter, ended)).toContain('SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
});

it.each([
  ['all', {}, 1],
  ['a code that none has', { code: 'EXPIRED' }, 0],
  ['somebody, in any case', { recipient: 'BOB@contoso.com' }, 1],
  ['nobody', { recipient: 'nobody@contoso.com' }, 0],
  ['what may stand otherwise in JSON', { recipient: '"bob"@contoso.com' }, 1],
] as const)('finished entries are fully read only if they may match: %s', (_, filter, rows) => {
  expect(new AdminReading(database).step(filter, { ended: true, seq: 0 })).toMatchObject({ rows: { length: rows }, looked: 3 });
});
