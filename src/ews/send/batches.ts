import { utf8Length } from '../../core/text.ts';
import type { Note, Place } from '../../transport/contract.ts';
import { messageXml } from '../operations/create-item.ts';
import type { MessageClasses } from './message-classes.ts';

/** Notes that go out in one request. */
export interface Batch {
  /** Of each note, its index among the notes that were handed over. */
  readonly positions: readonly number[];
  /** The notes as they are sent: under the class that the server takes. */
  readonly notes: readonly Note[];
  /** The notes as XML. */
  readonly items: readonly string[];
  readonly place: Place;
  /** How often these notes were refused for something that has been changed since. */
  readonly refusals: number;
}

/**
 * Cuts notes into requests, in order: by count, by bytes as written, and where the place changes, so that a request never
 * holds notes of two mailboxes. At least one note each.
 */
export function* batchesOf(
  notes: readonly Note[],
  { batchSize, maxBytes, classes }: { readonly batchSize: number; readonly maxBytes: number; readonly classes: MessageClasses },
): Generator<Batch, void, undefined> {
  let items: string[] = [];
  let sent: Note[] = [];
  let bytes = 0;
  const batchUpTo = (end: number, place: Place): Batch => ({
    positions: sent.map((_, at) => end - sent.length + at),
    notes: sent,
    items,
    place,
    refusals: 0,
  });
  for (const [at, given] of notes.entries()) {
    let note = underClass(given, classes);
    let item = messageXml(note);
    const size = utf8Length(item);
    const first = sent[0];
    const full = items.length >= batchSize || bytes + size > maxBytes;
    if (first !== undefined && (full || !samePlace(first.place, note.place))) {
      yield batchUpTo(at, first.place);
      items = [];
      sent = [];
      bytes = 0;
      // Meanwhile the server may have refused its class.
      if (note.messageClass !== classes.of(note.messageClass)) {
        note = underClass(given, classes);
        item = messageXml(note);
      }
    }
    items.push(item);
    sent.push(note);
    bytes += size;
  }
  const first = sent[0];
  if (first !== undefined) yield batchUpTo(notes.length, first.place);
}

/** The two halves of a batch, in order: how a note that the server refuses together with its neighbours is found. */
export function halvesOf(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.notes.length / 2);
  return [cut(batch, (at) => at < middle), cut(batch, (at) => at >= middle)];
}

/** The notes of a batch that were refused for something that has been changed since. */
export function refusedOf(batch: Batch, refused: (at: number) => boolean, classes: MessageClasses): Batch {
  const part = cut(batch, refused);
  const notes = part.notes.map((note) => underClass(note, classes));
  return { ...part, notes, items: notes.map(messageXml), refusals: batch.refusals + 1 };
}

function cut(batch: Batch, keeps: (at: number) => boolean): Batch {
  return {
    positions: batch.positions.filter((_, at) => keeps(at)),
    notes: batch.notes.filter((_, at) => keeps(at)),
    items: batch.items.filter((_, at) => keeps(at)),
    place: batch.place,
    refusals: batch.refusals,
  };
}

function underClass(note: Note, classes: MessageClasses): Note {
  const messageClass = classes.of(note.messageClass);
  return messageClass === note.messageClass ? note : { ...note, messageClass };
}

function samePlace(a: Place, b: Place): boolean {
  return a.folder === b.folder && a.mailbox === b.mailbox && a.endpoint === b.endpoint;
}
