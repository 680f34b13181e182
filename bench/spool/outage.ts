import { join } from 'node:path';
import { FileSpool } from '../../src/file.ts';
import { MemorySpool, OfflineImError, OfflineImSender } from '../../src/index.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { PostgresServer } from '../../test/support/postgres-server.ts';
import type { Row } from '../table.ts';
import { text } from './entries.ts';
import { nowhere } from './ours.ts';
import { inFolder } from './temporary-folder.ts';

const mailboxes = 5_000;
const sends = 1_000;

/** Every mailbox is on a server that is down. */
const down: Transport = {
  ...nowhere,
  deliver: async (notes) =>
    notes.map(() => ({
      status: 'deferred',
      scope: 'endpoint',
      error: new OfflineImError('ENDPOINT_UNREACHABLE', 'No connection.'),
    })),
};

/** ms of CPU that a `send()` takes, one after the other; in a sender that delivers nothing, or knows of the outage by thousands of mailboxes. */
async function cpuOfSend(spool: SpoolStorage, outage: boolean): Promise<number> {
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com', displayName: 'Alice Example' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool,
    transport: down,
    pickupDelay: 0,
    retry: { initialDelay: 3_600_000, maxDelay: 3_600_000 },
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  const send = (index: number) =>
    sender.send({ from: { sip: `sip:user-${index % mailboxes}@contoso.com` }, to: `sip:bob-${index}@contoso.com`, text });
  await sender.sendMany([{ to: 'sip:bob@contoso.com', text }]);
  if (outage) {
    const unavailable = new Promise<void>((resolve) => sender.once('transport:unavailable', () => resolve()));
    await sender.start();
    await unavailable;
  }
  for (let index = 0; index < mailboxes; index += 100)
    await Promise.all(Array.from({ length: 100 }, (_, at) => send(index + at)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = process.cpuUsage();
  for (let index = 0; index < sends; index++) await send(mailboxes + index);
  const { user, system } = process.cpuUsage(before);
  await sender.stop();
  return (user + system) / 1_000 / sends;
}

/** What a message costs while the server of thousands of mailboxes is down. */
export function measureOutage(): Promise<readonly Row[]> {
  return inFolder(async (folder) => {
    const server = await PostgresServer.start({ fsync: true });
    const pool = server.pool();
    const spools: Readonly<Record<string, (name: string) => SpoolStorage>> = {
      MemorySpool: () => new MemorySpool(),
      SqliteSpool: (name) => new SqliteSpool({ path: join(folder, `${name}.db`) }),
      FileSpool: (name) => new FileSpool({ root: join(folder, name) }),
      PostgresSpool: (name) => new PostgresSpool({ pool, schema: name, migrate: true }),
    };
    const rows: Row[] = [];
    try {
      for (const [name, make] of Object.entries(spools)) {
        const bare = await cpuOfSend(make('bare'), false);
        const cpu = await cpuOfSend(make('outage'), true);
        rows.push({
          what: `${name}: extra CPU per send() with ${mailboxes} mailboxes whose server is down, ms`,
          figure: `${cpu.toFixed(3)} ms`,
          against: `the same without delivering (${bare.toFixed(3)} ms)`,
          reached: cpu - bare,
          goal: { atMost: 0.2 },
          why: 'while the server is down, its mailboxes are tried from time to time, and their messages are queued separately.',
        });
      }
    } finally {
      await pool.end();
      await server.close();
    }
    return rows;
  });
}
