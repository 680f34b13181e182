import { property } from '../../core/errors/thrown.ts';
import type { SpoolState, SpoolStorage } from '../contract.ts';
import { spoolStates } from '../contract.ts';
import { type BulkVerb, bulkVerbs, type EntryFilter, type SpoolAdmin } from './contract.ts';

/** What an operator in another process may ask of the process that has a spool; `signal` aborts when nobody waits for the answer any more. */
type CallTable = Readonly<
  Record<string, (storage: OwnedSpool, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>>
>;

/** A spool as its owner has it. */
export type OwnedSpool = SpoolStorage & {
  readonly admin?: SpoolAdmin;
  backup?(path: string, options: { readonly overwrite: boolean; readonly signal: AbortSignal }): Promise<void>;
};

/** Entries with their texts in one answer. */
const entriesAtOnce = 50;
const mostIds = 10_000;

/** A call that this version does not know, or with arguments that it does not take. */
export class CallError extends Error {}

const calls = {
  counts: (storage) => storage.counts(),
  get: (storage, [id]) => storage.get(text(id)),
  standing: async (storage, [id]) => storage.standing?.(text(id)),
  findMessage: (storage, [id]) => storage.findMessage(text(id)),
  entries: async (storage, [filter, cursor]) => {
    const page = await admin(storage).listBy(filterOf(filter), maybe(cursor, text), entriesAtOnce);
    const read = await Promise.all(page.entries.map(({ id }) => storage.get(id)));
    return { ...page, entries: read.filter((entry) => entry !== undefined) };
  },
  act: (storage, [verb, ids, force]) => {
    const name = verbOf(verb);
    return name === 'requeue' ? storage.requeue(idsOf(ids), { force: force === true }) : storage[name](idsOf(ids));
  },
  pause: (storage, [lane, by, why]) => admin(storage).pause({ lane: maybe(lane, text), by: text(by), why: maybe(why, text) }),
  resume: (storage, [lane]) => admin(storage).resume(maybe(lane, text)),
  paused: (storage) => admin(storage).paused(),
  lanes: (storage) => admin(storage).lanes(),
  audit: (storage, [record]) => admin(storage).audit(maybe(record, auditOf)),
  listBy: (storage, [filter, cursor, limit]) =>
    admin(storage).listBy(filterOf(filter), maybe(cursor, text), whole(limit, 1, 1_000)),
  backup: async (storage, [path, overwrite], signal) => {
    if (storage.backup === undefined) throw new CallError('This spool is backed up by other means.');
    await storage.backup(text(path), { overwrite: overwrite === true, signal });
  },
} satisfies CallTable;

export type CallName = keyof typeof calls;

/** Which calls change nothing that a running sender has to obey. Told by name, so that no new call is forgotten. An audit may ask to try now. */
const reads: Readonly<Record<CallName, boolean>> = {
  counts: true,
  get: true,
  standing: true,
  findMessage: true,
  entries: true,
  act: false,
  pause: false,
  resume: false,
  paused: true,
  lanes: true,
  audit: false,
  listBy: true,
  backup: true,
};

export function isRead(name: unknown): boolean {
  return typeof name === 'string' && Object.hasOwn(reads, name) && reads[name as CallName];
}

/** Carries out what an operator asks, whose words are checked first. @throws {CallError} */
export async function answerCall(storage: OwnedSpool, name: unknown, args: unknown, signal: AbortSignal): Promise<unknown> {
  if (typeof name !== 'string' || !Object.hasOwn(calls, name) || !Array.isArray(args)) {
    throw new CallError('The process that has this spool does not know this question: it may be of an older version.');
  }
  return calls[name as CallName](storage, args, signal);
}

function admin({ admin: found }: OwnedSpool): SpoolAdmin {
  if (found !== undefined) return found;
  throw new CallError('This spool can not be operated.');
}

/** What JSON has no word for comes as null. */
function maybe<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= 10_000) return value;
  throw new CallError('A text was expected.');
}

function whole(value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CallError(`A whole number from ${least} to ${most} was expected.`);
}

function idsOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length <= mostIds) return value.map(text);
  throw new CallError(`A list of at most ${mostIds} ids was expected.`);
}

function verbOf(value: unknown): BulkVerb {
  const verb = bulkVerbs.find((one) => one === value);
  if (verb !== undefined) return verb;
  throw new CallError(`One of ${bulkVerbs.join(', ')} was expected.`);
}

function filterOf(value: unknown): EntryFilter {
  if (typeof value !== 'object' || value === null) throw new CallError('A filter was expected.');
  const state = maybe(property(value, 'state'), text);
  const known = spoolStates.find((one): one is SpoolState => one === state);
  if (state !== undefined && known === undefined) throw new CallError('A state was expected.');
  const time = (name: string) => maybe(property(value, name), (one) => whole(one, -8.64e15, 8.64e15));
  return {
    state: known,
    lane: maybe(property(value, 'lane'), text),
    recipient: maybe(property(value, 'recipient'), text),
    since: time('since'),
    until: time('until'),
    code: maybe(property(value, 'code'), text) as EntryFilter['code'],
  };
}

function auditOf(value: unknown): NonNullable<Parameters<SpoolAdmin['audit']>[0]> {
  const filter = maybe(property(value, 'filter'), filterOf);
  const count = maybe(property(value, 'count'), (one) => whole(one, 0, Number.MAX_SAFE_INTEGER));
  return {
    by: text(property(value, 'by')),
    command: text(property(value, 'command')),
    ...(filter === undefined ? {} : { filter }),
    ...(count === undefined ? {} : { count }),
  };
}
