export type { PgClient, PgPool, PgPoolClient, PgQuery, PostgresSpoolOptions } from './spooler/postgres/index.ts';
export { PostgresSpool } from './spooler/postgres/index.ts';
