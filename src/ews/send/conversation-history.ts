import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../transport/contract.ts';
import { toOutcome } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { EwsCall, Reply } from '../client/reply.ts';
import { folderById } from '../operations/elements.ts';
import {
  createHistoryXml,
  type FolderError,
  findHistoryXml,
  type HistoryCriterion,
  readCreatedFolder,
  readFoundHistory,
} from '../operations/folders.ts';
import { outcomeOfCode, outcomeOfReply } from '../outcome/outcome.ts';
import { codeRules, ruleOfError } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';

/** The parts of a call that every look-up shares. */
export type Asking = Pick<EwsCall, 'mailbox' | 'signal' | 'notes' | 'looks' | 'mayWrite'>;

/**
 * A folder as places name it; `none` if the mailbox has no such folder, or doesn't show it to this login; an outcome if the
 * look-up failed. That outcome never means that anything was sent.
 */
export type Lookup = { readonly folder: string } | 'none' | { readonly outcome: DeliveryOutcome };

/** By class or name first; a server that can't do that may be able to search by name only. */
export const criteria: readonly HistoryCriterion[] = ['class-or-name', 'name'];

/**
 * Finds Conversation History below the root of the mailbox: in any language by its folder class, else by its English name.
 * Two unreadable responses in a row block the mailbox: waiting would hold its notes for ever without a report.
 */
export async function findHistory(client: EwsClient, settings: EwsSettings, asking: Asking): Promise<Lookup> {
  let unread: OfflineImError | undefined;
  for (const criterion of criteria) {
    const body = findHistoryXml(criterion, asking.mailbox);
    const answer = answerOf(await read(client, settings, { ...asking, operation: 'FindFolder', body }), readFoundHistory);
    if (answer.kind === 'outcome') return lookupOf(answer.outcome);
    if (answer.kind === 'found') return answer.id === undefined ? 'none' : { folder: folderById(answer.id) };
    unread = answer.error;
  }
  return { outcome: toOutcome({ kind: 'blocked', scope: 'mailbox', sent: 'no' }, unread ?? notAnAnswer('')) };
}

/**
 * Finds Conversation History as {@link findHistory} does, and creates it if there is none. Doesn't repeat CreateFolder: if its
 * outcome is unknown, looks the folder up again, so that no second one appears.
 */
export async function findOrCreateHistory(client: EwsClient, settings: EwsSettings, asking: Asking): Promise<Lookup> {
  const found = await findHistory(client, settings, asking);
  if (found !== 'none') return found;
  const reply = await client.call({ ...asking, operation: 'CreateFolder', body: createHistoryXml(asking.mailbox) });
  const answer = answerOf(reply, readCreatedFolder);
  if (answer.kind === 'found' && answer.id !== undefined) return { folder: folderById(answer.id) };
  const made = answer.kind === 'outcome' ? lookupOf(answer.outcome) : 'none';
  const refused = answer.kind === 'outcome' && made === 'none';
  if (refused || (reply.kind === 'failed' && reply.sent === 'no')) return made;
  // It may exist now, created by this request after all or by someone else (ErrorFolderExists).
  const again = await findHistory(client, settings, asking);
  return again === 'none' ? made : again;
}

/** `unread`: the server answered, but the response can't be understood. */
type Answer<Found> =
  | ({ readonly kind: 'found' } & Found)
  | { readonly kind: 'outcome'; readonly outcome: DeliveryOutcome }
  | { readonly kind: 'unread'; readonly error: OfflineImError };

/** What the server said of folders. */
export function answerOf<Found extends object>(
  reply: Reply,
  readFolders: (payload: Extract<Reply, { kind: 'body' }>['payload']) => Found | FolderError | undefined,
): Answer<Found> {
  if (reply.kind === 'fault') return understood(reply.fault.responseCode, outcomeOfReply(reply, 1));
  if (reply.kind === 'failed' && reply.scope === 'note' && unreadable.has(reply.error.code)) {
    return { kind: 'unread', error: reply.error };
  }
  if (reply.kind !== 'body') return { kind: 'outcome', outcome: outcomeOfReply(reply, 1) };
  const { requestId } = reply.meta;
  const found = readFolders(reply.payload);
  if (found === undefined) return { kind: 'unread', error: notAnAnswer(requestId) };
  if (!('responseCode' in found)) return { kind: 'found', ...found };
  return understood(found.responseCode, outcomeOfCode(found.responseCode, found.element, requestId));
}

/** Codes of responses that came, but can't be read. */
const unreadable: ReadonlySet<string> = new Set(['RESPONSE_UNREADABLE', 'RESPONSE_TOO_LARGE']);

/** A code without a rule tells nothing about the folder. */
function understood(responseCode: string, outcome: DeliveryOutcome): Exclude<Answer<object>, { kind: 'found' }> {
  const unknown = outcome.status === 'unconfirmed' && !codeRules.has(responseCode);
  return unknown ? { kind: 'unread', error: outcome.error } : { kind: 'outcome', outcome };
}

/** A look-up sends nothing. A folder that it may not see, or can't look up, is none to use; to a login that may not see it, Exchange names it an object that is not there. */
export function lookupOf(outcome: DeliveryOutcome): Exclude<Lookup, { folder: string }> {
  if (outcome.status === 'delivered' || outcome.status === 'rejected') return 'none';
  if (ruleOfError(outcome.error).missing !== undefined) return 'none';
  if (outcome.status === 'blocked') return { outcome: { ...outcome, sent: 'no' } };
  const { scope, error, retryAfter } = outcome;
  return { outcome: toOutcome({ kind: 'deferred', scope }, error, retryAfter) };
}

function notAnAnswer(requestId: string): OfflineImError {
  const text = 'The response to the lookup of Conversation History cannot be read.';
  return new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId } });
}
