import { join } from 'node:path';
import { openSpool } from '../../../src/admin.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/file.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { settles, settlesAll } from '../calls.ts';
import type { Given } from '../child.ts';

const context = { clock: systemClock, tombstones: 86_400_000 };

export async function run({ folder, postgres }: Given): Promise<void> {
  const root = join(folder, 'files');
  const path = join(folder, 'spool.db');
  const file = new FileSpool({ root });
  for (const spool of [file, new SqliteSpool({ path })]) {
    await settles('open()', () => spool.open(context));
    await settles('append()', () => spool.append(['a', 'b', 'c'].map((id) => newEntry(id))));
    if (spool !== file) await settles('close()', () => spool.close());
  }
  // Its owner is asked over a socket, which keeps no process alive; once it has closed, the folder itself is opened.
  await everyCall('handle of an open folder', root, {});
  await settles('close() of the folder', () => file.close());
  await everyCall('handle of a folder', root, {});
  await everyCall('handle of a file', path, {});
  await everyCall('handle of a database', postgres, { schema: 'awaited' });
  await settles('openSpool() of what is missing', () => openSpool(join(folder, 'missing')));
  const unreachable = 'postgres://postgres@127.0.0.1:1/postgres';
  await settles('openSpool() of a server that is down', () => openSpool(unreachable));
}

async function everyCall(name: string, where: string, options: object): Promise<void> {
  const handle = await settles(`openSpool(): ${name}`, () => openSpool(where, options));
  if (handle === undefined) return;
  await settlesAll(name, handle, {
    as: 'at once',
    now: () => handle.now(),
    list: () => handle.list({ signal: AbortSignal.timeout(60_000) }),
    get: () => handle.get('m-a'),
    stats: () => handle.stats(),
    lanes: () => handle.lanes(),
    reports: () => handle.reports(),
    explain: () => handle.explain('m-a'),
    hold: () => handle.hold(),
    release: () => handle.release(),
    act: () => handle.act('cancel', 'a'),
    requeueOne: () => handle.requeueOne('a'),
    cancel: () => handle.cancel({ limit: 1 }),
    requeue: () => handle.requeue(),
    pause: () => handle.pause(),
    resume: () => handle.resume(),
    retryNow: () => handle.retryNow(),
    noteReading: () => handle.noteReading(),
    check: () => handle.check(),
    audit: () => handle.audit(),
    purge: () => handle.purge({ limit: 1 }),
    close: () => handle.close(),
  });
}
