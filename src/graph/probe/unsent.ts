import type { Reply } from '../client/reply.ts';
import { type MailboxAccess, moveMessage, readStanding } from './messages.ts';
import type { Unsent } from './search.ts';

/**
 * What an unsent message with our tag turned out to be.
 *
 * - `sent`: it has been sent since it was listed.
 * - `on-its-way`: handed over, young, or nobody can tell.
 * - `moved`: it is not there any more; look again.
 * - `draft`: never handed over, and never will be; `removed` into Deleted Items, or refused to go.
 */
export type UnsentFate =
  | { readonly kind: 'sent' | 'on-its-way' | 'moved' }
  | { readonly kind: 'draft'; readonly removed: boolean }
  | { readonly kind: 'failed'; readonly reply: Reply };

/** Folders from which nothing is sent: what lies there unsent has been removed already. */
const removedAlready: ReadonlySet<string> = new Set(['deleteditems', 'recoverableitemsdeletions']);

/**
 * Reads it again and removes it if it is a draft.
 *
 * @param youngest The age in ms from which an unsubmitted message counts as a draft; `'any'` when the server has said that it did not send.
 */
export async function settleUnsent(
  access: MailboxAccess,
  { message, folder }: { readonly message: Pick<Unsent['message'], 'id'>; readonly folder: string | undefined },
  youngest: number | 'any',
): Promise<UnsentFate> {
  if (folder === 'outbox') return { kind: 'on-its-way' };
  const now = await readStanding(access, message.id);
  if (now.kind === 'gone') return { kind: 'moved' };
  if (now.kind === 'failed') return now;
  if (now.isDraft === false) return { kind: 'sent' };
  const age = now.created === undefined || now.seenAt === undefined ? undefined : now.seenAt - now.created;
  const isDraft =
    now.isDraft === true && now.submitted === false && (youngest === 'any' || (age !== undefined && age >= youngest));
  if (!isDraft) return { kind: 'on-its-way' };
  if (folder !== undefined && removedAlready.has(folder)) return { kind: 'draft', removed: true };
  const moved = await moveMessage(access, message.id, 'deleteditems');
  if (moved.kind === 'gone') return { kind: 'moved' };
  if (moved.kind === 'moved') return moved.isDraft === false ? { kind: 'sent' } : { kind: 'draft', removed: true };
  // Refused for good; of anything else nobody knows whether it was done: the next look tells.
  const refused = moved.reply.kind === 'error' && [400, 403, 405].includes(moved.reply.meta.status);
  return refused ? { kind: 'draft', removed: false } : moved;
}
