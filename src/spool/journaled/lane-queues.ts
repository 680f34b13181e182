import { leftOutBy } from '../../core/joined.ts';
import { DueQueue } from '../../core/queues.ts';
import type { LaneFilter } from '../contract.ts';
import { type EntryFixed, type EntryRecord, holdsPlace, streamKey, turnAt } from '../state/records.ts';

/** How many empty lanes keep their turn: more than can be at work at a time. */
const mostEmptied = 4_096;

/** A lane in which something waits. */
interface Lane {
  readonly queue: DueQueue;
  servedAt: number;
  /** Orders lanes that were served at the same time. */
  rank: number;
}

/**
 * The streams or notes that wait, by lane and due time. Due lanes come in the order in which they were last served, so that none with much to do starves the others. A claim
 * never visits a lane that is not due, nor those of a long list of lanes to leave out: they stand apart until another list is given.
 */
export class LaneQueues {
  readonly #lanes = new Map<string, Lane>();
  /** Lanes by their turn. */
  readonly #turns = new DueQueue();
  /** Lanes that are left out, by their turn. */
  readonly #apart = new DueQueue();
  /** When empty lanes were last served: what was at work in them comes back to the turn that they had. The latest come last. */
  readonly #emptied = new Map<string, Pick<Lane, 'servedAt' | 'rank'>>();
  #leftOut: readonly ReadonlySet<string>[] = [];
  /** Visited by the claim that is at work. */
  readonly #met = new Set<string>();
  #ranks = 0;
  #lastServedAt = Number.NEGATIVE_INFINITY;
  #visits = 0;

  /** How many lanes were visited so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Puts a key, or moves it; `undefined` removes it. */
  set(name: string, key: string, at: number | undefined): void {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      if (at === undefined) return;
      const { servedAt, rank } = this.#emptied.get(name) ?? { servedAt: Number.NEGATIVE_INFINITY, rank: 0 };
      this.#emptied.delete(name);
      lane = { queue: new DueQueue(), servedAt, rank };
      this.#lanes.set(name, lane);
    }
    // Most have left it by the time they are removed: the claim took them.
    if (lane.queue.set(key, at)) this.#setTurn(name, lane);
  }

  get(name: string): DueQueue | undefined {
    return this.#lanes.get(name)?.queue;
  }

  /** Lanes in which something is due by then, those served longest ago first, each once. */
  *inTurn(by: number, filter?: LaneFilter): Iterable<string> {
    if (by < this.#lastServedAt) this.#forgetServed();
    try {
      yield* filter !== undefined && 'only' in filter ? this.#named(by, filter.only) : this.#others(by, filter?.except ?? []);
    } finally {
      const met = [...this.#met];
      this.#met.clear();
      for (const name of met) {
        const lane = this.#lanes.get(name);
        if (lane !== undefined) this.#setTurn(name, lane);
      }
    }
  }

  /** Puts a lane behind the others: it was served. */
  served(name: string, now: number): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    this.#ranks += 1;
    this.#lastServedAt = now;
    lane.servedAt = now;
    lane.rank = this.#ranks;
    this.#setTurn(name, lane);
  }

  /** The earliest due time of those lanes. */
  earliest(filter?: LaneFilter): number | undefined {
    if (filter === undefined) return least(this.#dueOf(this.#turns.peekKey()), this.#dueOf(this.#apart.peekKey()));
    for (const name of this.inTurn(Number.POSITIVE_INFINITY, filter)) return this.#dueOf(name);
    return undefined;
  }

  *#named(by: number, names: readonly string[]): Iterable<string> {
    const due = new DueQueue();
    for (const name of names) {
      this.#visits += 1;
      const lane = this.#lanes.get(name);
      if (lane !== undefined) due.set(name, turnAt(lane.queue.peek(), lane.servedAt), lane.rank);
    }
    for (let name = due.take(by); name !== undefined; name = due.take(by)) {
      this.#met.add(name);
      yield name;
    }
  }

  *#others(by: number, except: readonly string[]): Iterable<string> {
    const { long, short } = leftOutBy(except);
    this.#setApart(long);
    for (let name = this.#turns.take(by); name !== undefined; name = this.#turns.take(by)) {
      this.#visits += 1;
      this.#met.add(name);
      const lane = name;
      if (!short.some((set) => set.has(lane))) yield name;
    }
  }

  /** Forgets when lanes were served: the clock was set back while the spool was closed. */
  #forgetServed(): void {
    this.#lastServedAt = Number.NEGATIVE_INFINITY;
    this.#emptied.clear();
    for (const [name, lane] of this.#lanes) {
      lane.servedAt = Number.NEGATIVE_INFINITY;
      this.#setTurn(name, lane);
    }
  }

  /** Leaves out those lanes from now on, and no others. */
  #setApart(leftOut: readonly ReadonlySet<string>[]): void {
    const before = this.#leftOut;
    if (leftOut.length === before.length && leftOut.every((set, index) => set === before[index])) return;
    this.#leftOut = leftOut;
    for (const set of before.filter((one) => !leftOut.includes(one))) {
      for (const name of set) if (!isIn(leftOut, name)) this.#changeSides(name, this.#apart);
    }
    for (const set of leftOut.filter((one) => !before.includes(one))) {
      for (const name of set) if (!isIn(before, name)) this.#changeSides(name, this.#turns);
    }
  }

  #changeSides(name: string, from: DueQueue): void {
    this.#visits += 1;
    from.set(name, undefined);
    const lane = this.#lanes.get(name);
    if (lane !== undefined) this.#setTurn(name, lane);
  }

  /** Updates the turn of a lane; drops it when nothing waits in it any more. */
  #setTurn(name: string, lane: Lane): void {
    if (this.#met.has(name)) return;
    const side = isIn(this.#leftOut, name) ? this.#apart : this.#turns;
    side.set(name, turnAt(lane.queue.peek(), lane.servedAt), lane.rank);
    if (lane.queue.size === 0) this.#drop(name, lane);
  }

  #drop(name: string, { servedAt, rank }: Lane): void {
    this.#lanes.delete(name);
    if (servedAt === Number.NEGATIVE_INFINITY) return;
    this.#emptied.set(name, { servedAt, rank });
    if (this.#emptied.size <= mostEmptied) return;
    for (const oldest of this.#emptied.keys()) {
      this.#emptied.delete(oldest);
      return;
    }
  }

  #dueOf(name: string | undefined): number | undefined {
    return name === undefined ? undefined : this.#lanes.get(name)?.queue.peek();
  }
}

/** The active entries of a stream. */
export interface Stream {
  readonly key: string;
  readonly lane: string;
  /** Ids in order. Most streams have one entry, for which a set would be large. */
  ids: string | Set<string> | undefined;
  /** The highest order that an entry of it has had. */
  highest: number;
  sorted: boolean;
}

/** An entry, and its stream while it has a place there: finding that by its key takes longer than all else. */
export interface Placed {
  record: EntryRecord;
  stream: Stream | undefined;
}

/** Active entries of each stream, in order. */
export class Streams {
  readonly #streams = new Map<string, Stream>();

  get(key: string): Stream | undefined {
    return this.#streams.get(key);
  }

  all(): Iterable<Stream> {
    return this.#streams.values();
  }

  of(key: string): Iterable<string> {
    const ids = this.#streams.get(key)?.ids;
    return typeof ids === 'string' ? [ids] : (ids ?? []);
  }

  /** Puts an entry in its place, if it has one by now. @param changed Collects the streams that it was in, and is in. */
  place(row: Placed, before: EntryRecord | undefined, changed?: Set<Stream>): void {
    const { fixed, status } = row.record;
    const known = row.stream;
    if (known !== undefined) changed?.add(known);
    if (!holdsPlace(status)) {
      if (known !== undefined) this.remove(known, fixed.id);
      row.stream = undefined;
    } else if (known === undefined || before?.status.order !== status.order) {
      row.stream = this.append(fixed, status.order);
      changed?.add(row.stream);
    }
  }

  /** Puts an entry at the end of its stream, or moves it there. @returns the stream */
  append(entry: Pick<EntryFixed, 'id' | 'lane' | 'audience' | 'conversationId'>, order: number): Stream {
    const { id, lane } = entry;
    const key = streamKey(entry);
    const known = this.#streams.get(key);
    const stream = known ?? { key, lane, ids: undefined, highest: order, sorted: true };
    if (known === undefined) this.#streams.set(key, stream);
    if (stream.ids === undefined || stream.ids === id) stream.ids = id;
    else {
      if (typeof stream.ids === 'string') stream.ids = new Set([stream.ids]);
      stream.ids.delete(id);
      stream.ids.add(id);
    }
    if (order < stream.highest) stream.sorted = false;
    else stream.highest = order;
    return stream;
  }

  remove(stream: Stream, id: string): void {
    if (stream.ids === id) stream.ids = undefined;
    else if (typeof stream.ids === 'object') stream.ids.delete(id);
  }

  /** Finds the first entry of a stream, and drops a stream without any. An entry that comes back to its old place, as in a restored copy, goes before those that came since. */
  head(stream: Stream, orderOf: (id: string) => number): string | undefined {
    if (typeof stream.ids === 'object' && !stream.sorted) {
      stream.ids = new Set([...stream.ids].sort((one, other) => orderOf(one) - orderOf(other)));
    }
    stream.sorted = true;
    if (typeof stream.ids === 'string') return stream.ids;
    for (const first of stream.ids ?? []) return first;
    this.#streams.delete(stream.key);
    return undefined;
  }
}

/** Entries by the tags of their attempts. */
export class Tags {
  readonly #ids = new Map<string, Set<string>>();

  of(tag: string): Iterable<string> {
    return this.#ids.get(tag) ?? [];
  }

  add(tag: string, id: string): void {
    const ids = this.#ids.get(tag);
    if (ids === undefined) this.#ids.set(tag, new Set([id]));
    else ids.add(id);
  }

  remove(tag: string, id: string): void {
    const ids = this.#ids.get(tag);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(tag);
  }
}

function isIn(sets: readonly ReadonlySet<string>[], name: string): boolean {
  return sets.some((set) => set.has(name));
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}
