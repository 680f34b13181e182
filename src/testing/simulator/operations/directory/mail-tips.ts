import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../../ews/xml/read.ts';
import type { Exchange } from '../../exchange.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import type { Operation } from '../operation.ts';

/** The tips that there are, in the order of the schema; '' where there is nothing to say. */
const tipsOf: Readonly<Record<string, (address: string, exchange: Exchange) => string>> = {
  MailboxFullStatus: (address, exchange) => {
    const mailbox = exchange.recipient(address);
    return mailbox === undefined ? '' : `<t:MailboxFull>${!exchange.quotas.hasRoom(mailbox)}</t:MailboxFull>`;
  },
  InvalidRecipient: (address, exchange) => {
    const known = exchange.recipient(address) !== undefined || exchange.distributionLists.has(address.toLowerCase());
    return `<t:InvalidRecipient>${exchange.isInside(address) && !known}</t:InvalidRecipient>`;
  },
};

/**
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getmailtips-operation: whether a recipient exists, and has room.
 * Other tips that are asked for by name are told as not there yet.
 */
export const getMailTips: Operation = {
  count: (request) => child(request, messagesNs, 'Recipients')?.children.length ?? 0,
  run(request, { exchange }) {
    const asked = (textOf(request, messagesNs, 'MailTipsRequested') ?? 'All').trim().split(/\s+/);
    const wanted = Object.entries(tipsOf).filter(([name]) => asked.includes('All') || asked.includes(name));
    const pending = asked.filter((name) => name !== 'All' && !Object.hasOwn(tipsOf, name)).join(' ');
    const tips = childrenOf(child(request, messagesNs, 'Recipients'), typesNs, 'Mailbox').map((recipient) => {
      const address = textOf(recipient, typesNs, 'EmailAddress') ?? '';
      if (address === '') {
        return '<m:MailTipsResponseMessageType ResponseClass="Error"><m:ResponseCode>ErrorMissingInformationEmailAddress</m:ResponseCode></m:MailTipsResponseMessageType>';
      }
      const mailbox = writeMailbox({ address }, 'RecipientAddress');
      const own = wanted.map(([, write]) => write(address, exchange)).join('');
      const tip = `<m:MailTips>${mailbox}<t:PendingMailTips>${pending}</t:PendingMailTips>${own}</m:MailTips>`;
      return `<m:MailTipsResponseMessageType ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>${tip}</m:MailTipsResponseMessageType>`;
    });
    const list = tips.length === 0 ? '' : `<m:ResponseMessages>${tips.join('')}</m:ResponseMessages>`;
    const content = `<m:ResponseCode>NoError</m:ResponseCode>${list}`;
    return { element: 'GetMailTipsResponse', attributes: ' ResponseClass="Success"', content, code: 'NoError' };
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getroomlists-operation: the simulated organisation has none. */
export const getRoomLists: Operation = {
  count: () => 1,
  run() {
    const content = '<m:ResponseCode>NoError</m:ResponseCode><m:RoomLists/>';
    return { element: 'GetRoomListsResponse', attributes: ' ResponseClass="Success"', content, code: 'NoError' };
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuserphoto-operation: nobody has one. */
export const getUserPhoto: Operation = {
  count: () => 1,
  run() {
    const text = '<m:MessageText>The user has no photo.</m:MessageText><m:ResponseCode>ErrorItemNotFound</m:ResponseCode>';
    const content = `${text}<m:HasChanged>false</m:HasChanged>`;
    return { element: 'GetUserPhotoResponse', attributes: ' ResponseClass="Error"', content, code: 'ErrorItemNotFound' };
  },
};
