import type { EntryFilter, EntryPage } from '../admin/contract.ts';
import { fits, hasEnded } from '../admin/filter.ts';
import type { AdminQueries } from '../admin/stored-admin.ts';
import { LaneTally } from '../admin/summaries.ts';
import { type EntryRecord, viewOf } from '../state/records.ts';
import type { JournalEngine } from './engine.ts';

/** Lists from the table in memory: what has not ended first, each part in the order of acceptance. */
export function journaledQueries(engine: JournalEngine): AdminQueries {
  return {
    listBy: (filter, cursor, limit) => engine.run(async () => page(engine.table.entries(), filter, cursor, limit)),
    summaries: () =>
      engine.run(async () => {
        const tally = new LaneTally();
        for (const { fixed, status } of engine.table.entries()) {
          if (!hasEnded(status.state)) tally.add(fixed.lane, status.state, 1, fixed.acceptedAt);
        }
        return tally.summaries();
      }),
  };
}

/** Where an entry stands in the list. */
const keyOf = ({ fixed, status }: EntryRecord): readonly [ended: number, acceptedAt: number, id: string] => [
  Number(hasEnded(status.state)),
  fixed.acceptedAt,
  fixed.id,
];

function page(records: Iterable<EntryRecord>, filter: EntryFilter, cursor: string | undefined, limit: number): EntryPage {
  const after = cursor === undefined ? undefined : (JSON.parse(cursor) as ReturnType<typeof keyOf>);
  let found: Found[] = [];
  for (const record of records) {
    const { fixed, status } = record;
    if (status.purged === true) continue;
    if (
      !fits(filter, { state: status.state, lane: fixed.lane, to: fixed.to, acceptedAt: fixed.acceptedAt, reason: status.reason })
    )
      continue;
    const key = keyOf(record);
    if (after !== undefined && compare(key, after) <= 0) continue;
    found.push({ record, key });
    // Only the first ones are wanted: all of a large spool would be sorted for each page.
    if (found.length > 4 * limit + 100) found = firstOf(found, limit + 1);
  }
  found = firstOf(found, limit + 1);
  const last = found[limit - 1];
  return {
    entries: found.slice(0, limit).map(({ record }) => viewOf(record)),
    ...(found.length > limit && last !== undefined ? { cursor: JSON.stringify(last.key) } : {}),
  };
}

interface Found {
  readonly record: EntryRecord;
  readonly key: ReturnType<typeof keyOf>;
}

function firstOf(found: Found[], count: number): Found[] {
  return found.sort((a, b) => compare(a.key, b.key)).slice(0, count);
}

function compare(one: ReturnType<typeof keyOf>, other: ReturnType<typeof keyOf>): number {
  return one[0] - other[0] || one[1] - other[1] || (one[2] < other[2] ? -1 : Number(one[2] > other[2]));
}
