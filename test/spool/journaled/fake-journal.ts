import type { SpooledMessage } from '../../../src/spool/contract.ts';
import { type Journal, type JournalChange, type JournalContents, JournalError } from '../../../src/spool/journaled/journal.ts';
import { JournaledSpool } from '../../../src/spool/journaled/journaled-spool.ts';
import type { EntryRecord } from '../../../src/spool/state/records.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

/** Keeps messages in memory, and fails when a test says so. */
export class FakeJournal implements Journal {
  readonly messages = new Map<string, SpooledMessage>();
  readonly written: JournalChange[] = [];
  /** Ids of entries whose message was requested. */
  readonly asked: string[] = [];
  readonly forgotten: string[] = [];
  contents: JournalContents | undefined;
  /** The error of the next writes. */
  fails: (change: JournalChange) => 'no' | 'unknown' | undefined = () => undefined;

  async open(): Promise<JournalContents | undefined> {
    return this.contents;
  }

  async write(change: JournalChange): Promise<void> {
    const kept = this.fails(change);
    if (kept !== undefined) throw new JournalError(kept, new Error('ENOSPC'));
    this.written.push(change);
    for (const [id, message] of change.messages) {
      if (message === undefined) this.messages.delete(id);
      else this.messages.set(id, message);
    }
    for (const [id, entry] of change.entries) if (entry === undefined) this.forgotten.push(id);
  }

  async read(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, SpooledMessage>> {
    const ids = records.map(({ fixed }) => fixed.id);
    this.asked.push(...ids);
    return new Map(ids.flatMap((id) => (this.messages.has(id) ? [[id, this.messages.get(id) as SpooledMessage]] : [])));
  }

  async close(): Promise<void> {}
}

/** An open spool over a fake journal, with tombstones of an hour. */
export async function spoolOver(journal = new FakeJournal()) {
  const clock = new ManualClock();
  const spool = new JournaledSpool({ name: 'fake', durable: true, journal });
  await spool.open({ clock, tombstones: 3_600_000 });
  return { spool, journal, clock };
}
