import type { Change, ClaimedNote, ClaimRequest, NewSpoolEntry, Reason, Settlement } from '../../../src/spool/contract.ts';
import { StateTable } from '../../../src/spool/journaled/state-table.ts';
import { appendMessage, type PlannedAppend } from '../../../src/spool/state/append.ts';
import { claimPick } from '../../../src/spool/state/claim.ts';
import type { EntryRecord, NoteRecord } from '../../../src/spool/state/records.ts';
import { settle } from '../../../src/spool/state/settle.ts';
import type { Transaction } from '../../../src/spool/state/transaction.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

export const reason: Reason = { code: 'EWS_ERROR', text: 'Exchange answered with a code.' };
/** Any sentence that a person can read. */
export const sentence = /^[A-Z].{15,}\.$/s;
export const place = {
  endpoint: 'https://mail.contoso.com/EWS/Exchange.asmx',
  mailbox: 'alice@contoso.com',
  folder: 'conversation-history',
};

/** A settlement without its token. */
export type Became = Settlement extends infer One ? (One extends Settlement ? Omit<One, 'token'> : never) : never;

/** A state table at a time set by the test, with the pure operations of a spool. */
export class Scene {
  readonly table = new StateTable();
  now = 1_000_000;
  /** Reports of the last operation. */
  changes: readonly Change[] = [];

  /** Runs one operation and commits it. */
  run<Result>(work: (tx: Transaction) => Result): Result {
    const tx = this.table.begin();
    const result = work(tx);
    this.table.commit(tx);
    this.changes = tx.changes;
    return result;
  }

  append(id: string, parts: Partial<NewSpoolEntry> = {}): PlannedAppend {
    return this.run((tx) => appendMessage(tx, [newEntry(id, parts)], this.now));
  }

  /** Claims these entries: those of a note together, others as a new note. */
  claim(ids: readonly string[], parts: Partial<ClaimRequest> = {}): ClaimedNote {
    const members = ids.map((id) => this.entry(id));
    const noteId = members[0]?.status.noteId;
    const note = noteId === undefined ? undefined : this.table.note(noteId);
    const messages = new Map(ids.map((id) => [id, newEntry(id).message]));
    return this.run((tx) => claimPick(tx, { note, members }, messages, claimRequest(parts), this.now));
  }

  /** True if the token was valid. */
  settle(claimed: Pick<ClaimedNote, 'token'>, became: Became): boolean {
    return this.run((tx) => settle(tx, this.table, { token: claimed.token, ...became } as Settlement, this.now));
  }

  entry(id: string): EntryRecord {
    const record = this.table.entry(id);
    if (record === undefined) throw new Error(`there is no entry ${id}`);
    return record;
  }

  note(id: string): NoteRecord {
    const note = this.table.note(id);
    if (note === undefined) throw new Error(`there is no note ${id}`);
    return note;
  }

  /** States by entry id, of all entries or of those given. */
  states(...ids: string[]): readonly string[] {
    return ids.map((id) => this.entry(id).status.state);
  }
}

/** Entries claimed together as one note. */
export function delivering(...ids: string[]): { scene: Scene; note: ClaimedNote } {
  const scene = new Scene();
  for (const id of ids) scene.append(id);
  scene.now += 120_000;
  return { scene, note: scene.claim(ids) };
}

/** Entries whose only attempt may have been sent, claimed for a probe. */
export function probed(...ids: string[]): { scene: Scene; note: ClaimedNote; attempt: ClaimedNote } {
  const { scene, note: attempt } = delivering(...ids);
  scene.settle(attempt, { to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason });
  scene.now += 5_000;
  return { scene, note: scene.claim(ids, { kind: 'probe' }), attempt };
}
