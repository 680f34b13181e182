import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import { type Delegate, delegateFolders, delegatesOf, keepDelegates, sidOf, userAt } from '../../access/delegates.ts';
import { hasFullAccess } from '../../access/rights.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { isTrue } from '../../xml/written-element.ts';
import { answerEach, type Operation, type OperationContext, type WholeAnswer } from '../operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getdelegate-operation */
export const getDelegate: Operation = {
  count: () => 1,
  run(request, context) {
    const mailbox = mailboxOf(request, context);
    const permissions = isTrue(request.attributes.get('IncludePermissions'));
    const named = child(request, messagesNs, 'UserIds');
    const all = delegatesOf(mailbox);
    const asked =
      named === undefined ? [...all.keys()] : childrenOf(named, typesNs, 'UserId').map((id) => addressIn(id, context));
    const deliver = mailbox.settings.get(deliverKey) ?? 'DelegatesAndMe';
    const write = (address: string): string => written(delegateAt(all, address), permissions, context);
    return answer('GetDelegate', asked, write, context, `<m:DeliverMeetingRequests>${deliver}</m:DeliverMeetingRequests>`);
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/adddelegate-operation */
export const addDelegate: Operation = changing('AddDelegate', (user, delegates, mailbox, context) => {
  const found = userIn(child(user, typesNs, 'UserId'), context);
  if (found === undefined) throw new EwsItemError('ErrorDelegateNoUser', 'No user has that address.');
  if (found === mailbox) throw new EwsItemError('ErrorDelegateCannotAddOwner', 'Nobody is their own delegate.');
  const { address } = found;
  if (delegates.has(address)) throw new EwsItemError('ErrorDelegateAlreadyExists', 'The user is a delegate already.');
  const none = Object.fromEntries(delegateFolders.map((folder) => [folder, 'None']));
  return changed({ address, levels: none, receivesCopies: false, seesPrivate: false, sendAs: true }, user);
});

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/updatedelegate-operation */
export const updateDelegate: Operation = changing('UpdateDelegate', (user, delegates, _mailbox, context) =>
  changed(delegateAt(delegates, addressIn(child(user, typesNs, 'UserId'), context)), user),
);

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/removedelegate-operation */
export const removeDelegate: Operation = {
  count: (request) => child(request, messagesNs, 'UserIds')?.children.length ?? 0,
  run(request, context) {
    const mailbox = mailboxOf(request, context);
    const users = childrenOf(child(request, messagesNs, 'UserIds'), typesNs, 'UserId');
    const remove = (user: XmlElement): string => {
      const rest = new Map(delegatesOf(mailbox));
      rest.delete(delegateAt(rest, addressIn(user, context)).address);
      keepDelegates(mailbox, rest.values());
      return '';
    };
    return answer('RemoveDelegate', users, remove, context);
  },
};

const deliverKey = 'delegates:deliver';

/** An operation that keeps what `next` makes of each delegate that it names. */
function changing(
  operation: string,
  next: (
    user: XmlElement,
    delegates: ReadonlyMap<string, Delegate>,
    mailbox: SimulatedMailbox,
    context: OperationContext,
  ) => Delegate,
): Operation {
  return {
    count: (request) => child(request, messagesNs, 'DelegateUsers')?.children.length ?? 0,
    run(request, context) {
      const mailbox = mailboxOf(request, context);
      const users = childrenOf(child(request, messagesNs, 'DelegateUsers'), typesNs, 'DelegateUser');
      const change = (user: XmlElement): string => {
        const delegates = delegatesOf(mailbox);
        const delegate = next(user, delegates, mailbox, context);
        keepDelegates(mailbox, new Map(delegates).set(delegate.address, delegate).values());
        return written(delegate, true, context);
      };
      const whole = answer(operation, users, change, context);
      const deliver = textOf(request, messagesNs, 'DeliverMeetingRequests');
      if (deliver !== undefined) mailbox.settings.set(deliverKey, deliver);
      return whole;
    },
  };
}

/** The delegate with what an element says of them; what it leaves out stays. */
function changed(delegate: Delegate, user: XmlElement): Delegate {
  const given = child(user, typesNs, 'DelegatePermissions');
  const levels = delegateFolders.map((folder) => {
    return [folder, textOf(given, typesNs, `${folder}FolderPermissionLevel`) ?? delegate.levels[folder] ?? 'None'];
  });
  const flag = (name: string, now: boolean): boolean => {
    const text = textOf(user, typesNs, name);
    return text === undefined ? now : isTrue(text);
  };
  return {
    ...delegate,
    ...(given === undefined ? {} : { wholeMailbox: false }),
    levels: Object.fromEntries(levels),
    receivesCopies: flag('ReceiveCopiesOfMeetingMessages', delegate.receivesCopies),
    seesPrivate: flag('ViewPrivateItems', delegate.seesPrivate),
  };
}

function mailboxOf(request: XmlElement, context: OperationContext): SimulatedMailbox {
  const mailbox = context.exchange.find(textOf(child(request, messagesNs, 'Mailbox'), typesNs, 'EmailAddress') ?? '');
  if (mailbox === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
  if (!hasFullAccess(context, mailbox)) throw new EwsItemError('ErrorAccessDenied');
  return mailbox;
}

function userIn(id: XmlElement | undefined, { exchange }: OperationContext): SimulatedMailbox | undefined {
  return userAt(textOf(id, typesNs, 'PrimarySmtpAddress'), textOf(id, typesNs, 'SID'), exchange);
}

/** The address of the user; what is no user's is taken as it is, since delegates need not be simulated. */
function addressIn(id: XmlElement | undefined, context: OperationContext): string {
  return userIn(id, context)?.address ?? textOf(id, typesNs, 'PrimarySmtpAddress')?.toLowerCase() ?? '';
}

function delegateAt(delegates: ReadonlyMap<string, Delegate>, address: string): Delegate {
  const found = delegates.get(address);
  if (found === undefined) throw new EwsItemError('ErrorNotDelegate', 'The user is not a delegate of the mailbox.');
  return found;
}

function written(delegate: Delegate, permissions: boolean, { exchange }: OperationContext): string {
  const user = exchange.find(delegate.address);
  const name = user?.name ?? delegate.address;
  const sid = user === undefined ? '' : `<t:SID>${sidOf(user, exchange)}</t:SID>`;
  const id = `${sid}<t:PrimarySmtpAddress>${escapeText(delegate.address)}</t:PrimarySmtpAddress><t:DisplayName>${escapeText(name)}</t:DisplayName>`;
  const levels = delegateFolders.map((folder) => {
    const level = `${folder}FolderPermissionLevel`;
    return `<t:${level}>${escapeText(delegate.levels[folder] ?? 'None')}</t:${level}>`;
  });
  const allowed = permissions ? `<t:DelegatePermissions>${levels.join('')}</t:DelegatePermissions>` : '';
  const copies = `<t:ReceiveCopiesOfMeetingMessages>${delegate.receivesCopies}</t:ReceiveCopiesOfMeetingMessages>`;
  const secret = `<t:ViewPrivateItems>${delegate.seesPrivate}</t:ViewPrivateItems>`;
  return `<m:DelegateUser><t:UserId>${id}</t:UserId>${allowed}${copies}${secret}</m:DelegateUser>`;
}

/** The answer of these operations: a message for each user inside one for the request. */
function answer<T>(
  operation: string,
  users: readonly T[],
  step: (user: T) => string,
  context: OperationContext,
  more = '',
): WholeAnswer {
  const messages = answerEach(users, context, '', step).map(({ responseClass, code, text, content }) => {
    const said = text === undefined ? '' : `<m:MessageText>${escapeText(text)}</m:MessageText>`;
    const inner = `${said}<m:ResponseCode>${code}</m:ResponseCode>${content}`;
    return `<m:DelegateUserResponseMessageType ResponseClass="${responseClass}">${inner}</m:DelegateUserResponseMessageType>`;
  });
  const list = messages.length === 0 ? '' : `<m:ResponseMessages>${messages.join('')}</m:ResponseMessages>`;
  const content = `<m:ResponseCode>NoError</m:ResponseCode>${list}${more}`;
  return { element: `${operation}Response`, attributes: ' ResponseClass="Success"', content, code: 'NoError' };
}
