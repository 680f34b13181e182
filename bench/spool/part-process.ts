/** One part of `bench/spool.ts` in a process of its own: says its rows over IPC and ends. */
import type { Row } from '../table.ts';
import type { Part } from './parts.ts';

type Measure = () => Promise<readonly Row[]>;

const measures: Readonly<Record<Part, () => Promise<Measure>>> = {
  sqlite: async () => (await import('./sqlite.ts')).measureSqlite,
  file: async () => (await import('./file.ts')).measureFile,
  postgres: async () => (await import('./postgres.ts')).measurePostgres,
  fleet: async () => (await import('./fleet.ts')).measureFleet,
  redis: async () => (await import('./redis.ts')).measureRedis,
  'end-to-end': async () => (await import('./end-to-end.ts')).measureEndToEnd,
  'sqlite-fleet': async () => (await import('./sqlite-fleet.ts')).measureSqliteFleet,
  million: async () => (await import('./million.ts')).measureMillion,
  opening: async () => (await import('./opening.ts')).measureOpening,
  ended: async () => (await import('./opening.ts')).measureEnded,
  idle: async () => (await import('./idle.ts')).measureIdle,
  outage: async () => (await import('./outage.ts')).measureOutage,
  latency: async () => (await import('./latency.ts')).measureLatency,
  'latency-postgres': async () => (await import('./latency-postgres.ts')).measureLatencyOfPostgres,
  'growth-postgres': async () => (await import('./growth-postgres.ts')).measureGrowthOfPostgres,
};

const measure = await measures[process.argv[2] as Part]();
const rows = await measure();
process.send?.(rows, () => process.disconnect());
