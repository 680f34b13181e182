/** Which index serves an operator's list: never a scan of finished entries, however many there are. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { EntryFilter } from '../../../src/spool/admin/contract.ts';
import { AdminReading } from '../../../src/spool/sqlite/admin-read.ts';
import { hasIndexes, makeAdminTables } from '../../../src/spool/sqlite/connection/admin-tables.ts';
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
  const others = ['deferred', 'unconfirmed', 'dead', 'held', 'at work'];
  for (const id of others) await spool.append([newEntry(id, { lane: 'carol@contoso.com', conversationId: id })]);
  await spool.close();
  database = new DatabaseSync(path);
  const put = database.prepare('UPDATE entries SET state = ?, ended_at = ? WHERE id = ?');
  put.run('deferred', null, 'deferred');
  put.run('unconfirmed', null, 'unconfirmed');
  put.run('dead', 1, 'dead');
  put.run('held', null, 'held');
  put.run('delivering', null, 'at work');
  database.exec(`INSERT INTO notes VALUES ('n', 'carol@contoso.com', '["at work"]', NULL, 1, 'delivering', 0, 0, 0, 0, 0, 0, 0, 't', 'deliver', 1, NULL, NULL),
    ('damaged', 'carol@contoso.com', '["at', NULL, 1, 'delivering', 0, 0, 0, 0, 0, 0, 0, 't', 'deliver', 1, NULL, NULL)`);
  database.close();
  database = new DatabaseSync(path, { readOnly: true });
});

afterAll(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

/** The plans of the statements in one step of a list. */
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
const waiting = 'SEARCH entries USING INDEX entries_waiting (seq>? AND seq<?)';
const kept = 'SEARCH entries USING INDEX entries_kept (state=? AND seq>? AND seq<?)';
const again = 'SEARCH entries USING INDEX entries_waiting_again (state=? AND rowid>? AND rowid<?)';

it.each([
  ['what waits', {}, waiting],
  ['what is spooled', { state: 'spooled' }, waiting],
  ['what is deferred', { state: 'deferred' }, again],
  ['what is unconfirmed of a mailbox', { state: 'unconfirmed', lane }, again],
  ['a mailbox', { lane }, waiting],
  ['a recipient', { recipient: 'Bob@contoso.com' }, waiting],
  ['a time', { since: 1 }, waiting],
  ['what is dead', { state: 'dead' }, kept],
  ['what is held', { state: 'held' }, kept],
] as const)('%s is found by an index, in its order', (_, filter, index) => {
  const plan = planOf(filter, false);
  expect(plan).toContain(index);
  expect(plan).not.toContain('SCAN entries');
  expect(plan).not.toContain('TEMP B-TREE');
});

it('finds entries in flight through the leases of their notes', () => {
  const plan = planOf({ state: 'delivering' }, false);
  expect(plan).toContain('SEARCH entries USING INDEX entries_id (id=?');
  expect(plan).toContain('SEARCH notes USING INDEX notes_lease');
});

it.each(['spooled', 'deferred', 'unconfirmed', 'delivering', 'held', 'dead', 'cancelled'] as const)(
  'lists every %s entry',
  (state) => {
    const found = new AdminReading(database).step({ state }, { ended: state === 'cancelled' || state === 'dead', seq: 0 }).rows;
    expect(found.map(({ id }) => id)).toEqual(
      database
        .prepare('SELECT id FROM entries WHERE state = ? ORDER BY seq')
        .all(state)
        .map(({ id }) => id),
    );
    expect(found).not.toHaveLength(0);
  },
);

it('what has ended is read in slices', () => {
  expect(planOf({ lane }, true)).toContain('SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
});

it.each([
  ['all', {}, 2],
  ['a code that no entry has', { code: 'EXPIRED' }, 0],
  ['a recipient, in any case', { recipient: 'BOB@contoso.com' }, 2],
  ['nobody', { recipient: 'nobody@contoso.com' }, 0],
  ['text that JSON may write differently', { recipient: '"bob"@contoso.com' }, 2],
] as const)('finished entries are fully read only if they may match: %s', (_, filter, rows) => {
  expect(new AdminReading(database).step(filter, { ended: true, seq: 0 })).toMatchObject({ rows: { length: rows }, looked: 8 });
});

it.each([
  ['lists everything while an older library, which has no such index, has the file open', false],
  ['replaces the indexes that this version had before', true],
])('%s', async (_, alone) => {
  const path = join(folder, `former-${alone}.db`);
  const first = new SqliteSpool({ path });
  await first.open({ clock: systemClock, tombstones: 86_400_000 });
  await first.append([newEntry('a'), newEntry('b')]);
  await first.close();
  const older = new DatabaseSync(path);
  older.exec(`DROP INDEX entries_waiting; DROP INDEX entries_waiting_again;
    CREATE INDEX entries_waiting_state ON entries (state);
    CREATE TABLE waiting_recipients (recipient TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (recipient, seq)) STRICT, WITHOUT ROWID;
    CREATE TRIGGER waiting_recipients_add AFTER INSERT ON entries BEGIN INSERT INTO waiting_recipients VALUES (new.id, new.seq); END`);
  if (alone) older.close();
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  await spool.append([newEntry('c')]);
  const listed: string[] = [];
  for await (const { id } of spool.list({ state: 'spooled' })) listed.push(id);
  const { entries } = await spool.admin.listBy({ recipient: 'bob@contoso.com' }, undefined, 10);
  await spool.close();
  const file = new DatabaseSync(path, { readOnly: true });
  const names = file.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '%waiting%' ORDER BY name").all();
  file.close();
  if (!alone) older.close();
  expect(listed).toEqual(['a', 'b', 'c']);
  expect(entries.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect(names.map(({ name }) => name)).toEqual(
    alone
      ? ['entries_waiting', 'entries_waiting_again']
      : ['entries_waiting_state', 'waiting_recipients', 'waiting_recipients_add'],
  );
});

it('a file that can’t grow opens without the indexes, and gets them later', async () => {
  const path = join(folder, 'full.db');
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  await spool.append(Array.from({ length: 500 }, (_, at) => newEntry(`e${at}`, { messageId: `m${at}` })));
  await spool.close();
  const file = new DatabaseSync(path);
  file.exec('DROP INDEX entries_waiting; DROP INDEX entries_waiting_again; VACUUM');
  const pages = Number(file.prepare('PRAGMA page_count').get()?.page_count);
  file.exec(`PRAGMA max_page_count = ${pages}`);
  makeAdminTables(file, true);
  expect([hasIndexes(file), new AdminReading(file).step({ state: 'spooled' }, { ended: false, seq: 0 }).looked]).toEqual([
    false,
    500,
  ]);
  file.exec('PRAGMA max_page_count = 1000000');
  makeAdminTables(file, true);
  expect(hasIndexes(file)).toBe(true);
  file.close();
});
