/**
 * A worker of a fleet: delivers what any process put into the spool in PostgreSQL. Run as many as you like, on as many machines: each note is claimed by one.
 * Settings by environment: DATABASE_URL, EWS_URL, EWS_USERNAME, EWS_PASSWORD or EWS_PASSWORD_FILE, POLL_INTERVAL and PICKUP_DELAY (ms).
 */
import { readFileSync } from 'node:fs';
import { basicAuth, EwsTransport, OfflineImSender } from 'offline-im';
import { PostgresSpool } from 'offline-im/postgres';
import { Pool } from 'pg';

const {
  DATABASE_URL,
  EWS_URL = '',
  EWS_USERNAME = '',
  EWS_PASSWORD = '',
  EWS_PASSWORD_FILE,
  POLL_INTERVAL,
  PICKUP_DELAY,
} = process.env;
const password = EWS_PASSWORD_FILE === undefined ? EWS_PASSWORD : readFileSync(EWS_PASSWORD_FILE, 'utf8').trimEnd();
const milliseconds = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

const pool = new Pool({ connectionString: DATABASE_URL, max: 5, connectionTimeoutMillis: 10_000 });
pool.on('error', (error) => console.error(error.message));

const sender = new OfflineImSender({
  identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Fleet' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  // Migrated once, before the first worker: by `npx offline-im migrate`, or here by a login that may create tables.
  spool: new PostgresSpool({ pool }),
  transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password }) }),
  pollInterval: milliseconds(POLL_INTERVAL),
  pickupDelay: milliseconds(PICKUP_DELAY),
});
sender.on('message:delivered', ({ messageId, attempt }) => console.log(`delivered ${messageId} at attempt ${attempt}`));
sender.on('message:dead', ({ messageId, code }) => console.error(`dead ${messageId}: ${code}`));
sender.on('lane:blocked', ({ lane, text }) => console.error(`blocked ${lane}: ${text}`));
await sender.start();
console.log('started');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await sender.stop({ timeout: 8_000 });
    await pool.end();
    console.log('stopped');
  });
}
