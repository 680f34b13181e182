/** Appointments as iCalendar, which clients read for a series: it contains all that the elements do, and is read back unchanged. */
import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const start = () => startExchangeSimulator({ mailboxes: [alice, { address: 'bob@contoso.test', name: 'Bob "B." Builder' }] });
const save = async (url: string, item: string): Promise<string> => {
  const request = `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>${item}</t:CalendarItem></m:Items></m:CreateItem>`;
  return /ItemId Id="([^"]*)"/.exec((await call(url, request)).text)?.[1] ?? '';
};
const read = async (url: string, id: string): Promise<{ readonly text: string; readonly lines: readonly string[] }> => {
  const shape =
    '<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>';
  const { text } = await call(url, `<m:GetItem>${shape}<m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`);
  const mime = Buffer.from(/<t:MimeContent[^>]*>([^<]*)</.exec(text)?.[1] ?? '', 'base64').toString();
  return { text, lines: mime.replace(/\r\n /g, '').split('\r\n') };
};
const times = '<t:Start>2026-12-04T09:00:00Z</t:Start><t:End>2026-12-04T10:00:00Z</t:End>';
const from = '<t:StartDate>2026-12-04</t:StartDate>';

const patterns: readonly (readonly [rule: string, recurrence: string])[] = [
  [
    'FREQ=DAILY;COUNT=5;INTERVAL=2',
    `<t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence><t:NumberedRecurrence>${from}<t:NumberOfOccurrences>5</t:NumberOfOccurrences></t:NumberedRecurrence>`,
  ],
  [
    'FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,WE;WKST=SU',
    `<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Wednesday</t:DaysOfWeek></t:WeeklyRecurrence><t:NoEndRecurrence>${from}</t:NoEndRecurrence>`,
  ],
  [
    'FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=4',
    `<t:AbsoluteMonthlyRecurrence><t:Interval>3</t:Interval><t:DayOfMonth>4</t:DayOfMonth></t:AbsoluteMonthlyRecurrence><t:NoEndRecurrence>${from}</t:NoEndRecurrence>`,
  ],
  [
    'FREQ=MONTHLY;INTERVAL=1;BYDAY=-1FR',
    `<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Friday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence><t:NoEndRecurrence>${from}</t:NoEndRecurrence>`,
  ],
  [
    'FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1',
    `<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek><t:DayOfWeekIndex>First</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence><t:NoEndRecurrence>${from}</t:NoEndRecurrence>`,
  ],
  [
    'FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=4;BYMONTH=12',
    `<t:AbsoluteYearlyRecurrence><t:DayOfMonth>4</t:DayOfMonth><t:Month>December</t:Month></t:AbsoluteYearlyRecurrence><t:NoEndRecurrence>${from}</t:NoEndRecurrence>`,
  ],
  [
    'FREQ=YEARLY;UNTIL=20281201T090000Z;INTERVAL=1;BYDAY=2SU;BYMONTH=5',
    `<t:RelativeYearlyRecurrence><t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>Second</t:DayOfWeekIndex><t:Month>May</t:Month></t:RelativeYearlyRecurrence><t:EndDateRecurrence>${from}<t:EndDate>2028-12-01</t:EndDate></t:EndDateRecurrence>`,
  ],
];

describe.each(patterns)('%s', (rule, recurrence) => {
  it('is written for the recurrence, and read as such', async () => {
    await using exchange = await start();
    const id = await save(exchange.url, `<t:Subject>series</t:Subject>${times}<t:Recurrence>${recurrence}</t:Recurrence>`);
    const { lines } = await read(exchange.url, id);
    expect(lines.filter((line) => line.startsWith('RRULE:') && !/BYDAY=-1SU;BYMONTH=(?:3|10)/.test(line))).toEqual([
      `RRULE:${rule}`,
    ]);
    const mime = Buffer.from(lines.join('\r\n')).toString('base64');
    const again = await read(exchange.url, await save(exchange.url, `<t:MimeContent>${mime}</t:MimeContent>`));
    expect(again.text).toContain(`<t:Recurrence>${recurrence}</t:Recurrence>`);
  });
});

it('people have names and responses, the appointment its alarm, categories and time zone', async () => {
  await using exchange = await start();
  const people = '<t:Attendee><t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:Attendee>';
  const id = await save(
    exchange.url,
    '<t:Subject>all of it</t:Subject><t:Categories><t:String>Red, dark</t:String><t:String>Blue</t:String></t:Categories><t:Importance>High</t:Importance>' +
      `<t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>30</t:ReminderMinutesBeforeStart>${times}` +
      `<t:OptionalAttendees>${people}</t:OptionalAttendees><t:StartTimeZone Id="W. Europe Standard Time"/>`,
  );
  const { lines, text } = await read(exchange.url, id);
  expect(lines).toEqual(
    expect.arrayContaining([
      `ORGANIZER;CN="${alice}":MAILTO:${alice}`,
      'ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Bob \'B.\' Builder":MAILTO:bob@contoso.test',
      'CATEGORIES:Red\\, dark,Blue',
      'PRIORITY:1',
      'TRIGGER;RELATED=START:-PT30M',
      'DTSTART;TZID=W. Europe Standard Time:20261204T100000',
      'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3',
      'RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10',
    ]),
  );
  expect(text).toContain('<t:Name>Bob "B." Builder</t:Name>');
  expect(text).not.toContain('InternetMessageHeader');
  const again = await read(
    exchange.url,
    await save(exchange.url, `<t:MimeContent>${Buffer.from(lines.join('\r\n')).toString('base64')}</t:MimeContent>`),
  );
  for (const part of [
    times,
    '<t:String>Red, dark</t:String><t:String>Blue</t:String>',
    '>30</t:ReminderMinutesBeforeStart>',
    '<t:Importance>High<',
  ]) {
    expect(again.text).toContain(part);
  }
});

it.each([
  ['Europe/Berlin', '20260704T100000', '2026-07-04T08:00:00Z'],
  ['Eastern Standard Time', '20261204T100000', '2026-12-04T15:00:00Z'],
  ['Nowhere Standard Time', '20261204T100000', '2026-12-04T10:00:00Z'],
])('a time in the zone %s is converted by its rules', async (zone, local, utc) => {
  await using exchange = await start();
  const lines = [
    'BEGIN:VCALENDAR',
    'BEGIN:VEVENT',
    `DTSTART;TZID="${zone}":${local}`,
    `DTEND;TZID="${zone}":${local}`,
    'SUMMARY:x',
  ];
  const mime = Buffer.from([...lines, 'END:VEVENT', 'END:VCALENDAR'].join('\r\n')).toString('base64');
  const { text } = await read(exchange.url, await save(exchange.url, `<t:MimeContent>${mime}</t:MimeContent>`));
  expect(text).toContain(`<t:Start>${utc}</t:Start>`);
});

it('a zone described only in the calendar is used, in a series too', async () => {
  await using exchange = await start();
  const id = '/freeassociation.sourceforge.net/Our Zone';
  const change = (kind: string, first: string, from: string, to: string, rule: string): readonly string[] => [
    ...[
      `BEGIN:${kind}`,
      `DTSTART:${first}`,
      `TZOFFSETFROM:${from}`,
      `TZOFFSETTO:${to}`,
      `RRULE:FREQ=YEARLY;${rule}`,
      `END:${kind}`,
    ],
  ];
  const lines = [
    ...['BEGIN:VCALENDAR', 'BEGIN:VTIMEZONE', `TZID:${id}`],
    // What was once true is no longer so.
    ...change('DAYLIGHT', '19800406T020000', '+0100', '+0300', 'BYDAY=1SU;BYMONTH=4'),
    ...change('DAYLIGHT', '19810329T020000', '+0100', '+0200', 'BYDAY=-1SU;BYMONTH=3'),
    ...change('STANDARD', '19961027T030000', '+0200', '+0100', 'BYDAY=-1SU;BYMONTH=10'),
    ...['END:VTIMEZONE', 'BEGIN:VEVENT', `DTSTART;TZID=${id}:20260328T090000`, `DTEND;TZID=${id}:20260328T100000`],
    ...['RRULE:FREQ=DAILY;COUNT=3', `EXDATE;TZID=${id}:20260329T090000`, 'SUMMARY:x', 'END:VEVENT', 'END:VCALENDAR'],
  ];
  const made = await save(exchange.url, `<t:MimeContent>${Buffer.from(lines.join('\r\n')).toString('base64')}</t:MimeContent>`);
  const first = await read(exchange.url, made);
  expect(first.text).toContain('<t:Start>2026-03-28T08:00:00Z</t:Start><t:End>2026-03-28T09:00:00Z</t:End>');
  const last = /<t:LastOccurrence>.*<t:Start>([^<]+).*<\/t:LastOccurrence>/;
  expect(last.exec(first.text)?.[1]).toBe('2026-03-30T07:00:00Z');
  expect(first.text).toContain('<t:DeletedOccurrence><t:Start>2026-03-29T07:00:00Z<');
  const again = await save(
    exchange.url,
    `<t:MimeContent>${Buffer.from(first.lines.join('\r\n')).toString('base64')}</t:MimeContent>`,
  );
  expect(last.exec((await read(exchange.url, again)).text)?.[1]).toBe('2026-03-30T07:00:00Z');
});

it.each([
  ['DTSTART:20261345T999999Z', 'DURATION:PT1H', 'EXDATE:20269999T000000Z'],
  ['DTSTART:20261204T090000Z', 'DURATION:P99999999999999W', 'RRULE:FREQ=DAILY', 'EXDATE:20269999T000000Z'],
  ['DTSTART;TZID=x:20261204T090000', 'RRULE:FREQ=DAILY;COUNT=2'],
])('invalid times break no request: %s', async (...event) => {
  await using exchange = await start();
  const zone = ['BEGIN:VTIMEZONE', 'TZID:x', 'BEGIN:STANDARD', 'TZOFFSETTO:+9999', 'END:STANDARD', 'END:VTIMEZONE'];
  const lines = ['BEGIN:VCALENDAR', ...zone, 'BEGIN:VEVENT', 'SUMMARY:odd', ...event, 'END:VEVENT', 'END:VCALENDAR'];
  const item = `<t:CalendarItem><t:MimeContent>${Buffer.from(lines.join('\r\n')).toString('base64')}</t:MimeContent></t:CalendarItem>`;
  const request = `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`;
  const { status, codes } = await call(exchange.url, request);
  expect([status, codes.length]).toEqual([200, 1]);
});

it('a described zone with an offset of days is ignored', async () => {
  await using exchange = await start();
  const periods = '<t:Periods><t:Period Bias="P999999999D" Name="Standard" Id="S"/></t:Periods>';
  const item = `<t:CalendarItem><t:Start>2026-12-04T09:00:00</t:Start><t:End>2026-12-04T10:00:00</t:End><t:StartTimeZone Id="Far">${periods}</t:StartTimeZone></t:CalendarItem>`;
  const request = `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`;
  expect((await call(exchange.url, request)).codes).toEqual(['NoError']);
});
