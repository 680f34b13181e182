import { fixedPart, mailbox, status } from '../json/read-records.ts';
import { field, fields, listOf, parseJson, ShapeError } from '../json/shape.ts';
import type { EntryRecord } from '../table/records.ts';
import { isTombstone } from '../table/records.ts';
import { assertFormat, formatVersion } from './entry-format.ts';

/** One line of the tombstone log: an entry that has ended, without its message. */
export function formatTombstone({ fixed, status }: EntryRecord): string {
  return `${JSON.stringify({ format: formatVersion, kind: 'tombstone', fixed, status })}\n`;
}

/** @throws {ShapeError} when it is not a tombstone of this version. */
export function parseTombstone(line: string): EntryRecord {
  const of = fields(parseJson(line, 'the line'), 'the line');
  assertFormat(of, 'tombstone');
  const fixed = field(of, 'fixed', fields, 'the line');
  const read = field(of, 'status', status, 'the line');
  if (!isTombstone(read)) throw new ShapeError('status', 'an end');
  return {
    fixed: { ...fixedPart(fixed, 'the line.fixed'), to: field(fixed, 'to', listOf(mailbox), 'the line.fixed') },
    status: read,
  };
}
