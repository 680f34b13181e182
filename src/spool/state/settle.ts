import type { AttemptEnd } from '../../transport/contract.ts';
import type { ClaimToken, Reason, Refreeze, Settlement, SettleResult } from '../contract.ts';
import { storableFrozen } from './claim.ts';
import { dueAfter, type EntryRecord, type NoteRecord, noteIdOf, spanOf, storableReason, unbound } from './records.ts';
import type { TagReads, Transaction } from './transaction.ts';
import { runningAttempt, toUnconfirmed } from './unconfirmed.ts';

/** Applies one settlement; returns false when its token no longer matches. A late `delivered` counts all the same. */
export function settle(tx: Transaction, table: TagReads, given: Settlement, now: number): boolean {
  const settlement = storableSettlement(given);
  const note = tx.note(noteIdOf(settlement.token));
  if (note?.lease === undefined || note.lease.token !== settlement.token) {
    if (settlement.to === 'delivered') deliveredLate(tx, table, settlement, now);
    return false;
  }
  apply(tx, note, settlement, now);
  return true;
}

/** Applies the settlements of one call. */
export function settleEach(
  { tx, tags, now }: { readonly tx: Transaction; readonly tags: TagReads; readonly now: number },
  settlements: readonly Settlement[],
): SettleResult {
  const from = tx.changes.length;
  const lost = settlements.filter((one) => !settle(tx, tags, one, now)).map(({ token }) => token);
  return { lost, changes: tx.changes.slice(from) };
}

function apply(tx: Transaction, note: NoteRecord, settlement: Settlement, now: number): void {
  const members = tx.members(note);
  switch (settlement.to) {
    case 'delivered':
      tx.dropNote(note.id);
      for (const member of members) end(tx, member, 'delivered', now, { sentClass: settlement.messageClass });
      return;
    case 'deferred':
      defer(tx, note, members, settlement, now);
      return;
    case 'unconfirmed':
      leaveUnconfirmed(tx, note, settlement, now);
      return;
    case 'dead':
      tx.dropNote(note.id);
      for (const member of members) die(tx, note, member, settlement, now);
      return;
    case 'held':
      tx.dropNote(note.id);
      for (const member of members) {
        if (member.status.cancelRequested) end(tx, member, 'cancelled', now);
        else tx.move(member, 'held', { ...unbound, triedBy: note.lease?.triedBy.get(member.fixed.id) });
      }
      return;
    case 'cancelled':
      tx.dropNote(note.id);
      for (const member of members) end(tx, member, 'cancelled', now);
      return;
    case 'split':
      tx.dropNote(note.id);
      for (const member of members) {
        if (member.status.cancelRequested) end(tx, member, 'cancelled', now);
        else tx.move(member, 'spooled', { ...unbound, single: true, due: { at: now, within: 0 }, reason: settlement.reason });
      }
      return;
    case 'unclaim':
      unclaim(tx, note, members, settlement.after, now);
      return;
  }
}

/** Members whose cancel was requested leave the note: as cancelled when nothing was sent, as dead when nobody knows. */
function defer(
  tx: Transaction,
  note: NoteRecord,
  members: readonly EntryRecord[],
  { after, failure, sent, reason }: { after: number; failure: boolean; sent?: 'no' | 'unknown'; reason: Reason },
  now: number,
): void {
  const staying = members.filter((member) => !member.status.cancelRequested);
  const { lease: _lease, ...rest } = note;
  if (staying.length === 0) tx.dropNote(note.id);
  else {
    tx.putNote({
      ...rest,
      entryIds: staying.map((member) => member.fixed.id),
      state: 'deferred',
      due: dueAfter(now, after),
      failures: note.failures + (failure ? 1 : 0),
    });
  }
  for (const member of members) {
    if (!member.status.cancelRequested) tx.move(member, 'deferred', { reason });
    else if (sent === 'unknown') die(tx, note, member, { sent, reason }, now);
    else end(tx, member, 'cancelled', now);
  }
}

function leaveUnconfirmed(
  tx: Transaction,
  note: NoteRecord,
  {
    after,
    absent,
    counted,
    ended,
    reason,
  }: { after: number; absent: boolean; counted: number; ended?: AttemptEnd; reason: Reason },
  now: number,
): void {
  if (note.lease?.kind === 'deliver') {
    toUnconfirmed(tx, note, { lastRanAt: now, after, ended, reason, now });
    return;
  }
  const { lease: _lease, ...rest } = note;
  tx.putNote({
    ...rest,
    due: dueAfter(now, after),
    probes: note.probes + 1,
    absences: absent ? note.absences + 1 : 0,
    unconfirmedFor: spanOf(note.unconfirmedFor + counted),
  });
  for (const member of tx.members(note)) tx.move(member, 'unconfirmed', { reason });
}

function die(
  tx: Transaction,
  note: NoteRecord,
  member: EntryRecord,
  { sent, reason }: { sent: 'no' | 'unknown'; reason: Reason },
  now: number,
): void {
  if (sent === 'no' && member.status.cancelRequested) {
    end(tx, member, 'cancelled', now, { reason });
    return;
  }
  const running = note.lease?.kind === 'deliver' && sent === 'unknown' ? runningAttempt(note) : undefined;
  tx.move(member, 'dead', {
    reason,
    endedAt: tx.wall(now),
    ...(running === undefined ? {} : { unknownAttempts: [...member.status.unknownAttempts, running] }),
  });
}

/** Undoes a claim. Dissolves a note that the claim made; nobody has seen it. */
function unclaim(
  tx: Transaction,
  note: NoteRecord,
  members: readonly EntryRecord[],
  after: number | undefined,
  now: number,
): void {
  const later = after === undefined ? {} : { due: dueAfter(now, after) };
  const before = note.lease?.before;
  const staying: string[] = [];
  for (const member of members) {
    if (note.state === 'delivering' && member.status.cancelRequested) end(tx, member, 'cancelled', now);
    else {
      staying.push(member.fixed.id);
      if (note.state !== 'delivering') continue;
      const own = before === undefined ? unbound : { noteId: before.id, attempt: before.attempt };
      tx.move(member, before?.state ?? 'spooled', { ...own, triedBy: note.lease?.triedBy.get(member.fixed.id), ...later });
    }
  }
  if (before === undefined || staying.length === 0) tx.dropNote(note.id);
  else {
    const { lease: _lease, ...rest } = before;
    tx.putNote({ ...rest, entryIds: staying, ...later });
  }
}

/** Replaces the frozen parts of a note; returns false when its token no longer matches. */
export function refreeze(tx: Transaction, { token, frozen }: Refreeze): boolean {
  const note = tx.note(noteIdOf(token));
  if (note?.lease?.token !== token) return false;
  tx.putNote({ ...note, frozen: storableFrozen(frozen) });
  return true;
}

/** Replaces the frozen parts of several notes; returns the tokens that no longer match. */
export function refreezeEach({ tx }: { readonly tx: Transaction }, notes: readonly Refreeze[]): readonly ClaimToken[] {
  return notes.filter((one) => !refreeze(tx, one)).map(({ token }) => token);
}

/** Ends an entry; only its tombstone is left. */
export function end(
  tx: Transaction,
  record: EntryRecord,
  state: 'delivered' | 'cancelled',
  now: number,
  { reason, sentClass }: { reason?: Reason; sentClass?: string | undefined } = {},
): void {
  tx.move(record, state, { reason, endedAt: tx.wall(now), sentClass });
}

/** Exchange accepted a note after all: its entries are delivered, whatever has become of them since, except a purge. */
function deliveredLate(
  tx: Transaction,
  table: TagReads,
  { token, messageClass }: { token: ClaimToken; messageClass?: string },
  now: number,
): void {
  const tag = tagOfToken(token);
  const ids = new Set(table.entriesWithTag(tag));
  // What ended the claim may be in the same group, which the table does not show yet.
  for (const [id, { status }] of tx.entries) if (status.unknownAttempts.some((one) => one.tag === tag)) ids.add(id);
  if (token.split(':')[2] === 'probe') for (const id of probedEntries(tx, noteIdOf(token))) ids.add(id);
  for (const id of ids) {
    const record = tx.entry(id);
    if (record === undefined || record.status.purged === true || record.status.state === 'delivered') continue;
    tx.leaveNote(record);
    end(tx, record, 'delivered', now, { sentClass: messageClass });
  }
}

/** The entries and tags that {@link settle} looks up for a late `delivered`: they may have ended. */
export function lateSubject(
  table: { note(id: string): NoteRecord | undefined },
  settlements: readonly Settlement[],
): { readonly entries: readonly string[]; readonly tags: readonly string[] } {
  const late = settlements.filter(({ to, token }) => to === 'delivered' && table.note(noteIdOf(token))?.lease?.token !== token);
  return { entries: late.map(({ token }) => entryOfNote(noteIdOf(token))), tags: late.map(({ token }) => tagOfToken(token)) };
}

/** The tag of the attempt that a token claimed. */
export function tagOfToken(token: ClaimToken): string {
  return token.split(':').slice(0, 2).join(':');
}

/** The entry of a note that `probeAlone()` made, whose id begins with that of the entry; for any other note, no entry has the id returned. */
export function entryOfNote(noteId: string): string {
  return noteId.slice(0, Math.max(0, noteId.lastIndexOf('-')));
}

/** The entries that a probe of a note was about, besides those of its last attempt. */
function probedEntries(tx: Transaction, noteId: string): readonly string[] {
  const alone = tx.entry(entryOfNote(noteId));
  return alone !== undefined && alone.status.unknownAttempts.length > 0 ? [alone.fixed.id] : (tx.note(noteId)?.entryIds ?? []);
}

/** The class that Exchange accepted a note under; `undefined` where the transport names none. */
export function storableClass(messageClass: unknown): string | undefined {
  return typeof messageClass === 'string' && messageClass !== '' ? messageClass : undefined;
}

/** A settlement that can be stored, whatever a host's transport made of it. */
export function storableSettlement(settlement: Settlement): Settlement {
  switch (settlement.to) {
    case 'delivered': {
      const { messageClass, ...rest } = settlement;
      return storableClass(messageClass) === messageClass ? settlement : rest;
    }
    case 'deferred': {
      const after = spanOf(settlement.after);
      const reason = storableReason(settlement.reason);
      return after === settlement.after && reason === settlement.reason ? settlement : { ...settlement, after, reason };
    }
    case 'unconfirmed': {
      const after = spanOf(settlement.after);
      const counted = spanOf(settlement.counted);
      const reason = storableReason(settlement.reason);
      const same = after === settlement.after && counted === settlement.counted && reason === settlement.reason;
      return same ? settlement : { ...settlement, after, counted, reason };
    }
    case 'dead':
    case 'split': {
      const reason = storableReason(settlement.reason);
      return reason === settlement.reason ? settlement : { ...settlement, reason };
    }
    case 'unclaim': {
      if (settlement.after === undefined) return settlement;
      const after = spanOf(settlement.after);
      return after === settlement.after ? settlement : { ...settlement, after };
    }
    case 'held':
    case 'cancelled':
      return settlement;
  }
}
