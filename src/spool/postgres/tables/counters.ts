import { type SpoolState, spoolStates } from '../../contract.ts';
import { type EntryRecord, isTombstone } from '../../state/records.ts';
import type { TableReads } from '../../state/transaction.ts';
import { counterColumns } from './schema.ts';
import type { Tables } from './statement.ts';

/** A statement that adds the result of {@link countersOf}. */
export function addCounters(t: Tables, parameter: string): string {
  const values = counterColumns.map((_, index) => `(${parameter}::bigint[])[${index + 1}]`);
  return `INSERT INTO ${t.tallies} (${counterColumns.join(', ')}) SELECT ${values.join(', ')} WHERE ${parameter} IS NOT NULL`;
}

/** {@link countersOf} for `count` entries of which only the state has changed. */
export function countersOfMoved(count: number, from: SpoolState, to: SpoolState): number[] {
  return [...spoolStates.map((state) => (state === to ? count : 0) - (state === from ? count : 0)), 0];
}

/** {@link countersOf} for entries that are all new, of these weights. */
export function countersOfNew(weights: readonly number[]): number[] {
  return [...spoolStates.map((state) => (state === 'spooled' ? weights.length : 0)), weights.reduce((sum, one) => sum + one, 0)];
}

/** The differences in entries and bytes, in the order of {@link counterColumns}; `null` when there are none. */
export function countersOf(entries: readonly EntryRecord[], before: TableReads): number[] | null {
  const by = new Map<SpoolState, number>();
  let bytes = 0;
  const count = (record: EntryRecord | undefined, difference: 1 | -1): void => {
    if (record === undefined) return;
    const { state, purged } = record.status;
    if (purged !== true) by.set(state, (by.get(state) ?? 0) + difference);
    if (!isTombstone(record.status)) bytes += difference * record.fixed.weight;
  };
  for (const record of entries) {
    count(before.entry(record.fixed.id), -1);
    count(record, 1);
  }
  const differences = [...spoolStates.map((state) => by.get(state) ?? 0), bytes];
  return differences.some((one) => one !== 0) ? differences : null;
}
