import type { DeliveryOutcome, Note } from '../../transport/contract.ts';
import { toOutcome } from '../../transport/verdict.ts';
import type { MailboxAccess } from '../probe/messages.ts';
import { type Walk, walk, wantedOf } from '../probe/search.ts';
import { settleUnsent } from '../probe/unsent.ts';

type Rejected = Extract<DeliveryOutcome, { status: 'rejected' }>;

/** What a look into Drafts after a refusal brought; `in-transit`: it was refused and is on its way all the same. */
export type DraftFound = 'none' | 'removed' | 'left' | 'in-transit' | 'unreadable';

/**
 * sendMail stores the message before it submits it, so that a refusal by Exchange may leave it in Drafts: looks for it there
 * and moves it to Deleted Items. The server has just said that it did not send, so an unsubmitted item is a draft however
 * young.
 */
export async function clearDraft(access: MailboxAccess, note: Note): Promise<DraftFound> {
  const wanted = wantedOf(note.tag, note.place);
  for (let looks = 0; looks < 2; looks++) {
    const look = await walk(access, wanted, 'tag', ['drafts']);
    const result = await clearFound(access, look);
    if (result !== 'moved') return result;
  }
  return 'in-transit'; // it moved while it was looked at, and nobody but Exchange moves it
}

async function clearFound(access: MailboxAccess, look: Walk): Promise<DraftFound | 'moved'> {
  if (look.found) return 'in-transit';
  let removed = false;
  for (const unsent of look.unsent) {
    const fate = await settleUnsent(access, unsent, 'any');
    switch (fate.kind) {
      case 'moved':
        return 'moved';
      case 'sent':
      case 'on-its-way':
        return 'in-transit';
      case 'failed':
        return 'left';
      case 'draft':
        if (!fate.removed) return 'left';
        removed = true;
    }
  }
  if (removed) return 'removed';
  return look.whole && !look.strange && look.failure === undefined ? 'none' : 'unreadable';
}

/**
 * A rejection with what became of its draft. Where Drafts can't be read, a draft is reported only for ErrorSendAsDenied, which
 * leaves one by EWS's documentation; reporting one for each rejection would be a false alarm.
 */
export function withDraft(outcome: Rejected, found: DraftFound): DeliveryOutcome {
  switch (found) {
    case 'none':
    case 'removed':
    case 'left':
      return { ...outcome, draft: found };
    case 'in-transit':
      return toOutcome({ kind: 'unconfirmed', scope: 'note' }, outcome.error);
    case 'unreadable': {
      const leavesOne = outcome.error.details.responseCode === 'ErrorSendAsDenied';
      return { ...outcome, draft: leavesOne ? 'left' : 'none' };
    }
  }
}
