import { systemClock } from '../../src/core/clock.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { claimRequest, newEntry, text } from './entries.ts';

/** Accepts every note at once. */
export const nowhere: Transport = {
  name: 'nowhere',
  deliver: async (notes) => notes.map(({ messageClass }) => ({ status: 'delivered', messageClass })),
  probe: async (notes) => notes.map(() => ({ status: 'absent' })),
  placeOf: ({ address }) => ({ endpoint: 'https://mail.contoso.com', mailbox: address, folder: 'history' }),
};

/** What a host does with a spool: `send()` with gate, classification and all; and what the spooler does: claims and settles. */
export class Ours {
  readonly sender: OfflineImSender;
  readonly spool: SpoolStorage;
  #sent = 0;

  private constructor(spool: SpoolStorage, transport: Transport) {
    this.spool = spool;
    this.sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com', displayName: 'Alice Example' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool,
      transport,
      pickupDelay: 0,
    });
  }

  static async open(spool: SpoolStorage, transport: Transport = nowhere): Promise<Ours> {
    await spool.open({ clock: systemClock, tombstones: 86_400_000 });
    return new Ours(spool, transport);
  }

  /** So many messages wait, each in a conversation of its own, of these mailboxes in turn. */
  async fill(waiting: number, lanes?: readonly string[]): Promise<void> {
    for (let left = waiting; left > 0; left -= 1_000) {
      const entries = Array.from({ length: Math.min(1_000, left) }, (_, index) => newEntry(lanes?.[index % lanes.length]));
      await this.spool.append(entries);
    }
  }

  async send(): Promise<void> {
    this.#sent += 1;
    await this.sender.send({ to: `Bob Example <sip:user-${this.#sent}@contoso.com>`, text });
  }

  async append(): Promise<void> {
    await this.spool.append([newEntry()]);
  }

  /** One message a note; the next claim begins once the last is settled. */
  async drain(count: number, group: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const notes = await this.spool.claim(claimRequest(Math.min(group, left)));
      if (notes.length === 0) throw new Error('Nothing is due.');
      await this.spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
      left -= notes.length;
    }
  }

  /** The sender delivers by itself, until so many are delivered; it goes on with what else waits until it is closed. */
  async deliver(count: number): Promise<void> {
    let left = count;
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (): void => {
      left -= 1;
      if (left === 0) resolve();
    };
    this.sender.on('message:delivered', listener);
    await this.sender.start();
    await promise;
    this.sender.off('message:delivered', listener);
  }

  async close(): Promise<void> {
    await this.sender.stop();
    await this.spool.close();
  }
}
