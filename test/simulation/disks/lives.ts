/** The processes that use a disk, one at a time, and the operations at which they die. */
export class Lives {
  #life = 0;
  #left: number | undefined;
  #powerSeed: number | undefined;

  /** Starts a process; the returned function is called before each of its operations, and returns whether it is still alive. */
  begin(died: () => void): () => boolean {
    this.#life += 1;
    const life = this.#life;
    let alive = true;
    return () => {
      if (!alive || life !== this.#life) return false;
      if (this.#left === undefined || this.#left-- > 0) return true;
      this.#left = undefined;
      alive = false;
      died();
      return false;
    };
  }

  /** From now on, nothing the current process does has an effect. */
  end(): void {
    this.#life += 1;
  }

  dieAt(operation: number): void {
    this.#left = operation;
  }

  losePower(seed: number): void {
    this.#powerSeed = seed;
  }

  /** A planned death that no longer happens. */
  takeFaults(): { readonly powerSeed: number | undefined } {
    const powerSeed = this.#powerSeed;
    this.#left = undefined;
    this.#powerSeed = undefined;
    return { powerSeed };
  }
}
