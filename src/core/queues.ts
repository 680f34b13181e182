/** How many files are open at a time: enough to keep the thread pool busy, few enough for any limit on open files. */
const filesAtOnce = 64;

/**
 * Runs `work` on every item, at most `most` at a time. After a failure it starts nothing more, and rejects with the first failure once the work in progress has ended, so
 * that the caller can clean up.
 */
export async function eachOf<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  most: number = filesAtOnce,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < queue.length && failures.length === 0) {
      const item = queue[next++] as Item;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, queue.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** Carries out actions in the order of the calls, per key, although their preparation may take different times. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Calls `act` when `prepared` has resolved and every earlier call with that key has acted or failed. */
  inOrder<Prepared, Result>(key: string, prepared: Promise<Prepared>, act: (prepared: Prepared) => Result): Promise<Result> {
    const before = this.#last.get(key);
    const result = before === undefined ? prepared.then(act) : after(before, prepared).then(act);
    const done: Promise<void> = result.then(
      () => this.#forget(key, done),
      () => this.#forget(key, done),
    );
    this.#last.set(key, done);
    return result;
  }

  #forget(key: string, done: Promise<unknown>): void {
    if (this.#last.get(key) === done) this.#last.delete(key);
  }
}

/** What was prepared, once `before` is over, too. */
async function after<Prepared>(before: Promise<unknown>, prepared: Promise<Prepared>): Promise<Prepared> {
  const [ready] = await Promise.allSettled([prepared, before]);
  if (ready.status === 'rejected') throw ready.reason;
  return ready.value;
}

/** Runs operations one after the other. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when every operation so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Group commit: calls that arrive while a commit is in progress are carried out together in the next. */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  readonly #queue: SerialQueue;
  readonly #commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #most: number;
  readonly #divisible: (error: unknown) => boolean;

  /**
   * @param commit Resolves with one result per item. If it rejects for several items, each is tried alone.
   * @param divisible Whether an error may concern a single item. Otherwise all waiting items are rejected, rather than each wait as long in vain.
   */
  constructor(
    queue: SerialQueue,
    most: number,
    commit: (items: readonly Item[]) => Promise<readonly Result[]>,
    divisible: (error: unknown) => boolean = () => true,
  ) {
    this.#queue = queue;
    this.#most = most;
    this.#commit = commit;
    this.#divisible = divisible;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length === 1) void this.#queue.run(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting.splice(0, this.#most);
    if (this.#waiting.length > 0) void this.#queue.run(() => this.#flush());
    try {
      await this.#carryOut(batch);
    } catch (error) {
      // Items that have their result keep it.
      for (const one of [...batch, ...this.#waiting.splice(0)]) one.reject(error);
    }
  }

  async #carryOut(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const results = await this.#commit(batch.map(({ item }) => item));
      for (const [index, one] of batch.entries()) one.resolve(results[index] as Result);
    } catch (error) {
      if (!this.#divisible(error)) throw error;
      if (batch.length === 1) batch[0]?.reject(error);
      else for (const one of batch) await this.#carryOut([one]);
    }
  }
}

interface Item {
  readonly key: string;
  readonly at: number;
  readonly rank: number;
}

function isBefore(one: Item, other: Item): boolean {
  return one.at < other.at || (one.at === other.at && one.rank < other.rank);
}

/**
 * A priority queue of keys by due time. Setting a key again leaves the old item in the heap, where it is skipped when it
 * comes up: cheaper than searching for it.
 */
export class DueQueue {
  readonly #current = new Map<string, Item>();
  #heap: Item[] = [];

  get size(): number {
    return this.#current.size;
  }

  /** All keys, in the order in which they were added. */
  keys(): Iterable<string> {
    return this.#current.keys();
  }

  /** Adds or moves a key; an `at` of `undefined` removes it. Returns false if that changes nothing. @param rank Of keys with the same time, the lower rank comes first. */
  set(key: string, at: number | undefined, rank = 0): boolean {
    if (at === undefined) return this.#current.delete(key);
    const before = this.#current.get(key);
    if (before?.at === at && before.rank === rank) return false;
    const item: Item = { key, at, rank };
    this.#current.set(key, item);
    this.#push(item);
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#current.size) this.#rebuild();
    return true;
  }

  /** The earliest due time. */
  peek(): number | undefined {
    return this.#top()?.at;
  }

  /** The earliest key. */
  peekKey(): string | undefined {
    return this.#top()?.key;
  }

  /** Removes and returns the earliest key if it is due by then. */
  take(by: number): string | undefined {
    const top = this.#top();
    if (top === undefined || top.at > by) return undefined;
    this.#pop();
    this.#current.delete(top.key);
    return top.key;
  }

  #top(): Item | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || this.#current.get(top.key) === top) return top;
      this.#pop();
    }
  }

  #push(item: Item): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(item, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = [...this.#current.values()].sort((a, b) => a.at - b.at || a.rank - b.rank);
  }
}

/** How many items of a long list are processed between two interruptions. */
export const sliceSize = 512;

/** Sorts a long list as `sort()` does, yielding now and then so that it can be interrupted. */
export function* sorting<Item>(list: Iterable<Item>, compare: (one: Item, other: Item) => number): Generator<undefined, Item[]> {
  const items = [...list];
  let runs: Item[][] = [];
  for (let from = 0; from < items.length; from += sliceSize) {
    runs.push(items.slice(from, from + sliceSize).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const longer: Item[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      longer.push(yield* merging(runs[index] ?? [], runs[index + 1] ?? [], compare));
    }
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merging<Item>(
  first: readonly Item[],
  second: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Generator<undefined, Item[]> {
  const merged: Item[] = [];
  let next = 0;
  for (const item of first) {
    for (let other = second[next]; next < second.length && compare(item, other as Item) > 0; other = second[next]) {
      merged.push(other as Item);
      next += 1;
      if (merged.length % sliceSize === 0) yield;
    }
    merged.push(item);
    if (merged.length % sliceSize === 0) yield;
  }
  for (; next < second.length; next += 1) merged.push(second[next] as Item);
  return merged;
}
