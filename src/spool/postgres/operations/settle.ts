import type { Change, ClaimToken, Refreeze, Settlement, SettleResult } from '../../contract.ts';
import { noteIdOf } from '../../state/records.ts';
import { storableClass } from '../../state/storable.ts';
import { refreezeEach, type Subject, settleEach } from '../../state/transition-spool.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Done } from '../connection/transact.ts';
import { refreezeInline } from '../tables/inline-note.ts';
import { amongKeys, type Sql, statement } from '../tables/statement.ts';
import { headOf, streamsAfter } from '../tables/streams.ts';
import { storableText } from '../tables/write.ts';
import { finishWork, startWork } from './work.ts';

/**
 * What `settle` of the state table does with a note that runs and is delivered, in one statement: nearly every note ends this way, and nothing of it has
 * to be read for that. Their streams are locked. (`+ 0`: nearly all leases that ever were are still to end, so their index would be read whole.)
 */
const deliver = statement(
  'deliver',
  (t) => `WITH t AS MATERIALIZED (SELECT ${t.now}() AS now, nextval('${t.ticks}') AS rev), k AS MATERIALIZED (
    SELECT key, note_id, token, running_to, run_by, ($3::text[])[array_position($2::text[], token)] AS class FROM ${t.streams}
    WHERE note_id = ANY($1::text[]) AND token = ANY($2::text[]) AND lease_until + 0 > (SELECT now FROM t)
  ), m AS MATERIALIZED (
    SELECT k.key, k.note_id, k.token, k.run_by, k.class, x.id FROM k, LATERAL (
      SELECT id FROM ${t.entries} WHERE stream = k.key AND active AND state <> 'unconfirmed' AND ord <= k.running_to ORDER BY ord
    ) x
  ), e AS (
    UPDATE ${t.entries} e SET state = 'delivered', rev = t.rev, reason = NULL, ended_at = t.now, note_id = m.note_id, attempt = 1,
      tried_by = m.run_by, sent_class = coalesce(m.class, e.sent_class), active = false, tombstone_at = t.now, body = NULL
    FROM m, t WHERE e.id = m.id AND ${amongKeys('e.id', 'id FROM m')} RETURNING m.token, e.ord, e.id, e.message_id, e.note_id, e.weight
  ), h AS MATERIALIZED (
    ${headOf(t, 'ord > k.running_to')}
  ), ${streamsAfter(t, true)}, c AS (
    INSERT INTO ${t.tallies} (delivering_count, delivered_count, bytes, spooled_count, unconfirmed_count, deferred_count, held_count,
      dead_count, cancelled_count)
    SELECT -count(*), count(*), -sum(weight), 0, 0, 0, 0, 0, 0 FROM e HAVING count(*) > 0
  )
  SELECT coalesce(json_agg(json_build_array(token, id, message_id, note_id) ORDER BY ord), '[]')::text AS done FROM e`,
);

type Row = readonly [token: ClaimToken, id: string, messageId: string, noteId: string];

/** The changes of those that run under their token, by token. */
async function settleDelivered(
  client: PgClient,
  sql: Sql,
  settlements: readonly Extract<Settlement, { to: 'delivered' }>[],
): Promise<ReadonlyMap<ClaimToken, readonly Change[]>> {
  const ids = settlements.map(({ token }) => noteIdOf(token));
  const tokens = settlements.map(({ token }) => token);
  const told = settlements.map(({ messageClass }) => storableClass(messageClass));
  const classes = told.some((messageClass) => messageClass !== undefined)
    ? told.map((messageClass) => (messageClass === undefined ? null : storableText(messageClass)))
    : null;
  const { done } = await sql.row<{ done: string }>(client, deliver, [ids, tokens, classes]);
  const changes = new Map<ClaimToken, Change[]>();
  for (const [token, entryId, messageId, noteId] of JSON.parse(done) as Row[]) {
    const change: Change = { entryId, messageId, from: 'delivering', to: 'delivered', noteId };
    const others = changes.get(token);
    if (others === undefined) changes.set(token, [change]);
    else others.push(change);
  }
  return changes;
}

/** Streams of notes that exist: each has its row. */
const lock = statement(
  'settle_lock',
  (t) => `SELECT key FROM ${t.streams} WHERE key = ANY(ARRAY(SELECT stream FROM ${t.notesNow} WHERE id = ANY($1::text[])))
    ORDER BY key FOR UPDATE`,
);

/** Applies the settlements of several calls in one transaction; one result a call. */
export async function settleAll(
  client: PgClient,
  sql: Sql,
  calls: readonly (readonly Settlement[])[],
): Promise<Done<readonly SettleResult[]>> {
  const all = calls.flat();
  const tokens = all.map(({ token }) => token);
  // All locks that this needs at once, so that they are taken in order; but those of late ones, which are rare.
  const streams = (await sql.rows<{ key: string }>(client, lock, [tokens.map(noteIdOf)])).map(({ key }) => key);
  const twice = new Set(tokens).size < tokens.length;
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
  // These first: the rest writes out what runs.
  const changes = delivered.length === 0 ? undefined : await settleDelivered(client, sql, delivered);
  for (const one of delivered) {
    const found = changes?.get(one.token);
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

/** Replaces what was frozen of claimed notes. A claim that has just run out is written as such on the way, and lost. */
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

type Delivered = Extract<Settlement, { to: 'delivered' }>;

/** What a token names, and whom a late `delivered` may have been for. */
function subjectOf(settlements: readonly Settlement[]): Subject {
  const late = settlements.filter(({ to }) => to === 'delivered').map(({ token }) => token);
  return {
    notes: [...new Set(settlements.map(({ token }) => noteIdOf(token)))],
    tags: late.map((token) => token.split(':').slice(0, 2).join(':')),
    // A note that is looked for alone is named after its entry.
    entries: late.map((token) => noteIdOf(token)).map((id) => id.slice(0, Math.max(0, id.lastIndexOf('-')))),
  };
}
