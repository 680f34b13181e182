import type { Pool } from 'pg';
import { systemClock } from '../../src/clock.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import { OfflineImSender } from '../../src/sender.ts';
import type { Transport } from '../../src/transport.ts';
import { claimRequest, newEntry } from '../sqlite/entries.ts';

const nowhere: Transport = {
  name: 'nowhere',
  deliver: async (notes) => notes.map(({ messageClass }) => ({ status: 'delivered', messageClass })),
  probe: async (notes) => notes.map(() => ({ status: 'absent' })),
  placeOf: ({ address }) => ({ endpoint: 'https://mail.contoso.com', mailbox: address, folder: 'history' }),
};

/** What a host does with a PostgresSpool: `send()` with gate, classification and all, and what the spooler does: claims and settles. */
export class OursOnPostgres {
  readonly #sender: OfflineImSender;
  readonly #spool: PostgresSpool;
  #sent = 0;

  private constructor(sender: OfflineImSender, spool: PostgresSpool) {
    this.#sender = sender;
    this.#spool = spool;
  }

  static async open(pool: Pool, waiting: number): Promise<OursOnPostgres> {
    const spool = new PostgresSpool({ pool });
    await spool.migrate();
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool,
      transport: nowhere,
      pickupDelay: 0,
    });
    await sender.counts();
    await spool.open({ clock: systemClock, tombstones: 86_400_000 });
    for (let left = waiting; left > 0; left -= 1_000) {
      await spool.append(Array.from({ length: Math.min(1_000, left) }, newEntry));
    }
    return new OursOnPostgres(sender, spool);
  }

  async send(): Promise<void> {
    this.#sent += 1;
    await this.#sender.send({
      to: `sip:user${this.#sent}@contoso.com`,
      text: 'Are you there? The meeting is in room four today.',
    });
  }

  async append(): Promise<void> {
    await this.#spool.append([newEntry()]);
  }

  /** One message a note; the next claim begins once the last is settled. */
  async drain(count: number, group: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const notes = await this.#spool.claim(claimRequest(Math.min(group, left)));
      if (notes.length === 0) throw new Error('Nothing is due.');
      await this.#spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
      left -= notes.length;
    }
  }

  async close(): Promise<void> {
    await this.#sender.stop();
  }
}
