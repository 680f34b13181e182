import { assertFormat, formatVersion } from '../../spool/file/formats.ts';
import { field, fields, listOf, parseJson, ShapeError } from '../../spool/journaled/json-shape.ts';
import { fixedPart, mailbox, status } from '../../spool/journaled/record-readers.ts';
import { type EntryRecord, isTombstone } from '../../spool/state/records.ts';

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
