/**
 * How many requests of a mailbox may be under way: halved by a server's "too many", raised again, slowly, by what goes well. Pure.
 */
export interface ConcurrencyLimit {
  /** Requests at a time, 1 and up. */
  readonly size: number;
  /** Notes delivered since it changed last. */
  readonly successes: number;
}

/** Notes that must be delivered before one more request is allowed. A server that throttles takes about 30 a minute. */
export const successesToGrow = 20;

/** Half as many at a time, and never none. */
export function shrink({ size }: ConcurrencyLimit): ConcurrencyLimit {
  return { size: Math.max(1, Math.floor(size / 2)), successes: 0 };
}

/** One more note was delivered. */
export function grow({ size, successes }: ConcurrencyLimit, most: number): ConcurrencyLimit {
  if (size >= most) return { size: most, successes: 0 };
  return successes + 1 < successesToGrow ? { size, successes: successes + 1 } : { size: size + 1, successes: 0 };
}
