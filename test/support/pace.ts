import { availableParallelism, loadavg } from 'node:os';

/** How much later than a quiet machine this one may answer, by what waits for each of its cores. */
const pace = Math.min(3, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));

/** Whole ms, as options want them: for a limit that a test waits for, so that it has to be short, and within which others have to be answered. */
export function paced(ms: number): number {
  return Math.round(ms * pace);
}
