import type { Place } from '../../transport/contract.ts';
import type { Frozen } from '../contract.ts';
import { type Binding, broken, type Sealer } from './seal.ts';

/**
 * `freeze` runs inside the claim and can't wait, and WebCrypto only works with waiting. So the claim freezes that something is pending, and `refreeze` puts the
 * sealed values in its place before anybody gets to see the claim. A process that dies between the two has sent nothing: an attempt whose place is still
 * pending was never handed out, and nobody has to look for it.
 */
const pending = 'pending';
const pendingPlace: Place = { endpoint: pending, mailbox: pending, folder: pending };

const nowhere: Place = { endpoint: '', mailbox: '', folder: '' };

/** What a claim freezes at first; of a note claimed again, all but the place is kept. */
export function pendingFrozen(messageClass: string, previous: Frozen | undefined): Frozen {
  if (previous === undefined) return { messageClass, subject: pending, wording: 0, place: pendingPlace };
  return { ...previous, place: pendingPlace };
}

export function isPendingPlace({ mailbox }: Place): boolean {
  return mailbox === pending;
}

/** `subject`: the sealed one of an earlier claim, which stays that very one. */
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

/** `undefined` while it is pending. A place of an attempt that was never handed out is none. */
export async function openFrozen(sealer: Sealer, frozen: Frozen, noteId: string): Promise<Frozen | undefined> {
  if (frozen.subject === pending) return undefined;
  const subject = await sealer.open<string>(frozen.subject, bindingOfSubject(frozen, noteId));
  if (isPendingPlace(frozen.place)) return { ...frozen, subject, place: nowhere };
  const { tag, place } = await openPlace(sealer, frozen.place);
  if (!tag.startsWith(`${noteId}:`)) throw broken('The place of a note belongs to another note.', { field: 'place' });
  return { ...frozen, subject, place };
}

/** What is sealed of an attempt. It is known wherever the place is looked at which attempt it was, and of whom: entries may have changed notes by then. */
interface SealedAttempt {
  readonly tag: string;
  readonly place: Place;
  /** Ids of those that it may have sent. */
  readonly entries: readonly string[];
}

/** The class and the wording of a note can't be exchanged any more than its subject. */
function bindingOfSubject({ messageClass, wording }: Frozen, noteId: string): Binding {
  return { field: 'subject', to: [noteId, messageClass, String(wording)] };
}

export function openPlace(sealer: Sealer, { mailbox }: Place): Promise<SealedAttempt> {
  return sealer.open(mailbox, { field: 'place', to: [] });
}
