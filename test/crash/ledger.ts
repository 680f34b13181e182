/** One call of `send()`. */
interface Call {
  /** Sequence number among all calls; calls of one conversation come from one worker at a time, in order. */
  readonly position: number;
  readonly at: number;
}

type Said = 'sending' | 'accepted' | 'repeated' | 'refused' | 'unknown';

/** How many calls had each result; `cut`: interrupted by a kill. */
export interface Calls {
  readonly made: number;
  readonly refused: number;
  readonly unknown: number;
  readonly repeated: number;
  readonly cut: number;
}

/** The call, or the possible calls, that accepted a message. */
interface Acceptance {
  readonly positions: readonly number[];
  /** ms since 1970: when acceptance was reported or, if that was interrupted, the first call that may have been accepted. */
  readonly from: number;
}

/**
 * What workers report about their calls, one line each: `sending 7 <ms>` before, then `accepted` (new), `repeated` (kept before),
 * `refused` (nothing kept) or `unknown`; after a kill, nothing. This also gives the required order of messages that were sent
 * again.
 */
export class Ledger {
  readonly #said: Record<Said, number> = { sending: 0, accepted: 0, repeated: 0, refused: 0, unknown: 0 };
  /** Calls that may have kept a message, in order. */
  readonly #open = new Map<number, Call[]>();
  readonly #accepted = new Map<number, Acceptance>();
  readonly #contradicted: number[] = [];

  /** Accepted messages. */
  get size(): number {
    return this.#accepted.size;
  }

  get calls(): Calls {
    const { sending: made, accepted, repeated, refused, unknown } = this.#said;
    return { made, refused, unknown, repeated, cut: made - accepted - repeated - refused - unknown };
  }

  /** Messages found to be kept although every earlier call reported that it kept nothing, or there was none. */
  get contradicted(): readonly number[] {
    return this.#contradicted;
  }

  has(number: number): boolean {
    return this.#accepted.has(number);
  }

  acceptance(number: number): Acceptance | undefined {
    return this.#accepted.get(number);
  }

  /** Whether the line was one of these. */
  read(line: string): boolean {
    const [word = '', number, at] = line.split(' ', 3);
    if (!isSaid(word)) return false;
    const position = this.#said.sending;
    this.#said[word] += 1;
    const [message, when] = [Number(number), Number(at)];
    const calls = this.#open.get(message) ?? [];
    switch (word) {
      case 'sending':
        this.#open.set(message, [...calls, { position, at: when }]);
        break;
      case 'refused':
        this.#open.set(message, calls.slice(0, -1));
        break;
      case 'accepted':
        // Earlier calls kept nothing: it is new.
        this.#accepted.set(message, { positions: calls.slice(-1).map((call) => call.position), from: when });
        break;
      case 'repeated':
        this.#repeated(message, calls);
        break;
      case 'unknown':
        break;
    }
    return true;
  }

  #repeated(message: number, calls: readonly Call[]): void {
    const earlier = calls.slice(0, -1);
    if (earlier.length === 0) this.#contradicted.push(message);
    const possible = earlier.length === 0 ? calls : earlier;
    this.#accepted.set(message, { positions: possible.map(({ position }) => position), from: possible[0]?.at ?? 0 });
  }
}

function isSaid(word: string): word is Said {
  return word === 'sending' || word === 'accepted' || word === 'repeated' || word === 'refused' || word === 'unknown';
}
