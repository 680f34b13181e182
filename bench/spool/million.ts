import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { compared, median, spreadOf } from '../median.ts';
import { longestStop } from '../standing.ts';
import type { Row } from '../table.ts';
import { BareSql } from './bare-sql.ts';
import { claimRequest, lane, newEntry } from './entries.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const waiting = Number(process.env.OFFLINE_IM_BENCH_WAITING ?? 1_000_000);
const few = 1_000;

/** A spool with a million messages: opening it, what one more costs, and draining it all. */
export function measureMillion(): Promise<readonly Row[]> {
  return inFolder(async (folder) => {
    const [large, small] = [join(folder, 'large.db'), join(folder, 'small.db')];
    for (const [path, count] of [
      [large, waiting],
      [small, few],
    ] as const) {
      const made = await Ours.open(new SqliteSpool({ path }));
      await made.fill(count);
      await made.close();
    }
    const open = await openToClaim(large, 'close');
    const stops: number[] = [];
    const openAfterKill = await openToClaim(large, 'kill', stops);
    return [
      {
        what: `SqliteSpool, ${waiting} waiting: open to first claim, after a clean close`,
        figure: `${median(open).toFixed(0)} ms`,
        against: '1 s',
        ...spreadOf(open.map((ms) => ms / 1_000)),
        goal: { atMost: 1 },
        why: 'before the first claim, the file is opened, and checked for its version and for what others left.',
      },
      {
        what: `SqliteSpool, ${waiting} waiting: the same, after a kill`,
        figure: `${median(openAfterKill).toFixed(0)} ms`,
        against: `after a clean close (${median(open).toFixed(0)} ms)`,
        ...compared(openAfterKill, open),
      },
      {
        what: `SqliteSpool, ${waiting} waiting: longest block of the event loop while opening after a kill, ms`,
        figure: `${Math.max(...stops).toFixed(0)} ms`,
        ...spreadOf(stops),
        goal: { atMost: 50 },
        why: 'a separate thread checks what a killed process left; SQLite rereads its log on this one.',
      },
      ...(await costOfOne(large, small)),
      ...(await drainAll(large, folder)),
    ];
  });
}

/** `stops` takes how long the event loop stood still at each opening. ms from the first look at the file to the first note, after the process before this one closed it or was killed in the middle. */
async function openToClaim(path: string, before: 'close' | 'kill', stops: number[] = []): Promise<readonly number[]> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (before === 'kill') {
      const child = fork(join(import.meta.dirname, 'busy-process.ts'), [path]);
      await once(child, 'message');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const started = performance.now();
    const spool = new SqliteSpool({ path });
    stops.push(await longestStop(() => spool.open({ clock: systemClock, tombstones: 86_400_000 })));
    const notes = await spool.claim(claimRequest(1));
    took.push(performance.now() - started);
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    await spool.close();
  }
  return took;
}

/** ms for a message: appended, claimed and settled. */
async function costOfOne(large: string, small: string): Promise<readonly Row[]> {
  const opened = await Promise.all([large, small].map((path) => Ours.open(new SqliteSpool({ path }))));
  const costs: number[][] = opened.map(() => []);
  for (let round = 0; round <= 3 * rounds; round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const ours = opened[index];
      const started = performance.now();
      await ours?.fill(few);
      await ours?.drain(few, group);
      // The first round only warms up.
      if (round > 0) costs[index]?.push((performance.now() - started) / few);
    }
  }
  for (const ours of opened) await ours.close();
  const [atMany = [], atFew = []] = costs;
  const [bareAtMany = [], bareAtFew = []] = await costsOfBare([large, small]);
  const growth = (many: readonly number[], little: readonly number[]): number => median(many) / median(little);
  return [
    {
      what: `SqliteSpool, ${waiting} waiting: cost of a message`,
      figure: `${(median(atMany) * 1_000).toFixed(0)} µs`,
      against: `with ${few} waiting (${(median(atFew) * 1_000).toFixed(0)} µs)`,
      ...compared(atMany, atFew),
    },
    {
      what: `SqliteSpool: growth of that cost from ${few} to ${waiting} waiting, relative to the bare tables`,
      figure: `${growth(atMany, atFew).toFixed(2)} times`,
      against: `bare SQL on the same tables and indexes (${growth(bareAtMany, bareAtFew).toFixed(2)} times)`,
      reached: growth(atMany, atFew) / growth(bareAtMany, bareAtFew),
      goal: { atMost: 1 },
      why: 'both search and write the same tables and indexes, whose depth causes the growth.',
    },
  ];
}

/** ms for a message by hand-written SQL, in a copy of each of these files. */
async function costsOfBare(paths: readonly string[]): Promise<readonly (readonly number[])[]> {
  const copies = paths.map((path) => `${path}.bare`);
  for (const [at, copy] of copies.entries()) await copyFile(paths[at] ?? '', copy);
  const opened = copies.map((copy) => new BareSql(copy, lane));
  const costs: number[][] = opened.map(() => []);
  for (let round = 0; round <= 3 * rounds; round++) {
    for (const index of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const started = performance.now();
      // By 1,000 as Ours.fill, so that both write as often.
      opened[index]?.append(few, 1_000, () => newEntry());
      opened[index]?.drain(few, group);
      if (round > 0) costs[index]?.push((performance.now() - started) / few);
    }
  }
  for (const sql of opened) sql.close();
  for (const copy of copies) await rm(copy);
  return costs;
}

/** What V8 is told so that it takes no more for its young generation than it needs; by default it takes a share of system memory. */
const youngGeneration = '--max-semi-space-size=16';

/** In processes of their own, whose memory holds nothing of what was measured before. */
async function drainAll(path: string, folder: string): Promise<readonly Row[]> {
  const again = join(folder, 'again.db');
  await copyFile(path, again);
  const rows = await drain(path, []);
  const [bounded] = await drain(again, [youngGeneration]);
  return bounded === undefined ? rows : [...rows, { ...bounded, what: `the same growth with node ${youngGeneration}, MB` }];
}

async function drain(path: string, flags: readonly string[]): Promise<readonly Row[]> {
  const child = fork(join(import.meta.dirname, 'drain-process.ts'), [path], { execArgv: ['--expose-gc', ...flags] });
  const [rows] = (await once(child, 'message')) as [readonly Row[]];
  return rows;
}
