import type { SpooledMessage } from '../contract.ts';
import { isTombstone } from '../state/records.ts';
import type { Transaction } from '../state/transaction.ts';
import type { Journal, JournalContents } from './journal.ts';
import { JournaledSpool } from './journaled-spool.ts';

/**
 * Keeps everything in this object: for tests, demos, and hosts that can lose what waits when the process ends.
 * Closed and opened again, it still has what it had.
 *
 * @example
 * ```ts
 * const sender = new OfflineImSender({ spool: new MemorySpool(), … });
 * ```
 */
export class MemorySpool extends JournaledSpool {
  constructor() {
    super({ name: 'memory', durable: false, journal: new MemoryJournal() });
  }
}

class MemoryJournal implements Journal {
  readonly #messages = new Map<string, SpooledMessage>();

  async open(): Promise<JournalContents | undefined> {
    return undefined;
  }

  async write(tx: Transaction, added: ReadonlyMap<string, SpooledMessage>): Promise<void> {
    for (const [id, message] of added) this.#messages.set(id, message);
    for (const [id, { status }] of tx.entries) if (isTombstone(status)) this.#messages.delete(id);
  }

  async read(records: Parameters<Journal['read']>[0]): Promise<ReadonlyMap<string, SpooledMessage>> {
    return new Map(
      records.flatMap(({ fixed }) => {
        const message = this.#messages.get(fixed.id);
        return message === undefined ? [] : [[fixed.id, message]];
      }),
    );
  }

  async forget(): Promise<void> {}

  async close(): Promise<void> {}
}
