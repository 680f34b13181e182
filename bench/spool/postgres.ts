import { PostgresSpool } from '../../src/postgres.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import { atATime, compared, median, perSecond } from '../median.ts';
import { aim, type Row, rate } from '../table.ts';
import { openWorker } from './graphile-worker.ts';
import { Ours } from './ours.ts';
import { openBoss } from './pg-boss.ts';
import { group } from './settings.ts';

const messages = 5_000;
const waiting = 1_000;
const inFlight = 64;
const loops = 4;
const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 7);
const why =
  'messages of a conversation keep their order, a note is frozen before it is sent, and three more indexes are written than by pg-boss.';

const rows = {
  send: { what: `send(), ${inFlight} in flight`, goal: 6 },
  insert: { what: `append() only, ${inFlight} in flight`, goal: undefined },
  drain: { what: `claim + settle, ${group} at a time`, goal: 0.8 },
  drains: { what: `the same, ${loops} loops at once`, goal: 1 },
} as const;
type What = keyof typeof rows;

/** What of it writes to the log of the server. */
const logged = {
  send: { what: 'log per message of send()', against: 'pg-boss send' },
  drain: { what: 'log per message of claim + settle', against: 'pg-boss fetch + complete' },
} as const;

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
    insert: { ours: [], theirs: [] },
    drain: { ours: [], theirs: [] },
    drains: { ours: [], theirs: [] },
    graphile: { ours: [], theirs: [] },
  };
  const bytes: Record<keyof typeof logged, { ours: number[]; theirs: number[] }> = {
    send: { ours: [], theirs: [] },
    drain: { ours: [], theirs: [] },
  };
  /** Measures the log beside it, when it is not the first round. */
  const logging = async (round: number, into: number[], work: () => Promise<number>): Promise<number> => {
    const position = async (): Promise<number> => {
      const { rows: found } = await pool.query<{ at: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS at`);
      return Number(found[0]?.at);
    };
    const before = await position();
    const figure = await work();
    if (round > 0) into.push(((await position()) - before) / messages);
    return figure;
  };
  const several = (drain: (count: number) => Promise<void>): Promise<unknown> =>
    Promise.all(Array.from({ length: loops }, () => drain(messages / loops)));
  try {
    for (let round = 0; round <= rounds; round++) {
      const took = await inTurns(round, {
        sent: () =>
          logging(round, bytes.send.ours, () => perSecond(messages, () => atATime(inFlight, messages, () => ours.send()))),
        bossSent: () =>
          logging(round, bytes.send.theirs, () => perSecond(messages, () => atATime(inFlight, messages, () => boss.send()))),
        workerSent: () => perSecond(messages, () => atATime(inFlight, messages, () => worker.add())),
        appended: () => perSecond(messages, () => atATime(inFlight, messages, () => ours.append())),
        bossInserted: () => perSecond(messages, () => atATime(1, Math.ceil(messages / group), () => boss.insert(group))),
      });
      const drained = await inTurns(round, {
        ours: () => logging(round, bytes.drain.ours, () => perSecond(messages, () => ours.drain(messages, group))),
        boss: () => logging(round, bytes.drain.theirs, () => perSecond(messages, () => boss.drain(messages, group))),
        oursInLoops: () => perSecond(messages, () => several((count) => ours.drain(count, group))),
        bossInLoops: () => perSecond(messages, () => several((count) => boss.drain(count, group))),
      });
      // The first round only warms up.
      if (round === 0) continue;
      for (const [what, our, their] of [
        ['send', took.sent, took.bossSent],
        ['insert', took.appended, took.bossInserted],
        ['drain', drained.ours, drained.boss],
        ['drains', drained.oursInLoops, drained.bossInLoops],
        ['graphile', took.sent, took.workerSent],
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
      ...compared(our, their),
      ...aim(goal === undefined ? undefined : { atLeast: goal }, why),
    };
  };
  return [
    row('send', rows.send.what, 'pg-boss send, a transaction each', rows.send.goal),
    row('graphile', rows.send.what, 'graphile-worker addJob'),
    row('insert', rows.insert.what, `pg-boss insert of ${group} at once`),
    row('drain', rows.drain.what, 'pg-boss fetch + complete', rows.drain.goal),
    row('drains', rows.drains.what, 'pg-boss fetch + complete', rows.drains.goal),
    ...(['send', 'drain'] as const).map(
      (what): Row => ({
        what: `PostgresSpool: ${logged[what].what}`,
        figure: `${median(bytes[what].ours).toFixed(0)} bytes`,
        against: `${logged[what].against} (${median(bytes[what].theirs).toFixed(0)} bytes)`,
        ...compared(bytes[what].ours, bytes[what].theirs),
      }),
    ),
  ];
}

type Measurements<Name extends string> = Readonly<Record<Name, () => Promise<number>>>;

/** One after the other, in another order each round: whoever comes first or last is not always the same. */
async function inTurns<Name extends string>(round: number, measurements: Measurements<Name>): Promise<Record<Name, number>> {
  const names = Object.keys(measurements) as Name[];
  const took = {} as Record<Name, number>;
  for (let index = 0; index < names.length; index++) {
    const name = names[(index + round) % names.length];
    if (name !== undefined) took[name] = await measurements[name]();
  }
  return took;
}
