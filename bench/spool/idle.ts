import { join } from 'node:path';
import { SqliteSpool } from '../../src/sqlite.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { median } from '../median.ts';
import type { Row } from '../table.ts';
import { newEntry } from './entries.ts';
import { nowhere, Ours } from './ours.ts';
import { inFolder } from './temporary-folder.ts';

const conversations = 100_000;
const pickups = 2_000;
/** Of a hundred mailboxes in turn. */
const laneOf = (index: number): string => `sender-${index % 100}@contoso.com`;
/** ms of idling, then ms over which the pickups are spread. */
const idle = 40_000;
const spread = 20_000;

/** 100,000 conversations whose time has not come, then 2,000 whose time comes one after the other. */
export function measureIdle(): Promise<readonly Row[]> {
  return inFolder(async (folder) => {
    const late: number[] = [];
    const due = new Map<string, number>();
    const transport: Transport = {
      ...nowhere,
      deliver: async (notes, options) => {
        const now = Date.now();
        for (const { entryIds } of notes) for (const id of entryIds) late.push(now - (due.get(id) ?? now));
        return nowhere.deliver(notes, options);
      },
    };
    const ours = await Ours.open(new SqliteSpool({ path: join(folder, 'spool.db') }), transport);
    for (let left = conversations - pickups; left > 0; left -= 1_000) {
      await ours.spool.append(Array.from({ length: 1_000 }, (_, index) => ({ ...newEntry(laneOf(index)), pickupIn: 600_000 })));
    }
    // Two seconds after the idling, which begins two seconds after this.
    const timed = Array.from({ length: pickups }, (_, index) => ({
      ...newEntry(laneOf(index)),
      pickupIn: 4_000 + idle + Math.floor((index * spread) / pickups),
    }));
    const appended = Date.now();
    await ours.spool.append(timed);
    for (const { id, pickupIn } of timed) due.set(id, appended + pickupIn);
    await ours.sender.start();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, idle));
    const { user, system } = process.cpuUsage(cpu);
    const share = (user + system) / 1_000 / (performance.now() - started);
    while (late.length < pickups) await new Promise((resolve) => setTimeout(resolve, 100));
    await ours.close();
    late.sort((a, b) => a - b);
    const atMost99 = late[Math.floor(0.99 * late.length)] ?? 0;
    return [
      {
        what: `${conversations} conversations pending: CPU while idle, %`,
        figure: `${(100 * share).toFixed(2)} %`,
        reached: 100 * share,
        goal: { atMost: 1 },
        why: 'timers check for entries that others may have written, for expiry and for old tombstones.',
      },
      {
        what: `${conversations} conversations pending: median lateness of a pickup, ms`,
        figure: `${median(late)} ms`,
        against: `99 of 100 within ${atMost99} ms, the last after ${late.at(-1)} ms`,
        reached: median(late),
        goal: { atMost: 50 },
        why: 'a pickup waits for its timer, and for deliveries that fell due just before.',
      },
    ];
  });
}
