import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PostgresSpool } from '../../src/postgres.ts';
import { type PostgresAddress, PostgresServer } from '../../test/support/postgres-server.ts';
import { compared, median } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { Ours } from './ours.ts';
import { openBoss } from './pg-boss.ts';
import { group, rounds } from './settings.ts';

const fleets = [1, 2, 4, 8] as const;
/** Each is claimed and settled by one of the processes. */
const messages = 4_096;
/** What each process finds beside what the others have locked. */
const waiting = 1_000;
const contenders = ['ours', 'boss'] as const;

/** What so many processes claim and settle together on one server, each in one loop; beside pg-boss. */
export async function measureFleet(): Promise<readonly Row[]> {
  const server = await PostgresServer.start({ fsync: true });
  const pool = server.pool();
  const spool = new PostgresSpool({ pool });
  await spool.migrate();
  const ours = await Ours.open(spool);
  const boss = await openBoss(server.address, waiting);
  await ours.fill(waiting);
  const rows: Row[] = [];
  try {
    let alone: number | undefined;
    for (const size of fleets) {
      const figures: Record<(typeof contenders)[number], number[]> = { ours: [], boss: [] };
      const members = {
        ours: await startFleet('ours', server.address, size),
        boss: await startFleet('boss', server.address, size),
      };
      for (let round = 0; round <= rounds; round++) {
        for (const one of round % 2 === 0 ? contenders : contenders.toReversed()) {
          await (one === 'ours' ? ours : boss).fill(messages);
          const figure = await drain(members[one]);
          // The first round only warms up.
          if (round > 0) figures[one].push(figure);
        }
      }
      for (const child of [...members.ours, ...members.boss]) child.disconnect();
      const reached = median(figures.ours);
      alone ??= reached;
      rows.push({
        what: `PostgresSpool: claim + settle, ${group} at a time, processes: ${size}`,
        figure: `${rate(reached)}, ${(reached / alone).toFixed(2)} times one process`,
        against: `pg-boss fetch + complete, as many processes (${rate(median(figures.boss))})`,
        ...compared(figures.ours, figures.boss),
      });
    }
  } finally {
    await Promise.all([ours.close(), boss.close()]);
    await pool.end();
    await server.close();
  }
  return rows;
}

async function startFleet(contender: string, address: PostgresAddress, size: number): Promise<readonly ChildProcess[]> {
  const script = join(import.meta.dirname, 'fleet-process.ts');
  const share = String(messages / size);
  const children = Array.from({ length: size }, () => fork(script, [contender, JSON.stringify(address), share]));
  await Promise.all(children.map((child) => once(child, 'message')));
  return children;
}

/** Messages a second, until the last process is done with its share. */
async function drain(children: readonly ChildProcess[]): Promise<number> {
  const started = performance.now();
  await Promise.all(
    children.map((child) => {
      const done = once(child, 'message');
      child.send('drain');
      return done;
    }),
  );
  return messages / ((performance.now() - started) / 1_000);
}
