import type { Change, SpoolEntry, SpoolState, SpoolStorage } from '../contract.ts';
import type { BulkOptions, BulkResult, BulkVerb, EntryFilter, SpoolAdmin } from './contract.ts';

/** The states in which each verb changes an entry. Entries at work, or unconfirmed, are never changed in bulk. */
const changes: Readonly<Record<BulkVerb, readonly SpoolState[]>> = {
  requeue: ['dead'],
  cancel: ['spooled', 'deferred', 'held', 'dead'],
  hold: ['spooled', 'deferred'],
  release: ['held'],
  purge: ['delivered', 'dead', 'cancelled'],
};

const atWork: readonly SpoolState[] = ['delivering', 'unconfirmed'];

/** How many entries one call to the storage changes at most. */
const atOnce = 200;

type Verbs = Pick<SpoolStorage, BulkVerb>;

/** Whether a verb changes an entry that is named by its id. An entry that was exported goes on in another spool, and is never released in this one. */
export function changesById(verb: BulkVerb, { state, reason }: Pick<SpoolEntry, 'state' | 'reason'>): boolean {
  return changes[verb].includes(state) && !(verb === 'release' && reason?.code === 'EXPORTED');
}

/** Whether a verb changes an entry in bulk. One that may have been sent is requeued only by its id, by somebody who knows. */
function mayChange(verb: BulkVerb, entry: SpoolEntry): boolean {
  return changesById(verb, entry) && !(verb === 'requeue' && entry.unknownAttempts.length > 0);
}

/** Makes a bulk change with the lists and the verbs of any storage: page by page, so that others get their turn. */
export async function changeBy(
  storage: Verbs,
  listBy: SpoolAdmin['listBy'],
  verb: BulkVerb,
  filter: EntryFilter,
  { limit, dryRun, signal, onProgress }: BulkOptions,
): Promise<BulkResult> {
  const only = changes[verb].length === 1 ? changes[verb][0] : undefined;
  const asked = filter.state === undefined && only !== undefined ? { ...filter, state: only } : filter;
  const done: Change[] = [];
  const refused: Partial<Record<SpoolState, number>> = {};
  let matched = 0;
  let looked = 0;
  let more = false;
  for (let cursor: string | undefined, first = true; !more && (first || cursor !== undefined); first = false) {
    signal?.throwIfAborted();
    const page = await listBy(asked, cursor, atOnce);
    const ids: string[] = [];
    for (const entry of page.entries) {
      if (mayChange(verb, entry)) {
        if (matched + ids.length >= limit) more = true;
        else ids.push(entry.id);
      } else if (filter.state !== undefined || atWork.includes(entry.state) || changes[verb].includes(entry.state)) {
        refused[entry.state] = (refused[entry.state] ?? 0) + 1;
      }
    }
    matched += ids.length;
    if (!dryRun && ids.length > 0) done.push(...(await storage[verb](ids)));
    cursor = page.cursor;
    looked += page.looked ?? page.entries.length;
    onProgress?.({ looked, found: matched, changed: done.length });
  }
  return { matched, changes: done, refused, more };
}
