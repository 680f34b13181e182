import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { utf8Length } from '../../core/text.ts';
import type { DeliverOptions, Note, Place } from '../../transport/contract.ts';
import type { EwsCall } from '../client/reply.ts';
import { messageXml } from '../operations/create-item.ts';
import { ruleOfError } from '../outcome/response-codes.ts';

/** Notes that go out in one request. */
export interface Batch {
  /** The index of each note among the notes of the delivery. */
  readonly positions: readonly number[];
  /** The notes as they are sent: under the class that the server accepts. */
  readonly notes: readonly Note[];
  /** The notes as XML. */
  readonly items: readonly string[];
  readonly place: Place;
  /** The folder of the copies when it was sent; undefined before. */
  readonly folder?: string;
  /** How many times these notes were refused, and changed since. */
  readonly refusals: number;
}

/**
 * How many notes a request carries. A server that returned a fault for several may have sent some of them, and their copies
 * then prove nothing (copies of sent and of unsent notes look the same): from then on each note goes alone, so that a fault
 * concerns only that note.
 */
export class RequestSize {
  #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get most(): number {
    return this.#most;
  }

  /** A fault left `notes` notes of one request unknown. */
  faulted(notes: number): void {
    if (notes > 1) this.#most = 1;
  }
}

/** The bytes of a request, counted only if they could be too many: counting scans each note once more. */
class RequestBytes {
  readonly #most: number;
  /** Not counted yet. */
  #items: string[] = [];
  #counted = 0;
  /** An upper bound, counted ones included: a UTF-16 unit takes at most three bytes. */
  #bound = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether there is room for one more. */
  takes(item: string): boolean {
    if (this.#bound + 3 * item.length <= this.#most) return true;
    for (const one of this.#items) this.#counted += utf8Length(one);
    this.#items = [];
    this.#bound = this.#counted;
    return this.#counted + utf8Length(item) <= this.#most;
  }

  add(item: string): void {
    this.#items.push(item);
    this.#bound += 3 * item.length;
  }

  clear(): void {
    this.#items = [];
    this.#counted = 0;
    this.#bound = 0;
  }
}

/** Maps a message class to the one that the server accepts. */
export interface ClassMap {
  of(messageClass: string): string;
}

/**
 * Splits notes into requests, in order: by count, by bytes as written, and where the place changes, so that a request never
 * holds notes of two mailboxes. Each has at least one note.
 */
export function* batchesOf(
  notes: readonly Note[],
  { batchSize, maxBytes, classes }: { readonly batchSize: number; readonly maxBytes: number; readonly classes: ClassMap },
): Generator<Batch, void, undefined> {
  let items: string[] = [];
  let sent: Note[] = [];
  const size = new RequestBytes(maxBytes);
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
    const first = sent[0];
    const full = items.length >= batchSize || !size.takes(item);
    if (first !== undefined && (full || !samePlace(first.place, note.place))) {
      yield batchUpTo(at, first.place);
      items = [];
      sent = [];
      size.clear();
      // The server may have refused its class meanwhile.
      if (note.messageClass !== classes.of(note.messageClass)) {
        note = underClass(given, classes);
        item = messageXml(note);
      }
    }
    items.push(item);
    sent.push(note);
    size.add(item);
  }
  const first = sent[0];
  if (first !== undefined) yield batchUpTo(notes.length, first.place);
}

/** The two halves of a batch, in order: to find the note for which the server refuses the whole request. */
export function halvesOf(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.notes.length / 2);
  return [partOf(batch, (at) => at < middle), partOf(batch, (at) => at >= middle)];
}

/** Some notes of a batch, in order. */
export function partOf(batch: Batch, keeps: (at: number) => boolean): Batch {
  return {
    ...batch,
    positions: batch.positions.filter((_, at) => keeps(at)),
    notes: batch.notes.filter((_, at) => keeps(at)),
    items: batch.items.filter((_, at) => keeps(at)),
  };
}

/** The notes of a refused batch in their changed form. */
export function refusedOnce(batch: Batch, classes: ClassMap): Batch {
  const notes = batch.notes.map((note) => underClass(note, classes));
  const { positions, place, refusals } = batch;
  return { positions, notes, items: notes.map(messageXml), place, refusals: refusals + 1 };
}

function underClass(note: Note, classes: ClassMap): Note {
  const messageClass = classes.of(note.messageClass);
  return messageClass === note.messageClass ? note : { ...note, messageClass };
}

function samePlace(a: Place, b: Place): boolean {
  return a.folder === b.folder && a.mailbox === b.mailbox && a.endpoint === b.endpoint;
}

/** What all requests of a delivery share. */
export type SendOptions = DeliverOptions & Pick<EwsCall, 'looks'>;

/**
 * A property of a request that a server may refuse before it processes any note, and that has another form: the folder of
 * the copy, the message class. The client itself negotiates the schema version.
 */
export interface Negotiation {
  /**
   * Called with notes that were refused for the same reason, none of which was processed. Returns those that can be sent in
   * another form; `undefined` if `error` is about something else, or no other form is left.
   */
  refused(batch: Batch, error: OfflineImError, options: SendOptions): Batch | undefined | Promise<Batch | undefined>;
}

/**
 * The message classes that an endpoint accepts. Some servers refuse to create an item whose class is not below `IPM.Note`
 * (`ErrorObjectTypeChanged`); a class refused once is replaced by the fallback class from then on.
 */
export class MessageClasses implements Negotiation {
  readonly #fallback: string | undefined;
  /** Lower case: classes are case-insensitive. */
  readonly #refused = new Set<string>();

  constructor(fallback: string | undefined) {
    this.#fallback = fallback;
  }

  /** The class to send under. */
  of(messageClass: string): string {
    return this.#fallback !== undefined && this.#refused.has(messageClass.toLowerCase()) ? this.#fallback : messageClass;
  }

  /** The notes that can still use the fallback class. */
  refused(batch: Batch, error: OfflineImError): Batch | undefined {
    const fallback = this.#fallback?.toLowerCase();
    if (fallback === undefined || ruleOfError(error).negotiates !== 'class') return undefined;
    const isOther = (at: number): boolean => batch.notes[at]?.messageClass.toLowerCase() !== fallback;
    const part = partOf(batch, isOther);
    for (const { messageClass } of part.notes) this.#refused.add(messageClass.toLowerCase());
    return part.notes.length === 0 ? undefined : part;
  }
}
