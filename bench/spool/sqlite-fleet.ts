import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SqliteSpool } from '../../src/sqlite.ts';
import { compared, median } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { withCannedServer } from '../with-canned-server.ts';
import { Ours } from './ours.ts';
import { rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const messages = 20_000;
const lanes = Array.from({ length: 16 }, (_, index) => `sender-${index}@contoso.test`);
const fleets = [1, 4] as const;

/** Several processes on one SQLite file, each a whole sender to EWS. The server costs as little as it can, and has the same processors. */
export function measureSqliteFleet(): Promise<readonly Row[]> {
  return withCannedServer((url) => inFolder((folder) => measure(folder, url)));
}

async function measure(folder: string, url: string): Promise<readonly Row[]> {
  const figures: Record<(typeof fleets)[number], number[]> = { 1: [], 4: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const size of round % 2 === 0 ? fleets : fleets.toReversed()) {
      const path = join(folder, `${round}-${size}.db`);
      const made = await Ours.open(new SqliteSpool({ path }));
      await made.fill(messages, lanes);
      await made.close();
      const figure = await deliver(path, url, size);
      // The first round only warms up.
      if (round > 0) figures[size].push(figure);
    }
  }
  return [
    {
      what: 'SqliteSpool to EWS, 4 processes on one file',
      figure: rate(median(figures[4])),
      against: `one process (${rate(median(figures[1]))})`,
      ...compared(figures[4], figures[1]),
      goal: { atLeast: 1.5 },
    },
  ];
}

/** Messages a second, from the word to begin until the last is delivered. */
async function deliver(path: string, url: string, size: number): Promise<number> {
  const script = join(import.meta.dirname, 'sqlite-fleet-process.ts');
  const children = Array.from({ length: size }, () => fork(script, [path, url, lanes.join(',')]));
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
