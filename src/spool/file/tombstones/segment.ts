import { LaterFormat, ShapeError } from '../../journaled/json-shape.ts';
import type { EntryRecord } from '../../state/records.ts';
import type { FileLayer } from '../disk/file-layer.ts';
import { parseTombstone } from '../formats.ts';
import { BlockBounds } from './bounds.ts';

/** No segment has this many bytes, though a group commit may write far beyond the size at which one is full. */
const largestSegment = 1024 * 1024 * 1024;
const newline = 0x0a;

/** How many bytes of a segment are read together. */
export const blockSize = 16 * 1024;
/** How many more bytes are read at once than asked for, since the last line ends there. */
const firstTail = 4 * 1024;

/** A file of the log. */
export interface Segment {
  readonly path: string;
  readonly number: number;
  bytes: number;
  lines: number;
  /** Lines that are still needed. */
  live: number;
  /** By block, a time before which nothing ended that is still needed of it. */
  readonly endedFrom: number[];
  /** Which part of the list each block holds. */
  readonly bounds: BlockBounds;
}

export function emptySegment(path: string, number: number): Segment {
  return { path, number, bytes: 0, lines: 0, live: 0, endedFrom: [], bounds: new BlockBounds() };
}

/** One line, as it was written. */
export interface Line {
  readonly record: EntryRecord;
  readonly text: string;
  readonly segment: Segment;
  /** Its first byte in the segment. */
  readonly offset: number;
}

/** Reads a whole segment. */
export async function readSegment(files: FileLayer, { path }: Segment): Promise<Uint8Array> {
  const data = await files.read(path, largestSegment);
  if (data === undefined) throw new Error(`${path} is larger than a segment of the tombstone log can be.`);
  return data;
}

/** Reads every line; `undefined` for one that can't be read. At the end that is one that was being written when the power went: nobody was told that it was kept. */
export function* linesOf(segment: Segment, data: Uint8Array): Generator<Line | undefined> {
  const decoder = new TextDecoder();
  for (let from = 0; from < data.length; ) {
    const end = data.indexOf(newline, from);
    const text = decoder.decode(data.subarray(from, end < 0 ? data.length : end));
    const record = end < 0 ? undefined : parsed(segment, text);
    yield record && { record, text, segment, offset: from };
    from = end < 0 ? data.length : end + 1;
  }
}

/** Reads the lines that begin at or after byte `start`, before byte `until`. Parses only those that are wanted by their first byte. */
export async function linesBetween(
  files: FileLayer,
  segment: Segment,
  start: number,
  until: number,
  isWanted: (offset: number) => boolean,
): Promise<Line[]> {
  // A line begins here if the one before has ended.
  const from = Math.max(0, start - 1);
  const lines: Line[] = [];
  const data = await readLines(files, segment, from, until);
  let at = start === 0 ? 0 : data.indexOf(newline) + 1;
  if (at === 0 && start > 0) return lines;
  const decoder = new TextDecoder();
  while (at < data.length && from + at < until) {
    const end = data.indexOf(newline, at);
    if (end < 0) break;
    const offset = from + at;
    const text = isWanted(offset) ? decoder.decode(data.subarray(at, end)) : undefined;
    const record = text === undefined ? undefined : parsed(segment, text);
    if (text !== undefined && record !== undefined) lines.push({ record, text, segment, offset });
    at = end + 1;
  }
  return lines;
}

/** Reads from a byte up to the end of the line that `until` is in. */
async function readLines(files: FileLayer, segment: Segment, from: number, until: number): Promise<Uint8Array> {
  if (files.readPart === undefined) return (await readSegment(files, segment)).subarray(from);
  for (let length = until - from + firstTail; ; length *= 2) {
    const data = await files.readPart(segment.path, from, length);
    // Shorter than asked for: it goes to the end of the file.
    if (data.length < length || data.indexOf(newline, until - from - 1) >= 0) return data;
  }
}

function parsed({ path }: Segment, text: string): EntryRecord | undefined {
  try {
    return parseTombstone(text);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    if (error instanceof LaterFormat) throw new LaterFormat(path, error.format);
    throw error;
  }
}
