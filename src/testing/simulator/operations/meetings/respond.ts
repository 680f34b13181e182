import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { iso } from '../../xml/item-fields.ts';
import { resolveItem } from '../ids.ts';
import { readBody } from '../items/item-content.ts';
import type { OperationContext } from '../operation.ts';
import { type Disposition, savedFolder, sendAs, signed } from '../outgoing.ts';
import { cancelFor, requireSending } from './appointment.ts';
import { tentative } from './attendant.ts';
import { appointmentOf, attendeesOf, fieldText, isOrganizer, withTexts } from './fields.ts';
import { type Answer, response } from './messages.ts';

/** What CreateItem makes of an element that answers a meeting. */
type Respond = (
  element: XmlElement,
  disposition: Disposition | undefined,
  savedId: XmlElement | undefined,
  context: OperationContext,
  plan: ItemPlan,
) => string;

/** The elements of CreateItem that answer, cancel or take away a meeting. */
export const meetingResponses: ReadonlyMap<string, Respond> = new Map<string, Respond>([
  ['AcceptItem', answerWith('Accept')],
  ['TentativelyAcceptItem', answerWith('Tentative')],
  ['DeclineItem', answerWith('Decline')],
  ['CancelCalendarItem', cancel],
  ['RemoveItem', remove],
]);

const words: Readonly<Record<Answer, string>> = { Accept: 'AcceptItem', Tentative: 'Tentative', Decline: 'DeclineItem' };

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/acceptitem, and its siblings */
function answerWith(answer: Answer): Respond {
  return (element, disposition, savedId, context, plan) => {
    const { item, mailbox } = referred(element, context);
    if (disposition === undefined) throw new EwsItemError('ErrorMessageDispositionRequired');
    if (item.kind !== 'CalendarItem' && item.kind !== 'MeetingRequest') {
      throw new EwsItemError(
        `ErrorInvalidItemForOperation${words[answer]}`,
        'The item is neither a meeting request nor a meeting.',
      );
    }
    if (isOrganizer(item.content, mailbox)) {
      throw new EwsItemError(`ErrorCalendarIsOrganizerFor${answer}`, 'The organizer of a meeting cannot respond to it.');
    }
    const known = item.kind === 'CalendarItem' ? item : appointmentOf(item.content, mailbox);
    if (fieldText((known ?? item).content, 'IsCancelled') === 'true') {
      throw new EwsItemError(`ErrorCalendarIsCancelledFor${answer}`, 'The meeting was cancelled.');
    }
    const body = bodyOf(element) ?? { type: 'text', content: '' };
    const sent = signed(response(item.content, answer, body, context.newMessageId()), mailbox, context);
    const content = { ...sent.content, from: { address: mailbox.address, name: mailbox.name } };
    const folder = savedId && savedFolder(savedId, context);
    // What can fail comes before anything is changed.
    if (disposition !== 'SaveOnly')
      sendAs({ content, from: mailbox, owner: mailbox, folder, savedId }, disposition, context, plan);
    const draft = disposition === 'SaveOnly' ? mailbox.store(folder ?? mailbox.folder('drafts'), content, 'draft') : undefined;
    const appointment = answered(known ?? tentative(item.content, mailbox), answer, mailbox, context);
    const request = item.kind === 'MeetingRequest' ? mailbox.move(item, 'deleteditems') : undefined;
    return written([appointment, request, draft]);
  };
}

/** The appointment once its owner has answered: a declined one is thrown away. */
function answered(item: SimulatedItem, answer: Answer, mailbox: SimulatedMailbox, { exchange }: OperationContext): SimulatedItem {
  const busy = answer === 'Accept' ? (fieldText(item.content, 'IntendedFreeBusyStatus') ?? 'Busy') : 'Tentative';
  const content = withTexts(item.content, {
    MyResponseType: answer,
    AppointmentReplyTime: iso(exchange.registry.now()),
    LegacyFreeBusyStatus: busy,
  });
  const after = mailbox.update(item, { content });
  return answer === 'Decline' ? mailbox.move(after, 'deleteditems') : after;
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/cancelcalendaritem */
function cancel(
  element: XmlElement,
  disposition: Disposition | undefined,
  _savedId: XmlElement | undefined,
  context: OperationContext,
  plan: ItemPlan,
): string {
  const { item, mailbox } = referred(element, context);
  if (disposition === undefined) throw new EwsItemError('ErrorMessageDispositionRequired');
  const to = attendeesOf(item.content);
  if (item.kind !== 'CalendarItem' || to.length === 0) {
    throw new EwsItemError('ErrorInvalidItemForOperationCancelItem', 'The item is not a meeting.');
  }
  if (!isOrganizer(item.content, mailbox)) {
    throw new EwsItemError('ErrorCalendarIsNotOrganizer', 'Only its organizer can cancel a meeting.');
  }
  if (disposition !== 'SaveOnly') {
    requireSending(to, mailbox, context);
    cancelFor(item.content, to, disposition === 'SendAndSaveCopy', mailbox, context, plan, bodyOf(element));
  }
  return written([mailbox.move(item, 'deleteditems')]);
}

/** Takes a cancelled meeting out of the calendar. https://learn.microsoft.com/exchange/client-developer/web-service-reference/removeitem */
function remove(
  element: XmlElement,
  _disposition: Disposition | undefined,
  _savedId: XmlElement | undefined,
  context: OperationContext,
): string {
  const { item, mailbox } = referred(element, context);
  if (item.kind !== 'MeetingCancellation') {
    throw new EwsItemError('ErrorInvalidItemForOperationRemoveItem', 'The item is not the cancellation of a meeting.');
  }
  const appointment = appointmentOf(item.content, mailbox);
  const removed = appointment && mailbox.move(appointment, 'deleteditems');
  return written([removed, mailbox.move(item, 'deleteditems')]);
}

function referred(element: XmlElement, context: OperationContext): { item: SimulatedItem; mailbox: SimulatedMailbox } {
  const reference = child(element, typesNs, 'ReferenceItemId');
  if (reference === undefined) throw new EwsItemError('ErrorMissingInformationReferenceItemId');
  return resolveItem(reference, context);
}

function bodyOf(element: XmlElement): MessageContent['body'] | undefined {
  const body = child(element, typesNs, 'NewBodyContent') ?? child(element, typesNs, 'Body');
  return body && readBody(body);
}

function written(items: readonly (SimulatedItem | undefined)[]): string {
  const elements = items.flatMap((item) =>
    item === undefined ? [] : [`<t:${item.kind}><t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/></t:${item.kind}>`],
  );
  return `<m:Items>${elements.join('')}</m:Items>`;
}
