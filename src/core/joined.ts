const parts = new WeakMap<readonly string[], readonly (readonly string[])[]>();

/**
 * One list of several, which remembers what it is made of: whoever has seen the long part before needs to look at the short ones only. None of them may be changed
 * afterwards. A name may come twice.
 */
export function joined(lists: readonly (readonly string[])[]): readonly string[] {
  const filled = lists.flatMap((list) => partsOf(list)).filter((list) => list.length > 0);
  const [first = [], ...others] = filled;
  if (others.length === 0) return first;
  const all = first.concat(...others);
  parts.set(all, filled);
  return all;
}

/** What a list was joined of; the list itself where it was not. */
export function partsOf(list: readonly string[]): readonly (readonly string[])[] {
  return parts.get(list) ?? [list];
}

/** What is made of each part of a list, once for as long as that part is kept: whoever passes the same long part again gets the very same again. */
export class PartMap<Made> {
  readonly #make: (part: readonly string[]) => Made;
  readonly #made = new WeakMap<readonly string[], Made>();

  constructor(make: (part: readonly string[]) => Made) {
    this.#make = make;
  }

  of(list: readonly string[]): readonly Made[] {
    return partsOf(list).map((part) => {
      let made = this.#made.get(part);
      if (made === undefined) {
        made = this.#make(part);
        this.#made.set(part, made);
      }
      return made;
    });
  }

  /** It is made anew when it is asked for again. */
  forget(part: readonly string[]): void {
    this.#made.delete(part);
  }
}

/** Bytes. */
const blockSize = 64 * 1024;

/**
 * What arrives in parts, as one. Every part is copied and let go: of a server that sends byte by byte a view of some hundred bytes
 * would otherwise be kept for each of them, far beyond any limit on the length.
 */
export class GatheredBytes {
  /** Most bodies are one part, which needs no copy. */
  #first: Uint8Array | undefined;
  /** All full but the last. */
  readonly #blocks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    if (this.#length === 0) {
      this.#first = part;
      this.#length = part.byteLength;
      return;
    }
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      this.#length = 0;
      this.#copy(first);
    }
    this.#copy(part);
  }

  whole(): Uint8Array {
    if (this.#first !== undefined) return this.#first;
    const whole = new Uint8Array(this.#length);
    for (const [index, block] of this.#blocks.entries()) {
      const at = index * blockSize;
      whole.set(block.subarray(0, this.#length - at), at);
    }
    return whole;
  }

  #copy(part: Uint8Array): void {
    for (let done = 0; done < part.byteLength; ) {
      const at = this.#length % blockSize;
      if (at === 0) this.#blocks.push(new Uint8Array(blockSize));
      const piece = part.subarray(done, done + blockSize - at);
      this.#blocks.at(-1)?.set(piece, at);
      done += piece.byteLength;
      this.#length += piece.byteLength;
    }
  }
}
