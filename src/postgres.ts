export type { PgClient, PgPool, PgPoolClient, PgQuery } from './spool/postgres/connection/pool.ts';
export type { PostgresSpoolOptions } from './spool/postgres/options.ts';
export { PostgresSpool } from './spool/postgres/postgres-spool.ts';
