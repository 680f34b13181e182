import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../transport/contract.ts';
import { toOutcome } from '../../transport/verdict.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { EwsCall, Reply } from '../client/reply.ts';
import { folderById } from '../operations/folder-id.ts';
import { createFolderXml, type FoundFolder, findFolderXml, readCreatedFolder, readFoundFolder } from '../operations/folders.ts';
import { ewsError, outcomeOfReply } from '../outcome/outcome.ts';
import { codeRules, unknownCode } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';

/** How Conversation History is called in a mailbox where only its name tells it. */
const displayName = 'Conversation History';

/** Who asks, as far as requests want to know it. */
export type Asking = Pick<EwsCall, 'mailbox' | 'signal' | 'notes' | 'mayWrite'>;

/**
 * A folder as places name it; `none` where the mailbox has no such folder, or does not show it to this login; an outcome
 * where the look-up failed in a way that may pass. That outcome never says that anything was sent.
 */
export type Lookup = { readonly folder: string } | 'none' | { readonly outcome: DeliveryOutcome };

/** Finds Conversation History by its display name below the top of the mailbox. */
export async function findByName(client: EwsClient, settings: EwsSettings, mailbox: string, asking: Asking): Promise<Lookup> {
  const body = findFolderXml(displayName, mailbox);
  const reply = await read(client, settings, { ...asking, operation: 'FindFolder', body });
  return lookupOf(reply, readFoundFolder);
}

/**
 * The same, and makes the folder where there is none. Making it is not repeated: when nobody knows whether it was made, it
 * is looked for again, so that no second one appears.
 */
export async function findOrCreate(client: EwsClient, settings: EwsSettings, mailbox: string, asking: Asking): Promise<Lookup> {
  const found = await findByName(client, settings, mailbox, asking);
  if (found !== 'none') return found;
  const body = createFolderXml(displayName, mailbox);
  const reply = await client.call({ ...asking, operation: 'CreateFolder', body });
  const made = lookupOf(reply, readCreatedFolder);
  if (typeof made === 'object' && 'folder' in made) return made;
  if (made === 'none' || (reply.kind === 'failed' && reply.sent === 'no')) return made;
  // It may be there now, made by this request after all or by someone else (ErrorFolderExists).
  const again = await findByName(client, settings, mailbox, asking);
  return again === 'none' ? made : again;
}

function lookupOf(reply: Reply, readFolder: (payload: Extract<Reply, { kind: 'body' }>['payload']) => FoundFolder): Lookup {
  if (reply.kind !== 'body') return unsent(outcomeOfReply(reply, 1));
  const found = readFolder(reply.payload);
  const { requestId } = reply.meta;
  if (found === undefined) {
    const error = new OfflineImError('RESPONSE_UNREADABLE', 'The response is not the answer to this look-up of a folder.', {
      details: { requestId },
    });
    return { outcome: toOutcome({ kind: 'deferred', scope: 'note' }, error) };
  }
  if ('id' in found) return found.id === undefined ? 'none' : { folder: folderById(found.id) };
  const { verdict } = codeRules.get(found.responseCode) ?? unknownCode;
  return unsent(toOutcome(verdict, ewsError(found.responseCode, requestId)));
}

/** A look-up sends nothing. What it may not see, or can't be asked, is no folder to use. */
function unsent(outcome: DeliveryOutcome): Lookup {
  switch (outcome.status) {
    case 'deferred':
      return folderMissing.has(String(outcome.error.details.responseCode)) ? 'none' : { outcome };
    case 'unconfirmed':
      return { outcome: { ...outcome, status: 'deferred' } };
    case 'blocked':
      return { outcome: { ...outcome, sent: 'no' } };
    case 'rejected':
    case 'delivered':
      return 'none';
  }
}

/** The server looked for a folder before it did anything, and there is none. */
export const folderMissing: ReadonlySet<string> = new Set(['ErrorFolderNotFound', 'ErrorSavedItemFolderNotFound']);
