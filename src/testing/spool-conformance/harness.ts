import type { Clock } from '../../core/clock.ts';
import type { SpoolStorage } from '../../spool/contract.ts';

/**
 * What {@link spoolConformance} works with: one storage, empty at first, and control of its clock.
 *
 * Every duration in the suite is a whole number of units. Use a `ManualClock` for a storage that takes the time from the `Clock` it is
 * opened with. For one that uses its own clock, such as a database, choose a small unit and let `advance` wait.
 *
 * @example
 * ```ts
 * async function create(): Promise<SpoolHarness> {
 *   const clock = new ManualClock();
 *   const storage = new MemorySpool();
 *   return {
 *     storage,
 *     clock,
 *     unit: 30_000,
 *     advance: (ms) => clock.advance(ms),
 *     jumpWall: (ms) => clock.setWall(clock.now() + ms),
 *     reopen: () => storage,
 *     dispose: () => storage.close(),
 *   };
 * }
 * ```
 */
export interface SpoolHarness {
  /** Not open yet. */
  readonly storage: SpoolStorage;
  /** The clock that the storage is opened with. */
  readonly clock: Clock;
  /** ms. With a real clock, longer than any single call to the storage takes. */
  readonly unit: number;
  /** Lets this much time pass on the storage's clock, and at most one unit more. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward or back while no other clock moves. If you leave it out, skip the subject `wall clock`. */
  jumpWall?(ms: number): Promise<void> | void;
  /** Called after a close: returns a storage, not open yet, over the same data, as a newly started process would find it. */
  reopen(): Promise<SpoolStorage> | SpoolStorage;
  /** Closes the storage if it is open, and removes its data. */
  dispose(): Promise<void>;
}

/** Makes a new harness for each test, independent of all others. */
export type CreateSpoolHarness = () => Promise<SpoolHarness>;

/** The two functions that vitest, node:test, mocha and jest have in common. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}
