import type { UnknownAttempt } from '../../transport/contract.ts';
import { count, field, fields, listOf, type Reader, ShapeError, word } from '../journaled/json-shape.ts';
import { origin, status, unknownAttempt } from '../journaled/record-readers.ts';
import { type EntryStatus, tagOf } from '../state/records.ts';

/*
 * An entry that nobody can settle collects attempts, and a note of a hundred members a hundred times as many. All but the last few are kept as
 * runs, so that what is stored does not grow with each attempt at the same place. Readers of 0.1.0 see the last few.
 */

/** Attempts that are written out, the last ones. */
const writtenOut = 4;

/** Attempts that one status can have: more than a note makes in years. */
const most = 1_000_000;

/** Where attempts were sent from and to: all but their numbers. */
type Origin = Pick<UnknownAttempt, 'place' | 'ended'> & { readonly note: string };

/** `runs`: index of the origin, first and last attempt. */
interface Runs {
  readonly origins: readonly Origin[];
  readonly runs: readonly (readonly [origin: number, first: number, last: number])[];
}

/** A status as it is written. */
export type StoredStatus = EntryStatus & { readonly earlierAttempts?: Runs };

export function packAttempts(of: EntryStatus): StoredStatus {
  const { unknownAttempts } = of;
  if (unknownAttempts.length <= writtenOut) return of;
  const earlierAttempts = runsOf(unknownAttempts.slice(0, -writtenOut));
  return earlierAttempts === undefined ? of : { ...of, unknownAttempts: unknownAttempts.slice(-writtenOut), earlierAttempts };
}

/** A list as it is written, plain data: as it is, or as runs with the last few. */
export function packedList(attempts: readonly UnknownAttempt[]): unknown {
  if (attempts.length <= writtenOut) return attempts;
  const earlierAttempts = runsOf(attempts.slice(0, -writtenOut));
  return earlierAttempts === undefined ? attempts : { earlierAttempts, unknownAttempts: attempts.slice(-writtenOut) };
}

/** Reads what {@link packedList} gave. @throws {ShapeError} */
export const unpackedList: Reader<readonly UnknownAttempt[]> = (value, where) => {
  if (Array.isArray(value)) return value;
  const of = fields(value, where);
  const earlier = field(of, 'earlierAttempts', attemptsOf, where);
  return [...earlier, ...field(of, 'unknownAttempts', listOf(unknownAttempt), where)];
};

/** Those that were not there before: attempts are only ever put at the end. */
export function addedAttempts(now: readonly UnknownAttempt[], before: readonly UnknownAttempt[] = []): readonly UnknownAttempt[] {
  if (now === before) return [];
  const grown = now.length >= before.length && now[before.length - 1]?.tag === before.at(-1)?.tag;
  return grown ? now.slice(before.length) : now;
}

/** Reads a status with all its attempts. @throws {ShapeError} */
export const packedStatus: Reader<EntryStatus> = (value, where) => {
  const read = status(value, where);
  const of = fields(value, where);
  if (!Object.hasOwn(of, 'earlierAttempts')) return read;
  const earlier = field(of, 'earlierAttempts', attemptsOf, where);
  return { ...read, unknownAttempts: [...earlier, ...read.unknownAttempts] };
};

function runsOf(attempts: readonly UnknownAttempt[]): Runs | undefined {
  const indexes = new Map<string, number>();
  const origins: Origin[] = [];
  const runs: [number, number, number][] = [];
  for (const { tag, place, ended } of attempts) {
    const colon = tag.lastIndexOf(':');
    const note = tag.slice(0, colon);
    const number = Number(tag.slice(colon + 1));
    if (colon < 1 || !Number.isInteger(number) || tagOf(note, number) !== tag) return undefined;
    const key = JSON.stringify([note, place.endpoint, place.mailbox, place.folder, ended]);
    const index = indexes.get(key) ?? origins.push(ended === undefined ? { note, place } : { note, place, ended }) - 1;
    indexes.set(key, index);
    const run = runs.at(-1);
    if (run !== undefined && run[0] === index && run[2] + 1 === number) run[2] = number;
    else runs.push([index, number, number]);
  }
  return { origins, runs };
}

const attemptsOf: Reader<readonly UnknownAttempt[]> = (value, where) => {
  const of = fields(value, where);
  const origins = field(of, 'origins', listOf(originOf), where);
  const attempts: UnknownAttempt[] = [];
  for (const [index, first, last] of field(of, 'runs', listOf(run), where)) {
    const from = origins[index];
    if (from === undefined || last < first || attempts.length + last - first >= most)
      throw new ShapeError(`${where}.runs`, 'a list of runs');
    const { note, ...rest } = from;
    for (let number = first; number <= last; number++) attempts.push({ tag: tagOf(note, number), ...rest });
  }
  return attempts;
};

const originOf: Reader<Origin> = (value, where) => {
  const note = field(fields(value, where), 'note', word, where);
  return { note, ...origin(value, where) };
};

const run: Reader<readonly [number, number, number]> = (value, where) => {
  const [index = 0, first = 0, last = 0, ...more] = listOf(count)(value, where);
  if (more.length > 0) throw new ShapeError(where, 'three counts');
  return [index, first, last];
};
