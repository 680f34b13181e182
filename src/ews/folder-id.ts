import { escapeAttribute, escapeText } from './xml/write.ts';

/**
 * A well-known folder of a mailbox. The mailbox is named even where it is the login's own: with delegate access the folder
 * would otherwise be the delegate's, and the copy would stay in Drafts.
 */
export function distinguishedFolder(folder: string, mailbox: string): string {
  const address = escapeText(mailbox);
  return `<t:DistinguishedFolderId Id="${escapeAttribute(folder)}"><t:Mailbox><t:EmailAddress>${address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
}
