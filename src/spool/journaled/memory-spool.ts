import { systemClock, Turns } from '../../core/clock.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
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
  readonly keeps = 'messages';
  readonly #messages = new Map<string, SpooledMessage>();

  /** Nothing here waits: many calls in a row would block the event loop. */
  #turns = new Turns(systemClock);

  async open({ clock }: SpoolContext): Promise<undefined> {
    this.#turns = new Turns(clock);
  }

  async write({ messages }: JournalChange): Promise<void> {
    for (const [id, message] of messages) {
      if (message === undefined) this.#messages.delete(id);
      else this.#messages.set(id, message);
    }
    await this.#turns.step();
  }

  async read(records: Parameters<Journal['read']>[0]): Promise<ReadonlyMap<string, SpooledMessage>> {
    const found = new Map<string, SpooledMessage>();
    for (const { fixed } of records) {
      const message = this.#messages.get(fixed.id);
      if (message !== undefined) found.set(fixed.id, message);
    }
    return found;
  }

  async close(): Promise<void> {}
}
