import type { Mailbox } from '../../../../transport/contract.ts';
import type { MessageContent } from '../../store/item.ts';
import { throughout } from '../../store/series/exceptions.ts';
import { fieldText, organizerOf, withTexts } from './fields.ts';

/** How an attendee answers. */
export type Answer = 'Accept' | 'Tentative' | 'Decline';

const answers: Readonly<Record<Answer, { readonly itemClass: string; readonly prefix: string }>> = {
  Accept: { itemClass: 'IPM.Schedule.Meeting.Resp.Pos', prefix: 'Accepted' },
  Tentative: { itemClass: 'IPM.Schedule.Meeting.Resp.Tent', prefix: 'Tentative' },
  Decline: { itemClass: 'IPM.Schedule.Meeting.Resp.Neg', prefix: 'Declined' },
};

/** What a meeting message needs beside the appointment it is about. */
export interface Addressed {
  readonly to: readonly Mailbox[];
  readonly messageId: string;
}

/** The request that attendees get. */
export function invitation(
  appointment: MessageContent,
  type: 'NewMeetingRequest' | 'FullUpdate',
  addressed: Addressed,
): MessageContent {
  const intended = fieldText(appointment, 'LegacyFreeBusyStatus') ?? 'Busy';
  const ofTheirs = { LegacyFreeBusyStatus: 'Tentative', MyResponseType: 'NoResponseReceived', AppointmentState: '3' };
  const content = withTexts(
    throughout(meetingMessage(appointment, addressed), (one) => withTexts(one, ofTheirs)),
    {
      MeetingRequestType: type,
      IntendedFreeBusyStatus: intended,
      ResponseType: 'NoResponseReceived',
      MeetingRequestWasSent: 'true',
    },
  );
  return { ...content, kind: 'MeetingRequest', itemClass: 'IPM.Schedule.Meeting.Request' };
}

/** What the organizer gets from an attendee. */
export function response(
  appointment: MessageContent,
  answer: Answer,
  body: MessageContent['body'],
  messageId: string,
): MessageContent {
  const { itemClass, prefix } = answers[answer];
  const organizer = organizerOf(appointment);
  const to = organizer === undefined ? [] : [organizer];
  const content = withTexts(meetingMessage(appointment, { to, messageId }), { ResponseType: answer });
  return { ...content, kind: 'MeetingResponse', itemClass, subject: `${prefix}: ${appointment.subject}`, body };
}

/** What attendees get when there is no meeting any more, or none for them. */
export function cancellation(appointment: MessageContent, addressed: Addressed, body?: MessageContent['body']): MessageContent {
  const content = withTexts(meetingMessage(appointment, addressed), { ResponseType: 'Unknown' });
  return {
    ...content,
    kind: 'MeetingCancellation',
    itemClass: 'IPM.Schedule.Meeting.Canceled',
    subject: `Canceled: ${appointment.subject}`,
    body: body ?? appointment.body,
  };
}

/** The appointment as a message: everything of it but what is about the copy of one mailbox. */
function meetingMessage(appointment: MessageContent, { to, messageId }: Addressed): MessageContent {
  const { mime: _ofTheAppointment, sentAt: _never, ...content } = appointment;
  const own = { IsDelegated: 'false', IsOutOfDate: 'false', HasBeenProcessed: 'false', IsOrganizer: 'false', IsMeeting: 'true' };
  const others = { AssociatedCalendarItemId: undefined, ReminderNextTime: undefined, AppointmentReplyTime: undefined };
  return { ...withTexts(content, { ...own, ...others }), to, cc: [], bcc: [], internetMessageId: messageId };
}
