import type { Change, ClaimToken, Refreeze, Settlement, SettleResult } from '../../contract.ts';
import { noteIdOf } from '../../state/records.ts';
import { entryOfNote, refreezeEach, settleEach, storableClass, tagOfToken } from '../../state/settle.ts';
import type { Subject } from '../../state/transition-spool.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Session } from '../connection/session.ts';
import type { Done } from '../connection/transact.ts';
import { deliver, deliverAlone } from '../tables/deliver.ts';
import { refreezeInline } from '../tables/inline-note.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { storableText, textArray } from '../tables/texts.ts';
import { finishWork, startWork } from './work.ts';

type Row = readonly [id: string, messageId: string, noteId: string];

type Delivered = Extract<Settlement, { to: 'delivered' }>;

/** The parameters of {@link deliver}. */
function valuesOf(settlements: readonly Delivered[]): [ids: string, tokens: string, classes: (string | null)[] | null] {
  const told = settlements.map(({ messageClass }) => storableClass(messageClass));
  const classes = told.some((messageClass) => messageClass !== undefined)
    ? told.map((messageClass) => (messageClass === undefined ? null : storableText(messageClass)))
    : null;
  return [textArray(settlements.map(({ token }) => noteIdOf(token))), textArray(settlements.map(({ token }) => token)), classes];
}

/** Its result: the changes by note. */
function changesIn(done: string): ReadonlyMap<string, readonly Change[]> {
  const changes = new Map<string, Change[]>();
  for (const [entryId, messageId, noteId] of JSON.parse(done) as Row[]) {
    const change: Change = { entryId, messageId, from: 'delivering', to: 'delivered', noteId };
    const others = changes.get(noteId);
    if (others === undefined) changes.set(noteId, [change]);
    else others.push(change);
  }
  return changes;
}

/**
 * Settles delivered notes that are all inline under their token, in one statement that is its own transaction: one round trip instead of four.
 * Returns `undefined`, having changed nothing, in every other case, or when the server's default transaction settings differ.
 */
export async function settleAtOnce(
  session: Session,
  calls: readonly (readonly Settlement[])[],
): Promise<readonly SettleResult[] | undefined> {
  const all = calls.flat();
  const delivered = all.filter((one): one is Delivered => one.to === 'delivered');
  if (all.length === 0 || delivered.length < all.length || new Set(all.map(({ token }) => noteIdOf(token))).size < all.length)
    return undefined;
  const answer = await session.alone((client, lockTimeout) =>
    session.sql.row<{ done: string | null }>(client, deliverAlone, [...valuesOf(delivered), String(lockTimeout)]),
  );
  if (answer === undefined || answer.done === null) return undefined;
  const changes = changesIn(answer.done);
  return calls.map((call) => ({ lost: [], changes: call.flatMap(({ token }) => changes.get(noteIdOf(token)) ?? []) }));
}

/** Streams of existing notes: each has a row. */
const lock = statement(
  'settle_lock',
  (t) => `SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM ${t.notesNow} WHERE id = ANY($1::text[])))
    ORDER BY key FOR UPDATE`,
);

/** Applies the settlements of several calls in one transaction; one result per call. */
export async function settleAll(
  client: PgClient,
  sql: Sql,
  calls: readonly (readonly Settlement[])[],
): Promise<Done<readonly SettleResult[]>> {
  const all = calls.flat();
  const tokens = all.map(({ token }) => token);
  // Takes all locks at once, and so in order; except those of late settlements, which are rare.
  const streams = (await sql.rows<{ key: string }>(client, lock, [tokens.map(noteIdOf)])).map(({ key }) => key);
  const twice = new Set(tokens.map(noteIdOf)).size < tokens.length;
  const delivered = all.filter((one): one is Delivered => one.to === 'delivered' && !twice);
  const others = all.filter((one) => one.to !== 'delivered' || twice);
  const outcomes = new Map<Settlement, SettleResult>();
  let commit = false;
  const apply = async (some: readonly Settlement[], subject: Subject, locked?: readonly string[]): Promise<void> => {
    if (some.length === 0) return;
    const work = await startWork(client, sql, subject, locked);
    for (const one of some) outcomes.set(one, settleEach(work, [one]));
    commit = (await finishWork(work, undefined)).commit || commit;
  };
  // These first: the rest materializes inline notes.
  const changes =
    delivered.length === 0 ? undefined : changesIn((await sql.row<{ done: string }>(client, deliver, valuesOf(delivered))).done);
  for (const one of delivered) {
    const found = changes?.get(noteIdOf(one.token));
    if (found === undefined) continue;
    outcomes.set(one, { lost: [], changes: found });
    commit = true;
  }
  await apply(others, subjectOf(others), twice ? undefined : streams);
  const slow = delivered.filter((one) => !outcomes.has(one));
  await apply(slow, subjectOf(slow));
  const results = calls.map((call) => ({
    lost: call.filter((one) => outcomes.get(one)?.lost.length !== 0).map(({ token }) => token),
    changes: call.flatMap((one) => outcomes.get(one)?.changes ?? []),
  }));
  return { result: results, commit };
}

/** Replaces the frozen parts of claimed notes. A claim whose lease has just expired is recorded as such, and lost. */
export async function refreezeAll(
  client: PgClient,
  sql: Sql,
  claimed: readonly Refreeze[],
): Promise<Done<readonly ClaimToken[]>> {
  const running = new Set(await refreezeInline(client, sql, claimed));
  const others = claimed.filter(({ token }) => !running.has(token));
  if (others.length === 0) return { result: [], commit: true };
  const work = await startWork(client, sql, { notes: [...new Set(others.map(({ token }) => noteIdOf(token)))] });
  const { result, commit } = await finishWork(work, refreezeEach(work, others));
  return { result, commit: commit || running.size > 0 };
}

/** The notes that tokens name, and the entries that a late `delivered` may be about. */
function subjectOf(settlements: readonly Settlement[]): Subject {
  const late = settlements.filter(({ to }) => to === 'delivered').map(({ token }) => token);
  return {
    notes: [...new Set(settlements.map(({ token }) => noteIdOf(token)))],
    tags: late.map(tagOfToken),
    entries: late.map((token) => entryOfNote(noteIdOf(token))),
  };
}
