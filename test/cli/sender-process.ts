/**
 * Run as its own process: `sender-process.ts KIND WHERE [stay]`. Fills a spool with a message of each kind; with `stay` its
 * sender runs until it is killed.
 */
import pg from 'pg';
import { systemClock } from '../../src/core/clock.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const [kind = '', where = '', stay] = process.argv.slice(2);

async function spoolOf(): Promise<SpoolStorage> {
  if (kind === 'file') return new FileSpool({ root: where });
  if (kind === 'sqlite') return new SqliteSpool({ path: where });
  const pool = new pg.Pool({ connectionString: where });
  pool.on('error', () => undefined);
  const spool = new PostgresSpool({ pool });
  await spool.migrate();
  return spool as SpoolStorage;
}

const transport = new FakeTransport();
transport.answer = () => ({
  status: 'rejected',
  scope: 'note',
  splittable: false,
  draft: 'none',
  error: new OfflineImError('EWS_ERROR', 'The server refused it.'),
});
const { sender } = aliceSends({
  spool: await spoolOf(),
  transport,
  clock: systemClock as never,
  random: Math.random,
  pickupDelay: 3_600_000,
  // No operator command has to wait for it.
  pollInterval: 3_600_000,
});
await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'dead' });
await sender.flush();
await sender.send({ to: 'sip:carol@contoso.com', text: 'hidden words', messageId: 'waits' });
await sender.send({ to: 'sip:dora@contoso.com', text: 'y', messageId: 'held' });
await sender.hold('held');
await sender.send({ to: 'sip:erin@contoso.com', text: 'z', messageId: 'cancelled' });
await sender.cancel('cancelled');
if (stay === 'stay') await sender.start();
else await sender.stop();
process.stdout.write('ready\n');
if (stay !== 'stay') process.exit(0);
