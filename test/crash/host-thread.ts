/** A thread of the host beside the sender: opens the file that the sender has open, reads waiting entries, and closes it again. */
import { workerData } from 'node:worker_threads';
import { systemClock } from '../../src/core/clock.ts';
import { SqliteSpool } from '../../src/sqlite.ts';

const spool = new SqliteSpool({ path: String(workerData) });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
await spool.counts();
for await (const _ of spool.list({ state: 'spooled' })) break;
await spool.close();
