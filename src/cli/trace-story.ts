import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

/** A line of a trace file. */
export interface TraceRecord {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether it speaks of one of these messages, entries or notes. */
  concerns(ids: ReadonlySet<string>): boolean;
}

/** ms between two looks of `--follow`. */
const interval = 300;

/** What is added to a trace file from now on, until the signal aborts; a file that takes its place, since it was rotated, is read from its beginning. */
export async function* followed(path: string, signal: AbortSignal): AsyncIterable<TraceRecord> {
  let [inode, from] = await stateOf(path);
  let rest = '';
  let decoder = new TextDecoder();
  while (!signal.aborted) {
    const [now, size] = await stateOf(path);
    if (now !== inode || size < from) [inode, from, rest, decoder] = [now, 0, '', new TextDecoder()];
    if (size > from) {
      for await (const chunk of createReadStream(path, { start: from, end: size - 1 })) {
        from += (chunk as Buffer).length;
        rest += decoder.decode(chunk as Buffer, { stream: true });
      }
      const lines = rest.split('\n');
      // The last one may still be on its way.
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const record = recordIn(line);
        if (record !== undefined) yield record;
      }
    } else await wait(interval, undefined, { signal }).catch(() => undefined);
  }
}

/** Between two names of a rotation there may be no file. */
async function stateOf(path: string): Promise<readonly [inode: number, size: number]> {
  const facts = await stat(path).catch(() => undefined);
  return [facts?.ino ?? 0, facts?.size ?? 0];
}

/** The records of a trace file that are wanted; lines that are none are passed over, such as the last one of a process that was killed, and told to `other`. */
export async function* recordsOf(
  path: string,
  wanted: (record: TraceRecord) => boolean = () => true,
  other: () => void = () => undefined,
): AsyncIterable<TraceRecord> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
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
