import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Session } from '../../../src/spool/sqlite/session.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

it('messages appended together wait for the lock once, not one by one', async () => {
  await using files = await world();
  const spool = await files.open({}, 20);
  const other = new DatabaseSync(files.path);
  onTestFinished(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const waits = vi.spyOn(Session.prototype, 'submit');
  onTestFinished(() => waits.mockRestore());
  const results = await spool.append(['a', 'b', 'c'].map((id) => newEntry(id)));
  expect(results).toMatchObject(
    ['m-a', 'm-b', 'm-c'].map((messageId) => ({ messageId, status: 'failed', kept: 'no', error: { code: 'SPOOL_BUSY' } })),
  );
  expect(waits).toHaveBeenCalledTimes(1);
  other.exec('ROLLBACK');
  expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
});
