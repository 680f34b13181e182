import type { SpoolEntry, SpoolQuery } from '../contract.ts';
import type { Shard } from './shard.ts';

interface Head {
  readonly entry: SpoolEntry;
  readonly rest: AsyncIterator<SpoolEntry>;
}

/** Merges the lists of all shards, entries accepted earlier first; reads each as a stream. Rejects where one fails: a list without a part would pass for the whole. */
export async function* merged(shards: readonly Shard[], query: SpoolQuery): AsyncIterable<SpoolEntry> {
  const iterators = shards.map((shard) => shard.storage.list(query)[Symbol.asyncIterator]());
  try {
    const heads: Head[] = [];
    for (const rest of iterators) await advance(heads, rest);
    while (heads.length > 0) {
      const first = heads.reduce((best, head) => (before(head.entry, best.entry) ? head : best));
      heads.splice(heads.indexOf(first), 1);
      yield first.entry;
      await advance(heads, first.rest);
    }
  } finally {
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()));
  }
}

async function advance(heads: Head[], rest: AsyncIterator<SpoolEntry>): Promise<void> {
  const next = await rest.next();
  if (next.done !== true) heads.push({ entry: next.value, rest });
}

function before(one: SpoolEntry, other: SpoolEntry): boolean {
  return one.acceptedAt < other.acceptedAt || (one.acceptedAt === other.acceptedAt && one.id < other.id);
}
