import type { UnknownAttempt } from '../../transport/contract.ts';
import { count, field, fields, listOf, type Reader, ShapeError, word } from '../journaled/json-shape.ts';
import { origin, status, unknownAttempt } from '../journaled/record-readers.ts';
import { type EntryStatus, tagOf } from '../state/records.ts';

/*
 * An entry that nobody can settle collects attempts, and a note of a hundred members a hundred times as many. All but the last few are stored as
 * runs, so that a record does not grow with each attempt at the same place. Readers of 0.1.0 see the last few.
 */

/** How many attempts are written out, the last ones. */
const writtenOut = 4;

/** How many attempts one status can have: more than a note makes in years. */
const most = 1_000_000;

/** The note and the place of attempts, and how they ended: all but their numbers. */
type Origin = Pick<UnknownAttempt, 'place' | 'ended'> & { readonly note: string };

/** Index of the origin, first and last attempt. */
type Run = readonly [origin: number, first: number, last: number];
/** Attempts in a row from here and there (a server that is silent now and then): the index of each one's origin as a character, and the first attempt. */
type MixedRun = readonly [origins: string, first: number];

interface Runs {
  readonly origins: readonly Origin[];
  readonly runs: readonly (Run | MixedRun)[];
}

/** How many origins one character can name. */
const radix = 36;
/** Runs of fewer attempts are shorter as characters. */
const short = 8;

/** A status as it is written. */
export type StoredStatus = EntryStatus & { readonly earlierAttempts?: Runs };

export function packAttempts(of: EntryStatus): StoredStatus {
  const { unknownAttempts } = of;
  if (unknownAttempts.length <= writtenOut) return of;
  const earlierAttempts = runsOf(unknownAttempts.slice(0, -writtenOut));
  return earlierAttempts === undefined ? of : { ...of, unknownAttempts: unknownAttempts.slice(-writtenOut), earlierAttempts };
}

/** A list of attempts as plain data to be written: the list itself, or runs with the last few. */
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

/** The attempts that were not there before: they are only ever added at the end. */
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
  return { origins, runs: mixed(runs) };
}

/** Merges short runs that follow one another into one of characters: else each attempt would take a run of its own, in the status of each member. */
function mixed(runs: readonly Run[]): (Run | MixedRun)[] {
  const out: (Run | MixedRun)[] = [];
  for (const run of runs) {
    const text = textOf(run);
    const before = out.at(-1);
    const [start, from] = before === undefined ? ['', 0] : before.length === 2 ? before : [textOf(before), before[1]];
    if (text === '' || start === '' || from + start.length !== run[1]) out.push(run);
    else out.splice(-1, 1, [start + text, from]);
  }
  return out;
}

/** A run as characters; empty for one that is shorter as numbers. */
function textOf([origin, first, last]: Run): string {
  return origin < radix && last - first < short ? origin.toString(radix).repeat(last - first + 1) : '';
}

const attemptsOf: Reader<readonly UnknownAttempt[]> = (value, where) => {
  const of = fields(value, where);
  const origins = field(of, 'origins', listOf(originOf), where);
  const attempts: UnknownAttempt[] = [];
  const add = (index: number, first: number, last: number): void => {
    const from = origins[index];
    if (from === undefined || last < first || attempts.length + last - first >= most)
      throw new ShapeError(`${where}.runs`, 'a list of runs');
    const { note, ...rest } = from;
    for (let number = first; number <= last; number++) attempts.push({ tag: tagOf(note, number), ...rest });
  };
  for (const run of field(of, 'runs', listOf(runOf), where)) {
    if (run.length === 3) add(...run);
    else for (const [at, index] of [...run[0]].entries()) add(Number.parseInt(index, radix), run[1] + at, run[1] + at);
  }
  return attempts;
};

const originOf: Reader<Origin> = (value, where) => {
  const note = field(fields(value, where), 'note', word, where);
  return { note, ...origin(value, where) };
};

const runOf: Reader<Run | MixedRun> = (value, where) => {
  if (Array.isArray(value) && typeof value[0] === 'string') {
    const [origins, ...counts] = value;
    const [first = 0, ...more] = listOf(count)(counts, where);
    if (more.length > 0 || !/^[0-9a-z]+$/.test(origins)) throw new ShapeError(where, 'origins and a count');
    return [origins, first];
  }
  const [index = 0, first = 0, last = 0, ...more] = listOf(count)(value, where);
  if (more.length > 0) throw new ShapeError(where, 'three counts');
  return [index, first, last];
};
