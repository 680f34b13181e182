import type { ClaimedNote, ClaimRequest } from '../../contract.ts';
import type { NoteRow } from '../../rows/note-row.ts';
import { claimPick, type Picked, runOf } from '../../state/claim.ts';
import type { EntryRecord, NoteRecord } from '../../state/records.ts';
import type { Transaction } from '../../state/transaction.ts';
import type { PgClient } from '../connection/pool.ts';
import type { Session } from '../connection/session.ts';
import type { Done } from '../connection/transact.ts';
import { heads } from '../tables/due.ts';
import { type Fresh, inlineNotes } from '../tables/inline-note.ts';
import { asEntry, entryTexts, Loaded, noteRowColumns } from '../tables/loaded.ts';
import { type Sql, statement } from '../tables/statement.ts';
import { refreshStreams, storedStreamKey } from '../tables/streams.ts';
import { writeClaims } from '../tables/write.ts';
import { type HeadRow, LaneTurns, type LockedDue } from './lock-due.ts';
import { begin } from './work.ts';

const members = statement('members', (t) => `SELECT ${entryTexts()}, body FROM ${t.entries} WHERE id = ANY($1::text[])`);

const notesById = statement(
  'notes_by_id',
  (t) => `SELECT to_json(x)::text AS row FROM (
    SELECT ${noteRowColumns} FROM ${t.notes} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE
  ) x`,
);

/** The entries picked from a stream. */
type Run = Picked & { readonly stream: string };

/** Claims what {@link LaneTurns.lockDue} has locked. The cost follows the number of notes, not of what waits. */
async function claimNotes(
  client: PgClient,
  sql: Sql,
  request: ClaimRequest,
  { now, tick, keys, heads: read }: LockedDue,
): Promise<Done<readonly ClaimedNote[]>> {
  if (keys.length === 0) return { result: [], commit: false };
  const loaded = new Loaded();
  const delivering = request.kind === 'deliver';
  const picks = delivering
    ? await pickRuns(client, sql, loaded, keys, read ?? (await headsOf(client, sql, keys, request)), request, now)
    : await pickNotes(client, sql, loaded, keys);
  const messages = loaded.messages(picks.flatMap((one) => one.members.map(({ fixed }) => fixed.id)));
  const tx = begin(loaded, tick);
  const claimed = picks.map((one) => claimPick(tx, one, messages, request, now));
  await write(client, sql, tx, loaded, picks, request);
  if (delivering) {
    // A stream that was due but gave nothing has a wrong row: it is computed anew.
    const busy = new Set(picks.map(({ stream }) => stream));
    const streams = keys.filter((key) => !busy.has(key));
    if (streams.length > 0) await refreshStreams(client, sql, streams);
  }
  return { result: claimed, commit: true };
}

/** New notes lie in the rows of their streams; older ones have rows of their own. */
async function write(
  client: PgClient,
  sql: Sql,
  tx: Transaction,
  before: Loaded,
  picks: readonly Run[],
  { kind, owner }: ClaimRequest,
): Promise<void> {
  const fresh: Fresh[] = [];
  const notes: NoteRecord[] = [];
  const made = new Map([...tx.notes.values()].flatMap((note) => (note === undefined ? [] : [[note.entryIds[0], note]])));
  for (const pick of picks) {
    const note = made.get(pick.members[0]?.fixed.id);
    if (note === undefined) continue;
    if (pick.note === undefined) fresh.push({ stream: pick.stream, note, to: pick.members.at(-1)?.status.order ?? 0 });
    else notes.push(note);
  }
  if (fresh.length > 0) await inlineNotes(client, sql, fresh, owner);
  const busy = kind === 'deliver' ? picks.filter(({ note }) => note !== undefined).map(({ stream }) => stream) : [];
  if (notes.length > 0) await writeClaims(client, sql, tx, before, { owner, busy, notes });
}

function headsOf(client: PgClient, sql: Sql, keys: readonly string[], request: ClaimRequest): Promise<readonly HeadRow[]> {
  return sql.rows<HeadRow>(client, heads, [keys, request.maxEntries, request.maxBytes]);
}

async function pickRuns(
  client: PgClient,
  sql: Sql,
  loaded: Loaded,
  keys: readonly string[],
  rows: readonly HeadRow[],
  request: ClaimRequest,
  now: number,
): Promise<Run[]> {
  const streams = new Map<string, EntryRecord[]>(keys.map((key) => [key, []]));
  for (const row of rows) {
    if (row.id === null) continue;
    const record = loaded.entryRow(asEntry(row));
    if (record !== undefined) streams.get(String(row.key))?.push(record);
  }
  loaded.assertReadable();
  const picks: Run[] = [];
  const deferred: string[] = [];
  for (const [stream, records] of streams) {
    const run = runOf(records, request, now);
    if (run === undefined) continue;
    if ('members' in run) picks.push({ ...run, stream });
    else deferred.push(run.deferredNoteId);
  }
  const again = deferred.length === 0 ? [] : await pickNotes(client, sql, loaded, deferred);
  return [...picks, ...again.filter(({ note }) => note !== undefined && note.due.at <= now)];
}

/** Existing notes, with their members and messages. */
async function pickNotes(client: PgClient, sql: Sql, loaded: Loaded, ids: readonly string[]): Promise<Run[]> {
  const rows = await sql.rows<{ row: string }>(client, notesById, [ids]);
  const notes = rows.flatMap(({ row }) => loaded.noteRow(JSON.parse(row) as NoteRow) ?? []);
  loaded.assertReadable();
  const missing = notes.flatMap(({ entryIds }) => entryIds).filter((id) => !loaded.hasMessage(id));
  if (missing.length > 0) {
    for (const row of await sql.rows<HeadRow>(client, members, [missing])) loaded.entryRow(asEntry(row));
    loaded.assertReadable();
  }
  return notes.flatMap((note) => {
    const records = note.entryIds.flatMap((id) => loaded.entry(id) ?? []);
    const [first] = records;
    return first === undefined ? [] : { note, members: records, stream: storedStreamKey(first.fixed) };
  });
}

/**
 * Concurrent claims: one reads while another's commit goes to disk. With more, some transaction is always open, so that index entries that a claim has just
 * left behind don't count as dead yet, and each following claim reads them all again.
 */
const claimsAtOnce = 2;
/** Connections of a pool reserved for everything else. */
const leftToOthers = 4;

/** Runs several claims concurrently: one loop's claims come one after another, and loops don't wait for each other. */
export class Claims {
  readonly #session: Session;
  readonly #expireLeases: () => Promise<void>;
  readonly #turns = new LaneTurns();
  readonly #waiting: (() => void)[] = [];
  readonly #most: number;
  #running = 0;

  constructor(session: Session, expireLeases: () => Promise<void>) {
    this.#session = session;
    this.#expireLeases = expireLeases;
    this.#most = Math.max(1, Math.min(claimsAtOnce, (session.connections.most ?? 0) - leftToOthers));
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    await this.#turn();
    try {
      return await this.#claim(request);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Waits for a free place, in the order of the calls. */
  async #turn(): Promise<void> {
    if (this.#running < this.#most) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    // Only once: an expired lease locked by another transaction is left to that one.
    for (let first = true; ; first = false) {
      const look = first;
      const { sql } = this.#session;
      const ask = this.#turns.ask(sql.tables, request);
      const claimed = await this.#session.transact<readonly ClaimedNote[] | 'lapsed'>(
        async (client, answer) => {
          const locked = await this.#turns.lockDue(client, sql, ask, answer);
          if (look && locked.lapsed) return { result: 'lapsed', commit: false };
          return claimNotes(client, sql, request, locked);
        },
        { first: ask.written },
      );
      if (claimed !== 'lapsed') return claimed;
      await this.#expireLeases();
    }
  }
}
