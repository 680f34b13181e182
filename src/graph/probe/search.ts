import type { Place } from '../../transport/contract.ts';
import { inEveryMailbox } from '../../transport/verdict.ts';
import type { Reply } from '../client/reply.ts';
import { domainPart, messageIdOf } from '../send/message-id.ts';
import { type GraphMessage, listMessages, literal, type MailboxAccess } from './messages.ts';
import { tagProperty } from './properties.ts';

/** What is looked for: one attempt, by its tag or by its Message-ID. */
export interface Wanted {
  readonly tag: string;
  readonly messageId: string;
}

/** Unsent messages of one attempt that are looked at, each with requests of its own: Exchange has one, or two while it moves. */
const mostUnsent = 10;

/** An unsent message that is the attempt's own, and where it lay, if it was looked for in one folder. */
export interface Unsent {
  readonly message: GraphMessage;
  readonly folder: string | undefined;
}

/** What a walk through the folders brought. */
export interface Walk {
  /** A message that was sent, and is the attempt's own. */
  readonly found: boolean;
  readonly unsent: readonly Unsent[];
  /** True when nothing else can lie in any of these folders. */
  readonly whole: boolean;
  /** The first request that failed. */
  readonly failure: Reply | undefined;
  /** A message came that the filter can't have let through, or that doesn't say whether it was sent. */
  readonly strange: boolean;
}

export function wantedOf(tag: string, place: Pick<Place, 'mailbox'>): Wanted {
  return { tag, messageId: messageIdOf(tag, domainPart(place.mailbox)) };
}

/**
 * The folders in the direction in which an item moves, source first: each is asked after the one before has answered. Whoever
 * asked the destination first, or both at once, could miss a moving item in both.
 */
export function foldersOf(keepsCopiesInHistory: boolean): readonly string[] {
  const history = keepsCopiesInHistory ? ['conversationhistory'] : [];
  return ['drafts', 'outbox', 'sentitems', ...history, 'deleteditems', 'recoverableitemsdeletions'];
}

/** Walks once through the folders, `undefined` for all at once, by one key; stops at what proves that it was sent, and at failures that others will share. */
export async function walk(
  access: MailboxAccess,
  wanted: Wanted,
  key: 'tag' | 'messageId',
  folders: readonly (string | undefined)[],
): Promise<Walk> {
  const unsent: Unsent[] = [];
  let failure: Reply | undefined;
  let whole = true;
  let strange = false;
  for (const folder of folders) {
    const listed = await listMessages(access, { folder, filter: filterFor(wanted, key) });
    if (listed.kind === 'missing' && folder !== undefined && !inEveryMailbox.has(folder)) continue;
    if (listed.kind !== 'listed') {
      failure ??= listed.reply;
      whole = false;
      if (concernsAll(listed.reply)) break;
      continue;
    }
    whole &&= listed.whole;
    for (const message of listed.messages) {
      if (!isOwn(message, wanted) || message.isDraft === undefined) strange = true;
      else if (message.isDraft && unsent.length >= mostUnsent) strange = true;
      else if (message.isDraft) unsent.push({ message, folder });
      else {
        // A stale list may have the copy itself among the drafts.
        const others = unsent.filter((one) => one.message.id !== message.id);
        return { found: true, unsent: others, whole, failure, strange };
      }
    }
    failure ??= listed.failure;
    if (listed.failure !== undefined && concernsAll(listed.failure)) break;
  }
  return { found: false, unsent, whole, failure, strange };
}

function filterFor({ tag, messageId }: Wanted, key: 'tag' | 'messageId'): string {
  if (key === 'messageId') return `internetMessageId eq ${literal(messageId)}`;
  return `singleValueExtendedProperties/Any(ep: ep/id eq ${literal(tagProperty)} and ep/value eq ${literal(tag)})`;
}

/** The filter is the server's word; what it let through has to bear it out. Values are compared without case, as Exchange does. */
function isOwn({ tag, messageId }: GraphMessage, wanted: Wanted): boolean {
  if (tag !== undefined) return tag.toLowerCase() === wanted.tag.toLowerCase();
  return messageId !== undefined && messageId.toLowerCase() === wanted.messageId.toLowerCase();
}

/** False for what one folder, or one way of asking, may be refused for. */
function concernsAll(reply: Reply): boolean {
  return reply.kind !== 'error' || ![400, 403, 404].includes(reply.meta.status);
}
