import { PostgresSpool } from '../../src/postgres.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import { compared, median } from '../median.ts';
import type { Row } from '../table.ts';
import { BarePostgres } from './bare-postgres.ts';
import { newEntry } from './entries.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';

const waiting = Number(process.env.OFFLINE_IM_BENCH_WAITING ?? 1_000_000);
const few = 1_000;

/** What a message costs while a thousand wait and while a million do, beside the same by hand-written SQL on the same tables. */
export async function measureGrowthOfPostgres(): Promise<readonly Row[]> {
  const server = await PostgresServer.start({ fsync: true });
  const pool = server.pool();
  // What is planned while a table is nearly empty must not read it whole later.
  const barePool = server.pool({
    max: 1,
    options: '-c enable_seqscan=off -c enable_hashjoin=off -c plan_cache_mode=force_generic_plan',
  });
  try {
    const places = await Promise.all(
      [waiting, few].map(async (count) => {
        const schema = `waiting_${count}`;
        const spool = new PostgresSpool({ pool, schema });
        await spool.migrate();
        const ours = await Ours.open(spool);
        await ours.fill(count);
        const bareSchema = `bare_${count}`;
        await new PostgresSpool({ pool, schema: bareSchema }).migrate();
        for (const table of ['entries', 'streams']) {
          await pool.query(`INSERT INTO "${bareSchema}".${table} SELECT * FROM "${schema}".${table}`);
          for (const one of [schema, bareSchema]) await pool.query(`VACUUM (ANALYZE) "${one}".${table}`);
        }
        const bare = new BarePostgres(barePool, bareSchema);
        return { ours, bare, costs: [] as number[], bareCosts: [] as number[] };
      }),
    );
    const cost = async (work: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await work();
      return (performance.now() - started) / few;
    };
    for (let round = 0; round <= 3 * rounds; round++) {
      for (const { ours, bare, costs, bareCosts } of round % 2 === 0 ? places : places.toReversed()) {
        const taken = await cost(async () => {
          await ours.fill(few);
          await ours.drain(few, group);
        });
        const bareTaken = await cost(async () => {
          await bare.append(Array.from({ length: few }, () => newEntry()));
          await bare.drain(few, group);
        });
        // The first round only warms up.
        if (round === 0) continue;
        costs.push(taken);
        bareCosts.push(bareTaken);
      }
    }
    for (const { ours } of places) await ours.close();
    return rowsOf(places);
  } finally {
    await Promise.all([pool.end(), barePool.end()]);
    await server.close();
  }
}

interface Costs {
  readonly costs: readonly number[];
  readonly bareCosts: readonly number[];
}

function rowsOf([many, little]: readonly Costs[]): readonly Row[] {
  if (many === undefined || little === undefined) return [];
  const [growth, bareGrowth] = [median(many.costs) / median(little.costs), median(many.bareCosts) / median(little.bareCosts)];
  return [
    {
      what: `PostgresSpool, ${waiting} waiting: cost of a message`,
      figure: `${(median(many.costs) * 1_000).toFixed(0)} µs`,
      against: `with ${few} waiting (${(median(little.costs) * 1_000).toFixed(0)} µs)`,
      ...compared(many.costs, little.costs),
    },
    {
      what: `PostgresSpool: growth of that cost from ${few} to ${waiting} waiting, relative to the bare tables`,
      figure: `${growth.toFixed(2)} times`,
      against: `bare SQL on the same tables and indexes (${bareGrowth.toFixed(2)} times)`,
      reached: growth / bareGrowth,
      goal: { atMost: 1 },
      why: 'both search and write the same tables and indexes, whose depth causes the growth.',
    },
  ];
}
