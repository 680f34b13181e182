import type { LaneFilter } from '../contract.ts';
import { laneFilter } from '../state/derived.ts';

interface Item {
  readonly key: string;
  readonly at: number;
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

  /** Puts a key, or moves it; `undefined` takes it out. */
  set(key: string, at: number | undefined): void {
    if (at === undefined) {
      this.#current.delete(key);
      return;
    }
    if (this.#current.get(key)?.at === at) return;
    const item: Item = { key, at };
    this.#current.set(key, item);
    this.#push(item);
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#current.size) this.#rebuild();
  }

  /** The earliest due time. */
  peek(): number | undefined {
    return this.#top()?.at;
  }

  /** Takes the earliest key out if it is due by then. */
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
      if (parent === undefined || parent.at <= item.at) break;
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
      if (right !== undefined && right.at < child.at) {
        child = right;
        childIndex += 1;
      }
      if (child.at >= last.at) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = [...this.#current.values()].sort((a, b) => a.at - b.at);
  }
}

/**
 * What waits, by lane and due time. Lanes come in the order in which they were last served, so that none with much to do starves
 * the others; a lane in which nothing waits any more is dropped.
 */
export class LaneQueues {
  readonly #queues = new Map<string, DueQueue>();

  /** Puts a key, or moves it; `undefined` takes it out. */
  set(lane: string, key: string, at: number | undefined): void {
    let queue = this.#queues.get(lane);
    if (queue === undefined) {
      if (at === undefined) return;
      queue = new DueQueue();
      this.#queues.set(lane, queue);
    }
    queue.set(key, at);
    if (queue.size === 0) this.#queues.delete(lane);
  }

  get(lane: string): DueQueue | undefined {
    return this.#queues.get(lane);
  }

  /** Lanes in which something waits, those that were served longest ago first. */
  lanes(filter?: LaneFilter): readonly string[] {
    return [...this.#queues.keys()].filter(laneFilter(filter));
  }

  /** That lane was served: the others come first. */
  served(lane: string): void {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return;
    this.#queues.delete(lane);
    this.#queues.set(lane, queue);
  }

  /** The earliest due time of those lanes. */
  earliest(filter?: LaneFilter): number | undefined {
    let earliest: number | undefined;
    for (const lane of this.lanes(filter)) {
      const at = this.#queues.get(lane)?.peek();
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }
}
