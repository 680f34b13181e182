import { PostgresSpool } from '../../src/postgres.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import { atATime, median, medianRatio, perSecond } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { openWorker } from './graphile-worker.ts';
import { Ours } from './ours.ts';
import { openBoss } from './pg-boss.ts';
import { group, rounds } from './settings.ts';

const messages = 5_000;
const waiting = 1_000;
const inFlight = 64;
const loops = 4;

const rows = {
  send: { what: `send(), ${inFlight} in flight`, goal: 4 },
  append: { what: `append() alone, ${inFlight} in flight`, goal: undefined },
  drain: { what: `claim + settle by ${group}`, goal: 1 },
  drains: { what: `the same, ${loops} loops at once`, goal: undefined },
} as const;
type What = keyof typeof rows;

/** PostgresSpool beside pg-boss (and graphile-worker, for what it calls the same) on one server that syncs every commit. */
export async function measurePostgres(): Promise<readonly Row[]> {
  const server = await PostgresServer.start({ fsync: true });
  const pool = server.pool();
  const spool = new PostgresSpool({ pool });
  await spool.migrate();
  const ours = await Ours.open(spool);
  await ours.fill(waiting);
  const boss = await openBoss(server.address, waiting);
  const worker = await openWorker(server.connectionString);
  const results: Record<What | 'graphile', { ours: number[]; theirs: number[] }> = {
    send: { ours: [], theirs: [] },
    append: { ours: [], theirs: [] },
    drain: { ours: [], theirs: [] },
    drains: { ours: [], theirs: [] },
    graphile: { ours: [], theirs: [] },
  };
  const several = (drain: (count: number) => Promise<void>): Promise<unknown> =>
    Promise.all(Array.from({ length: loops }, () => drain(messages / loops)));
  try {
    for (let round = 0; round <= rounds; round++) {
      const bossSent = await perSecond(messages, () => atATime(inFlight, messages, () => boss.send()));
      const sent = await perSecond(messages, () => atATime(inFlight, messages, () => ours.send()));
      const workerSent = await perSecond(messages, () => atATime(inFlight, messages, () => worker.add()));
      const appended = await perSecond(messages, () => atATime(inFlight, messages, () => ours.append()));
      await boss.fill(messages);
      const drained = await perSecond(messages, () => ours.drain(messages, group));
      const bossDrained = await perSecond(messages, () => boss.drain(messages, group));
      const inLoops = await perSecond(messages, () => several((count) => ours.drain(count, group)));
      const bossInLoops = await perSecond(messages, () => several((count) => boss.drain(count, group)));
      // The first round only warms up.
      if (round === 0) continue;
      for (const [what, our, their] of [
        ['send', sent, bossSent],
        ['append', appended, bossSent],
        ['drain', drained, bossDrained],
        ['drains', inLoops, bossInLoops],
        ['graphile', sent, workerSent],
      ] as const) {
        results[what].ours.push(our);
        results[what].theirs.push(their);
      }
    }
  } finally {
    await Promise.all([ours.close(), boss.close(), worker.close()]);
    await pool.end();
    await server.close();
  }
  const row = (what: What | 'graphile', name: string, against: string, goal?: number): Row => {
    const { ours: our, theirs: their } = results[what];
    return {
      what: `PostgresSpool: ${name}`,
      figure: rate(median(our)),
      against: `${against} (${rate(median(their))})`,
      reached: medianRatio(our, their),
      ...(goal === undefined ? {} : { goal: { atLeast: goal } }),
    };
  };
  return [
    row('send', rows.send.what, 'pg-boss send', rows.send.goal),
    row('graphile', rows.send.what, 'graphile-worker addJob'),
    row('append', rows.append.what, 'pg-boss send'),
    row('drain', rows.drain.what, 'pg-boss fetch + complete', rows.drain.goal),
    row('drains', rows.drains.what, 'pg-boss fetch + complete'),
  ];
}
