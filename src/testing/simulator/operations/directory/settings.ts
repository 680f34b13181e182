import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { hasFullAccess } from '../../access/rights.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { iso } from '../../xml/item-fields.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { plainBoolean, readElement, writeElement } from '../../xml/written-element.ts';
import { mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { oofKey, setAutomaticReplies } from '../rules/automatic-reply.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuseroofsettings-operation */
export const getUserOofSettings: Operation = {
  count: () => 1,
  run(request, context) {
    const content = `${success('m:ResponseMessage')}${oofOf(mailboxIn(request, context), context)}<m:AllowExternalOof>All</m:AllowExternalOof>`;
    return { element: 'GetUserOofSettingsResponse', content, code: 'NoError' };
  },
};

const oofParts = (
  'OofState ExternalAudience Duration InternalReply ExternalReply DeclineMeetingReply DeclineEventsForScheduledOOF ' +
  'DeclineAllEventsForScheduledOOF CreateOOFEvent OOFEventSubject AutoDeclineFutureRequestsWhenOOF OOFEventID EventsToDeleteIDs'
).split(' ');

/** Automatic replies as they are: all parts, always, as Exchange writes them; clients read times even where nothing is scheduled. */
function oofOf(mailbox: SimulatedMailbox, { exchange }: OperationContext): string {
  const hour = Math.floor(exchange.registry.now().getTime() / 3_600_000) * 3_600_000;
  const [start, end] = [iso(new Date(hour)), iso(new Date(hour + 86_400_000))];
  const none =
    '<t:OofSettings><t:OofState>Disabled</t:OofState><t:ExternalAudience>None</t:ExternalAudience>' +
    `<t:Duration><t:StartTime>${start}</t:StartTime><t:EndTime>${end}</t:EndTime></t:Duration>` +
    '<t:InternalReply><t:Message/></t:InternalReply><t:ExternalReply><t:Message/></t:ExternalReply></t:OofSettings>';
  return mailbox.settings.get(oofKey) ?? none;
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/setuseroofsettings-operation */
export const setUserOofSettings: Operation = {
  count: () => 1,
  run(request, context) {
    const given = child(request, typesNs, 'UserOofSettings');
    if (given === undefined) throw schemaFault("the element 'UserOofSettings' is missing.");
    const mailbox = mailboxIn(request, context);
    const before = readElement(oofOf(mailbox, context));
    // What a client leaves out stays as it was.
    const children = oofParts.flatMap((name) => child(given, typesNs, name) ?? child(before, typesNs, name) ?? []);
    setAutomaticReplies(mailbox, writeElement({ ...given, name: 'OofSettings', children }));
    return { element: 'SetUserOofSettingsResponse', content: success('m:ResponseMessage'), code: 'NoError' };
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuserconfiguration-operation */
export const getUserConfiguration: Operation = {
  count: () => 1,
  run(request, context) {
    const named = child(request, messagesNs, 'UserConfigurationName');
    if (named === undefined) throw schemaFault("the element 'UserConfigurationName' is missing.");
    const asked = new Set(textOf(request, messagesNs, 'UserConfigurationProperties')?.trim().split(/\s+/));
    return answerEach([named], context, '', (name) => {
      const { settings, key } = placeOf(name, context);
      const stored = settings.get(key);
      if (stored === undefined) throw new EwsItemError('ErrorItemNotFound', 'There is no user configuration of that name.');
      if (asked.has('All')) return stored;
      const whole = readElement(stored.replaceAll('m:UserConfiguration', 't:UserConfiguration'));
      const children = whole.children.filter((part) => part.name === 'UserConfigurationName' || asked.has(part.name));
      return asConfiguration(writeElement({ ...whole, children }));
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
        settings.set(key, asConfiguration(writeElement(withPlainBooleans(configuration))));
        return '';
      });
    },
  };
}

/** An answer has it among the messages. */
const asConfiguration = (written: string): string =>
  written.replace(/^<t:UserConfiguration/, '<m:UserConfiguration').replace(/t:UserConfiguration>$/, 'm:UserConfiguration>');

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

function mailboxIn(request: XmlElement, context: OperationContext): SimulatedMailbox {
  const address = textOf(child(request, typesNs, 'Mailbox'), typesNs, 'Address') ?? '';
  const mailbox: SimulatedMailbox | undefined = context.exchange.find(address);
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  if (!hasFullAccess(context, mailbox)) throw new EwsItemError('ErrorAccessDenied');
  return mailbox;
}

/** A response message that says that all went well. */
export function success(element: string): string {
  return `<${element} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></${element}>`;
}
