import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { messageFlag } from '../../store/message-flags.ts';
import { iso } from '../../xml/item-fields.ts';
import { appointmentOf, fieldText, isOrganizer, withAnswer, withTexts } from './fields.ts';

/**
 * What Exchange does with the calendar when a meeting message arrives, before anybody opens it: a request becomes a tentative appointment, an answer
 * is noted with its attendee, a cancellation marks the appointment. Returns the message with the id of that appointment.
 */
export function attendTo(content: MessageContent, mailbox: SimulatedMailbox, now: Date): MessageContent {
  const appointment = processed(content, mailbox, now);
  if (appointment === undefined) return content;
  const id = `<t:AssociatedCalendarItemId Id="${appointment.id}" ChangeKey="${appointment.changeKey}"/>`;
  const fields = new Map(content.fields).set('AssociatedCalendarItemId', id);
  return { ...content, fields };
}

function processed(content: MessageContent, mailbox: SimulatedMailbox, now: Date): SimulatedItem | undefined {
  const there = appointmentOf(content, mailbox);
  switch (content.kind) {
    case 'MeetingRequest':
      if (isOrganizer(content, mailbox)) return there;
      return there === undefined ? tentative(content, mailbox) : mailbox.update(there, { content: copyOf(content) });
    case 'MeetingResponse': {
      const from = content.from?.address;
      if (there === undefined || from === undefined) return there;
      const answer = fieldText(content, 'ResponseType') ?? 'Unknown';
      return mailbox.update(there, { content: withAnswer(there.content, from, answer, iso(now)) });
    }
    case 'MeetingCancellation': {
      if (there === undefined || isOrganizer(content, mailbox)) return there;
      const cancelled = withTexts(there.content, { IsCancelled: 'true', LegacyFreeBusyStatus: 'Free', AppointmentState: '7' });
      return mailbox.update(there, { content: { ...cancelled, subject: content.subject } });
    }
    default:
      return undefined;
  }
}

/** An appointment that its owner has not answered yet. */
export function tentative(request: MessageContent, mailbox: SimulatedMailbox): SimulatedItem {
  return mailbox.store(mailbox.folder('calendar'), copyOf(request), { messageFlags: messageFlag.read });
}

function copyOf(request: MessageContent): MessageContent {
  const { mime: _ofTheMessage, ...content } = request;
  return {
    ...withTexts(content, { MyResponseType: 'NoResponseReceived', LegacyFreeBusyStatus: 'Tentative', ResponseType: undefined }),
    kind: 'CalendarItem',
    itemClass: 'IPM.Appointment',
  };
}
