import { missing } from '../../core/errors/missing.ts';
import type { Place } from '../../transport/contract.ts';
import type { ClaimedNote, ClaimRequest, Frozen, SpooledMessage } from '../contract.ts';
import { countOf, type EntryRecord, isParked, type Lease, type NoteRecord, tagOf, textOf, viewOf } from './records.ts';
import type { Transaction } from './transaction.ts';

/** What a claim takes: a note that exists with its members, or the members of a new one. */
export interface Picked {
  readonly note: NoteRecord | undefined;
  readonly members: readonly EntryRecord[];
}

/**
 * What a claim can take from the head of a stream: the members of a new note, or the deferred note that the first entry is in. `undefined` when the head is not due, or
 * at work. Reads no more of the active entries, which come in order, than it needs.
 */
export function runOf(
  stream: Iterable<EntryRecord>,
  request: ClaimRequest,
  now: number,
): { readonly note: undefined; readonly members: readonly EntryRecord[] } | { readonly deferredNoteId: string } | undefined {
  const members: EntryRecord[] = [];
  let weight = 0;
  for (const record of stream) {
    const { fixed, status } = record;
    const first = members[0];
    if (first === undefined) {
      // Without a note the record was damaged; it must not keep others from being claimed.
      if (status.state === 'deferred') return status.noteId === undefined ? undefined : { deferredNoteId: status.noteId };
      if (isParked(record)) return undefined;
      if (status.state !== 'spooled' || (status.due.at > now && request.ignorePickup !== true)) return undefined;
    } else {
      if (status.state !== 'spooled' || !mergeable(record) || !mergeable(first)) break;
      if (fixed.recipientsKey !== first.fixed.recipientsKey) break;
      if (members.length >= request.maxEntries || weight + fixed.weight > request.maxBytes) break;
    }
    members.push(record);
    weight += fixed.weight;
  }
  return members.length === 0 ? undefined : { note: undefined, members };
}

/** Entries that were split off, or may have been sent already, go alone. */
function mergeable(record: EntryRecord): boolean {
  return !record.status.single && record.status.unknownAttempts.length === 0 && !isParked(record);
}

/** Claims what was picked: freezes the parts that never change again, and counts the attempt. */
export function claimPick(
  tx: Transaction,
  { note, members }: Picked,
  messages: ReadonlyMap<string, SpooledMessage>,
  request: ClaimRequest,
  now: number,
): ClaimedNote {
  const delivering = request.kind === 'deliver';
  const noteId = note?.id ?? request.newNoteId();
  const attempt = (note?.attempt ?? 0) + (delivering ? 1 : 0);
  const entries = members.map((record) => viewOf(record, messages.get(record.fixed.id)));
  const frozen = delivering || note?.frozen === undefined ? storableFrozen(request.freeze(entries, note?.frozen)) : note.frozen;
  const { lane } = (members[0] ?? missing('The first member of a note')).fixed;
  const lease: Lease = {
    // The revision tells the token from that of a later claim.
    token: `${tagOf(noteId, attempt)}:${request.kind}:${tx.rev}`,
    kind: request.kind,
    until: now + request.lease,
    before: note,
    triedBy: triedByOf(members),
  };
  const claimed: NoteRecord = {
    id: noteId,
    lane,
    entryIds: members.map((member) => member.fixed.id),
    frozen,
    attempt,
    state: delivering ? 'delivering' : 'unconfirmed',
    due: note?.due ?? { at: now, within: 0 },
    failures: note?.failures ?? 0,
    probes: note?.probes ?? 0,
    absences: note?.absences ?? 0,
    lastRanAt: note?.lastRanAt ?? now,
    unconfirmedFor: note?.unconfirmedFor ?? 0,
    lease,
  };
  tx.putNote(claimed);
  if (delivering) {
    for (const member of members) tx.move(member, 'delivering', { noteId, attempt, triedBy: request.owner });
    // They are shown as they are from now on; nobody else has these objects.
    for (const entry of entries) Object.assign(entry, { state: 'delivering', noteId, attempt });
  }
  return {
    token: lease.token,
    lane,
    noteId,
    attempt,
    tag: tagOf(noteId, attempt),
    frozen,
    entries,
    unknownAttempts: unknownAttemptsOf(members),
    failures: claimed.failures,
    probes: claimed.probes,
    absences: claimed.absences,
    quietFor: delivering ? 0 : Math.max(0, now - claimed.lastRanAt),
    unconfirmedFor: claimed.unconfirmedFor,
    expired: members.every((member) => member.status.expiresAt <= tx.wall(now)),
  };
}

/** The run that tried each entry last, by id. */
export function triedByOf(members: readonly EntryRecord[]): Lease['triedBy'] {
  if (members.every(({ status }) => status.triedBy === undefined)) return byNobody;
  return new Map(members.flatMap(({ fixed, status }) => (status.triedBy === undefined ? [] : [[fixed.id, status.triedBy]])));
}

/** One object for nearly every claim. */
const byNobody: Lease['triedBy'] = new Map();

function unknownAttemptsOf(members: readonly EntryRecord[]): ClaimedNote['unknownAttempts'] {
  if (members.every(({ status }) => status.unknownAttempts.length === 0)) return [];
  const byTag = new Map(members.flatMap(({ status }) => status.unknownAttempts.map((attempt) => [attempt.tag, attempt])));
  return [...byTag.values()];
}

function storablePlace(place: Place): Place {
  const given: { readonly endpoint?: unknown; readonly mailbox?: unknown; readonly folder?: unknown } = place ?? {};
  const { endpoint, mailbox, folder } = given;
  if (typeof endpoint === 'string' && typeof mailbox === 'string' && typeof folder === 'string') return place;
  return { endpoint: textOf(endpoint), mailbox: textOf(mailbox), folder: textOf(folder) };
}

/** Frozen parts that can be stored, whatever a host's transport made of them. */
export function storableFrozen(frozen: Frozen): Frozen {
  const place = storablePlace(frozen.place);
  const wording = countOf(frozen.wording);
  const messageClass = textOf(frozen.messageClass) || 'IPM.Note';
  const subject = textOf(frozen.subject);
  const same =
    place === frozen.place && wording === frozen.wording && messageClass === frozen.messageClass && subject === frozen.subject;
  return same ? frozen : { ...frozen, messageClass, subject, wording, place };
}
