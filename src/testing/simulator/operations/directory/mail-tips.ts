import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../../ews/xml/read.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import type { Operation } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getmailtips-operation: whether a recipient exists. */
export const getMailTips: Operation = {
  count: (request) => child(request, messagesNs, 'Recipients')?.children.length ?? 0,
  run(request, { exchange }) {
    const tips = childrenOf(child(request, messagesNs, 'Recipients'), typesNs, 'Mailbox').map((recipient) => {
      const address = textOf(recipient, typesNs, 'EmailAddress') ?? '';
      const wrong = exchange.isInside(address) && exchange.find(address) === undefined;
      const mailbox = writeMailbox({ address }, 'RecipientAddress');
      const tip = `<m:MailTips>${mailbox}<t:PendingMailTips/><t:InvalidRecipient>${wrong}</t:InvalidRecipient></m:MailTips>`;
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
