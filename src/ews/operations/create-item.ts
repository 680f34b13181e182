import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Mailbox, Note } from '../../transport/contract.ts';
import { toOutcome } from '../../transport/verdict.ts';
import type { ReplyMeta } from '../client/reply.ts';
import { byFault, ewsError, inDoubt, outcomeOfCode } from '../outcome/outcome.ts';
import { ruleOf } from '../outcome/response-codes.ts';
import type { XmlElement } from '../xml/read.ts';
import { escapeText } from '../xml/write.ts';
import { folderIdXml, type ResponseMessage, responseMessages, tagFieldUri } from './elements.ts';

/**
 * CreateItem with SendAndSaveCopy: sends and keeps a copy in one step, so that no failure leaves a draft behind.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/createitem-operation
 */
export function createItemHead(folder: string, mailbox: string): string {
  return `<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId>${folderIdXml(folder, mailbox)}</m:SavedItemFolderId><m:Items>`;
}

export const createItemTail = '</m:Items></m:CreateItem>';

/** One note as t:Message; the order of elements is the schema's. */
export function messageXml(note: Note): string {
  let to = '';
  for (const mailbox of note.to) to += mailboxXml(mailbox);
  return (
    `<t:Message><t:ItemClass>${escapeText(note.messageClass)}</t:ItemClass><t:Subject>${escapeText(note.subject)}</t:Subject>` +
    `<t:Body BodyType="${note.body.type === 'html' ? 'HTML' : 'Text'}">${escapeText(note.body.content)}</t:Body>` +
    `<t:ExtendedProperty>${tagFieldUri}<t:Value>${escapeText(note.tag)}</t:Value></t:ExtendedProperty>` +
    `<t:ToRecipients>${to}</t:ToRecipients><t:From>${mailboxXml(note.from)}</t:From></t:Message>`
  );
}

function mailboxXml({ name, address }: Mailbox): string {
  const shown = name === undefined ? '' : `<t:Name>${escapeText(name)}</t:Name>`;
  return `<t:Mailbox>${shown}<t:EmailAddress>${escapeText(address)}</t:EmailAddress></t:Mailbox>`;
}

/**
 * One outcome per note, in order. Fewer answers than notes leave the rest unknown; more answers than notes can't be matched,
 * so they prove nothing.
 */
export function createItemOutcomes(payload: XmlElement, notes: readonly Note[], meta: ReplyMeta): DeliveryOutcome[] {
  const { requestId } = meta;
  const messages = responseMessages(payload, 'CreateItem');
  if (messages === undefined || messages.length > notes.length) {
    const error = new OfflineImError('RESPONSE_UNREADABLE', 'The response does not answer this CreateItem.', {
      details: { requestId, expected: notes.length, received: messages?.length ?? 0 },
    });
    return notes.map(() => toOutcome({ kind: 'unconfirmed', scope: 'note' }, error));
  }
  return notes.map((note, at) => {
    const message = messages[at];
    if (message === undefined) {
      const error = new OfflineImError('RESPONSE_INCOMPLETE', 'The response has no result for this note.', {
        details: { requestId, expected: notes.length, received: messages.length },
      });
      return toOutcome({ kind: 'unconfirmed', scope: 'note' }, error);
    }
    if (message.ok) return { status: 'delivered', messageClass: note.messageClass };
    if (isClear(message)) return byFault(inDoubt(outcomeOfCode(message.responseCode, message.element, requestId), meta));
    const unsure = toOutcome({ kind: 'unconfirmed', scope: 'note' }, ewsError(message.responseCode, requestId));
    // A class that can't be read beside NoError is nothing that went wrong: a copy that is found then proves that it was sent.
    return message.responseCode === 'NoError' && message.responseClass !== 'Error' ? unsure : byFault(unsure);
  });
}

/**
 * An error code counts where the class says error. A warning may come with something that was done all the same; the one
 * warning that is documented to mean "not processed" is that of a stopped batch.
 */
function isClear({ responseClass, responseCode }: ResponseMessage): boolean {
  return responseClass === 'Error' || (responseClass === 'Warning' && ruleOf(responseCode).asWarning === true);
}
