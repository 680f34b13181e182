import { tell } from '../../core/host-calls.ts';
import type { SpoolEntry, SpoolQuery } from '../contract.ts';
import type { Shard } from './shard.ts';

interface Head {
  readonly entry: SpoolEntry;
  readonly rest: AsyncIterator<SpoolEntry>;
}

/** Merges the lists of shards, entries accepted earlier first; reads each as a stream. Rejects where one fails: a list without a part would pass for the whole. */
export async function* merged(lists: readonly AsyncIterable<SpoolEntry>[]): AsyncIterable<SpoolEntry> {
  const iterators = lists.map((list) => list[Symbol.asyncIterator]());
  try {
    const heads: Head[] = [];
    await Promise.all(iterators.map((rest) => advance(heads, rest)));
    while (heads.length > 0) {
      const first = heads.reduce((best, head) => (before(head.entry, best.entry) ? head : best));
      heads.splice(heads.indexOf(first), 1);
      yield first.entry;
      await advance(heads, first.rest);
    }
  } finally {
    // Not awaited: one that hangs would wait for its call under way.
    for (const one of iterators) tell(() => one.return?.());
  }
}

/** The list of a shard as far as it can be had. @param leftOut Called where the shard fails, or is late: its rest is left out. */
export async function* spared(
  shard: Shard,
  query: SpoolQuery,
  leftOut: (shard: Shard, error?: unknown) => void,
): AsyncIterable<SpoolEntry> {
  const entries = shard.storage.list(query)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await shard.glance(entries.next());
      if (next === undefined) leftOut(shard);
      if (next === undefined || next.answer.done === true) return;
      yield next.answer.value;
    }
  } catch (error) {
    leftOut(shard, error);
  } finally {
    tell(() => entries.return?.());
  }
}

async function advance(heads: Head[], rest: AsyncIterator<SpoolEntry>): Promise<void> {
  const next = await rest.next();
  if (next.done !== true) heads.push({ entry: next.value, rest });
}

function before(one: SpoolEntry, other: SpoolEntry): boolean {
  return one.acceptedAt < other.acceptedAt || (one.acceptedAt === other.acceptedAt && one.id < other.id);
}
