import { typesNs } from '../../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { requireRecurrence } from '../../store/series/changed-series.ts';
import { throughout } from '../../store/series/exceptions.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import { readItem, several } from '../items/item-content.ts';
import type { OperationContext } from '../operation.ts';
import { ownerOf, saveAt, savedFolder, signed } from '../outgoing.ts';
import { submit } from '../submit.ts';
import { attendeesOf, fieldText, isOrganizer, withNames, withTexts } from './fields.ts';
import { cancellation, invitation } from './messages.ts';

/** An appointment; with SendMeetingInvitations its attendees get a meeting request. */
export function createAppointment(
  element: XmlElement,
  invitations: string | undefined,
  savedId: XmlElement | undefined,
  context: OperationContext,
  plan: ItemPlan,
): string {
  if (invitations !== 'SendToNone' && invitations !== 'SendOnlyToAll' && invitations !== 'SendToAllAndSaveCopy') {
    throw new EwsItemError('ErrorSendMeetingInvitationsRequired');
  }
  const owner = ownerOf(savedId && savedFolder(savedId, context), context);
  const read = namedAppointment(readItem(element, context), context);
  checkAttendees(element);
  requireRecurrence(read);
  if (Date.parse(fieldText(read, 'End') ?? '') < Date.parse(fieldText(read, 'Start') ?? '')) {
    throw new EwsItemError('ErrorCalendarEndDateIsEarlierThanStartDate', 'The appointment ends before it starts.');
  }
  const organizer = `<t:Organizer>${writeMailbox({ address: owner.address, name: owner.name })}</t:Organizer>`;
  const uid = context.newMessageId().replace(/[<>]/g, '');
  const added = [['UID', `<t:UID>${uid}</t:UID>`] as const, ['Organizer', organizer] as const];
  const to = invitations === 'SendToNone' ? [] : attendeesOf(read);
  const own = throughout(read, (one) => ({ ...one, fields: new Map([...added, ...(one.fields ?? [])]) }));
  const content = to.length === 0 ? own : throughout(own, asSent);
  requireSending(to, owner, context);
  const saved = saveAt(content, element, savedId, context);
  invite(content, 'NewMeetingRequest', to, invitations, owner, context, plan);
  return saved;
}

/** An appointment after an update, with the names of its attendees. */
export function namedAppointment(content: MessageContent, { exchange }: OperationContext): MessageContent {
  return throughout(content, (one) => withNames(one, (address) => exchange.find(address)?.name));
}

/**
 * Whoever is invited to an appointment that is to change, as the attribute of the update says. Throws when nothing may be sent, so that nothing has
 * changed then; the function returned tells them, once the change is stored.
 */
export function readyToTell(
  before: SimulatedItem,
  next: MessageContent,
  send: string | undefined,
  mailbox: SimulatedMailbox,
  context: OperationContext,
  plan: ItemPlan,
): (after: SimulatedItem) => SimulatedItem {
  if (send === undefined || send === 'SendToNone' || !isOrganizer(next, mailbox)) return (after) => after;
  const [was, is] = [attendeesOf(before.content), attendeesOf(next)];
  const among = (list: readonly Mailbox[], { address }: Mailbox): boolean =>
    list.some((one) => one.address.toLowerCase() === address.toLowerCase());
  const gone = was.filter((one) => !among(is, one));
  const added = is.filter((one) => !among(was, one));
  const onlyChanged = send.includes('ToChanged') && (added.length > 0 || gone.length > 0);
  const known = onlyChanged ? [] : is.filter((one) => among(was, one));
  requireSending([...gone, ...added, ...known], mailbox, context);
  return (after) => {
    const sent = is.length === 0 ? after : mailbox.update(after, { content: asSent(after.content) });
    invite(sent.content, 'NewMeetingRequest', added, send, mailbox, context, plan);
    invite(sent.content, 'FullUpdate', known, send, mailbox, context, plan);
    cancelFor(before.content, gone, send.endsWith('SaveCopy'), mailbox, context, plan);
    return sent;
  };
}

/** Whoever is invited, told that there is no meeting any more. */
export function cancelFor(
  content: MessageContent,
  to: readonly Mailbox[],
  keepCopy: boolean,
  mailbox: SimulatedMailbox,
  context: OperationContext,
  plan: ItemPlan,
  body?: MessageContent['body'],
): void {
  if (to.length === 0) return;
  const message = cancellation(content, { to, messageId: context.newMessageId() }, body);
  sendFrom(message, keepCopy, mailbox, context, plan);
}

export function requireSending(to: readonly Mailbox[], mailbox: SimulatedMailbox, { exchange }: OperationContext): void {
  if (to.length === 0) return;
  exchange.quotas.requireSending(mailbox);
  exchange.throttle.message(mailbox.address);
}

function invite(
  content: MessageContent,
  type: 'NewMeetingRequest' | 'FullUpdate',
  to: readonly Mailbox[],
  send: string,
  owner: SimulatedMailbox,
  context: OperationContext,
  plan: ItemPlan,
): void {
  if (to.length === 0) return;
  const message = invitation(content, type, { to, messageId: context.newMessageId() });
  sendFrom(message, send.endsWith('SaveCopy'), owner, context, plan);
}

function sendFrom(
  message: MessageContent,
  keepCopy: boolean,
  owner: SimulatedMailbox,
  context: OperationContext,
  plan: ItemPlan,
): void {
  const { content } = signed({ ...message, from: { address: owner.address, name: owner.name } }, owner, context);
  const copy = keepCopy ? { mailbox: owner, folder: owner.folder('sentitems') } : undefined;
  submit(context.exchange, { sender: owner, content, copy }, plan);
}

const asSent = (content: MessageContent): MessageContent =>
  withTexts(content, { MeetingRequestWasSent: 'true', IsMeeting: 'true', AppointmentState: '1', MyResponseType: 'Organizer' });

/** @throws ErrorInvalidRecipients */
function checkAttendees(element: XmlElement): void {
  for (const { ns, name, children } of element.children) {
    if (ns !== typesNs || !/^(?:RequiredAttendees|OptionalAttendees|Resources)$/.test(name)) continue;
    for (const attendee of children) several(attendee);
  }
}
