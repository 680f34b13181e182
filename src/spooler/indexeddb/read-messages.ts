import type { SpoolContext, SpooledMessage } from '../../spool/contract.ts';
import { stores } from '../../spool/indexeddb/database.ts';
import { reading, rowOrError } from '../../spool/indexeddb/requests.ts';
import { readMessage } from '../../spool/indexeddb/rows.ts';
import { type BadRow, setAside } from '../../spool/indexeddb/set-aside.ts';
import type { IdbDatabase } from '../../spool/indexeddb/web-types.ts';
import { ShapeError } from '../../spool/journaled/json-shape.ts';
import type { EntryRecord } from '../../spool/state/records.ts';

/** Messages of entries. One that can't be read is set aside with its entry, reported, and left out. */
export async function readMessages(
  database: IdbDatabase,
  of: { readonly name: string; readonly context: SpoolContext },
  records: readonly EntryRecord[],
): Promise<ReadonlyMap<string, SpooledMessage>> {
  const messages = new Map<string, SpooledMessage>();
  if (records.length === 0) return messages;
  const ids = records.map(({ fixed }) => fixed.id);
  const rows = await rowsOf(database, stores.messages, ids);
  const bad: BadRow[] = [];
  for (const { fixed } of records) {
    const row = rows.get(fixed.id);
    const found = row instanceof Error ? row.message : readInto(messages, fixed, row);
    if (found !== undefined)
      bad.push({ store: stores.messages, key: fixed.id, found, ...(row instanceof Error ? {} : { value: row }) });
  }
  if (bad.length > 0) await setAsideWithEntries(database, of, bad);
  return messages;
}

/** What is wrong with it, if anything. */
function readInto(messages: Map<string, SpooledMessage>, fixed: EntryRecord['fixed'], row: unknown): string | undefined {
  try {
    messages.set(fixed.id, readMessage(row, fixed));
    return undefined;
  } catch (error) {
    if (error instanceof ShapeError) return error.message;
    throw error;
  }
}

/** What has no entry any more was set aside before; the engine takes the entry out of its note. */
async function setAsideWithEntries(
  database: IdbDatabase,
  of: { readonly name: string; readonly context: SpoolContext },
  bad: readonly BadRow[],
): Promise<void> {
  const entries = await rowsOf(
    database,
    stores.entries,
    bad.map(({ key }) => key),
  );
  const known = bad.filter(({ key }) => entries.get(key) !== undefined);
  const along = known.map(({ key, found }): BadRow => ({ store: stores.entries, key, found, value: entries.get(key) }));
  await setAside(database, of, known, { along });
}

function rowsOf(database: IdbDatabase, store: string, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  return reading(database, [store], async (tx) => {
    const rows = tx.objectStore(store);
    return new Map(await Promise.all(ids.map(async (id) => [id, await rowOrError(rows, id)] as const)));
  });
}
