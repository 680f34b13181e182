import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Group } from '../../spool/sqlite/group.ts';
import { isTombstone } from '../../spool/state/records.ts';

/** Entries that one step looks at. */
const atOnce = 500;

/** Takes tombstones away when their time is over. */
export class Tombstones {
  readonly #over: StatementSync;
  readonly #later: StatementSync;

  constructor(database: DatabaseSync) {
    this.#over = database.prepare('SELECT message_id FROM entries WHERE tombstone_at <= ? ORDER BY tombstone_at LIMIT ? + 0');
    this.#later = database.prepare('UPDATE entries SET tombstone_at = ? WHERE message_id = ? AND tombstone_at IS NOT NULL');
  }

  /** One step; true when there may be more. */
  sweep(group: Group, keep: number): boolean {
    group.flush();
    const { entries, spool } = group.stores;
    const over = group.now - keep;
    const rows = this.#over.all(over, atOnce);
    for (const messageId of new Set(rows.map((row) => String(row.message_id)))) {
      const stored = entries.idsOfMessage(messageId).flatMap((id) => entries.find(id) ?? []);
      if (stored.every(({ record: { status } }) => isTombstone(status) && (status.endedAt ?? 0) <= over)) {
        for (const one of stored) {
          entries.forget(one);
          spool.count(one.record, -1);
        }
      } else {
        // Its id must last as long as its last entry: looked at again when that may be over.
        this.#later.run(group.now, messageId);
      }
    }
    if (rows.length > 0) group.changed();
    return rows.length === atOnce;
  }
}
