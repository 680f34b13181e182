import { PostgresSpool } from '../../src/postgres.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import type { Row } from '../table.ts';
import { BarePostgres } from './bare-postgres.ts';
import { newEntry } from './entries.ts';
import { callsOf, sendLatency, timed } from './latency.ts';

const schema = 'bare';

/** How long a `send()` takes on a server that syncs every commit, beside the bare transaction of as many rows. */
export async function measureLatencyOfPostgres(): Promise<readonly Row[]> {
  const server = await PostgresServer.start({ fsync: true });
  const pool = server.pool();
  try {
    await new PostgresSpool({ pool, schema }).migrate();
    const sql = new BarePostgres(pool, schema);
    const spool = new PostgresSpool({ pool });
    await spool.migrate();
    return await sendLatency('PostgresSpool', spool, {
      what: 'one transaction of the same rows',
      times: async (inFlight) => {
        const taken: number[] = [];
        for (let left = Math.max(30, Math.ceil(callsOf(inFlight) / inFlight)); left > 0; left--) {
          const entries = Array.from({ length: inFlight }, () => newEntry());
          taken.push(await timed(() => sql.append(entries)));
        }
        return taken.sort((a, b) => a - b);
      },
      close: () => undefined,
    });
  } finally {
    await pool.end();
    await server.close();
  }
}
