import type { Place } from '../../transport/contract.ts';
import type { Frozen } from '../contract.ts';
import { type Binding, broken, type Sealer } from './seal.ts';

/**
 * `freeze` runs inside the claim and can't wait, but WebCrypto is asynchronous. So the claim freezes pending parts, and `refreeze` replaces them by the sealed ones before
 * anybody gets to see the claim. A process that dies between the two has sent nothing: an attempt whose place is still pending was never handed out, and needs no probe.
 */
const pending = 'pending';
const pendingPlace: Place = { endpoint: pending, mailbox: pending, folder: pending };

const nowhere: Place = { endpoint: '', mailbox: '', folder: '' };

/** The parts that a claim freezes at first; a note that is claimed again keeps all but the place. */
export function pendingFrozen(messageClass: string, previous: Frozen | undefined): Frozen {
  if (previous === undefined) return { messageClass, subject: pending, wording: 0, place: pendingPlace };
  return { ...previous, place: pendingPlace };
}

export function isPendingPlace({ mailbox }: Place): boolean {
  return mailbox === pending;
}

/** Seals the frozen parts. `subject`: the sealed one of an earlier claim, which stays as it is. */
export async function sealFrozen(
  sealer: Sealer,
  frozen: Frozen,
  {
    noteId,
    tag,
    entries,
    subject,
  }: {
    readonly noteId: string;
    readonly tag: string;
    /** Ids of the members. */
    readonly entries: readonly string[];
    readonly subject: string | undefined;
  },
): Promise<Frozen> {
  const attempt: SealedAttempt = { tag, place: frozen.place, entries };
  const [sealedSubject, place] = await Promise.all([
    subject ?? sealer.seal(frozen.subject, bindingOfSubject(frozen, noteId)),
    sealer.seal(attempt, { field: 'place', to: [] }),
  ]);
  return { ...frozen, subject: sealedSubject, place: { endpoint: 'sealed', mailbox: place, folder: 'sealed' } };
}

/** Opens the frozen parts; `undefined` while they are pending. A pending place of an attempt that was never handed out opens as empty. */
export async function openFrozen(sealer: Sealer, frozen: Frozen, noteId: string): Promise<Frozen | undefined> {
  if (frozen.subject === pending) return undefined;
  const subject = await sealer.open<string>(frozen.subject, bindingOfSubject(frozen, noteId));
  if (isPendingPlace(frozen.place)) return { ...frozen, subject, place: nowhere };
  const { tag, place } = await openPlace(sealer, frozen.place);
  if (!tag.startsWith(`${noteId}:`)) throw broken('The place of a note belongs to another note.', { field: 'place' });
  return { ...frozen, subject, place };
}

/** The sealed parts of an attempt. Its place says which attempt it belongs to, and to which entries: those may be in other notes by now. */
interface SealedAttempt {
  readonly tag: string;
  readonly place: Place;
  /** Ids of those that it may have sent. */
  readonly entries: readonly string[];
}

/** Binds a subject to its note, class and wording: none of them can be exchanged. */
function bindingOfSubject({ messageClass, wording }: Frozen, noteId: string): Binding {
  return { field: 'subject', to: [noteId, messageClass, String(wording)] };
}

export function openPlace(sealer: Sealer, { mailbox }: Place): Promise<SealedAttempt> {
  return sealer.open(mailbox, { field: 'place', to: [] });
}
