import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import { requireFolders } from '../../access/access.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { plainBoolean, writeElement } from '../../xml/written-element.ts';
import { mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { oofKey, setAutomaticReplies } from '../rules/automatic-reply.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuseroofsettings-operation */
export const getUserOofSettings: Operation = {
  count: () => 1,
  run(request, context) {
    const settings = mailboxIn(request, context).settings.get(oofKey);
    const none =
      '<t:OofSettings><t:OofState>Disabled</t:OofState><t:ExternalAudience>None</t:ExternalAudience>' +
      '<t:InternalReply><t:Message/></t:InternalReply><t:ExternalReply><t:Message/></t:ExternalReply></t:OofSettings>';
    const content = `${success('m:ResponseMessage')}${settings ?? none}<m:AllowExternalOof>All</m:AllowExternalOof>`;
    return { element: 'GetUserOofSettingsResponse', content, code: 'NoError' };
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/setuseroofsettings-operation */
export const setUserOofSettings: Operation = {
  count: () => 1,
  run(request, context) {
    const given = child(request, typesNs, 'UserOofSettings');
    if (given === undefined) throw schemaFault("the element 'UserOofSettings' is missing.");
    setAutomaticReplies(mailboxIn(request, context), writeElement({ ...given, name: 'OofSettings' }));
    return { element: 'SetUserOofSettingsResponse', content: success('m:ResponseMessage'), code: 'NoError' };
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuserconfiguration-operation */
export const getUserConfiguration: Operation = {
  count: () => 1,
  run(request, context) {
    const named = child(request, messagesNs, 'UserConfigurationName');
    if (named === undefined) throw schemaFault("the element 'UserConfigurationName' is missing.");
    return answerEach([named], context, '', (name) => {
      const { settings, key } = placeOf(name, context);
      const stored = settings.get(key);
      if (stored === undefined) throw new EwsItemError('ErrorItemNotFound', 'There is no user configuration of that name.');
      return stored;
    });
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/createuserconfiguration-operation */
export const createUserConfiguration: Operation = writing((stored) => {
  if (stored) throw new EwsItemError('ErrorItemSave', 'There is a user configuration of that name already.');
});

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/updateuserconfiguration-operation */
export const updateUserConfiguration: Operation = writing((stored) => {
  if (!stored) throw new EwsItemError('ErrorItemNotFound', 'There is no user configuration of that name.');
});

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/deleteuserconfiguration-operation */
export const deleteUserConfiguration: Operation = {
  count: () => 1,
  run(request, context) {
    const named = child(request, messagesNs, 'UserConfigurationName');
    if (named === undefined) throw schemaFault("the element 'UserConfigurationName' is missing.");
    return answerEach([named], context, '', (name) => {
      const { settings, key } = placeOf(name, context);
      if (!settings.delete(key)) throw new EwsItemError('ErrorItemNotFound', 'There is no user configuration of that name.');
      return '';
    });
  },
};

function writing(check: (stored: boolean) => void): Operation {
  return {
    count: () => 1,
    run(request, context) {
      const given = child(request, messagesNs, 'UserConfiguration');
      const named = child(given, typesNs, 'UserConfigurationName');
      if (given === undefined || named === undefined)
        throw schemaFault("the element 'UserConfiguration' has incomplete content.");
      return answerEach([given], context, '', (configuration) => {
        const { settings, key } = placeOf(named, context);
        check(settings.has(key));
        settings.set(
          key,
          writeElement(withPlainBooleans(configuration))
            .replace(/^<t:UserConfiguration/, '<m:UserConfiguration')
            .replace(/t:UserConfiguration>$/, 'm:UserConfiguration>'),
        );
        return '';
      });
    },
  };
}

/** Values of a dictionary that their type calls booleans, as Exchange writes them. */
function withPlainBooleans(element: XmlElement): XmlElement {
  const isBoolean = textOf(element, typesNs, 'Type') === 'Boolean';
  const children = element.children.map((one) =>
    isBoolean && one.name === 'Value' ? { ...one, text: plainBoolean(one.text) } : withPlainBooleans(one),
  );
  return { ...element, children };
}

function placeOf(name: XmlElement, context: OperationContext): { readonly settings: Map<string, string>; readonly key: string } {
  const [id] = name.children;
  if (id === undefined) throw schemaFault("the element 'UserConfigurationName' has no folder id.");
  const folder = resolveFolder(id, context);
  return {
    settings: mailboxOf(folder, context).settings,
    key: `configuration:${folder.id}:${name.attributes.get('Name') ?? ''}`,
  };
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getdelegate-operation */
export const getDelegate: Operation = {
  count: () => 1,
  run(request, context) {
    const address = textOf(child(request, messagesNs, 'Mailbox'), typesNs, 'EmailAddress') ?? '';
    const mailbox = context.exchange.find(address);
    if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
    requireFolders(context.login, context.acting, mailbox);
    const users = [...mailbox.delegates.values()].map((delegate) => {
      const id = `<t:UserId><t:PrimarySmtpAddress>${escapeText(delegate.address)}</t:PrimarySmtpAddress></t:UserId>`;
      const user = `<m:DelegateUser>${id}<t:ReceiveCopiesOfMeetingMessages>false</t:ReceiveCopiesOfMeetingMessages><t:ViewPrivateItems>false</t:ViewPrivateItems></m:DelegateUser>`;
      return `<m:DelegateUserResponseMessageType ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>${user}</m:DelegateUserResponseMessageType>`;
    });
    const list = users.length === 0 ? '' : `<m:ResponseMessages>${users.join('')}</m:ResponseMessages>`;
    const content = `<m:ResponseCode>NoError</m:ResponseCode>${list}<m:DeliverMeetingRequests>DelegatesAndMe</m:DeliverMeetingRequests>`;
    return { element: 'GetDelegateResponse', attributes: ' ResponseClass="Success"', content, code: 'NoError' };
  },
};

function mailboxIn(request: XmlElement, context: OperationContext): SimulatedMailbox {
  const address = textOf(child(request, typesNs, 'Mailbox'), typesNs, 'Address') ?? '';
  const mailbox: SimulatedMailbox | undefined = context.exchange.find(address);
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  requireFolders(context.login, context.acting, mailbox);
  return mailbox;
}

/** A response message that says that all went well. */
export function success(element: string): string {
  return `<${element} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></${element}>`;
}
