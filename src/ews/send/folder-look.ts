import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { EwsCall, Reply } from '../client/reply.ts';
import { isById, isSayable, responseMessages } from '../operations/elements.ts';
import { getFolderXml } from '../operations/folders.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import { ruleOf } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';

/** What one look at a folder showed. `refused`: the server's schema doesn't know its name. */
export type FolderState = 'there' | 'missing' | 'refused' | { readonly error: OfflineImError };

/** Asks whether a folder is there, by GetFolder. */
export async function lookAtFolder(
  client: EwsClient,
  settings: EwsSettings,
  folder: string,
  { mailbox, signal, mayWrite }: Pick<EwsCall, 'mailbox' | 'signal' | 'mayWrite'>,
): Promise<FolderState> {
  const xml = getFolderXml(folder, mailbox);
  const reply = await read(client, settings, {
    operation: 'GetFolder',
    mailbox,
    signal,
    notes: [],
    body: (version) => (isSayable(folder, version) ? xml : undefined),
    ...(mayWrite === undefined ? {} : { mayWrite: () => mayWrite() }),
  });
  return isSayable(folder, client.version) ? stateOf(reply, folder) : 'refused';
}

function stateOf(reply: Reply, folder: string): FolderState {
  if (reply.kind !== 'body') {
    const error = replyError(reply);
    return hasCode(error, 'EWS_ERROR') ? stateByCode(String(error.details.responseCode), folder, error) : { error };
  }
  const { requestId } = reply.meta;
  const message = responseMessages(reply.payload, 'GetFolder')?.[0];
  if (message === undefined) {
    const text = 'The response is not the answer to this GetFolder.';
    return { error: new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId } }) };
  }
  return message.ok ? 'there' : stateByCode(message.responseCode, folder, ewsError(message.responseCode, requestId));
}

function stateByCode(code: string, folder: string, error: OfflineImError): FolderState {
  const { missing, negotiates } = ruleOf(code);
  if (missing === 'folder' || (isById(folder) && missing === 'item')) return 'missing';
  return negotiates === 'schema' ? 'refused' : { error };
}
