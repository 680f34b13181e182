import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';
import type { EndedTotals, Journal } from './journal.ts';
import { type Reader, ShapeError } from './json-shape.ts';
import { entryRecord, message, storedNote } from './record-readers.ts';

/** What a journal gives back, checked record by record unless the journal has done so: what lies in a storage is hostile. */
export class ReadJournal {
  readonly #name: string;
  readonly #journal: Journal;
  #context: SpoolContext | undefined;
  #reports = 0;

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
  }

  async open(
    context: SpoolContext,
    lost: (error: unknown) => void,
  ): Promise<
    | {
        readonly entries: readonly EntryRecord[];
        readonly notes: readonly NoteRecord[];
        readonly ended?: EndedTotals | undefined;
      }
    | undefined
  > {
    this.#context = {
      ...context,
      onCorrupt: (report) => {
        this.#reports += 1;
        context.onCorrupt?.(report);
      },
    };
    const contents = await this.#journal.open(this.#context, lost);
    try {
      return (
        contents && {
          entries: this.#all('entry', contents.entries, entryRecord),
          notes: this.#all('note', contents.notes, storedNote),
          ended: contents.ended,
        }
      );
    } catch (error) {
      // Nobody else would let go of what it holds.
      await Promise.resolve(this.#journal.close()).catch(() => undefined);
      throw error;
    }
  }

  /** Messages of entries. `silent`: ids that the journal left out without a word to `onCorrupt`. */
  async read(
    records: readonly EntryRecord[],
  ): Promise<{ readonly messages: ReadonlyMap<string, SpooledMessage>; readonly silent: readonly string[] }> {
    const before = this.#reports;
    const found = await this.#journal.read(records);
    const all = this.#reports > before || records.every(({ fixed }) => found.has(fixed.id));
    const silent = all ? [] : records.map(({ fixed }) => fixed.id).filter((id) => !found.has(id));
    if (this.#journal.checked === true) return { messages: found as ReadonlyMap<string, SpooledMessage>, silent };
    const messages = new Map<string, SpooledMessage>();
    for (const [id, value] of found) {
      const read = this.#checked(value, message, `message ${id}`);
      if (read !== undefined) messages.set(id, read);
    }
    return { messages, silent };
  }

  reportMissing(entryId: string): void {
    this.#report(`message ${entryId}`, 'it is not there');
  }

  #all<Value>(kind: string, found: readonly unknown[], reader: Reader<Value>): readonly Value[] {
    if (this.#journal.checked === true) return found as readonly Value[];
    return found.flatMap((value, index) => this.#checked(value, reader, `${kind} ${index}`) ?? []);
  }

  #checked<Value>(value: unknown, reader: Reader<Value>, where: string): Value | undefined {
    try {
      return reader(value, 'it');
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      this.#report(where, error.message);
      return undefined;
    }
  }

  #report(where: string, found: string): void {
    const path = `${this.#name}/${where}`;
    const error = new OfflineImError('ENTRY_CORRUPT', `A record of the spool is of no use: ${found}.`, { details: { path } });
    this.#context?.onCorrupt?.({ where: path, error });
  }
}
