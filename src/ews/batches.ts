import type { Note, Place } from '../transport.ts';
import { messageXml } from './create-item.ts';

/** Notes that go out in one request. */
export interface Batch {
  /** Index of the first one among the notes that were handed over. */
  readonly start: number;
  readonly notes: readonly Note[];
  /** The notes as XML. */
  readonly items: readonly string[];
  readonly place: Place;
}

const encoder = new TextEncoder();

/** Cuts notes into requests, in order: by count, by bytes as written, and where the place changes. At least one note each. */
export function* batchesOf(notes: readonly Note[], batchSize: number, maxBytes: number): Generator<Batch, void, undefined> {
  let start = 0;
  let items: string[] = [];
  let bytes = 0;
  for (const [at, note] of notes.entries()) {
    const item = messageXml(note);
    const size = encoder.encode(item).length;
    const first = notes[start];
    const full = items.length >= batchSize || bytes + size > maxBytes;
    if (first !== undefined && items.length > 0 && (full || !samePlace(first.place, note.place))) {
      yield { start, notes: notes.slice(start, at), items, place: first.place };
      start = at;
      items = [];
      bytes = 0;
    }
    items.push(item);
    bytes += size;
  }
  const first = notes[start];
  if (first !== undefined) yield { start, notes: notes.slice(start), items, place: first.place };
}

/** The two halves of a batch, in order: how a note that the server refuses together with its neighbours is found. */
export function halvesOf(batch: Batch): readonly [Batch, Batch] {
  const { start, notes, items, place } = batch;
  const middle = Math.ceil(notes.length / 2);
  return [
    { start, notes: notes.slice(0, middle), items: items.slice(0, middle), place },
    { start: start + middle, notes: notes.slice(middle), items: items.slice(middle), place },
  ];
}

function samePlace(a: Place, b: Place): boolean {
  return a.folder === b.folder && a.mailbox === b.mailbox && a.endpoint === b.endpoint;
}
