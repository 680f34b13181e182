/** For a note that cannot be settled, stored data does not grow with its attempts, in any spool that stores rows. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addedAttempts, packedList, unpackedList } from '../../../src/spool/rows/attempts.ts';
import { SqliteSpool } from '../../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import type { UnknownAttempt } from '../../../src/transport/contract.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

const reason = { code: 'OUTCOME_UNKNOWN', text: 'The server did not answer before the deadline.' } as const;
const place = { endpoint: 'https://mail.contoso.test/EWS/Exchange.asmx', mailbox: 'alice@contoso.test', folder: 'history' };

const anyAttempts: fc.Arbitrary<readonly UnknownAttempt[]> = fc
  .array(
    fc.record({
      note: fc.constantFrom('note-1', 'note-2', 'a:b', ''),
      number: fc.nat({ max: 9 }),
      folder: fc.constantFrom('history', 'sentitems'),
      fault: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(({ note, number, folder, fault }) => ({
      tag: `${note}:${number}`,
      place: { ...place, folder },
      ...(fault ? { ended: 'fault' as const } : {}),
    })),
  );

it('attempts come back unchanged, in order', () => {
  fc.assert(
    fc.property(anyAttempts, (attempts) => {
      expect(unpackedList(JSON.parse(JSON.stringify(packedList(attempts))), 'the attempts')).toEqual(attempts);
    }),
  );
});

it('hundreds of attempts at one place need no more room than ten', () => {
  const attempts = Array.from({ length: 5_000 }, (_, index) => ({ tag: `note-1:${index + 1}`, place }));
  const size = (count: number): number => JSON.stringify(packedList(attempts.slice(0, count))).length;
  expect(size(5_000) - size(10)).toBeLessThan(40);
});

it('only tags added since are written', () => {
  const attempts = Array.from({ length: 9 }, (_, index) => ({ tag: `note-1:${index + 1}`, place }));
  expect(addedAttempts(attempts, attempts)).toEqual([]);
  expect(addedAttempts(attempts, undefined)).toEqual(attempts);
  expect(addedAttempts(attempts, attempts.slice(0, 7))).toEqual(attempts.slice(7));
  expect(addedAttempts(attempts.slice(0, 3), attempts.slice(4))).toEqual(attempts.slice(0, 3));
});

it('a row of SQLite stays small over many attempts, and all of them are probed after a restart', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'attempts-')), 's.db');
  const context = { clock: new ManualClock(), tombstones: 86_400_000 };
  const spool = new SqliteSpool({ path });
  await spool.open(context);
  await spool.append([newEntry('e', { pickupIn: 0 })]);
  const attempts = 120;
  const tags: string[] = [];
  for (let attempt = 0; attempt < attempts; attempt++) {
    const [note] = await spool.claim(claimRequest());
    tags.push(note?.tag ?? '');
    await spool.settle([{ token: note?.token ?? '', to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
    const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
    await spool.settle([{ token: probe?.token ?? '', to: 'deferred', after: 0, failure: false, reason }]);
  }
  await spool.close();
  const database = new DatabaseSync(path);
  expect(Number(database.prepare('SELECT length(unknown_attempts) AS size FROM entries').get()?.size)).toBeLessThan(1_500);
  expect(database.prepare('SELECT count(*) AS tags FROM attempts').get()?.tags).toBe(attempts);
  database.close();
  const again = new SqliteSpool({ path });
  await again.open(context);
  expect((await again.get('e'))?.unknownAttempts.map(({ tag }) => tag)).toEqual(tags);
  await again.close();
});
