import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { jsonLines } from '../spool/disk/json-lines.ts';

/** A line of a trace file. */
export interface TraceRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether it concerns one of these messages, entries or notes. */
  concerns(ids: ReadonlySet<string>): boolean;
}

/** Bytes that identify a file's content: each record begins with its time. */
const looksBack = 1_024;

/** ms between two reads of `--follow`. */
const interval = 300;

/**
 * Reads a trace file from its beginning, and records added to it, until the signal aborts. Reads a rotated file to its end under its new name (`FILE.1`, `FILE.2` …), then
 * its successors, oldest first; reads a truncated file anew.
 */
export async function* followed(path: string, signal: AbortSignal): AsyncIterable<TraceRecord> {
  let file = await Followed.open(path);
  try {
    while (!signal.aborted) {
      yield* file?.added() ?? [];
      const next = file === undefined ? await Followed.open(path) : await file.next(path);
      if (next === undefined) {
        await wait(interval, undefined, { signal }).catch(() => undefined);
        continue;
      }
      // The file is complete now: these are its records since the read above.
      yield* file?.added() ?? [];
      await file?.close();
      file = next;
    }
  } finally {
    await file?.close();
  }
}

/** An open file, followed under any name that it gets. */
class Followed {
  readonly #handle: FileHandle;
  readonly #identity: string;
  #at = 0;
  #rest = '';
  /** The bytes before that place: a truncated file may have grown past it since. */
  #before = Buffer.alloc(0);
  #decoder = new TextDecoder();

  private constructor(handle: FileHandle, identity: string) {
    this.#handle = handle;
    this.#identity = identity;
  }

  /** Opens the file of that name; during a rotation there may be none. */
  static async open(path: string): Promise<Followed | undefined> {
    const handle = await open(path).catch(() => undefined);
    if (handle === undefined) return undefined;
    const facts = await handle.stat();
    if (!facts.isDirectory()) return new Followed(handle, identityOf(facts));
    await handle.close();
    return undefined;
  }

  /** The file that follows this one, if any: the one with the previous name, or, if its own name is gone, the one with the first name. */
  async next(path: string): Promise<Followed | undefined> {
    const own = await this.#count(path);
    if (own === 0) return undefined;
    const next = await Followed.open(own === undefined ? path : rotated(path, own - 1));
    if (next === undefined || own === undefined || (await this.#isAt(rotated(path, own)))) return next;
    // A rotation in between gave that name to a later file.
    await next.close();
    return undefined;
  }

  /** How many times it was rotated, by its name. A rotation in progress leaves one name without a file. */
  async #count(path: string): Promise<number | undefined> {
    for (let count = 0, missing = 0; missing < 2; count++) {
      const identity = await identityAt(rotated(path, count));
      if (identity === this.#identity) return count;
      missing = identity === undefined ? missing + 1 : 0;
    }
    return undefined;
  }

  async #isAt(path: string): Promise<boolean> {
    return (await identityAt(path)) === this.#identity;
  }

  /** The records added since the last read; the last line may be incomplete. */
  async *added(): AsyncIterable<TraceRecord> {
    const buffer = Buffer.alloc(65_536);
    const { length } = this.#before;
    const again = await this.#handle.read(buffer, 0, length, this.#at - length);
    if (!buffer.subarray(0, again.bytesRead).equals(this.#before)) {
      this.#at = 0;
      this.#rest = '';
      this.#before = Buffer.alloc(0);
      this.#decoder = new TextDecoder();
    }
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      this.#before = Buffer.from(buffer.subarray(Math.max(0, bytesRead - looksBack), bytesRead));
      this.#rest += this.#decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      const lines = this.#rest.split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const record = recordIn(line);
        if (record !== undefined) yield record;
      }
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The name of a trace file after so many rotations. */
function rotated(path: string, count: number): string {
  return count === 0 ? path : `${path}.${count}`;
}

async function identityAt(path: string): Promise<string | undefined> {
  const facts = await stat(path).catch(() => undefined);
  return facts === undefined ? undefined : identityOf(facts);
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/**
 * The wanted records of a trace file. Skips lines that are not records, such as the last one of a killed process, and calls `other` for each.
 *
 * @throws the reason of the signal, at the next line of the file, wanted or not
 */
export async function* recordsOf(
  path: string,
  signal: AbortSignal,
  wanted: (record: TraceRecord) => boolean = () => true,
  other: () => void = () => undefined,
): AsyncIterable<TraceRecord> {
  for await (const line of jsonLines(path)) {
    signal.throwIfAborted();
    const record = recordIn(line);
    if (record === undefined) other();
    else if (wanted(record)) yield record;
  }
}

function recordIn(line: string): TraceRecord | undefined {
  try {
    const fields: unknown = JSON.parse(line);
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
    return { fields: fields as Record<string, unknown>, concerns: (ids) => holds(fields, ids, 0) };
  } catch {
    return undefined;
  }
}

function holds(value: unknown, ids: ReadonlySet<string>, depth: number): boolean {
  if (typeof value === 'string') return ids.has(value);
  if (typeof value !== 'object' || value === null || depth > 4) return false;
  return Object.values(value).some((one) => holds(one, ids, depth + 1));
}

const told = ['time', 'level', 'step', 'event', 'message'];

/** One line for a person: when, what, and its facts. */
export function storyLine({ fields }: TraceRecord): string {
  const { time, level, step, event, message } = fields;
  const what = [step, event, message].filter((one) => typeof one === 'string').join(' ');
  const facts = Object.entries(fields)
    .filter(([name]) => !told.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const line = [time, level === 'info' || level === 'debug' ? '' : level, what, ...facts].filter(
    (one) => one !== '' && one !== undefined,
  );
  return line.join('  ');
}
