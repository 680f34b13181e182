import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { JournaledSpool } from '../../src/spool/journaled/journaled-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { sealed } from '../../src/spool/sealed/sealed-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { FakeJournal } from './journaled/fake-journal.ts';

/** If a storage has no admin, the conformance suite skips over that subject. */
it('the spools for servers have an admin interface, even if sealed', () => {
  const root = join(tmpdir(), 'never-opened');
  const pool = { connect: () => Promise.reject(new Error('never')), on: () => undefined, removeListener: () => undefined };
  const spools = [
    new MemorySpool(),
    new FileSpool({ root }),
    new SqliteSpool({ path: join(root, 'spool.db') }),
    new PostgresSpool({ pool }),
    sealed(new MemorySpool(), { keys: [{ id: 'one', key: new Uint8Array(32).fill(1) }], routingKey: new Uint8Array(32).fill(2) }),
  ];
  for (const { admin, name } of spools) expect(admin, name).toBeDefined();
});

it('a durable spool over a journal that cannot store admin data has none: a pause would not survive', () => {
  expect(new JournaledSpool({ name: 'own', durable: true, journal: new FakeJournal() }).admin).toBeUndefined();
});
