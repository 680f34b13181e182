import { join } from 'node:path';
import { PostgresSpool } from '../../src/postgres.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import { atATime, compared, median, perSecond } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { openBullMq } from './bullmq.ts';
import { Ours } from './ours.ts';
import { RedisServer, redisVersion } from './redis-server.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const messages = 5_000;
const waiting = 1_000;
const inFlight = 64;
const names = ['SqliteSpool', 'PostgresSpool', 'BullMQ'] as const;
type Name = (typeof names)[number];

/** What is measured of each. */
interface Contender {
  send(): Promise<unknown>;
  /** Claims and settles so many, a second. */
  drain(): Promise<number>;
}

/** SqliteSpool and PostgresSpool beside BullMQ, over a Redis that syncs every commit too; nothing where no redis-server is installed. */
export async function measureRedis(): Promise<readonly Row[]> {
  if (redisVersion() === undefined) {
    return [{ what: 'BullMQ', figure: 'not measured: no redis-server is installed (Debian: apt-get install redis-server)' }];
  }
  return inFolder(async (folder) => {
    const redis = await RedisServer.start(folder);
    const server = await PostgresServer.start({ fsync: true });
    const pool = server.pool();
    const postgres = new PostgresSpool({ pool });
    await postgres.migrate();
    const ours = [await Ours.open(new SqliteSpool({ path: join(folder, 'spool.db') })), await Ours.open(postgres)] as const;
    for (const one of ours) await one.fill(waiting);
    const queue = await openBullMq(redis.port, waiting);
    const spool = (one: Ours): Contender => ({
      send: () => one.send(),
      drain: () => perSecond(messages, () => one.drain(messages, group)),
    });
    const contenders: Readonly<Record<Name, Contender>> = {
      SqliteSpool: spool(ours[0]),
      PostgresSpool: spool(ours[1]),
      BullMQ: {
        send: queue.send,
        drain: async () => {
          // It takes the next job as it completes one, so it ends with a few more.
          await queue.fill(group);
          const worker = await queue.worker(group);
          const drained = await perSecond(messages, () => worker.drain(messages));
          await worker.close();
          return drained;
        },
      },
    };
    const sent: Record<Name, number[]> = { SqliteSpool: [], PostgresSpool: [], BullMQ: [] };
    const drained: Record<Name, number[]> = { SqliteSpool: [], PostgresSpool: [], BullMQ: [] };
    try {
      for (let round = 0; round <= rounds; round++) {
        const order = names.map((_, at) => names[(at + round) % names.length] ?? 'BullMQ');
        for (const [figures, measure] of [
          [sent, (one: Contender) => perSecond(messages, () => atATime(inFlight, messages, () => one.send()))],
          [drained, (one: Contender) => one.drain()],
        ] as const) {
          for (const name of order) {
            const figure = await measure(contenders[name]);
            // The first round only warms up.
            if (round > 0) figures[name].push(figure);
          }
        }
      }
    } finally {
      await Promise.all([queue.close(), ...ours.map((one) => one.close())]);
      await pool.end();
      await Promise.all([server.close(), redis.close()]);
    }
    return (['SqliteSpool', 'PostgresSpool'] as const).flatMap((name) => [
      row(`${name}: send(), ${inFlight} in flight`, sent[name], 'BullMQ add', sent.BullMQ),
      row(`${name}: claim + settle, ${group} at a time`, drained[name], `a Worker of BullMQ, ${group} at a time`, drained.BullMQ),
    ]);
  });
}

function row(what: string, ours: readonly number[], against: string, theirs: readonly number[]): Row {
  return {
    what,
    figure: rate(median(ours)),
    against: `${against}, Redis with appendfsync always (${rate(median(theirs))})`,
    ...compared(ours, theirs),
    goal: { atLeast: 1 },
    why: 'Redis keeps all jobs in memory and appends commands to one file; here each message is rows and indexes on disk, in the order of its conversation, with its duplicates detected.',
  };
}
