import type { FileLayer } from '../../spool/file/disk/file-layer.ts';
import { ShapeError } from '../../spool/journaled/json-shape.ts';
import type { EntryRecord } from '../../spool/state/records.ts';
import { parseTombstone } from './tombstone-format.ts';

/** A group commit may write far beyond the size at which a segment is full; this much it never writes. */
const largestSegment = 1024 * 1024 * 1024;
const newline = 0x0a;

/** The lines of one segment. */
export interface SegmentLines {
  readonly lines: readonly { readonly text: string; readonly record: EntryRecord }[];
  /** A line that is not the last one can't be read. */
  readonly bad: boolean;
  readonly bytes: number;
}

/** Reads a segment. What can't be read of its end was being written when the power went: nobody was told it was kept. */
export async function readLines(files: FileLayer, path: string): Promise<SegmentLines> {
  const data = await files.read(path, largestSegment);
  if (data === undefined) throw new Error(`${path} is larger than a segment of the tombstone log can be.`);
  const lines: { text: string; record: EntryRecord }[] = [];
  let bad = false;
  let torn = false;
  for (let from = 0; from < data.length; ) {
    const end = data.indexOf(newline, from);
    const text = new TextDecoder().decode(data.subarray(from, end < 0 ? data.length : end));
    from = end < 0 ? data.length : end + 1;
    const record = parse(text);
    if (record === undefined || end < 0) torn = true;
    else {
      lines.push({ text, record });
      bad ||= torn;
    }
  }
  return { lines, bad, bytes: data.length };
}

function parse(text: string): EntryRecord | undefined {
  try {
    return parseTombstone(text);
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}
