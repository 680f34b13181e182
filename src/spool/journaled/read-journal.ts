import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { isA, isArray, property } from '../../core/errors/thrown.ts';
import type { SpoolContext, SpooledMessage } from '../contract.ts';
import type { EntryRecord, NoteRecord } from '../state/records.ts';
import { type EndedTotals, failedError, type Journal, JournalError } from './journal.ts';
import { type Reader, ShapeError } from './json-shape.ts';
import { entryRecord, message, storedNote } from './record-readers.ts';

/** Calls a journal; whatever it fails with becomes an error of ours, which says that nothing was written. */
async function asked<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw coded(error);
  }
}

function coded(error: unknown): unknown {
  return isA(error, OfflineImError) || isA(error, JournalError) ? error : new JournalError('no', error);
}

/** Reads from a journal and checks it record by record, unless the journal has done so: the contents of a storage are hostile. */
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
    const own: SpoolContext = {
      ...context,
      onCorrupt: (report) => {
        this.#reports += 1;
        context.onCorrupt?.(report);
      },
    };
    this.#context = own;
    const contents = await asked(() => this.#journal.open(own, lost)).catch((error: unknown) => {
      throw this.#failed(error);
    });
    if (contents === undefined) return undefined;
    try {
      const [entries, notes]: unknown[] = [property(contents, 'entries'), property(contents, 'notes')];
      if (!isArray(entries) || !isArray(notes)) {
        const shown = quoted(isArray(entries) ? notes : entries);
        throw new TypeError(`open() of its journal resolved with ${shown}; expected { entries, notes }, each an array`);
      }
      return {
        entries: this.#all('entry', entries, entryRecord),
        notes: this.#all('note', notes, storedNote),
        ended: contents.ended,
      };
    } catch (error) {
      // Nobody else would release what it holds.
      await Promise.resolve(this.#journal.close()).catch(() => undefined);
      throw this.#failed(coded(error));
    }
  }

  #failed(error: unknown): unknown {
    return isA(error, JournalError) ? failedError(this.#name, error) : error;
  }

  /** Reads the messages of entries. `silent`: ids of missing messages when the journal made fewer reports to `onCorrupt` than there are. */
  async read(
    records: readonly EntryRecord[],
  ): Promise<{ readonly messages: ReadonlyMap<string, SpooledMessage>; readonly silent: readonly string[] }> {
    const before = this.#reports;
    const found = await this.#found(records);
    const missing = records.map(({ fixed }) => fixed.id).filter((id) => !found.has(id));
    // A report names no entry. Where there are too few, an entry is better reported twice than never.
    const silent = this.#reports - before < missing.length ? missing : [];
    if (this.#journal.checked === true) return { messages: found as ReadonlyMap<string, SpooledMessage>, silent };
    const messages = new Map<string, SpooledMessage>();
    for (const [id, value] of found) {
      const read = this.#checked(value, message, `message ${id}`);
      if (read !== undefined) messages.set(id, read);
    }
    return { messages, silent };
  }

  /** Makes a map of our own, unless the journal has checked it: it may resolve with anything. */
  async #found(records: readonly EntryRecord[]): Promise<ReadonlyMap<string, unknown>> {
    const found = await asked(() => this.#journal.read(records));
    if (this.#journal.checked === true) return found;
    try {
      // An empty list or nothing at all would make a map too, one in which every message is missing.
      if (typeof property(found, 'get') === 'function') return new Map(found);
    } catch {
      // It can't be read as one.
    }
    const text = `read() of its journal resolved with ${quoted(found)}; expected a Map by entry id`;
    throw new JournalError('no', new TypeError(text));
  }

  reportMissing(entryId: string): void {
    this.#report(`message ${entryId}`, 'it is missing');
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
    const error = new OfflineImError('ENTRY_CORRUPT', `A record of the spool is unusable: ${found}.`, { details: { path } });
    this.#context?.onCorrupt?.({ where: path, error });
  }
}
