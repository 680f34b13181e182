/**
 * What a message costs this checkout and another one, a commit of before a change: the processor's time, side by side. Both run in one process in turn, chunk by chunk.
 * `npm run bench:beside -- CHECKOUT [CASE…]`; the other one with its own `npm ci` and `npm install --prefix bench`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import { PostgresServer } from '../test/support/postgres-server.ts';
import { atATime } from './median.ts';
import type { Ours } from './spool/ours.ts';
import { printTable, type Row } from './table.ts';

const chunks = 4 * Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 40);
/** Messages of a chunk: so few that what else the machine does disturbs both alike. */
const count = 256;
/** Chunks before the first that counts. */
const warmUp = 32;
/** Messages that wait besides those of a chunk. */
const waiting = 1_000;

type Work = 'append' | 'send' | 'claim and settle';
const spools = ['memory', 'sqlite', 'postgres'] as const;
const works: readonly Work[] = ['append', 'send', 'claim and settle'];

/** µs of the processor for a message: of this process, and of the backends of its pool. */
interface Cost {
  readonly node: number;
  readonly server: number;
}

interface Contestant {
  readonly ours: Ours;
  readonly backends: ReadonlySet<number>;
  readonly costs: Cost[];
  close(): Promise<void>;
}

async function contestant(
  checkout: string,
  kind: (typeof spools)[number],
  server: PostgresServer | undefined,
): Promise<Contestant> {
  const load = async (file: string): Promise<Record<string, new (options?: object) => never>> =>
    (await import(pathToFileURL(join(checkout, file)).href)) as Record<string, new (options?: object) => never>;
  const { Ours: Bench } = (await load('bench/spool/ours.ts')) as unknown as { Ours: typeof Ours };
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-beside-'));
  const backends = new Set<number>();
  let pool: Pool | undefined;
  const made = async (): Promise<Parameters<typeof Ours.open>[0]> => {
    const name = { memory: 'MemorySpool', sqlite: 'SqliteSpool', postgres: 'PostgresSpool' }[kind];
    const { [name]: Spool } = await load(kind === 'memory' ? 'src/index.ts' : `src/${kind}.ts`);
    if (Spool === undefined) throw new Error(`There is no ${name} in ${checkout}.`);
    if (kind === 'memory') return new Spool();
    if (server === undefined) return new Spool({ path: join(folder, 'spool.db') });
    const { Pool: PoolOfIt } = createRequire(join(checkout, 'package.json'))('pg') as { Pool: typeof Pool };
    const database = `beside_${databases++}`;
    await usingPool(server, (admin) => admin.query(`CREATE DATABASE ${database}`));
    pool = new PoolOfIt({ ...server.address, database, max: 10, idleTimeoutMillis: 0 });
    pool.on('connect', (client: PoolClient & { processID?: number }) => void backends.add(client.processID ?? 0));
    const spool: { migrate(): Promise<void> } & Parameters<typeof Ours.open>[0] = new Spool({ pool });
    await spool.migrate();
    return spool;
  };
  const ours = await Bench.open(await made());
  return {
    ours,
    backends,
    costs: [],
    close: async () => {
      await ours.close();
      await pool?.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
let databases = 0;

async function usingPool(server: PostgresServer, work: (pool: Pool) => Promise<unknown>): Promise<void> {
  const pool = server.pool();
  await work(pool);
  await pool.end();
}

/** µs; Linux only. */
async function timeOf(backends: ReadonlySet<number>): Promise<number> {
  const times = [...backends].map(async (id) =>
    Number((await readFile(`/proc/${id}/schedstat`, 'utf8').catch(() => '0')).split(' ')[0]),
  );
  return (await Promise.all(times)).reduce((sum, ns) => sum + ns / 1_000, 0);
}

async function measured({ ours, backends }: Contestant, kind: string, work: Work): Promise<Cost> {
  const calls = work === 'claim and settle' ? undefined : () => ours[work]();
  if (calls === undefined) await ours.fill(count);
  // What the last chunk left to be done is not this one's.
  await new Promise((resolve) => setTimeout(resolve, 25));
  const from = process.cpuUsage();
  const serverFrom = await timeOf(backends);
  if (calls === undefined) await ours.drain(count, 64);
  else await atATime(kind === 'sqlite' ? 256 : 64, count, calls);
  const { user, system } = process.cpuUsage(from);
  return { node: (user + system) / count, server: ((await timeOf(backends)) - serverFrom) / count };
}

/** What disturbs only ever adds. */
function lowerQuartile(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor((figures.length - 1) / 4)] ?? 0;
}

const [other, ...cases] = process.argv.slice(2);
if (other === undefined) throw new Error('Name the other checkout: npm run bench:beside -- ../before');
const here = join(import.meta.dirname, '..');
const rows: Row[] = [];
for (const kind of spools) {
  const server = kind === 'postgres' ? await PostgresServer.start({ fsync: true }) : undefined;
  for (const work of works) {
    const what = `${kind}, ${work}`;
    if (cases.length > 0 && !cases.some((one) => what.includes(one))) continue;
    const [before, now] = [await contestant(other, kind, server), await contestant(here, kind, server)];
    if (work === 'claim and settle') for (const { ours } of [before, now]) await ours.fill(waiting);
    for (let chunk = 0; chunk < warmUp + chunks; chunk++) {
      for (const one of chunk % 2 === 0 ? [before, now] : [now, before]) {
        const cost = await measured(one, kind, work);
        if (chunk >= warmUp) one.costs.push(cost);
      }
    }
    const of = ({ costs }: Contestant): Cost => ({
      node: lowerQuartile(costs.map(({ node }) => node)),
      server: lowerQuartile(costs.map((cost) => cost.server)),
    });
    const [was, is] = [of(before), of(now)];
    const shown = (cost: Cost): string =>
      `${cost.node.toFixed(1)} µs${server ? ` + ${cost.server.toFixed(1)} of the server` : ''}`;
    rows.push({
      what,
      figure: shown(is),
      against: `before: ${shown(was)}`,
      reached: (is.node + is.server) / (was.node + was.server),
    });
    await Promise.all([before.close(), now.close()]);
  }
  await server?.close();
}
printTable(rows);
