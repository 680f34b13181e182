import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { hasEnded } from '../admin/filter.ts';
import type { SpoolEntry, SpoolQuery, SpoolState, Standing } from '../contract.ts';
import { standingOf } from '../state/derived.ts';
import { isTombstone, viewOf } from '../state/records.ts';
import { hasIndexes, sourceOf } from './connection/admin-tables.ts';
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
  readonly #database: DatabaseSync;
  readonly #indexed: boolean;
  readonly #known = new Map<string, { readonly bounds: StatementSync; readonly page: StatementSync }>();
  readonly #head: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#indexed = hasIndexes(database);
    this.#head = database.prepare('SELECT id FROM entries WHERE stream = ? ORDER BY ord LIMIT 1');
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

  /** Hosts list by state most, and `stats()` does at each collection of metrics: what waits costs nothing that has ended. */
  #pageOf(state: SpoolState | undefined): { readonly bounds: StatementSync; readonly page: StatementSync } {
    const ended = state === undefined || hasEnded(state);
    const source = sourceOf(state, ended, this.#indexed);
    let statements = this.#known.get(source);
    if (statements === undefined) {
      statements = {
        bounds: this.#database.prepare(
          `SELECT max(seq) AS last FROM (SELECT seq FROM ${source} AND seq > ? ORDER BY seq LIMIT ? + 0)`,
        ),
        page: this.#database.prepare(
          `SELECT ${entryColumns} FROM ${source} AND seq > :after AND seq <= :last AND purged = 0
           AND (:state IS NULL OR state = :state) AND (:lane IS NULL OR lane = :lane) ORDER BY seq`,
        ),
      };
      this.#known.set(source, statements);
    }
    return statements;
  }

  page(group: Group, { state, lane }: SpoolQuery, { after, size }: PageStart): Page {
    const { bounds, page } = this.#pageOf(state);
    const last = bounds.get(after, size)?.last;
    if (typeof last !== 'number') return { entries: [], next: undefined };
    // Prevents an endless loop: a damaged file can return its rows in any order.
    if (last <= after) throw new OfflineImError('SPOOL_CORRUPT', 'The rows of the spool are out of order. Restore a backup.');
    const rows = page.all({ state: state ?? null, lane: lane ?? null, after, last }) as unknown as readonly StoredRow[];
    return { entries: showAll(group, rows), next: { after: last, size: Math.min(largestPage, growth * size) } };
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
