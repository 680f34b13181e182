import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { hasEnded } from '../admin/filter.ts';
import type { SpoolEntry, SpoolQuery, SpoolState, Standing } from '../contract.ts';
import { standingOf } from '../state/derived.ts';
import { isTombstone, viewOf } from '../state/records.ts';
import { hasIndexes } from './connection/admin-tables.ts';
import type { Group } from './group.ts';
import { entryColumns, type Stored } from './stores/entries.ts';
import type { StoredRow } from './stores/statements.ts';

/** How many rows the first page of a list reads, and by what factor the next ones grow: a caller who needs a few entries must not read hundreds of texts. */
const firstPage = 1;
const growth = 8;
const largestPage = 200;

/** Where a page of a list begins, and how many rows it reads. */
export interface PageStart {
  readonly after: number;
  readonly size: number;
}

/** The beginning of a list. */
export const firstPageStart: PageStart = { after: 0, size: firstPage };

/** A page of a list, and where the next begins; `undefined` at the end. */
interface Page {
  readonly entries: readonly SpoolEntry[];
  readonly next: PageStart | undefined;
}

/** Reads entries. Lists page by key: no statement stays open, and none reads more than a page. */
export class Reading {
  readonly #bounds: StatementSync;
  readonly #page: StatementSync;
  readonly #kept: StatementSync;
  /** `undefined` if the index is missing: only a process that is alone with the file creates it. */
  readonly #waiting: StatementSync | undefined;
  readonly #head: StatementSync;

  constructor(database: DatabaseSync) {
    this.#bounds = database.prepare(
      'SELECT max(seq) AS last FROM (SELECT seq FROM entries WHERE seq > ? ORDER BY seq LIMIT ? + 0)',
    );
    this.#page = database.prepare(
      `SELECT ${entryColumns} FROM entries WHERE seq > :after AND seq <= :last AND purged = 0
       AND (:state IS NULL OR state = :state) AND (:lane IS NULL OR lane = :lane) ORDER BY seq`,
    );
    this.#head = database.prepare('SELECT id FROM entries WHERE stream = ? ORDER BY ord LIMIT 1');
    this.#kept = database.prepare(
      `SELECT ${entryColumns} FROM entries WHERE state IN ('held', 'dead') AND state = :state AND seq > :after AND purged = 0
       AND (:lane IS NULL OR lane = :lane) ORDER BY seq LIMIT :limit + 0`,
    );
    if (!hasIndexes(database)) return;
    this.#waiting = database.prepare(
      `SELECT ${entryColumns} FROM entries WHERE state IN ('spooled', 'deferred', 'delivering', 'unconfirmed') AND state = :state
       AND seq > :after AND purged = 0 AND (:lane IS NULL OR lane = :lane) ORDER BY seq LIMIT :limit + 0`,
    );
  }

  entry(group: Group, id: string): SpoolEntry | undefined {
    const stored = group.stores.entries.find(id);
    return stored === undefined || stored.record.status.purged === true ? undefined : show(group, stored);
  }

  standing(group: Group, id: string): Standing | undefined {
    const { entries, notes } = group.stores;
    const stored = entries.find(id);
    if (stored === undefined) return undefined;
    const headId = stored.stream === null ? undefined : this.#head.get(stored.stream)?.id;
    const head = typeof headId === 'string' ? entries.find(headId)?.record : undefined;
    return standingOf(stored.record, notes.find(stored.record.status.noteId), head, group.now);
  }

  message(group: Group, messageId: string): SpoolEntry[] {
    const { entries } = group.stores;
    return entries.idsOfMessage(messageId).flatMap((id) => {
      const stored = entries.find(id);
      return stored === undefined ? [] : (show(group, stored) ?? []);
    });
  }

  /** Finds the statement for which there is an index: hosts list these states most, and `stats()` does at each collection of metrics. Its cost doesn't follow what has ended. */
  #indexOf(state: SpoolState | undefined): StatementSync | undefined {
    if (state === 'held' || state === 'dead') return this.#kept;
    return state === undefined || hasEnded(state) ? undefined : this.#waiting;
  }

  page(group: Group, { state, lane }: SpoolQuery, { after, size }: PageStart): Page {
    const asked = { state: state ?? null, lane: lane ?? null };
    const next = (place: number): PageStart => ({ after: place, size: Math.min(largestPage, growth * size) });
    const indexed = this.#indexOf(state);
    if (indexed !== undefined) {
      const rows = indexed.all({ ...asked, after, limit: size }) as unknown as readonly StoredRow[];
      const end = rows.length < size ? undefined : rows.at(-1);
      return { entries: showAll(group, rows), next: end && next(end.seq) };
    }
    const last = this.#bounds.get(after, size)?.last;
    if (typeof last !== 'number') return { entries: [], next: undefined };
    // Prevents an endless loop: a damaged file can return its rows in any order.
    if (last <= after) throw new OfflineImError('SPOOL_CORRUPT', 'The rows of the spool are out of order. Restore a backup.');
    const rows = this.#page.all({ ...asked, after, last }) as unknown as readonly StoredRow[];
    return { entries: showAll(group, rows), next: next(last) };
  }
}

function showAll(group: Group, rows: readonly StoredRow[]): SpoolEntry[] {
  return rows.flatMap((row) => {
    const stored = group.stores.entries.read(row);
    return stored === undefined ? [] : (show(group, stored) ?? []);
  });
}

/** Returns one entry; `undefined` if its message is unreadable, and it is about to be set aside. */
function show({ stores }: Group, stored: Stored): SpoolEntry | undefined {
  if (isTombstone(stored.record.status)) return viewOf(stored.record);
  const message = stores.entries.message(stored);
  if (message === undefined) stores.entries.bodyMissing(stored);
  return message === undefined ? undefined : viewOf(stored.record, message);
}
