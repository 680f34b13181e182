/** Runs operations one after the other; each sees what the ones before it committed. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<Result>(operation: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything that was asked for so far is done. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Group commit: calls that arrive while another is at work are carried out together. */
export class GroupCommit<Item, Result> {
  #waiting: Waiting<Item, Result>[] = [];
  readonly #queue: SerialQueue;
  readonly #commit: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #most: number;

  /** @param commit One result an item. When it rejects for several items, each is tried alone. */
  constructor(queue: SerialQueue, most: number, commit: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#queue = queue;
    this.#most = most;
    this.#commit = commit;
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
    if (!(await this.#together(batch))) for (const one of batch) await this.#alone(one);
  }

  async #together(batch: readonly Waiting<Item, Result>[]): Promise<boolean> {
    try {
      const results = await this.#commit(batch.map(({ item }) => item));
      for (const [index, one] of batch.entries()) one.resolve(results[index] as Result);
      return true;
    } catch (error) {
      if (batch.length > 1) return false;
      batch[0]?.reject(error);
      return true;
    }
  }

  async #alone(one: Waiting<Item, Result>): Promise<void> {
    await this.#together([one]);
  }
}
