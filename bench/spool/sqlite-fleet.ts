import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SqliteSpool } from '../../src/sqlite.ts';
import { compared, median } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { withCannedServer } from '../with-canned-server.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const messages = Number(process.env.OFFLINE_IM_BENCH_NOTES ?? 20_000);
const lanes = Array.from({ length: 16 }, (_, index) => `sender-${index}@contoso.test`);
const fleets = [1, 4] as const;
type Figures = Record<(typeof fleets)[number], number[]>;

/** Several processes on one SQLite file, each a whole sender to EWS. The server costs as little as it can, and has the same processors. */
export function measureSqliteFleet(): Promise<readonly Row[]> {
  return withCannedServer((url) => inFolder((folder) => measure(folder, url)));
}

async function measure(folder: string, url: string): Promise<readonly Row[]> {
  const figures: Figures = { 1: [], 4: [] };
  const bare: Figures = { 1: [], 4: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const size of round % 2 === 0 ? fleets : fleets.toReversed()) {
      const ours = await filled(join(folder, `${round}-${size}.db`), lanes);
      const figure = await deliver(size, 'sqlite-fleet-process.ts', [ours, url, lanes.join(',')]);
      const [lane = ''] = lanes;
      const theirs = await filled(join(folder, `bare-${round}-${size}.db`), [lane]);
      const bareFigure = await deliver(size, 'bare-sql-process.ts', [theirs, lane]);
      // The first round only warms up.
      if (round === 0) continue;
      figures[size].push(figure);
      bare[size].push(bareFigure);
    }
  }
  return [
    {
      what: 'SqliteSpool to EWS, 4 processes on one file',
      figure: rate(median(figures[4])),
      against: `one process (${rate(median(figures[1]))})`,
      ...compared(figures[4], figures[1]),
      goal: { atLeast: 1.5 },
      why: 'only one process writes to the file at a time, and a message is under that lock for more than half of its processing time; the line below shows what bare SQL gains.',
    },
    {
      what: `  bare SQL, the same: claim + settle, ${group} at a time, 4 processes on one file`,
      figure: rate(median(bare[4])),
      against: `one process (${rate(median(bare[1]))})`,
      ...compared(bare[4], bare[1]),
    },
  ];
}

async function filled(path: string, ofLanes: readonly string[]): Promise<string> {
  const made = await Ours.open(new SqliteSpool({ path }));
  await made.fill(messages, ofLanes);
  await made.close();
  return path;
}

/** Messages a second, from the word to begin until the last is delivered. */
async function deliver(size: number, script: string, args: readonly string[]): Promise<number> {
  const children = Array.from({ length: size }, () => fork(join(import.meta.dirname, script), args));
  await Promise.all(children.map((child) => once(child, 'message')));
  const started = performance.now();
  const all = allDelivered(children);
  for (const child of children) child.send('begin');
  await all;
  const taken = performance.now() - started;
  await Promise.all(
    children.map((child) => {
      const ended = once(child, 'exit');
      child.disconnect();
      return ended;
    }),
  );
  return messages / (taken / 1_000);
}

function allDelivered(children: readonly ChildProcess[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = messages;
    for (const child of children) {
      child.on('message', (delivered) => {
        left -= Number(delivered);
        if (left <= 0) resolve();
      });
      child.once('exit', (code) => reject(new Error(`A process of the fleet ended with ${code}.`)));
    }
  });
}
