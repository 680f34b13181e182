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
