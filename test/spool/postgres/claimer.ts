/**
 * A process that claims: `node test/spooler/postgres/claimer.ts '<ClaimerOptions as JSON>'`. Says `claimed <entry ids>` for every note. Drains: it
 * settles each as delivered and ends when nothing is left. Otherwise it holds what it has claimed until it gets a line, settles that as
 * deferred and says `lost <n>`.
 */
import { once } from 'node:events';
import { systemClock } from '../../../src/core/clock.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { type PostgresAddress, poolOn } from '../../support/postgres-server.ts';
import { claimRequest } from '../../support/spool-entries.ts';

export interface ClaimerOptions {
  readonly address: PostgresAddress;
  readonly schema: string;
  readonly drains: boolean;
  readonly lease: number;
}

const { address, schema, drains, lease } = JSON.parse(process.argv[2] ?? '{}') as ClaimerOptions;
const pool = poolOn(address);
const spool = new PostgresSpool({ pool, schema });
await spool.open({ clock: systemClock, tombstones: 60_000 });

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
let made = 0;
const request = claimRequest({ lease, limit: 7, newNoteId: () => `note-${process.pid}-${++made}` });

async function drain(): Promise<void> {
  for (;;) {
    const notes = await spool.claim(request);
    for (const note of notes) say(`claimed ${note.entries.map(({ id }) => id).join(' ')}`);
    await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
    const { spooled, delivering } = await spool.counts();
    if (spooled + delivering === 0) return;
  }
}

if (drains) await drain();
else {
  const notes = await spool.claim(request);
  for (const note of notes) say(`claimed ${note.entries.map(({ id }) => id).join(' ')}`);
  await once(process.stdin, 'data');
  const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
  const { lost } = await spool.settle(
    notes.map(({ token }) => ({ token, to: 'deferred', after: 0, failure: false, reason }) as const),
  );
  say(`lost ${lost.length}`);
}
await spool.close();
await pool.end();
process.exit(0);
