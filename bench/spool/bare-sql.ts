import { DatabaseSync } from 'node:sqlite';
import type { NewSpoolEntry } from '../../src/spool/contract.ts';
import { bodyOf } from '../../src/spool/rows/entry-row.ts';

/** What the spool's SQL costs by itself: the same tables and indexes, the statements a hand-written spool would need, no more. */
export class BareSql {
  readonly #database: DatabaseSync;
  readonly #lane: string;

  /** @param path A spool that a SqliteSpool has made, closed. */
  constructor(path: string, lane: string) {
    this.#lane = lane;
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      'PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000',
    );
  }

  close(): void {
    this.#database.close();
  }

  /** Appends in groups, each in a conversation of its own; the entries are made by `entry`. */
  append(count: number, group: number, entry: (index: number) => NewSpoolEntry): void {
    const database = this.#database;
    const stream = database.prepare('INSERT INTO streams (lane, key, deferred, due_at, due_within) VALUES (?, ?, 0, ?, ?)');
    const insert =
      database.prepare(`INSERT INTO entries (id, message_id, content_hash, lane, conversation_id, audience, recipients_key,
      message_class, weight, recipients, accepted_at, pickup_at, expires_in, state, rev, due_at, due_within, expires_at, single,
      cancel_requested, attempt, purged, ord, stream, expiry)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'spooled', ?, ?, ?, ?, 0, 0, 0, 0, ?, ?, ?)`);
    const body = database.prepare('INSERT INTO bodies (seq, body) VALUES (?, ?)');
    const lane = database.prepare('INSERT OR REPLACE INTO lanes VALUES (?, ?, 0, 0, NULL, 0, 0)');
    const totals = database.prepare('UPDATE spool SET rev = rev + 1, ord = ?, last_now = ?, spooled_count = spooled_count + ?');
    for (let done = 0; done < count; done += group) {
      const now = Date.now();
      database.exec('BEGIN IMMEDIATE');
      const size = Math.min(group, count - done);
      for (let index = done; index < done + size; index++) {
        const { pickupIn, expiresIn, message, ...fixed } = entry(index);
        const key = `${fixed.lane}\n${fixed.audience}\n${fixed.conversationId}`;
        const due = now + pickupIn;
        const { lastInsertRowid: streamId } = stream.run(fixed.lane, key, due, pickupIn);
        const { lastInsertRowid: seq } = insert.run(
          fixed.id,
          fixed.messageId,
          fixed.contentHash,
          fixed.lane,
          fixed.conversationId,
          fixed.audience,
          fixed.recipientsKey,
          fixed.messageClass,
          fixed.weight,
          JSON.stringify(message.to),
          now,
          due,
          expiresIn,
          index,
          due,
          pickupIn,
          now + expiresIn,
          index,
          streamId,
          now + expiresIn,
        );
        body.run(seq, bodyOf(message));
      }
      lane.run(this.#lane, now);
      totals.run(done, now, size);
      database.exec('COMMIT');
    }
  }

  /**
   * Claims what is due in groups and settles each group as delivered: two commits a group, one message per note. How many; fewer than asked for only where others drain
   * the same file (`shared`).
   */
  drain(count: number, group: number, shared = false): number {
    const database = this.#database;
    const due = database.prepare('SELECT id FROM streams WHERE lane = ? AND due_at <= ? ORDER BY due_at LIMIT ?');
    const head = database.prepare(
      'SELECT seq, id, message_id, recipients, attempt, body FROM entries JOIN bodies USING (seq) WHERE stream = ? ORDER BY ord LIMIT 1',
    );
    const claim = database.prepare(
      "UPDATE entries SET state = 'delivering', rev = ?, tried_by = 'me', note_id = ?, attempt = 1, expiry = NULL WHERE seq = ?",
    );
    const busy = database.prepare('UPDATE streams SET due_at = NULL WHERE id = ?');
    const note =
      database.prepare(`INSERT INTO notes (id, lane, entry_ids, frozen, attempt, state, due_at, due_within, failures, probes,
      absences, last_ran_at, unconfirmed_for, token, lease_kind, lease_until)
      VALUES (?, ?, ?, ?, 1, 'delivering', 0, 0, 0, 0, 0, 0, 0, ?, 'deliver', ?)`);
    const end = database.prepare(
      "UPDATE entries SET state = 'delivered', rev = ?, stream = NULL, ended_at = ?, tombstone_at = ? WHERE seq = ?",
    );
    const dropBody = database.prepare('DELETE FROM bodies WHERE seq = ?');
    const dropNote = database.prepare('DELETE FROM notes WHERE id = ? AND token = ?');
    const dropStream = database.prepare('DELETE FROM streams WHERE id = ?');
    const totals = database.prepare(
      'UPDATE spool SET rev = rev + 1, last_now = ?, spooled_count = spooled_count - ?, delivering_count = delivering_count + ?, delivered_count = delivered_count + ?',
    );
    const frozen = JSON.stringify({
      messageClass: 'IPM.Note',
      subject: 'Missed conversation with Alice Example',
      wording: 1,
      place: {},
    });
    let done = 0;
    while (done < count) {
      const now = Date.now();
      database.exec('BEGIN IMMEDIATE');
      const claimed = due.all(this.#lane, now, Math.min(group, count - done)).map(({ id }) => {
        const entry = head.get(Number(id)) ?? {};
        const noteId = `note-${done}-${id}`;
        JSON.parse(String(entry.body));
        claim.run(done, noteId, Number(entry.seq));
        busy.run(Number(id));
        note.run(noteId, this.#lane, JSON.stringify([entry.id]), frozen, `${noteId}:1`, now + 120_000);
        return { stream: Number(id), seq: Number(entry.seq), noteId };
      });
      totals.run(now, claimed.length, claimed.length, 0);
      database.exec('COMMIT');
      if (claimed.length === 0 && shared) return done;
      if (claimed.length === 0) throw new Error('Nothing is due.');
      database.exec('BEGIN IMMEDIATE');
      for (const { stream, seq, noteId } of claimed) {
        end.run(done, now, now, seq);
        dropBody.run(seq);
        dropNote.run(noteId, `${noteId}:1`);
        dropStream.run(stream);
      }
      totals.run(now, 0, -claimed.length, claimed.length);
      database.exec('COMMIT');
      done += claimed.length;
    }
    return done;
  }
}
