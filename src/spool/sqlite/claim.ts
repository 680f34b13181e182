import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ClaimedNote, ClaimRequest, LaneFilter, SpooledMessage } from '../contract.ts';
import { claimPick, type Picked, runOf } from '../state/claim.ts';
import { dueIn, laneFilter } from '../state/derived.ts';
import type { EntryRecord } from '../state/records.ts';
import type { Group } from './group.ts';
import { entryColumns, entryNames, storedRow } from './stores/entries.ts';
import { ever } from './stores/lanes.ts';
import { type RowsOf, rowsOf } from './stores/statements.ts';

/** Finds when leases end. */
export class LeaseEnds {
  readonly #ends: StatementSync;

  constructor(database: DatabaseSync) {
    this.#ends = database.prepare(
      'SELECT lane, min(lease_until) AS until FROM notes WHERE lease_until IS NOT NULL GROUP BY lane ORDER BY until',
    );
  }

  /** When the next lease of those lanes ends. */
  next(lanes: LaneFilter | undefined): number | undefined {
    const wanted = laneFilter(lanes);
    // One row per lane with a lease, not per lane that waits.
    const row = this.#ends.all().find(({ lane }) => wanted(String(lane)));
    return row === undefined ? undefined : Number(row.until);
  }
}

/** ms until something in those lanes is due, or a lease there ends. */
export function nextDue(group: Group, ends: LeaseEnds, filter: LaneFilter | undefined): number | undefined {
  const { lanes } = group.stores;
  return dueIn([lanes.next('deliver', filter), lanes.next('probe', filter), ends.next(filter)], group.now);
}

/** Where a row of a head has its body, and whether more entries of its stream follow. */
const bodyAt = entryNames.length;
const moreAt = bodyAt + 1;

/** The first entries of streams, with their bodies: all that most notes consist of, in one query. */
const headsWhere = (due: string): string =>
  `SELECT ${entryNames.map((name) => `e.${name}`).join(', ')}, body,
     EXISTS (SELECT 1 FROM entries n WHERE n.stream = s.id AND n.ord > e.ord) AS more
   FROM streams s
     CROSS JOIN entries e ON e.seq = (SELECT h.seq FROM entries h WHERE h.stream = s.id ORDER BY h.ord LIMIT 1)
     LEFT JOIN bodies b ON b.seq = e.seq
   WHERE s.lane = ? AND s.due_at IS NOT NULL AND ${due} ORDER BY s.due_at LIMIT ? + 0`;

/** Picks and claims notes. The cost follows the number of notes claimed, not of what waits. */
export class Picker {
  readonly #due: RowsOf;
  readonly #all: RowsOf;
  readonly #stream: RowsOf;
  readonly #probes: RowsOf;

  constructor(database: DatabaseSync) {
    this.#due = rowsOf(database.prepare(headsWhere('s.due_at <= ?')));
    this.#all = rowsOf(database.prepare(headsWhere('(s.deferred = 0 OR s.due_at <= ?)')));
    this.#stream = rowsOf(database.prepare(`SELECT ${entryColumns} FROM entries WHERE stream = ? ORDER BY ord LIMIT ? + 0`));
    this.#probes = rowsOf(
      database.prepare(
        `SELECT id FROM notes WHERE lane = ? AND state = 'unconfirmed' AND lease_until IS NULL AND due_at <= ? ORDER BY due_at LIMIT ? + 0`,
      ),
    );
  }

  claim(group: Group, request: ClaimRequest): ClaimedNote[] {
    group.flush();
    for (;;) {
      const bodies = new Map<number, string>();
      const picks = this.#pick(group, request, bodies);
      const messages = messagesOf(group, picks, bodies);
      if (group.stores.unreadable.found) {
        // Sets it aside, and picks from the rest.
        group.flush();
        continue;
      }
      const claimed = picks.map((one) => claimPick(group.tx, one, messages, request, group.now));
      const { lanes } = group.stores;
      for (const lane of new Set(claimed.map((note) => note.lane))) lanes.served(lane, request.kind, group.now, group.rev);
      return claimed;
    }
  }

  /** @param bodies Takes in the bodies that are read on the way, by `seq`. */
  #pick(group: Group, request: ClaimRequest, bodies: Map<number, string>): Picked[] {
    const { kind, limit, perLane, lanes, ignorePickup } = request;
    const early = kind === 'deliver' && ignorePickup === true;
    const picks: Picked[] = [];
    if (limit <= 0) return picks;
    for (const lane of group.stores.lanes.inTurn(kind, early ? ever : group.now, early ? ever : limit, lanes)) {
      const room = Math.min(perLane, limit - picks.length);
      if (room <= 0) break;
      const found =
        kind === 'deliver' ? this.#deliveries(group, lane, request, room, bodies) : this.#dueProbes(group, lane, room);
      picks.push(...found);
    }
    return picks;
  }

  #deliveries(group: Group, lane: string, request: ClaimRequest, room: number, bodies: Map<number, string>): Picked[] {
    const heads = (request.ignorePickup === true ? this.#all : this.#due).all(lane, group.now, room);
    return heads.flatMap((head) => {
      const [seq, stream] = head as readonly [number, number];
      const body = head[bodyAt];
      if (typeof body === 'string') bodies.set(seq, body);
      const rows = head[moreAt] === 1 ? this.#stream.all(stream, request.maxEntries) : [head];
      const run = runOf(recordsOf(group, rows), request, group.now);
      if (run === undefined || 'members' in run) return run ?? [];
      const pick = pickOf(group, run.deferredNoteId);
      return pick?.note !== undefined && pick.note.due.at <= group.now ? pick : [];
    });
  }

  #dueProbes(group: Group, lane: string, room: number): Picked[] {
    return this.#probes.all(lane, group.now, room).flatMap(([id]) => pickOf(group, String(id)) ?? []);
  }
}

/** Turns rows into records, only as far as the run goes. */
function* recordsOf(group: Group, rows: ReturnType<RowsOf['all']>): Iterable<EntryRecord> {
  for (const cells of rows) {
    const stored = group.stores.entries.read(storedRow(cells));
    if (stored !== undefined) yield stored.record;
  }
}

function pickOf(group: Group, noteId: string): Picked | undefined {
  const note = group.stores.notes.find(noteId);
  const members = note?.entryIds.flatMap((id) => group.stores.entry(id) ?? []) ?? [];
  return members.length === 0 ? undefined : { note, members };
}

function messagesOf(
  group: Group,
  picks: readonly Picked[],
  bodies: ReadonlyMap<number, string>,
): ReadonlyMap<string, SpooledMessage> {
  const { entries } = group.stores;
  const messages = new Map<string, SpooledMessage>();
  for (const { fixed } of picks.flatMap(({ members }) => members)) {
    const stored = entries.find(fixed.id);
    const message = stored === undefined ? undefined : entries.message(stored, bodies.get(stored.seq));
    if (message !== undefined) messages.set(fixed.id, message);
    else if (stored !== undefined) entries.bodyMissing(stored);
  }
  return messages;
}
