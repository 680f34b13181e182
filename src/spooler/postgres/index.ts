export type { PostgresSpoolOptions } from './options.ts';
export type { PgClient, PgPool, PgPoolClient, PgQuery } from './pool.ts';
export { PostgresSpool } from './postgres-spool.ts';
