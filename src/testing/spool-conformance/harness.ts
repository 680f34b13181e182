import type { Clock } from '../../core/clock.ts';
import type { SpoolStorage } from '../../spool/contract.ts';

/**
 * What {@link spoolConformance} works with: one storage, empty at first, and the hands on its clock.
 *
 * Every duration of the suite is a whole number of units. A storage that takes its time from the `Clock` it is opened with uses a
 * `ManualClock`; one whose own clock rules, such as a database, uses a small unit and lets `advance` wait.
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
  /** What the storage is opened with. */
  readonly clock: Clock;
  /** ms; with a clock that runs by itself longer than any single call to the storage takes. */
  readonly unit: number;
  /** Lets so much time pass by the storage's clock, and at most a unit more. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock forward or back while no other clock moves. Without it, leave the subject `wall clock` out. */
  jumpWall?(ms: number): Promise<void> | void;
  /** After a close: the same data as a process that has just started finds it, in a storage that is not open. */
  reopen(): Promise<SpoolStorage> | SpoolStorage;
  /** Closes the storage, where it is open, and removes what it kept. */
  dispose(): Promise<void>;
}

/** Makes one harness a test; none sees what another left. */
export type CreateSpoolHarness = () => Promise<SpoolHarness>;

/** The two functions that vitest, node:test, mocha and jest have in common. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}
