import { describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const start = (): Promise<ExchangeSimulator> => startExchangeSimulator({ mailboxes: [alice, bob] });
const numbered = (count: number, from = '2026-03-02') =>
  `<t:NumberedRecurrence><t:StartDate>${from}</t:StartDate><t:NumberOfOccurrences>${count}</t:NumberOfOccurrences></t:NumberedRecurrence>`;
const until = (to: string, from = '2026-03-02') =>
  `<t:EndDateRecurrence><t:StartDate>${from}</t:StartDate><t:EndDate>${to}</t:EndDate></t:EndDateRecurrence>`;
const noEnd = '<t:NoEndRecurrence><t:StartDate>2026-03-02</t:StartDate></t:NoEndRecurrence>';
const daily = (interval = 1) => `<t:DailyRecurrence><t:Interval>${interval}</t:Interval></t:DailyRecurrence>`;
const weekly = (days: string, interval = 1) =>
  `<t:WeeklyRecurrence><t:Interval>${interval}</t:Interval><t:DaysOfWeek>${days}</t:DaysOfWeek></t:WeeklyRecurrence>`;

async function create(exchange: ExchangeSimulator, recurrence: string, more = '', attendee = ''): Promise<string> {
  const to =
    attendee &&
    `<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>${attendee}</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>`;
  const item = `<t:CalendarItem><t:Subject>Stand-up</t:Subject><t:Start>2026-03-02T09:00:00Z</t:Start><t:End>2026-03-02T09:15:00Z</t:End>${to}<t:Recurrence>${recurrence}</t:Recurrence>${more}</t:CalendarItem>`;
  const send = attendee === '' ? 'SendToNone' : 'SendToAllAndSaveCopy';
  const answer = await call(
    exchange.url,
    `<m:CreateItem SendMeetingInvitations="${send}"><m:Items>${item}</m:Items></m:CreateItem>`,
  );
  return /<t:ItemId Id="([^"]+)"/.exec(answer.text)?.[1] ?? String(answer.codes);
}

const view = async (exchange: ExchangeSimulator, from: string, to: string, as = alice) => {
  const { text } = await call(
    exchange.url,
    `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:CalendarView StartDate="${from}T00:00:00Z" EndDate="${to}T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`,
    { as },
  );
  return [...text.matchAll(/<t:CalendarItem>.*?<\/t:CalendarItem>/g)].map(([one]) => ({
    id: /<t:ItemId Id="([^"]+)"/.exec(one)?.[1] ?? '',
    start: /<t:Start>([^<]+)/.exec(one)?.[1] ?? '',
    type: /<t:CalendarItemType>([^<]+)/.exec(one)?.[1],
    subject: /<t:Subject>([^<]+)/.exec(one)?.[1],
  }));
};
const starts = async (exchange: ExchangeSimulator, from: string, to: string) =>
  (await view(exchange, from, to)).map(({ start: at }) => at.replace('T09:00:00Z', ''));
const get = (exchange: ExchangeSimulator, id: string) =>
  call(
    exchange.url,
    `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds>${id}</m:ItemIds></m:GetItem>`,
  );
const remove = (exchange: ExchangeSimulator, id: string, send = 'SendToNone') =>
  call(
    exchange.url,
    `<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="${send}"><m:ItemIds>${id}</m:ItemIds></m:DeleteItem>`,
  );
const set = (exchange: ExchangeSimulator, id: string, uri: string, element: string, send = 'SendToNone') =>
  call(
    exchange.url,
    `<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="${send}"><m:ItemChanges><t:ItemChange>${id}<t:Updates><t:SetItemField><t:FieldURI FieldURI="${uri}"/><t:CalendarItem>${element}</t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
  );
const relative = (days: string, index: string, interval = 1) =>
  `<t:RelativeMonthlyRecurrence><t:Interval>${interval}</t:Interval><t:DaysOfWeek>${days}</t:DaysOfWeek><t:DayOfWeekIndex>${index}</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>`;
const relativeYearly = (days: string, index: string, month: string) =>
  `<t:RelativeYearlyRecurrence><t:DaysOfWeek>${days}</t:DaysOfWeek><t:DayOfWeekIndex>${index}</t:DayOfWeekIndex><t:Month>${month}</t:Month></t:RelativeYearlyRecurrence>`;
const itemId = (id: string) => `<t:ItemId Id="${id}"/>`;
const nth = (id: string, index: number) => `<t:OccurrenceItemId RecurringMasterId="${id}" InstanceIndex="${index}"/>`;

describe('a series', () => {
  it.each([
    ['daily', daily(2) + numbered(3), ['2026-03-02', '2026-03-04', '2026-03-06']],
    ['weekly', weekly('Monday Thursday') + until('2026-03-12'), ['2026-03-02', '2026-03-05', '2026-03-09', '2026-03-12']],
    ['every second week', weekly('Monday', 2) + numbered(3), ['2026-03-02', '2026-03-16', '2026-03-30']],
    [
      'on weekdays',
      weekly('Weekday') + numbered(6),
      ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06', '2026-03-09'],
    ],
    [
      'monthly, at the end of short months',
      `<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>${numbered(3)}`,
      ['2026-03-31', '2026-04-30', '2026-05-31'],
    ],
    [
      'monthly by weekday',
      `<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Friday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>${numbered(3)}`,
      ['2026-03-27', '2026-04-24', '2026-05-29'],
    ],
    [
      'yearly',
      `<t:AbsoluteYearlyRecurrence><t:DayOfMonth>29</t:DayOfMonth><t:Month>February</t:Month></t:AbsoluteYearlyRecurrence>${numbered(2)}`,
      ['2027-02-28'],
    ],
    [
      'yearly by weekday',
      `<t:RelativeYearlyRecurrence><t:DaysOfWeek>Monday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex><t:Month>June</t:Month></t:RelativeYearlyRecurrence>${numbered(2)}`,
      ['2026-06-01', '2027-06-07'],
    ],
  ])('%s is shown as its occurrences', async (_name, recurrence, expected) => {
    await using exchange = await start();
    await create(exchange, recurrence);
    expect(await starts(exchange, '2026-01-01', '2027-12-31')).toEqual(expected);
    expect(exchange.mailbox(alice).folder('calendar').size).toBe(1);
  });

  // By a calendar of 2026, in which 1 March is a Sunday, and so before the series starts.
  it.each([
    ['Day', 'First', ['04-01', '05-01', '06-01']],
    ['Day', 'Third', ['03-03', '04-03', '05-03']],
    ['Day', 'Last', ['03-31', '04-30', '05-31']],
    ['Weekday', 'First', ['03-02', '04-01', '05-01', '06-01', '07-01', '08-03']],
    ['Weekday', 'Third', ['03-04', '04-03', '05-05']],
    ['Weekday', 'Last', ['03-31', '04-30', '05-29', '06-30', '07-31', '08-31']],
    ['WeekendDay', 'First', ['04-04', '05-02', '06-06', '07-04', '08-01']],
    ['WeekendDay', 'Fourth', ['03-14', '04-12', '05-10']],
    ['WeekendDay', 'Last', ['03-29', '04-26', '05-31', '06-28']],
  ])('on %s, %s of a month, has the days of the calendar', async (days, index, expected) => {
    await using exchange = await start();
    await create(exchange, relative(days, index) + numbered(expected.length));
    expect(await starts(exchange, '2026-01-01', '2027-12-31')).toEqual(expected.map((day) => `2026-${day}`));
  });

  it.each([
    ['every second month', relative('WeekendDay', 'First', 2), ['2026-05-02', '2026-07-04', '2026-09-05']],
    ['every year', relativeYearly('WeekendDay', 'Last', 'May'), ['2026-05-31', '2027-05-30']],
    ['every year', relativeYearly('Weekday', 'First', 'August'), ['2026-08-03', '2027-08-02']],
    ['every year', relativeYearly('Day', 'Last', 'February'), ['2027-02-28']],
  ])('on days of kind %s has those of the calendar', async (_name, pattern, expected) => {
    await using exchange = await start();
    await create(exchange, pattern + numbered(expected.length));
    expect(await starts(exchange, '2026-01-01', '2027-12-31')).toEqual(expected);
  });

  it('without an end continues, and keeps its hour when clocks change', async () => {
    await using exchange = await start();
    const zone = '<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/>';
    await create(exchange, daily() + noEnd, zone);
    expect((await view(exchange, '2026-03-28', '2026-03-31')).map((one) => one.start)).toEqual([
      '2026-03-28T09:00:00Z',
      '2026-03-29T08:00:00Z',
      '2026-03-30T08:00:00Z',
    ]);
  });

  it('reports its first and last occurrence, which can be read by id and by index', async () => {
    await using exchange = await start();
    const id = await create(exchange, daily() + numbered(3));
    const master = (await get(exchange, itemId(id))).text;
    expect(master).toContain('<t:CalendarItemType>RecurringMaster</t:CalendarItemType>');
    expect(/<t:LastOccurrence>.*<t:Start>([^<]+).*<\/t:LastOccurrence>/.exec(master)?.[1]).toBe('2026-03-04T09:00:00Z');
    const [, second] = await view(exchange, '2026-03-01', '2026-04-01');
    const byPlace = (await get(exchange, nth(id, 2))).text;
    expect(byPlace).toContain(`<t:ItemId Id="${second?.id}"`);
    expect(byPlace).toContain('<t:CalendarItemType>Occurrence</t:CalendarItemType>');
    const back = await get(exchange, `<t:RecurringMasterItemId OccurrenceId="${second?.id}"/>`);
    expect(back.text).toContain(`<t:ItemId Id="${id}"`);
  });

  it('has exceptions and deleted occurrences until its pattern changes', async () => {
    await using exchange = await start();
    const id = await create(exchange, daily() + numbered(4));
    const [first, second] = await view(exchange, '2026-03-01', '2026-04-01');
    expect((await remove(exchange, itemId(first?.id ?? ''))).codes).toEqual(['NoError']);
    const moved = await set(exchange, itemId(second?.id ?? ''), 'calendar:Start', '<t:Start>2026-03-20T10:00:00Z</t:Start>');
    expect(moved.codes).toEqual(['NoError']);
    await set(exchange, nth(id, 3), 'item:Subject', '<t:Subject>Review</t:Subject>');
    const seen = await view(exchange, '2026-03-01', '2026-04-01');
    expect(seen.map((one) => [one.start, one.type, one.subject])).toEqual([
      ['2026-03-04T09:00:00Z', 'Exception', 'Review'],
      ['2026-03-05T09:00:00Z', 'Occurrence', 'Stand-up'],
      ['2026-03-20T10:00:00Z', 'Exception', 'Stand-up'],
    ]);
    const master = (await get(exchange, itemId(id))).text;
    expect(master.split('<t:Occurrence>').length - 1).toBe(2);
    expect(master).toContain(
      '<t:DeletedOccurrences><t:DeletedOccurrence><t:Start>2026-03-02T09:00:00Z</t:Start></t:DeletedOccurrence>',
    );
    const kept = exchange.snapshot();
    await set(exchange, itemId(id), 'calendar:Recurrence', `<t:Recurrence>${daily()}${numbered(2)}</t:Recurrence>`);
    expect(await starts(exchange, '2026-03-01', '2026-04-01')).toEqual(['2026-03-02', '2026-03-03']);
    exchange.restore(kept);
    expect(await view(exchange, '2026-03-01', '2026-04-01')).toEqual(seen);
  });

  it('refuses senseless values with the right code', async () => {
    await using exchange = await start();
    const id = await create(exchange, daily() + numbered(2));
    const [first] = await view(exchange, '2026-03-01', '2026-04-01');
    const single = exchange.mailbox(alice).store('calendar', { kind: 'CalendarItem', itemClass: 'IPM.Appointment' }).id;
    const move = await call(
      exchange.url,
      `<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="inbox"/></m:ToFolderId><m:ItemIds>${itemId(first?.id ?? '')}</m:ItemIds></m:MoveItem>`,
    );
    await remove(exchange, itemId(first?.id ?? ''));
    expect([
      await create(exchange, daily() + until('2026-03-01')),
      ...move.codes,
      ...(await get(exchange, itemId(first?.id ?? ''))).codes,
      ...(await get(exchange, nth(id, 3))).codes,
      ...(await get(exchange, nth(id, 0))).codes,
      ...(await get(exchange, nth(single, 1))).codes,
      ...(await get(exchange, `<t:RecurringMasterItemId OccurrenceId="${single}"/>`)).codes,
    ]).toEqual([
      'ErrorCalendarInvalidRecurrence',
      'ErrorCalendarCannotMoveOrCopyOccurrence',
      'ErrorCalendarOccurrenceIsDeletedFromRecurrence',
      'ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange',
      'ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange',
      'ErrorCalendarCannotUseIdForOccurrenceId',
      'ErrorCalendarCannotUseIdForRecurringMasterId',
    ]);
  });

  it('of meetings informs attendees of the single occurrence that changed or was removed', async () => {
    await using exchange = await start();
    const id = await create(exchange, daily() + numbered(3), '', bob);
    await set(exchange, nth(id, 2), 'item:Subject', '<t:Subject>Review</t:Subject>', 'SendToAllAndSaveCopy');
    await remove(exchange, nth(id, 3), 'SendToAllAndSaveCopy');
    const seen = await view(exchange, '2026-03-01', '2026-04-01', bob);
    expect(seen.map((one) => one.subject)).toEqual(['Stand-up', 'Review', 'Canceled: Stand-up']);
    expect(exchange.mailbox(bob).folder('calendar').size).toBe(1);
  });
});
