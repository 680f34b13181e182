/** Delivers all that waits in a SqliteSpool, and tells how much memory that took: `drain-process.ts <path>`, over IPC. */
import { SqliteSpool } from '../../src/sqlite.ts';
import { type Row, rate } from '../table.ts';
import { Ours } from './ours.ts';

const ours = await Ours.open(new SqliteSpool({ path: process.argv[2] ?? '' }));
const count = (await ours.sender.counts()).spooled;
globalThis.gc?.();
const before = process.memoryUsage().rss;
let most = before;
const timer = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
}, 20);
const started = performance.now();
await ours.deliver(count);
const seconds = (performance.now() - started) / 1_000;
clearInterval(timer);
await ours.close();
const growth = (most - before) / 2 ** 20;
const rows: Row[] = [
  {
    what: `SqliteSpool, ${count} waiting: resident growth while draining, MB`,
    figure: `${growth.toFixed(0)} MB`,
    reached: growth,
    goal: { atMost: 150 },
  },
  { what: `SqliteSpool, ${count} waiting: drained by the sender`, figure: rate(count / seconds) },
];
process.send?.(rows, () => process.disconnect());
