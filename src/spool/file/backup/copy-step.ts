import type { JournalChange, StoredNote } from '../../journaled/journal.ts';
import { type EntryRecord, isInNote, isTombstone } from '../../state/records.ts';
import type { Parts } from '../parts.ts';
import { readEntriesById } from '../read-files.ts';

/** Some entries of a spool, as two changes of an empty one: first each gets a file of its own, then its place. */
export type CopyStep = readonly [files: JournalChange, places: JournalChange];

/** Reads the messages of entries. What can't be read is set aside, and is no part of the copy. */
export async function copyStep(parts: Parts, records: readonly EntryRecord[], notes: readonly StoredNote[]): Promise<CopyStep> {
  const stored = await readEntriesById(
    parts,
    records.filter(({ status }) => !isTombstone(status)).map(({ fixed }) => fixed.id),
  );
  const files = { entries: new Map(), notes: new Map(), messages: new Map() } satisfies JournalChange;
  const places = { entries: new Map(), notes: new Map(), messages: new Map() } satisfies JournalChange;
  for (const record of records) {
    const { fixed, status } = record;
    const entry = stored.get(fixed.id);
    if (entry === undefined) {
      if (isTombstone(status)) places.entries.set(fixed.id, record);
      continue;
    }
    const moves = isInNote(status.state) || status.state === 'dead';
    // Of a member the file has an older status than the manifest; a dead one moves to its folder with a newer one.
    const own = !moves ? status : isInNote(status.state) ? entry.status : { ...status, rev: status.rev - 1 };
    files.entries.set(fixed.id, { fixed, status: own });
    files.messages.set(fixed.id, entry.message);
    if (moves) places.entries.set(fixed.id, record);
  }
  for (const note of notes) places.notes.set(note.id, note);
  return [files, places];
}
