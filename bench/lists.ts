/**
 * What the lists of operators cost: how long each takes on a large SQLite spool, and what their indexes cost `send()`.
 * `npm run bench:lists [ENTRIES]`, one million by default.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../src/core/clock.ts';
import type { EntryFilter } from '../src/spool/admin/contract.ts';
import { SqliteSpool } from '../src/spool/sqlite/sqlite-spool.ts';
import { newEntry } from '../test/support/spool-entries.ts';
import { printTable, type Row } from './table.ts';

const entries = Number(process.argv[2] ?? process.env.OFFLINE_IM_BENCH_WAITING ?? 1_000_000);
const rows: Row[] = [];
const context = { clock: systemClock, tombstones: 86_400_000 };
const folder = await mkdtemp(join(tmpdir(), 'offline-im-lists-'));

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** ms of CPU for so many appends, each of its own, with and without the indexes. */
async function appends(count: number, indexed: boolean): Promise<number> {
  const path = join(folder, `send-${indexed}-${Math.random()}.db`);
  const spool = new SqliteSpool({ path });
  await spool.open(context);
  if (!indexed) {
    // While the spool is open: the next one to open it alone would create them again.
    const database = new DatabaseSync(path);
    database.exec('DROP INDEX entries_waiting; DROP INDEX entries_waiting_again');
    database.close();
  }
  const all = Array.from({ length: count }, (_, at) => newEntry(`e${at}`, { messageId: `m${at}` }));
  const from = process.cpuUsage();
  await Promise.all(all.map((one) => spool.append([one])));
  const { user, system } = process.cpuUsage(from);
  await spool.close();
  return (user + system) / 1_000;
}

try {
  const count = 20_000;
  await appends(count, true);
  let [withThem, without] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < 3; round += 1) {
    withThem = Math.min(withThem, await appends(count, true));
    without = Math.min(without, await appends(count, false));
  }
  const each = (ms: number): string => `${((1_000 * ms) / count).toFixed(1)} µs of CPU`;
  rows.push({
    what: 'send() with the indexes of the lists',
    figure: each(withThem),
    against: `without them (${each(without)})`,
    reached: withThem / without,
  });

  const spool = new SqliteSpool({ path: join(folder, 'spool.db') });
  await spool.open(context);
  for (let from = 0; from < entries; from += 10_000) {
    const part = Array.from({ length: Math.min(10_000, entries - from) }, (_, at) => {
      const id = from + at;
      const entry = newEntry(`e${id}`, { messageId: `m${id}`, lane: `sender${id % 1_000}@contoso.com` });
      return { ...entry, message: { ...entry.message, to: [{ address: `bob${id % 5_000}@contoso.com` }] } };
    });
    await spool.append(part);
    // Nearly all has ended, as in a spool that runs.
    if (from + 10_000 < entries) await spool.cancel(part.map(({ id }) => id));
  }
  const filters: Readonly<Record<string, EntryFilter>> = {
    'by state': { state: 'spooled' },
    'by mailbox': { lane: 'sender7@contoso.com' },
    'by recipient': { recipient: 'bob7@contoso.com' },
    'by time (in slices)': { since: Date.now() + 60_000 },
  };
  for (const [name, filter] of Object.entries(filters)) {
    const ms = await timed(() => spool.admin.listBy(filter, undefined, 100));
    rows.push({ what: `list ${name}: first page of ${entries} entries`, figure: `${ms.toFixed(1)} ms` });
  }
  await spool.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
printTable(rows);
