import { expect, it } from 'vitest';
import { torture } from '../../crash/torture.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const fromEnvironment = (name: string, byDefault: number): number => Number(process.env[`OFFLINE_IM_FLEET_${name}`] ?? byDefault);
const messages = fromEnvironment('MESSAGES', 400);
const mailboxes = fromEnvironment('MAILBOXES', 20);
const kills = fromEnvironment('KILLS', 9);
const seed = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** ms; the workers' lease is 2,000, and what a stopped one had begun to write goes out when it wakes: before anyone takes it for absent. */
const beyondTheLease = 2_500;
const probeGrace = 1_500;

it(`three processes on one spool, killed, paused, cut off from a server that restarts: ${messages} messages of ${mailboxes} mailboxes, seed ${seed}`, {
  timeout: 120_000 + messages * 60,
}, async () => {
  const { host, port, user, password, database } = fixture.server.address;
  const { bodies: _, ...verdict } = await torture({
    spool: 'postgres',
    connectionString: `postgres://${user}:${password}@${host}:${port}/${database}`,
    kills,
    messages,
    workers: 3,
    mailboxes,
    seed,
    loss: 0.15,
    probeGrace,
    async disturb(kill, worker) {
      await worker.ready;
      if (kill % 10 === 3) await worker.pause(beyondTheLease);
      if (kill % 10 === 5) await fixture.server.restart();
      if (kill % 10 === 8) {
        await fixture.pool.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
        );
      }
      // A worker that woke, or lost its connections, goes on for a while before it is killed.
      if ([3, 5, 8].includes(kill % 10)) await new Promise((resolve) => setTimeout(resolve, 300));
    },
  });
  expect(verdict).toEqual({ accepted: messages, lost: [], twice: [], outOfOrder: [], drafts: 0, schemaErrors: [] });
});
