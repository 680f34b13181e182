import { resolve } from 'node:path';
import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';

/** How serious a record is, least first. */
export const traceLevels = ['debug', 'info', 'warn', 'error'] as const;

/** How serious a record is. */
export type TraceLevel = (typeof traceLevels)[number];

/** Options of `traceFile()`. */
export interface TraceFileOptions {
  /**
   * The file that is written. Earlier ones are beside it as `path.1`, `path.2` and so on, the newest with the lowest number. Folders that are missing are
   * made. One writer a file: two would rotate it away from each other.
   */
  readonly path: string;
  /**
   * How large a file grows before the next one is begun, in bytes. A single record that is larger gets a file of its own.
   * @default 10_485_760
   */
  readonly maxBytes?: number;
  /**
   * How many files are kept, the one being written included. So the trace takes at most about `maxBytes` times `maxFiles` on disk.
   * @default 5
   */
  readonly maxFiles?: number;
  /**
   * Records below this level are left out. Requests, claims and settlements are `debug`: without them the trace says what happened, but not why.
   * @default 'debug'
   */
  readonly level?: TraceLevel;
  /**
   * How much may wait for the disk, in bytes. Beyond it records are dropped, counted, and the count is written (`trace:dropped`).
   * @default 4_194_304
   */
  readonly maxQueueBytes?: number;
  /** Whose wall clock the records show. @default the machine's clock */
  readonly clock?: Clock;
}

/** Options that were checked. */
export type TraceFileSettings = Required<TraceFileOptions>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export function traceFileSettings(options: TraceFileOptions): TraceFileSettings {
  const { path, maxBytes = 10 * 1024 * 1024, maxFiles = 5, level = 'debug', maxQueueBytes = 4 * 1024 * 1024 } = options;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw invalid('path', path, 'the path of a file');
  if (!traceLevels.includes(level)) throw invalid('level', level, traceLevels.join(', '));
  return {
    path: resolve(path),
    maxBytes: whole('maxBytes', maxBytes, 1_024, Number.MAX_SAFE_INTEGER),
    maxFiles: whole('maxFiles', maxFiles, 1, 1_000),
    level,
    maxQueueBytes: whole('maxQueueBytes', maxQueueBytes, 1_024, 64 * 1024 * 1024),
    clock: options.clock ?? systemClock,
  };
}

function whole(option: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(option, value, `a whole number from ${least} to ${most}`);
}

function invalid(option: string, found: unknown, expected: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${option} is ${quoted(found)}; expected ${expected}.`, { details: { option } });
}
