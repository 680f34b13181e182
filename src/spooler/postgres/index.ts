export type { PgClient, PgPool, PgPoolClient, PgQuery } from './pool.ts';
export type { PostgresSpoolOptions } from './postgres-spool.ts';
export { PostgresSpool } from './postgres-spool.ts';
