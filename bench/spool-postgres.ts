/**
 * PostgresSpool beside pg-boss on the same server, in turns: `npm install --prefix bench && node bench/spool-postgres.ts`. A server of its own, which syncs
 * every commit. Messages a second, medians of several turns; the last column is how many times as many ours are.
 */
import { PostgresServer } from '../test/support/postgres-server.ts';
import { OursOnPostgres } from './postgres/ours.ts';
import { openBoss } from './postgres/pg-boss.ts';

const turns = Number(process.env.OFFLINE_IM_BENCH_TURNS ?? 5);
const messages = Number(process.env.OFFLINE_IM_BENCH_MESSAGES ?? 5_000);
const waiting = Number(process.argv[2] ?? 1_000);
const inFlight = 64;
const group = 64;
const loops = 4;

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return messages / ((performance.now() - started) / 1_000);
}

/** So many calls at a time, as many callers make them. */
async function atATime(count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

const server = await PostgresServer.start({ fsync: true });
const pool = server.pool();
const ours = await OursOnPostgres.open(pool, waiting);
const boss = await openBoss(server.address, waiting);
const rows = {
  send: `send(), ${inFlight} in flight`,
  append: `append() of the spool alone, ${inFlight} in flight`,
  drain: `claim + settle, ${group} at a time`,
  drains: `the same, ${loops} loops at once`,
} as const;
const results = Object.keys(rows).map((what) => ({
  what: what as keyof typeof rows,
  ours: [] as number[],
  theirs: [] as number[],
}));
function keep(what: keyof typeof rows, ours: number, theirs: number): void {
  const result = results.find((one) => one.what === what);
  result?.ours.push(ours);
  result?.theirs.push(theirs);
}
try {
  for (let turn = 0; turn < turns; turn++) {
    const sent = await perSecond(() => atATime(messages, () => boss.send()));
    keep('send', await perSecond(() => atATime(messages, () => ours.send())), sent);
    keep('append', await perSecond(() => atATime(messages, () => ours.append())), sent);
    await atATime(messages, () => boss.send());
    keep('drain', await perSecond(() => ours.drain(messages, group)), await perSecond(() => boss.drain(messages, group)));
    const share = messages / loops;
    const several = (drain: (count: number, group: number) => Promise<void>) =>
      perSecond(async () => {
        await Promise.all(Array.from({ length: loops }, () => drain(share, group)));
      });
    keep('drains', await several((count) => ours.drain(count, group)), await several((count) => boss.drain(count, group)));
  }
} finally {
  await Promise.all([ours.close(), boss.close()]);
  await pool.end();
  await server.close();
}
console.log(`${waiting} waiting, ${messages} messages a turn, ${turns} turns`);
console.log('what | PostgresSpool /s | pg-boss /s | times');
for (const { what, ours: our, theirs: their } of results) {
  const [one, other] = [median(our), median(their)];
  console.log([rows[what], Math.round(one), Math.round(other), (one / other).toFixed(1)].join(' | '));
}
