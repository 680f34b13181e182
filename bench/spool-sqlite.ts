/**
 * SqliteSpool beside bare SQL of the same schema, in turns on the same machine: `node bench/spool-sqlite.ts [waiting…]`.
 * Messages a second, medians of several turns; the last column is the share of the bare figure.
 */
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/clock.ts';
import { SqliteSpool } from '../src/sqlite.ts';
import { BareSql } from './sqlite/bare.ts';
import { claimRequest, lane, newEntry } from './sqlite/entries.ts';

const turns = Number(process.env.OFFLINE_IM_BENCH_TURNS ?? 5);
const messages = Number(process.env.OFFLINE_IM_BENCH_MESSAGES ?? 5_000);
const inFlight = 256;
const group = 64;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 10_000, 64_000];
const context = { clock: systemClock, tombstones: 86_400_000 };

interface Turn {
  readonly append: number;
  readonly drain: number;
  readonly open: number;
}

function perSecond(started: number): number {
  return messages / ((performance.now() - started) / 1_000);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Appends with so many calls at a time, as many senders do. */
async function appendAll(spool: SqliteSpool, count: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await spool.append([newEntry()]);
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

/** Claims and settles until so many are delivered; one message a note, and the next claim begins while the last is settled. */
async function drain(spool: SqliteSpool, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const notes = await spool.claim(claimRequest(Math.min(group, left)));
    if (notes.length === 0) throw new Error('Nothing is due.');
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    left -= notes.length;
  }
}

async function ours(path: string): Promise<Turn> {
  const opening = performance.now();
  const spool = new SqliteSpool({ path });
  await spool.open(context);
  await drain(spool, 1);
  const open = performance.now() - opening;
  let started = performance.now();
  await appendAll(spool, messages);
  const append = perSecond(started);
  started = performance.now();
  await drain(spool, messages);
  const drained = perSecond(started);
  await spool.close();
  return { append, drain: drained, open };
}

function bare(path: string): Turn {
  const sql = new BareSql(path, lane);
  let started = performance.now();
  sql.append(messages, group, newEntry);
  const append = perSecond(started);
  started = performance.now();
  sql.drain(messages, group);
  const drained = perSecond(started);
  sql.close();
  return { append, drain: drained, open: 0 };
}

/** A spool with so many waiting, closed. */
async function filled(path: string, waiting: number): Promise<void> {
  const spool = new SqliteSpool({ path });
  await spool.open(context);
  for (let left = waiting + turns; left > 0; left -= 5_000) {
    await spool.append(Array.from({ length: Math.min(5_000, left) }, newEntry));
  }
  await spool.close();
}

console.log('waiting | what | ours /s | bare /s | share');
for (const waiting of sizes) {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-bench-'));
  const paths = { ours: join(folder, 'ours.db'), bare: join(folder, 'bare.db') };
  await filled(paths.ours, waiting);
  await copyFile(paths.ours, paths.bare);
  const results = { ours: [] as Turn[], bare: [] as Turn[] };
  for (let turn = 0; turn < turns; turn++) {
    results.ours.push(await ours(paths.ours));
    results.bare.push(bare(paths.bare));
  }
  for (const what of ['append', 'drain'] as const) {
    const [our, their] = [results.ours, results.bare].map((all) => median(all.map((turn) => turn[what])));
    const share = `${Math.round((100 * (our ?? 0)) / (their ?? 1))} %`;
    const name = what === 'append' ? `append, ${inFlight} in flight` : 'claim + settle';
    console.log([waiting, name, Math.round(our ?? 0), Math.round(their ?? 0), share].join(' | '));
  }
  console.log(`${waiting} | open to first claim and settle | ${Math.round(median(results.ours.map(({ open }) => open)))} ms`);
  console.log(`${waiting} | file | ${Math.round((await stat(paths.ours)).size / 2 ** 20)} MiB`);
  console.log(`${waiting} | resident, at most | ${Math.round(process.resourceUsage().maxRSS / 2 ** 10)} MiB`);
  await rm(folder, { recursive: true });
}
