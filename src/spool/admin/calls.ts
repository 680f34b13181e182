import { property } from '../../core/errors/thrown.ts';
import type { SpoolState, SpoolStorage } from '../contract.ts';
import { spoolStates } from '../contract.ts';
import { type BulkVerb, bulkVerbs, type EntryFilter, type SpoolAdmin } from './contract.ts';

/** The calls that an operator in another process may make to the owner of a spool; `signal` aborts when nobody waits for the answer any more. */
type CallTable = Readonly<
  Record<string, (storage: OwnedSpool, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>>
>;

/** A spool in the process that has it open. */
export type OwnedSpool = SpoolStorage & {
  readonly admin?: SpoolAdmin;
  backup?(path: string, options: { readonly overwrite: boolean; readonly signal: AbortSignal }): Promise<void>;
};

/** How many entries with their texts one answer holds. */
const entriesAtOnce = 50;
const mostIds = 10_000;

/** A call that this version does not know, or whose arguments it does not accept. */
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
    if (storage.backup === undefined) throw new CallError('This spool cannot back itself up.');
    await storage.backup(text(path), { overwrite: overwrite === true, signal });
  },
} satisfies CallTable;

export type CallName = keyof typeof calls;

/** Whether a call only reads. Any other one wakes a running sender, which may have to obey it; an audit record may ask it to try now. */
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

/** Checks the call of an operator, and carries it out. @throws {CallError} */
export async function answerCall(storage: OwnedSpool, name: unknown, args: unknown, signal: AbortSignal): Promise<unknown> {
  if (typeof name !== 'string' || !Object.hasOwn(calls, name) || !Array.isArray(args)) {
    throw new CallError('The process that has this spool open does not know this call; it may run an older version.');
  }
  return calls[name as CallName](storage, args, signal);
}

function admin({ admin: found }: OwnedSpool): SpoolAdmin {
  if (found !== undefined) return found;
  throw new CallError('This spool cannot be operated.');
}

/** Reads an optional value: JSON has null for `undefined`. */
function maybe<Value>(value: unknown, read: (value: unknown) => Value): Value | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= 10_000) return value;
  throw new CallError('Expected a string.');
}

function whole(value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new CallError(`Expected a whole number from ${least} to ${most}.`);
}

function idsOf(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length <= mostIds) return value.map(text);
  throw new CallError(`Expected a list of at most ${mostIds} ids.`);
}

function verbOf(value: unknown): BulkVerb {
  const verb = bulkVerbs.find((one) => one === value);
  if (verb !== undefined) return verb;
  throw new CallError(`Expected one of ${bulkVerbs.join(', ')}.`);
}

function filterOf(value: unknown): EntryFilter {
  if (typeof value !== 'object' || value === null) throw new CallError('Expected a filter.');
  const state = maybe(property(value, 'state'), text);
  const known = spoolStates.find((one): one is SpoolState => one === state);
  if (state !== undefined && known === undefined) throw new CallError('Expected a state.');
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
