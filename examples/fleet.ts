/**
 * A fleet of three processes on one spool in PostgreSQL: this one accepts and supervises, three workers deliver. A worker that dies is replaced, and what it had
 * claimed is probed in the mailbox before anybody sends it again.
 *
 * Settings: those of worker.ts. Each line on stdin is `{ "messageId": "…", "to": "sip:…", "text": "…" }`; the line is answered once its message is committed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender, type OutgoingMessage } from 'offline-im';
import { PostgresSpool } from 'offline-im/postgres';
import { Pool } from 'pg';

const { DATABASE_URL, EWS_URL = '', EWS_USERNAME = '', EWS_PASSWORD = '', PICKUP_DELAY } = process.env;
const size = 3;

const pool = new Pool({ connectionString: DATABASE_URL, max: 5, connectionTimeoutMillis: 10_000 });
pool.on('error', (error) => console.error(error.message));
const spool = new PostgresSpool({ pool });
await spool.migrate();

/** Accepts, and is never started: the workers deliver. */
const sender = new OfflineImSender({
  identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Fleet' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  spool,
  transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password: EWS_PASSWORD }) }),
  pickupDelay: PICKUP_DELAY === undefined ? undefined : Number(PICKUP_DELAY),
});

let stopping = false;
const workers = new Set<ChildProcess>();
function startWorker(): void {
  const worker = fork(new URL('worker.ts', import.meta.url), { stdio: 'inherit' });
  workers.add(worker);
  console.log(`worker ${worker.pid}`);
  worker.once('exit', (code, signal) => {
    workers.delete(worker);
    if (stopping) return;
    console.log(`worker ${worker.pid} ended (${signal ?? code})`);
    // Not at once: one that can't start would be tried without end.
    setTimeout(() => stopping || startWorker(), 1_000);
  });
}
for (let count = 0; count < size; count += 1) startWorker();

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  const ends = [...workers].map((worker) => once(worker, 'exit'));
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(ends);
  await sender.stop();
  await pool.end();
  lines.close();
  console.log('the fleet has stopped');
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());

const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  try {
    const { messageId, duplicate } = await sender.send(JSON.parse(line) as OutgoingMessage);
    console.log(`${duplicate ? 'known' : 'accepted'} ${messageId}`);
  } catch (error) {
    console.error(`refused: ${error instanceof OfflineImError ? error.code : 'no JSON'}`);
  }
}
