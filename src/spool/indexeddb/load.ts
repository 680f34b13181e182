import type { SpoolContext, SpooledMessage } from '../contract.ts';
import type { JournalContents, StoredNote } from '../journaled/journal.ts';
import { ShapeError } from '../journaled/json-shape.ts';
import { storedNote } from '../journaled/record-readers.ts';
import type { EntryRecord } from '../state/records.ts';
import { type StoreName, stores } from './database.ts';
import { isUnreadable, reading, resultOf, rowOrError, StorageError } from './requests.ts';
import { readEntry, readMessage } from './rows.ts';
import { type BadRow, setAside } from './set-aside.ts';
import type { IdbDatabase } from './web-types.ts';

/** Reads messages of entries. Sets aside one that can't be read with its entry, reports it, and leaves it out. */
export async function readMessages(
  database: IdbDatabase,
  of: { readonly name: string; readonly context: SpoolContext },
  records: readonly EntryRecord[],
): Promise<ReadonlyMap<string, SpooledMessage>> {
  const messages = new Map<string, SpooledMessage>();
  if (records.length === 0) return messages;
  const ids = records.map(({ fixed }) => fixed.id);
  const rows = await rowsById(database, stores.messages, ids);
  const bad: BadRow[] = [];
  for (const { fixed } of records) {
    const row = rows.get(fixed.id);
    const found = row instanceof StorageError ? row.message : readInto(messages, fixed, row);
    if (found !== undefined)
      bad.push({ store: stores.messages, key: fixed.id, found, ...(row instanceof StorageError ? {} : { value: row }) });
  }
  if (bad.length > 0) await setAsideWithEntries(database, of, bad);
  return messages;
}

/** Reads a message into the map; returns what is wrong with it, if anything. */
function readInto(messages: Map<string, SpooledMessage>, fixed: EntryRecord['fixed'], row: unknown): string | undefined {
  try {
    messages.set(fixed.id, readMessage(row, fixed));
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.message;
    throw error;
  }
}

/** Sets messages aside with their entries; the engine takes those out of their notes. A message without an entry was set aside before. */
async function setAsideWithEntries(
  database: IdbDatabase,
  of: { readonly name: string; readonly context: SpoolContext },
  bad: readonly BadRow[],
): Promise<void> {
  const entries = await rowsById(
    database,
    stores.entries,
    bad.map(({ key }) => key),
  );
  const known = bad.filter(({ key }) => entries.get(key) !== undefined);
  const along = known.map(({ key, found }): BadRow => ({ store: stores.entries, key, found, value: entries.get(key) }));
  await setAside(database, of, known, { along });
}

function rowsById(database: IdbDatabase, store: string, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  return reading(database, [store], async (tx) => {
    const rows = tx.objectStore(store);
    return new Map(await Promise.all(ids.map(async (id) => [id, await rowOrError(rows, id)] as const)));
  });
}

/** Reads a whole spool but its messages. Rows that can't be read are set aside; the engine decides what becomes of members without a note. */
export async function load(
  database: IdbDatabase,
  of: { readonly name: string; readonly context: SpoolContext },
): Promise<JournalContents> {
  const bad: BadRow[] = [];
  const entries = new Map<string, EntryRecord>();
  for (const [key, record] of await readAll(database, stores.entries, readEntry, bad)) {
    if (record.fixed.id === key) entries.set(key, record);
    else bad.push({ store: stores.entries, key, found: 'it is stored under the key of another one', value: record });
  }
  const notes: StoredNote[] = [];
  for (const [key, note] of await readAll(database, stores.notes, storedNote, bad)) {
    if (note.id !== key) bad.push({ store: stores.notes, key, found: 'it is stored under the key of another one', value: note });
    else if (note.entryIds.some((id) => isMember(note, entries.get(id)))) notes.push(note);
    else bad.push({ store: stores.notes, key, found: 'none of its members exists', value: note });
  }
  await setAside(database, of, bad);
  return { entries: [...entries.values()], notes };
}

function isMember(note: StoredNote, entry: EntryRecord | undefined): boolean {
  return entry !== undefined && entry.status.noteId === note.id && entry.status.state === note.state;
}

async function readAll<Value>(
  database: IdbDatabase,
  store: StoreName,
  reader: (row: unknown, where: string) => Value,
  bad: BadRow[],
): Promise<ReadonlyMap<string, Value>> {
  const read = new Map<string, Value>();
  for (const [key, row] of await allRows(database, store)) {
    if (typeof key !== 'string') continue;
    if (row instanceof StorageError) bad.push({ store, key, found: row.message });
    else {
      try {
        read.set(key, reader(row, 'the row'));
      } catch (error) {
        if (!(error instanceof ShapeError)) throw error;
        bad.push({ store, key, found: error.message, value: row });
      }
    }
  }
  return read;
}

/** Reads all rows at once; where the browser can't return one of them, one by one, with the error in its place. */
async function allRows(database: IdbDatabase, store: StoreName): Promise<readonly (readonly [key: unknown, row: unknown])[]> {
  try {
    return await reading(database, [store], async (tx) => {
      const rows = tx.objectStore(store);
      const [keys, values] = await Promise.all([resultOf(rows.getAllKeys()), resultOf(rows.getAll())]);
      return keys.map((key, index) => [key, values[index]] as const);
    });
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  const keys = await reading(database, [store], (tx) => resultOf(tx.objectStore(store).getAllKeys()));
  return await reading(database, [store], (tx) => {
    const rows = tx.objectStore(store);
    return Promise.all(keys.map(async (key) => [key, await rowOrError(rows, String(key))] as const));
  });
}
