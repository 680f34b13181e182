import type { Change, ClaimToken, Refreeze, Settlement } from '../storage.ts';
import { refreeze, settle } from '../table/settle.ts';
import type { PgClient } from './pool.ts';
import type { Sql } from './statement.ts';
import type { Done } from './transact.ts';
import type { Subject, Work } from './work.ts';
import { finishWork, startWork } from './work.ts';

export interface Settled {
  readonly lost: readonly ClaimToken[];
  readonly changes: readonly Change[];
}

/** Applies the settlements of several calls in one transaction; one result a call. */
export async function settleAll(
  client: PgClient,
  sql: Sql,
  calls: readonly (readonly Settlement[])[],
  { late }: { readonly late: boolean },
): Promise<Done<readonly Settled[] | 'lapsed' | 'late'>> {
  const settlements = calls.flat();
  const work = await startWork(client, sql, subjectOf(settlements, late));
  // A claim that has just run out leaves a tag by which a late `delivered` is found: that must be written first.
  if (!work.tx.empty) return finishWork(work, 'lapsed');
  // Whom a lost token may have been delivered to is looked up only when there is one.
  if (!late && settlements.some((one) => one.to === 'delivered' && !matches(work, one.token))) {
    return { result: 'late', commit: false };
  }
  const { tx, loaded, now } = work;
  const results = calls.map((call) => {
    const from = tx.changes.length;
    const lost = call.filter((one) => !settle(tx, loaded, one, now)).map(({ token }) => token);
    return { lost, changes: tx.changes.slice(from) };
  });
  return finishWork(work, results);
}

/** Replaces what was frozen of claimed notes. A claim that has just run out is written as such on the way, and lost. */
export async function refreezeAll(
  client: PgClient,
  sql: Sql,
  claimed: readonly Refreeze[],
): Promise<Done<readonly ClaimToken[]>> {
  const work = await startWork(client, sql, { notes: [...new Set(claimed.map(({ token }) => noteIdOf(token)))] });
  const lost = claimed.filter((one) => !refreeze(work.tx, one)).map(({ token }) => token);
  return finishWork(work, lost);
}

function subjectOf(settlements: readonly Settlement[], late: boolean): Subject {
  const notes = [...new Set(settlements.map(({ token }) => noteIdOf(token)))];
  if (!late) return { notes };
  const delivered = settlements.filter(({ to }) => to === 'delivered').map(({ token }) => token);
  return {
    notes,
    tags: delivered.map((token) => token.split(':').slice(0, 2).join(':')),
    // A note that is looked for alone is named after its entry.
    entries: delivered.map((token) => noteIdOf(token)).map((id) => id.slice(0, Math.max(0, id.lastIndexOf('-')))),
  };
}

function matches({ tx }: Work, token: ClaimToken): boolean {
  return tx.note(noteIdOf(token))?.lease?.token === token;
}

export function noteIdOf(token: ClaimToken): string {
  return token.slice(0, token.indexOf(':'));
}
