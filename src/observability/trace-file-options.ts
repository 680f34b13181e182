import { resolve } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { loggedClock } from '../core/host-calls.ts';
import { byDefault, clockRule, filePath, oneOf, type ReadOptions, type RulesFor, readOptions, whole } from '../core/options.ts';

/** How serious a record is, least first. */
export const traceLevels = ['debug', 'info', 'warn', 'error'] as const;

/** How serious a record is. */
export type TraceLevel = (typeof traceLevels)[number];

/** Options of `traceFile()`. */
export interface TraceFileOptions {
  /**
   * The file to write. Earlier files are beside it as `path.1`, `path.2` and so on, the newest with the lowest number. Missing folders are created. Give each writer a
   * file of its own: two would rotate it away from each other.
   */
  readonly path: string;
  /**
   * How large a file may grow, in bytes, before the next one begins. A larger record gets a file of its own.
   * @default 10_485_760
   */
  readonly maxBytes?: number | undefined;
  /**
   * How many files are kept, including the current one. The trace takes at most about `maxBytes` times `maxFiles` on disk.
   * @default 5
   */
  readonly maxFiles?: number | undefined;
  /**
   * Records below this level are left out. Requests, claims and settlements are `debug`: without them the trace says what happened, but not why.
   * @default 'debug'
   */
  readonly level?: TraceLevel | undefined;
  /**
   * How many bytes may wait for the disk. Beyond that, records are dropped and counted, and the count is written (`trace:dropped`).
   * @default 4_194_304
   */
  readonly maxQueueBytes?: number | undefined;
  /** Whose wall clock the records show. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

const rules = {
  path: filePath('the path of a file'),
  maxBytes: byDefault(whole(1_024, Number.MAX_SAFE_INTEGER), 10 * 1024 * 1024),
  maxFiles: byDefault(whole(1, 1_000), 5),
  level: byDefault(oneOf(traceLevels), 'debug'),
  maxQueueBytes: byDefault(whole(1_024, 64 * 1024 * 1024), 4 * 1024 * 1024),
  clock: byDefault(clockRule(), systemClock),
} satisfies RulesFor<TraceFileOptions>;

/** Options that were checked. */
export type TraceFileSettings = ReadOptions<typeof rules>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export function traceFileSettings(options: TraceFileOptions): TraceFileSettings {
  const settings = readOptions('traceFile', options, rules);
  return { ...settings, clock: loggedClock(settings.clock), path: resolve(settings.path) };
}
