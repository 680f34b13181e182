import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileSpool } from '../../src/file.ts';
import { MemorySpool } from '../../src/index.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { atATime } from '../median.ts';
import type { Row } from '../table.ts';
import { BareFiles } from './bare-files.ts';
import { BareSql } from './bare-sql.ts';
import { lane, newEntry } from './entries.ts';
import { nowhere, Ours } from './ours.ts';
import { inFolder } from './temporary-folder.ts';

const conversations = 100_000;
/** ms over which they fall due. */
const spread = 60_000;
/** ms before the first, beside what appending them takes. */
const ahead = 5_000;
const mailboxOf = (index: number): string => `sender-${index % 100}@contoso.com`;
const groups = [1, 64, 1_000] as const;

/** Calls that are measured of so many in flight: enough for a 99th percentile. */
export const callsOf = (inFlight: number): number => Math.max(1_000, 10 * inFlight);

/** ms that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

/** How long each call takes, in ms, the shortest first. */
async function times(inFlight: number, call: () => Promise<unknown>): Promise<readonly number[]> {
  const taken: number[] = [];
  await atATime(inFlight, callsOf(inFlight), async () => {
    taken.push(await timed(call));
  });
  return taken.sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

const shown = (sorted: readonly number[]): string =>
  `p50 ${percentile(sorted, 0.5).toFixed(2)} ms, p99 ${percentile(sorted, 0.99).toFixed(2)} ms`;

interface Bare {
  readonly what: string;
  /** How long each bare commit of such a group takes. */
  times(inFlight: number): Promise<readonly number[]>;
  close(): void;
}

export async function sendLatency(name: string, spool: SpoolStorage, bare: Bare | undefined): Promise<Row[]> {
  const ours = await Ours.open(spool);
  await atATime(64, 500, () => ours.send());
  const rows: Row[] = [];
  for (const inFlight of groups) {
    const theirs = await bare?.times(inFlight);
    const sorted = await times(inFlight, () => ours.send());
    const what = `${name}: send(), ${inFlight} in flight: p99 relative to the bare commit of the same group`;
    rows.push(
      theirs === undefined || bare === undefined
        ? { what: `${name}: send(), ${inFlight} in flight`, figure: shown(sorted) }
        : {
            what,
            figure: shown(sorted),
            against: `${bare.what} (${shown(theirs)})`,
            reached: percentile(sorted, 0.99) / percentile(theirs, 0.99),
            goal: { atMost: 5 },
            why: 'a call waits for the commit in progress, then for its own, shared with all calls that came meanwhile; garbage collections fall into both.',
          },
    );
  }
  bare?.close();
  await ours.close();
  return rows;
}

async function bareSql(path: string): Promise<Bare> {
  const maker = await Ours.open(new SqliteSpool({ path }));
  await maker.append();
  await maker.close();
  const sql = new BareSql(path, lane);
  return {
    what: 'one transaction of the same rows',
    times: async (inFlight) => {
      const taken = Array.from({ length: Math.max(100, Math.ceil(callsOf(inFlight) / inFlight)) }, () => {
        const from = performance.now();
        sql.append(inFlight, inFlight, () => newEntry());
        return performance.now() - from;
      });
      return taken.sort((a, b) => a - b);
    },
    close: () => sql.close(),
  };
}

async function bareFiles(folder: string): Promise<Bare> {
  const maker = await Ours.open(new FileSpool({ root: join(folder, 'maker') }));
  await maker.send();
  await maker.close();
  const items = await readdir(join(folder, 'maker'), { recursive: true, withFileTypes: true });
  const found = items.find(({ name, parentPath }) => name.endsWith('.json') && parentPath.endsWith('waiting'));
  const content = found === undefined ? Buffer.alloc(1_000) : await readFile(join(found.parentPath, found.name));
  const bare = await BareFiles.in(join(folder, 'bare'), content);
  return {
    what: 'file + fsync + rename + shared folder fsync',
    times: (inFlight) => times(inFlight, () => bare.write()),
    close: () => undefined,
  };
}

/** How late messages are handed over that fall due one after the other. */
async function lateness(name: string, spool: SpoolStorage): Promise<Row> {
  const late: number[] = [];
  const due = new Map<string, number>();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const ours = await Ours.open(spool, {
    ...nowhere,
    deliver: async (notes, options) => {
      const now = Date.now();
      for (const { entryIds } of notes) for (const id of entryIds) late.push(now - (due.get(id) ?? now));
      if (late.length >= conversations) resolve();
      return nowhere.deliver(notes, options);
    },
  });
  // What is appended last is not due before all is appended: how long that takes the first few tell.
  const first = await timed(async () => {
    for (let part = 0; part < 5; part++) {
      const never = Array.from({ length: 1_000 }, (_, at) => ({ ...newEntry(mailboxOf(at)), pickupIn: 3_600_000 }));
      await ours.spool.append(never);
    }
  });
  const begin = Date.now() + ahead + (1.5 * first * conversations) / 5_000;
  for (let from = 0; from < conversations; from += 1_000) {
    const now = Date.now();
    const part = Array.from({ length: 1_000 }, (_, at) => {
      const dueAt = begin + Math.floor(((from + at) * spread) / conversations);
      const entry = { ...newEntry(mailboxOf(at)), pickupIn: dueAt - now };
      due.set(entry.id, dueAt);
      return entry;
    });
    await ours.spool.append(part);
  }
  await ours.sender.start();
  await done;
  await ours.close();
  late.sort((a, b) => a - b);
  return {
    what: `${name}: lateness of ${conversations} pickups due over ${spread / 1_000} s, p99, ms`,
    figure: shown(late),
    against: `the last after ${late.at(-1)} ms`,
    reached: percentile(late, 0.99),
    goal: { atMost: 100 },
    why: 'a pickup waits for its timer, and for deliveries that fell due just before.',
  };
}

/** How long a `send()` takes, and how late a pickup is. */
export function measureLatency(): Promise<readonly Row[]> {
  return inFolder(async (folder) => [
    ...(await sendLatency('MemorySpool', new MemorySpool(), undefined)),
    ...(await sendLatency(
      'SqliteSpool',
      new SqliteSpool({ path: join(folder, 'send.db') }),
      await bareSql(join(folder, 'bare.db')),
    )),
    ...(await sendLatency('FileSpool', new FileSpool({ root: join(folder, 'files') }), await bareFiles(folder))),
    await lateness('MemorySpool', new MemorySpool()),
    await lateness('SqliteSpool', new SqliteSpool({ path: join(folder, 'late.db') })),
  ]);
}
