import type { PgBouncer } from '../support/pgbouncer.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { WorkerProcess } from './worker-process.ts';

/** ms. The lease of the workers is 2,000. */
const beyondTheLease = 2_500;

/**
 * A request that a suspended worker had started to write goes out when it wakes, so it must not count as absent before that: the
 * grace of the workers' probes while they are disturbed, in ms.
 */
export const graceWhenDisturbed = 1_500;

/** Disturbances of workers besides kills. */
export interface Disturbances {
  /** The server whose restarts and broken connections the workers must survive; without one, workers are only suspended. */
  readonly server?: PostgresServer;
  /** The pooler in front of it, which is killed too. */
  readonly bouncer?: PgBouncer;
}

/**
 * One suspension beyond the lease, one orderly restart, one crash of the database server and of the pooler in front of it, some
 * moments at which every connection breaks: in every ten kills of ready workers, each before the kill.
 */
export function disturbances({ server, bouncer }: Disturbances): (kill: number, worker: WorkerProcess) => Promise<void> {
  return async (kill, worker) => {
    await worker.ready;
    switch (kill % 10) {
      case 3:
        await worker.pause(beyondTheLease);
        break;
      case 5:
        await server?.restart();
        break;
      case 6:
        await server?.crash();
        break;
      case 7:
        await bouncer?.crash();
        break;
      case 8:
        if (server !== undefined) await breakConnections(server);
        break;
      default:
        return;
    }
    // A worker that woke, or lost its connections, runs for a while before it is killed.
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
}

/** Repeated for a while: a COMMIT is so fast that a single cut would hardly ever hit one. */
async function breakConnections(server: PostgresServer): Promise<void> {
  const pool = server.pool({ max: 1 });
  for (let times = 0; times < 10; times++) {
    await pool.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await pool.end();
}
