/** How waits between tries grow. */
export interface BackOff {
  /** ms at most after the first failure. */
  readonly first: number;
  /** ms at most ever. */
  readonly cap: number;
}

/**
 * The wait after `failures` failures (1 and up): full jitter, at the cap too, so that many who failed together don't come back together.
 *
 * @param random From 0 up to, not including, 1.
 */
export function backOff({ first, cap }: BackOff, failures: number, random: () => number): number {
  const most = Math.min(cap, first * 2 ** Math.min(failures - 1, 40));
  return Math.round(random() * most);
}

/** A server's own back-off is never undercut, but it can't put us off for longer than `cap`. */
export function obey(retryAfter: number | undefined, own: number, cap: number): number {
  const asked = retryAfter === undefined || !Number.isFinite(retryAfter) ? 0 : Math.min(Math.max(0, retryAfter), cap);
  return Math.max(asked, own);
}

/** The wait before the next probe, after so many: doubles, without jitter, since a probe only reads. */
export function probeDelay(
  { probeFirst, probeCap }: { readonly probeFirst: number; readonly probeCap: number },
  probes: number,
): number {
  return Math.min(probeCap, probeFirst * 2 ** Math.min(probes, 40));
}
