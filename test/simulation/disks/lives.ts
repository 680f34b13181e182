/** The processes that use a disk, one after the other, and which of their operations they die at. */
export class Lives {
  #life = 0;
  #left: number | undefined;
  #powerSeed: number | undefined;

  /** A process begins; the function returned is called before each of its operations, and says whether it still lives. */
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

  /** Whatever the process of the moment still does is in vain. */
  end(): void {
    this.#life += 1;
  }

  dieAt(operation: number): void {
    this.#left = operation;
  }

  losePower(seed: number): void {
    this.#powerSeed = seed;
  }

  /** What was planned, which does not happen any more. */
  takeFaults(): { readonly powerSeed: number | undefined } {
    const powerSeed = this.#powerSeed;
    this.#left = undefined;
    this.#powerSeed = undefined;
    return { powerSeed };
  }
}
