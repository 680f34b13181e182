import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Change, ExpireRequest } from '../contract.ts';
import { messageEndedSince } from '../state/derived.ts';
import { closedLanes, expireEntry } from '../state/expire.ts';
import type { Group } from './group.ts';

/** Removes expired tombstones. */
export class Tombstones {
  readonly #over: StatementSync;
  readonly #later: StatementSync;

  constructor(database: DatabaseSync) {
    this.#over = database.prepare('SELECT message_id FROM entries WHERE tombstone_at <= ? ORDER BY tombstone_at LIMIT ? + 0');
    this.#later = database.prepare('UPDATE entries SET tombstone_at = ? WHERE message_id = ? AND tombstone_at IS NOT NULL');
  }

  /** Removes some; returns true when there may be more. */
  sweep(group: Group, keep: number, leastSkew: number): boolean {
    group.flush();
    const { entries, spool } = group.stores;
    const over = group.now + leastSkew - keep;
    const rows = this.#over.all(over, atOnce);
    for (const messageId of new Set(rows.map((row) => String(row.message_id)))) {
      const stored = entries.idsOfMessage(messageId).flatMap((id) => entries.find(id) ?? []);
      const since = messageEndedSince(stored.map(({ record: { status } }) => status));
      if (since === undefined ? stored.length === 0 : since <= over) {
        for (const one of stored) {
          entries.forget(one);
          spool.count(one.record, -1);
        }
      } else {
        // The id must last as long as its last entry: checked again when that may have expired.
        this.#later.run(group.now + leastSkew, messageId);
      }
    }
    if (rows.length > 0) group.changed();
    return rows.length === atOnce;
  }
}

/** How many entries one step looks at. */
const atOnce = 500;

/** Finds by index what an expiry may change: entries that this owner has tried, or of closed lanes; never those that are merely old. */
export class Expiry {
  readonly #tried: StatementSync;
  readonly #closed: StatementSync;
  readonly #allClosed: StatementSync;
  readonly #unconfirmed: StatementSync;

  constructor(database: DatabaseSync) {
    // Hundreds of unconfirmed entries, which these don't change, must not fill a step.
    const waits = "state IN ('spooled', 'deferred')";
    this.#tried = database.prepare(
      `SELECT id FROM entries WHERE tried_by = ? AND expiry <= ? AND ${waits} ORDER BY expiry LIMIT ? + 0`,
    );
    this.#closed = database.prepare(
      `SELECT id FROM entries WHERE lane = ? AND expiry <= ? AND due_at BETWEEN ? AND ? AND ${waits} ORDER BY expiry LIMIT ? + 0`,
    );
    this.#allClosed = database.prepare(
      `SELECT id FROM entries WHERE expiry IS NOT NULL AND expiry <= ? AND due_at BETWEEN ? AND ? AND ${waits} LIMIT ? + 0`,
    );
    // Entries that an expiry changes: alone in their note and not marked yet, or to be given up. No numbered parameters: Node 22.13 can't bind them.
    // A note with unreadable members is quarantined where it is read; here it must not keep others from expiring.
    const members = "CASE WHEN json_valid(n.entry_ids) THEN n.entry_ids ELSE '[]' END";
    this.#unconfirmed = database.prepare(
      `SELECT e.id FROM notes n, json_each(${members}) m JOIN entries e ON e.id = m.value
       WHERE n.state = 'unconfirmed' AND n.lease_until IS NULL AND (
         (e.expires_at > 0 AND e.expires_at <= ? AND (json_array_length(${members}) = 1
           OR (e.expires_at <= ? AND n.last_ran_at <= ? AND n.lane NOT IN (SELECT value FROM json_each(?)))))
         OR (e.expires_at = 0 AND e.due_at <= ? AND n.lane NOT IN (SELECT value FROM json_each(?)))
       ) LIMIT ? + 0`,
    );
  }

  /** Ends some. `full`: there may be more. */
  expire(group: Group, request: ExpireRequest): { readonly changes: readonly Change[]; readonly full: boolean } {
    group.flush();
    const { tx, now } = group;
    const ids = this.#candidates(request, group);
    if (ids.size === 0) return { changes: [], full: false };
    const closed = closedLanes(request);
    const from = tx.changes.length;
    for (const id of ids) {
      const record = tx.entry(id);
      if (record !== undefined) expireEntry(tx, record, request, closed, now);
    }
    const changes = tx.changes.slice(from);
    return { changes, full: ids.size >= atOnce && changes.length > 0 };
  }

  #candidates(
    { owner, closedLanes: lanes, allClosedFor, giveUpAfter, keptLanes = [] }: ExpireRequest,
    { now, wall }: Group,
  ): Set<string> {
    const ids = new Set(this.#tried.all(owner, wall, atOnce).map(({ id }) => String(id)));
    for (const { lane, closedFor } of lanes) {
      const room = atOnce - ids.size;
      if (room <= 0) break;
      for (const { id } of this.#closed.all(lane, wall, Math.ceil(now - closedFor), now, room)) ids.add(String(id));
    }
    if (allClosedFor !== undefined && ids.size < atOnce) {
      for (const { id } of this.#allClosed.all(wall, Math.ceil(now - allClosedFor), now, atOnce - ids.size)) ids.add(String(id));
    }
    const giveUp = giveUpAfter === undefined ? -1 : Math.floor(wall - giveUpAfter);
    if (ids.size < atOnce) {
      const ranBy = giveUp + now - wall;
      const kept = JSON.stringify(keptLanes);
      for (const { id } of this.#unconfirmed.all(wall, giveUp, ranBy, kept, giveUp, kept, atOnce - ids.size)) ids.add(String(id));
    }
    return ids;
  }
}

/** How many pages one step releases: about 1 MiB, some ms. */
const step = 256;
/** At least this many free pages are kept for new rows. */
const spare = 1_024;

/** Releases some free pages to the file system when more than a quarter of the file is free. */
export function vacuumStep(database: DatabaseSync): void {
  const { pages, free } = pagesOf(database);
  if (free > spare && free > pages / 4) database.exec(`PRAGMA incremental_vacuum(${step})`);
}

/** How many bytes of the file are in use: messages, tombstones and indexes. */
export function bytesInUse(database: DatabaseSync): number {
  const { pages, free, size } = pagesOf(database);
  return (pages - free) * size;
}

function pagesOf(database: DatabaseSync): { readonly pages: number; readonly free: number; readonly size: number } {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  return { pages: pragma('page_count'), free: pragma('freelist_count'), size: pragma('page_size') };
}
