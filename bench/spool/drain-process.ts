/** Delivers all that waits in a SqliteSpool, and tells how much memory that took: `drain-process.ts <path>`, over IPC. */
import { SqliteSpool } from '../../src/sqlite.ts';
import { type Row, rate } from '../table.ts';
import { Ours } from './ours.ts';

const ours = await Ours.open(new SqliteSpool({ path: process.argv[2] ?? '' }));
const count = (await ours.sender.stats()).states.spooled;
globalThis.gc?.();
const before = process.memoryUsage();
let most = before.rss;
let mostHeap = before.heapTotal;
const timer = setInterval(() => {
  const { rss, heapTotal } = process.memoryUsage();
  most = Math.max(most, rss);
  mostHeap = Math.max(mostHeap, heapTotal);
}, 20);
const started = performance.now();
await ours.deliver(count);
const seconds = (performance.now() - started) / 1_000;
clearInterval(timer);
globalThis.gc?.();
const live = process.memoryUsage().heapUsed - before.heapUsed;
await ours.close();
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
const growth = (most - before.rss) / 2 ** 20;
const rows: Row[] = [
  {
    what: `SqliteSpool, ${count} waiting: growth of resident memory while draining, MB`,
    figure: megabytes(most - before.rss),
    against: `of which V8's heap ${megabytes(mostHeap - before.heapTotal)}, and ${megabytes(live)} still live at the end`,
    reached: growth,
    goal: { atMost: 150 },
    why: 'V8 lets its young generation grow to a share of system memory; the line below bounds it.',
  },
  { what: `SqliteSpool, ${count} waiting: drained by the sender`, figure: rate(count / seconds) },
];
process.send?.(rows, () => process.disconnect());
