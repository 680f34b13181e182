/**
 * Which shard a key belongs to: the one whose name scores highest with it (rendezvous hashing, Thaler and Ravishankar 1998). A shard that is added takes over
 * only what it scores highest for, and none of the others gives anything to another; nothing has to be remembered.
 */
export class Rendezvous {
  readonly #seeds: readonly (readonly [name: string, seed: number])[];

  constructor(names: readonly string[]) {
    this.#seeds = [...names].sort().map((name) => [name, hashOf(name, 0)]);
  }

  /** Always the same for the same names, in whatever order they are given. */
  of(key: string): string {
    let best = '';
    let highest = -1;
    for (const [name, seed] of this.#seeds) {
      const score = hashOf(key, seed);
      if (score > highest) {
        best = name;
        highest = score;
      }
    }
    return best;
  }
}

/**
 * 53 bits of two 32-bit multiplicative hashes (cyrb53's construction, finished like MurmurHash3). Synchronous, unlike WebCrypto's, and even enough: whoever chooses
 * mailboxes may choose their shard, and gains nothing by it. Stored nowhere, but every process of a fleet must compute the same: never change it.
 */
function hashOf(text: string, seed: number): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ (seed / 2 ** 21);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}
