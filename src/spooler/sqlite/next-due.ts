import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LaneFilter } from '../../spool/contract.ts';
import type { Group } from '../../spool/sqlite/group.ts';

/** When leases end. */
export class LeaseEnds {
  readonly #ends: StatementSync;

  constructor(database: DatabaseSync) {
    this.#ends = database.prepare(
      'SELECT lane, min(lease_until) AS until FROM notes WHERE lease_until IS NOT NULL GROUP BY lane ORDER BY until',
    );
  }

  /** The next end of a lease of those lanes. */
  next(lanes: LaneFilter | undefined): number | undefined {
    const named = lanes === undefined ? undefined : new Set('only' in lanes ? lanes.only : lanes.except);
    const wanted = (lane: string) => named === undefined || lanes === undefined || named.has(lane) === 'only' in lanes;
    // As many rows as there are lanes at work, not lanes that wait.
    const row = this.#ends.all().find(({ lane }) => wanted(String(lane)));
    return row === undefined ? undefined : Number(row.until);
  }
}

/** ms until something of those lanes is due, or a lease of theirs ends. */
export function nextDue(group: Group, ends: LeaseEnds, filter: LaneFilter | undefined): number | undefined {
  const { lanes } = group.stores;
  const times = [lanes.next('deliver', filter), lanes.next('probe', filter), ends.next(filter)];
  const next = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
  return next === Number.POSITIVE_INFINITY ? undefined : Math.max(0, next - group.now);
}
