/**
 * How many requests of a mailbox may be under way: a window that a server's "too many" halves, and that what goes well opens
 * again, slowly. Pure.
 */
export interface Window {
  /** Requests at a time, 1 and up. */
  readonly size: number;
  /** Notes delivered since it changed last. */
  readonly successes: number;
}

/** Notes that must be delivered before the window grows by one. A server that throttles takes about 30 a minute. */
export const successesToGrow = 20;

/** Half as many at a time, and never none. */
export function shrink({ size }: Window): Window {
  return { size: Math.max(1, Math.floor(size / 2)), successes: 0 };
}

/** One note more was delivered. */
export function grow({ size, successes }: Window, most: number): Window {
  if (size >= most) return { size: most, successes: 0 };
  return successes + 1 < successesToGrow ? { size, successes: successes + 1 } : { size: size + 1, successes: 0 };
}
