import { messageEndedSince } from '../state/derived.ts';
import type { EntryRecord } from '../state/records.ts';
import type { EndedKeys, EndedRecords, EndedStep, ListPlace } from './journal.ts';
import type { StateTable } from './state-table.ts';

/** How many messages that have ended stay in memory for a while: as many as end in one write. */
const kept = 256;

/**
 * The tombstones of a journal that keeps them out of memory. An operation takes in those that it may be about; they leave again as others come. A message is in memory
 * with all its entries or with none.
 */
export class EndedMemory {
  readonly #ended: EndedRecords | undefined;
  readonly #table: () => StateTable;

  /** @param ended `undefined`: all of them are in memory. */
  constructor(ended: EndedRecords | undefined, table: () => StateTable) {
    this.#ended = ended;
    this.#table = table;
  }

  /** Lets tombstones leave; called between operations. */
  shed(): void {
    if (this.#ended !== undefined) this.#table().shed(kept);
  }

  /** Takes in the tombstones with these keys. */
  async admit({ messages = [], entries = [], tags = [] }: EndedKeys): Promise<void> {
    if (this.#ended === undefined) return;
    const table = this.#table();
    const keys = {
      messages: messages.filter((id) => table.entriesOfMessage(id).length === 0),
      entries: entries.filter((id) => table.entry(id) === undefined),
      tags,
    };
    if (keys.messages.length + keys.entries.length + tags.length > 0) table.admit(await this.#ended.find(keys));
  }

  /** Reads those that are not in memory, some at a time, without those of `seen`. `between` runs its argument between other operations. */
  async *besides(
    seen: ReadonlySet<string>,
    between: <Read>(read: () => Promise<Read>) => Promise<Read>,
  ): AsyncIterable<readonly EntryRecord[]> {
    const reader = await between(async () => this.#ended?.read());
    if (reader === undefined) return;
    for (let some = await between(reader.next); some !== undefined; some = await between(reader.next)) {
      yield some.filter(({ fixed }) => !seen.has(fixed.id));
    }
  }

  /** Reads those after a place of the list, nearly in its order: all before the `rest` of a step have been read by then. */
  async *inOrder(
    seen: ReadonlySet<string>,
    after: ListPlace | undefined,
    between: <Read>(read: () => Promise<Read>) => Promise<Read>,
  ): AsyncIterable<EndedStep> {
    const reader = await between(async () => this.#ended?.inOrder(after));
    if (reader === undefined) return;
    for (let step = await between(() => reader.next()); step !== undefined; step = await between(() => reader.next())) {
      yield { ...step, records: step.records.filter(({ fixed }) => !seen.has(fixed.id)) };
    }
  }

  /** Takes in some messages with an entry whose time is over. `outlived`: such entries of an earlier message whose id a later one has. */
  async admitOver(over: number, most: number): Promise<{ readonly found: boolean; readonly outlived: readonly EntryRecord[] }> {
    const records = (await this.#ended?.over(over, most)) ?? [];
    await this.admit({ messages: [...new Set(records.map(({ fixed }) => fixed.messageId))] });
    const table = this.#table();
    const outlived: EntryRecord[] = [];
    for (const record of records) {
      const { id, messageId } = record.fixed;
      const ids = table.entriesOfMessage(messageId);
      const end = messageEndedSince(ids.flatMap((one) => table.entry(one)?.status ?? []));
      if (!ids.includes(id)) outlived.push(record);
      else if (end === undefined || end > over) this.#ended?.putOff(id, end ?? Number.POSITIVE_INFINITY);
    }
    return { found: records.length > 0, outlived };
  }
}
