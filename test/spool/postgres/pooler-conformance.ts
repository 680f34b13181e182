import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { type SpoolConformanceSubject, type SpoolHarness, spoolConformance } from '../../../src/testing.ts';
import { hasPgBouncer, PgBouncer } from '../../support/pgbouncer.ts';
import { poolOn } from '../../support/postgres-server.ts';
import { cleanSchemas, harnessOn } from './clean-schemas.ts';
import { useServer } from './fixture.ts';

/** The conformance suite through PgBouncer in transaction mode. Reported as skipped if Debian's package is missing. */
export function conformsBehindPooler(skip: readonly SpoolConformanceSubject[]): void {
  describe.skipIf(!hasPgBouncer)('PostgresSpool behind PgBouncer', () => {
    const fixture = useServer();
    const cleanSchema = cleanSchemas(() => fixture.pool, 'pooled');
    let bouncer: PgBouncer;
    let pool: Pool;
    beforeAll(async () => {
      bouncer = await PgBouncer.before(fixture.server.address);
      pool = poolOn(bouncer.address, { max: 30 });
    });
    afterAll(async () => {
      await pool.end();
      await bouncer[Symbol.asyncDispose]();
    });

    const create = async (): Promise<SpoolHarness> => {
      return harnessOn(await cleanSchema(), (schema) => new PostgresSpool({ pool, schema }));
    };

    spoolConformance({ describe, it: it.concurrent }, create, { skip });
  });
}
