import { availableParallelism, loadavg } from 'node:os';

/** How much slower this machine may be than an idle one, by the load per core. */
const pace = Math.min(3, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));

/** Whole ms, as options require: for a timeout that a test waits for, so it must be short, yet long enough for other requests to be answered. */
export function paced(ms: number): number {
  return Math.round(ms * pace);
}
