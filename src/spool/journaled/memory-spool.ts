import type { SpooledMessage } from '../contract.ts';
import type { Journal, JournalChange } from './journal.ts';
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
  readonly checked = true;
  readonly #messages = new Map<string, SpooledMessage>();

  async open(): Promise<undefined> {}

  async write({ messages }: JournalChange): Promise<void> {
    for (const [id, message] of messages) {
      if (message === undefined) this.#messages.delete(id);
      else this.#messages.set(id, message);
    }
  }

  async read(records: Parameters<Journal['read']>[0]): Promise<ReadonlyMap<string, SpooledMessage>> {
    return new Map(
      records.flatMap(({ fixed }) => {
        const message = this.#messages.get(fixed.id);
        return message === undefined ? [] : [[fixed.id, message]];
      }),
    );
  }

  async close(): Promise<void> {}
}
