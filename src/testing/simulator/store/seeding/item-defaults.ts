/** Elements that items of a kind have though nobody has set them, in the state of a new item. */
export function withDefaults(kind: string, fields: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  if (kind === 'CalendarItem') return filled(fields, ofAppointment(fields));
  if (kind === 'Contact') return filled(fields, ofContact(fields));
  if (kind === 'Task') return withCompletion(filled(fields, ofTask));
  return fields;
}

/** A contact is called by its names. */
function ofContact(fields: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const text = (name: string): string => />([^<]*)</.exec(fields.get(name) ?? '')?.[1] ?? '';
  const names = ['GivenName', 'MiddleName', 'Surname'].map(text).filter((one) => one !== '');
  const name = names.join(' ') || text('CompanyName') || text('FileAs');
  return name === '' ? {} : { DisplayName: name };
}

function ofAppointment(fields: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const attended = ['RequiredAttendees', 'OptionalAttendees', 'Resources'].some((name) => fields.has(name));
  return {
    IsAllDayEvent: 'false',
    LegacyFreeBusyStatus: 'Busy',
    IsMeeting: String(attended),
    IsCancelled: 'false',
    IsRecurring: String(fields.has('Recurrence')),
    MeetingRequestWasSent: 'false',
    IsResponseRequested: 'true',
    CalendarItemType: fields.has('Recurrence') ? 'RecurringMaster' : 'Single',
    MyResponseType: attended ? 'Organizer' : 'Unknown',
    AppointmentSequenceNumber: '0',
    AppointmentState: attended ? '1' : '0',
    AllowNewTimeProposal: 'true',
    IsOnlineMeeting: 'false',
    ConferenceType: '0',
  };
}

const ofTask: Readonly<Record<string, string>> = {
  ChangeCount: '1',
  DelegationState: 'NoMatch',
  IsAssignmentEditable: '0',
  IsComplete: 'false',
  IsRecurring: 'false',
  IsTeamTask: 'false',
  PercentComplete: '0',
  Status: 'NotStarted',
};

/** Status, percentage and completion of a task say the same: whichever was set last counts. */
export function withCompletion(
  fields: ReadonlyMap<string, string>,
  set?: string,
  now: Date = new Date(0),
): ReadonlyMap<string, string> {
  const text = (name: string): string => />([^<]*)</.exec(fields.get(name) ?? '')?.[1] ?? '';
  const completed =
    set === 'PercentComplete'
      ? Number(text('PercentComplete')) >= 100
      : set === 'CompleteDate' || (set === undefined && fields.has('CompleteDate'))
        ? fields.has('CompleteDate')
        : text('Status') === 'Completed' || (set === undefined && Number(text('PercentComplete')) >= 100);
  if (completed === (text('IsComplete') === 'true')) return fields;
  const next = new Map(fields);
  const put = (name: string, value: string): void => void next.set(name, `<t:${name}>${value}</t:${name}>`);
  put('IsComplete', String(completed));
  if (completed) {
    put('Status', 'Completed');
    put('PercentComplete', '100');
    if (!next.has('CompleteDate')) put('CompleteDate', `${now.toISOString().slice(0, 10)}T00:00:00Z`);
  } else {
    next.delete('CompleteDate');
    if (text('Status') === 'Completed') put('Status', 'InProgress');
    if (Number(text('PercentComplete')) >= 100) put('PercentComplete', '0');
  }
  return next;
}

function filled(fields: ReadonlyMap<string, string>, given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const all = new Map(fields);
  for (const [name, value] of Object.entries(given)) if (!all.has(name)) all.set(name, `<t:${name}>${value}</t:${name}>`);
  return all;
}
