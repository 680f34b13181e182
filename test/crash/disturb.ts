import type { PgBouncer } from '../support/pgbouncer.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import type { WorkerProcess } from './worker-process.ts';

/** ms. The workers' lease is 2,000. */
const beyondTheLease = 2_500;

/**
 * What a stopped worker had begun to write goes out when it wakes, so nobody may take it for absent before: the grace of the
 * workers' probes while they are disturbed, in ms.
 */
export const graceWhenDisturbed = 1_500;

/** What happens to workers besides being killed. */
export interface Disturbances {
  /** The server whose restarts and broken connections the workers live through; only pauses without one. */
  readonly server?: PostgresServer;
  /** What stands before it, and dies too. */
  readonly bouncer?: PgBouncer;
}

/**
 * One pause beyond the lease, one orderly restart, one crash of the database server and of the pooler before it, some moments in which every connection
 * breaks: in every ten kills of workers that are ready, each struck before the kill.
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
    // A worker that woke, or lost its connections, goes on for a while before it is killed.
    await new Promise((resolve) => setTimeout(resolve, 300));
  };
}

/** Again and again for a while: a COMMIT takes so little time that once would hardly ever cut one off. */
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
