/** Carries out what takes its time to prepare in the order in which it was asked for, key by key. */
export class TurnOrder {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Calls `act` when `prepared` is there and every earlier call of that key has acted or failed. */
  inOrder<Prepared, Result>(key: string, prepared: Promise<Prepared>, act: (prepared: Prepared) => Result): Promise<Result> {
    const before = this.#last.get(key);
    const result = (async () => {
      const [ready] = await Promise.allSettled([prepared, before]);
      if (ready.status === 'rejected') throw ready.reason;
      return act(ready.value);
    })();
    const done = result
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(key) === done) this.#last.delete(key);
      });
    this.#last.set(key, done);
    return result;
  }
}
