import { property } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import { type Line, RotatingFile } from './rotating-file.ts';
import type { Logger } from './trace.ts';
import {
  type TraceFileOptions,
  type TraceFileSettings,
  type TraceLevel,
  traceFileSettings,
  traceLevels,
} from './trace-file-options.ts';
import { recordLine } from './trace-record.ts';

/** A {@link Logger} that writes NDJSON to a file. `traceFile()` makes one. */
export interface TraceFile extends Logger {
  /** Resolves when everything logged so far is written, or can't be. Never rejects. */
  flush(): Promise<void>;
  /** The same, and ignores what is logged from then on. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The most bytes written at a time. */
const batchBytes = 256 * 1024;

/** ms until a disk that is full, or a path that can't be written, is tried again; doubles. */
const retry = { first: 1_000, cap: 60_000 };

/**
 * Makes a logger that writes the trace to a file: one JSON object per line, with `time` (ISO, UTC), `level`, `step` and the fields of the step. It is for
 * this library what the ETL log is for the product; docs/troubleshooting.md says how to read it.
 *
 * The file has the mode 0600, folders that it makes 0700; an existing one keeps its permissions. Logging never throws and never waits for the disk: records wait in
 * memory, up to `maxQueueBytes`, and are written in batches. A path that can't be written is reported once on the console, and tried again; what had to be dropped is
 * counted in a record of its own (`trace:dropped`). When the process is killed, the records of the last moments are missing and the last line may be torn;
 * before an orderly end, `close()` it.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * await using trace = traceFile({ path: '/var/log/my-bot/offline-im.ndjson', maxFiles: 3 });
 * const sender = new OfflineImSender({ logger: trace, … });
 * const transport = new EwsTransport({ logger: trace, … });
 * ```
 */
export function traceFile(options: TraceFileOptions): TraceFile {
  return new QueuedTraceFile(traceFileSettings(options));
}

class QueuedTraceFile implements TraceFile {
  readonly #settings: TraceFileSettings;
  readonly #file: RotatingFile;
  readonly #lowest: number;
  /** What waits, oldest first. */
  readonly #lines: Line[] = [];
  #queued = 0;
  #dropped = 0;
  #draining: Promise<void> | undefined;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(settings: TraceFileSettings) {
    this.#settings = settings;
    this.#file = new RotatingFile(settings);
    this.#lowest = traceLevels.indexOf(settings.level);
  }

  debug(fields: Readonly<Record<string, unknown>>, message?: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: Readonly<Record<string, unknown>>, message?: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: Readonly<Record<string, unknown>>, message?: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: Readonly<Record<string, unknown>>, message?: string): void {
    this.#log('error', fields, message);
  }

  async flush(): Promise<void> {
    // What fails twice in a row, the second time for this very call, can't be written now.
    await this.#draining;
    this.#sayDropped();
    if (this.#lines.length > 0) await this.#drain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
    clearTimeout(this.#timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #log(level: TraceLevel, fields: unknown, message: string | undefined): void {
    if (this.#closed || traceLevels.indexOf(level) < this.#lowest) return;
    // Before the record is built: whoever logs a million lines in one go pays for counting only.
    if (this.#queued >= this.#settings.maxQueueBytes) {
      this.#dropped += 1;
      return;
    }
    this.#sayDropped();
    this.#push(level, fields, message);
    if (this.#timer === undefined) void this.#drain();
  }

  #push(level: TraceLevel, fields: unknown, message?: string): void {
    const text = recordLine(this.#settings.clock.now(), level, fields, message);
    const bytes = Buffer.byteLength(text);
    this.#lines.push({ text, bytes });
    this.#queued += bytes;
  }

  /** Where they are missing, before what comes after them. */
  #sayDropped(): void {
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#push('warn', { step: 'trace:dropped', dropped });
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#write()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#draining = undefined;
        // Logged after the last look at the list, and before this.
        if (this.#lines.length > 0 && this.#failures === 0) void this.#drain();
      });
    return this.#draining;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // After this turn of the event loop: what is logged in one go is written in one go.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#lines.length > 0) {
      const { lines, error } = await this.#file.append(this.#lines, batchBytes);
      for (const { bytes } of this.#lines.splice(0, lines)) this.#queued -= bytes;
      if (error !== undefined) {
        this.#failed(error);
        return;
      }
      this.#failures = 0;
      if (this.#lines.length === 0) this.#sayDropped();
    }
  }

  /** What waits stays: the disk may have room again, or someone makes the folder. */
  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1) {
      const code = property(error, 'code');
      const text = `the trace file ${this.#settings.path} can't be written (${typeof code === 'string' ? code : 'no error code'}); it is retried, but records may be dropped.`;
      tell(() => console.warn(`offline-im: ${text}`));
    }
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#drain(), Math.min(retry.cap, retry.first * 2 ** Math.min(this.#failures - 1, 10)));
    this.#timer.unref();
  }
}
