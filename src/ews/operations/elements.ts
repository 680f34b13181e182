import { messageFlagsTag, tagPropertyName, tagPropertySet } from '../../transport/tag-property.ts';
import { knowsConversationHistory } from '../client/soap.ts';
import type { EwsServerVersion } from '../options.ts';
import { messagesNs } from '../xml/namespaces.ts';
import { asCode, childrenOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute, escapeText } from '../xml/write.ts';

/** What a folder is called here and in `place.folder`: a distinguished name, or `id:` and the id that the server gave it. */
const idMark = 'id:';

/** The folder with that id, as places and searches name it. */
export function folderById(id: string): string {
  return idMark + id;
}

/** True for a folder that is named by its id. */
export function isById(folder: string): boolean {
  return folder.startsWith(idMark);
}

/** A folder of a mailbox, by name or id. An id says by itself which mailbox it belongs to. */
export function folderIdXml(folder: string, mailbox: string): string {
  if (isById(folder)) return `<t:FolderId Id="${escapeAttribute(folder.slice(idMark.length))}"/>`;
  return distinguishedFolder(folder, mailbox);
}

/** False for a name that the schema of that version does not have. */
export function isSayable(folder: string, version: EwsServerVersion): boolean {
  return folder !== 'conversationhistory' || knowsConversationHistory(version);
}

/**
 * A well-known folder of a mailbox. The mailbox is named even where it is the login's own: with delegate access the folder
 * would otherwise be the delegate's, and the copy would stay in Drafts.
 */
export function distinguishedFolder(folder: string, mailbox: string): string {
  const address = escapeText(mailbox);
  return `<t:DistinguishedFolderId Id="${escapeAttribute(folder)}"><t:Mailbox><t:EmailAddress>${address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
}

/** One response message: the server's answer about one item or folder of a request. */
export interface ResponseMessage {
  /** Class Success, and code NoError or none: the schema makes the code optional. A warning is not a success. */
  readonly ok: boolean;
  /** Success, Warning or Error. */
  readonly responseClass: string;
  /** '' when there is none that looks like one, or two that differ. */
  readonly responseCode: string;
  readonly element: XmlElement;
}

/** The response messages of an operation, in order; undefined when this is the answer to something else. */
export function responseMessages(payload: XmlElement, operation: string): readonly ResponseMessage[] | undefined {
  if (payload.ns !== messagesNs || payload.name !== `${operation}Response`) return undefined;
  const lists = childrenOf(payload, messagesNs, 'ResponseMessages');
  if (lists.length !== 1) return undefined;
  return lists[0]?.children.map((element) => responseMessage(element, `${operation}ResponseMessage`));
}

function responseMessage(element: XmlElement, name: string): ResponseMessage {
  let code: string | undefined;
  for (const { ns, name: part, text } of element.children) {
    if (part !== 'ResponseCode' || ns !== messagesNs) continue;
    const one = asCode(text);
    code = code === undefined || code === one ? one : '';
  }
  const responseCode = code ?? '';
  // What isn't the message of this operation says nothing about it, whatever class it has.
  const known = element.ns === messagesNs && element.name === name;
  const responseClass = known ? (element.attributes.get('ResponseClass')?.trim() ?? '') : '';
  const ok = responseClass === 'Success' && (code === undefined || code === 'NoError');
  return { ok, responseClass, responseCode, element };
}

/** The tag, as EWS names it. */
export const tagFieldUri = `<t:ExtendedFieldURI PropertySetId="${tagPropertySet}" PropertyName="${tagPropertyName}" PropertyType="String"/>`;

export const messageFlagsUri = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';

/** Whether the attributes of an ExtendedFieldURI name the tag. GUIDs and property names are compared without regard to case. */
export function isTag(attributes: ReadonlyMap<string, string>): boolean {
  const set = attributes.get('PropertySetId')?.trim().toLowerCase();
  const name = attributes.get('PropertyName')?.trim().toLowerCase();
  return name === tagPropertyName.toLowerCase() && (set === tagPropertySet || set === `{${tagPropertySet}}`);
}

/** Whether the attributes of an ExtendedFieldURI name the message flags, in hexadecimal of any length or in decimal. */
export function isMessageFlags(attributes: ReadonlyMap<string, string>): boolean {
  return Number(attributes.get('PropertyTag')?.trim() || Number.NaN) === messageFlagsTag;
}
