import { afterAll, beforeAll, describe } from 'vitest';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { itTakesEffect } from './effects.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});

afterAll(() => server.close());

describe('changes of an operator on PostgreSQL take effect in a running sender at its next poll', () => {
  itTakesEffect(async () => {
    const pool = server.pool();
    await pool.query('DROP SCHEMA IF EXISTS offline_im CASCADE');
    const spool = new PostgresSpool({ pool });
    await spool.migrate();
    return { spool: spool as SpoolStorage, where: server.connectionString, pollInterval: 50 };
  });
});
