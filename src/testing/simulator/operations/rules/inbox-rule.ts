import { OfflineImError } from '../../../../core/errors/offline-im-error.ts';
import type { XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import type { InboxRule } from '../../store/mailbox-options.ts';
import { readElement } from '../../xml/written-element.ts';

/** The rule as EWS writes it. @throws OPTION_INVALID for one that does nothing. */
export function writeRule(rule: InboxRule, priority: number, mailbox: SimulatedMailbox): XmlElement {
  const strings = (name: string, given: string | readonly string[] | undefined): string => {
    const list = given === undefined ? [] : [given].flat();
    return list.length === 0
      ? ''
      : `<t:${name}>${list.map((one) => `<t:String>${escapeText(one)}</t:String>`).join('')}</t:${name}>`;
  };
  const addresses = (name: string, given: string | readonly string[] | undefined): string => {
    const list = given === undefined ? [] : [given].flat();
    const written = list.map((one) => `<t:Address><t:EmailAddress>${escapeText(one)}</t:EmailAddress></t:Address>`);
    return list.length === 0 ? '' : `<t:${name}>${written.join('')}</t:${name}>`;
  };
  const folder = (name: string, given: string | undefined): string => {
    if (given === undefined) return '';
    const to = mailbox.findFolder(given) ?? mailbox.createFolder(mailbox.folder('msgfolderroot'), given);
    return `<t:${name}><t:FolderId Id="${to.id}"/></t:${name}>`;
  };
  const flag = (name: string, on: boolean): string => (on ? `<t:${name}>true</t:${name}>` : '');
  const conditions =
    strings('ContainsBodyStrings', rule.bodyContains) +
    strings('ContainsSubjectStrings', rule.subjectContains) +
    addresses('FromAddresses', rule.from) +
    strings('ItemClasses', rule.itemClass);
  const actions =
    folder('CopyToFolder', rule.copyTo) +
    flag('Delete', rule.delete === true) +
    addresses('ForwardToRecipients', rule.forwardTo) +
    flag('MarkAsRead', rule.markAsRead === true) +
    folder('MoveToFolder', rule.moveTo) +
    flag('PermanentDelete', rule.delete === 'for-good') +
    addresses('RedirectToRecipients', rule.redirectTo) +
    flag('StopProcessingRules', rule.stop === true);
  if (actions === '') {
    throw new OfflineImError(
      'OPTION_INVALID',
      `rules of ${mailbox.address}: a rule does nothing; give it moveTo, copyTo, delete, markAsRead, redirectTo, forwardTo or stop.`,
    );
  }
  const name = escapeText(rule.name ?? `Rule ${priority}`);
  const head = `<t:DisplayName>${name}</t:DisplayName><t:Priority>${priority}</t:Priority><t:IsEnabled>true</t:IsEnabled>`;
  return readElement(`<t:Rule>${head}<t:Conditions>${conditions}</t:Conditions><t:Actions>${actions}</t:Actions></t:Rule>`);
}
