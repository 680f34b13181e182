/** Series that cannot be expanded: refused with a sentence, as EWS elements and as iCalendar, and never expanded in full. */
import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call, type RawAnswer } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const start = () => startExchangeSimulator({ mailboxes: [alice] });
const create = (url: string, item: string): Promise<RawAnswer> =>
  call(
    url,
    `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>${item}</t:CalendarItem></m:Items></m:CreateItem>`,
  );
const calendar = (rule: string, day = '20260302', more: readonly string[] = []): string => {
  const event = [`DTSTART:${day}T090000Z`, `DTEND:${day}T093000Z`, `RRULE:${rule}`, 'SUMMARY:Stand-up', ...more];
  const lines = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:u1', ...event, 'END:VEVENT', 'END:VCALENDAR'];
  return `<t:MimeContent>${Buffer.from(lines.join('\r\n')).toString('base64')}</t:MimeContent>`;
};
const idIn = ({ text }: RawAnswer): string => /<t:ItemId Id="([^"]+)"/.exec(text)?.[1] ?? '';
const starts = async (url: string, from: string, to: string): Promise<readonly string[]> => {
  const { text } = await call(
    url,
    `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:CalendarView StartDate="${from}T00:00:00Z" EndDate="${to}T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`,
  );
  return [...text.matchAll(/<t:Start>([^<T]+)/g)].map(([, day = '']) => day);
};
const times = '<t:Start>2026-03-02T09:00:00Z</t:Start><t:End>2026-03-02T09:30:00Z</t:End>';
const daily = (interval: number) => `<t:DailyRecurrence><t:Interval>${interval}</t:Interval></t:DailyRecurrence>`;
const monthly = (interval: number) =>
  `<t:AbsoluteMonthlyRecurrence><t:Interval>${interval}</t:Interval><t:DayOfMonth>1</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>`;
const from = '<t:StartDate>2026-03-02</t:StartDate>';
const noEnd = `<t:NoEndRecurrence>${from}</t:NoEndRecurrence>`;
const until = (day: string) => `<t:EndDateRecurrence>${from}<t:EndDate>${day}</t:EndDate></t:EndDateRecurrence>`;
const numbered = (count: number) =>
  `<t:NumberedRecurrence>${from}<t:NumberOfOccurrences>${count}</t:NumberOfOccurrences></t:NumberedRecurrence>`;

describe('a series given as elements', () => {
  it.each([
    ['until the year 9999', daily(1) + until('9999-12-31'), 'ErrorCalendarOutOfRange', 'EndDate'],
    [
      'from the year 9999',
      `${daily(1)}<t:NoEndRecurrence><t:StartDate>9999-01-01</t:StartDate></t:NoEndRecurrence>`,
      'ErrorCalendarOutOfRange',
      'StartDate',
    ],
    ['of two thousand million occurrences', daily(1) + numbered(2_147_483_647), 'ErrorCalendarInvalidRecurrence', '999'],
    ['every two thousand million days', daily(2_147_483_647) + noEnd, 'ErrorCalendarInvalidRecurrence', '999'],
    ['every two thousand million months', monthly(2_147_483_647) + noEnd, 'ErrorCalendarInvalidRecurrence', '99'],
    ['of no occurrence', daily(1) + until('2026-01-01'), 'ErrorCalendarInvalidRecurrence', 'no occurrence'],
  ])('%s is refused with a sentence', async (_what, recurrence, code, words) => {
    await using exchange = await start();
    const answer = await create(exchange.url, `${times}<t:Recurrence>${recurrence}</t:Recurrence>`);
    expect(answer.codes).toEqual([code]);
    expect(answer.text).toContain(words);
    expect(exchange.mailbox(alice).folder('calendar').size).toBe(0);
  });

  it('that ends in centuries is expanded for one, and its days there are found quickly in any zone', async () => {
    await using exchange = await start();
    const zone = '<t:StartTimeZone Id="W. Europe Standard Time"/>';
    const made = await create(exchange.url, `${times}<t:Recurrence>${daily(1)}${until('4500-08-31')}</t:Recurrence>${zone}`);
    expect(made.codes).toEqual(['NoError']);
    expect(await starts(exchange.url, '2120-01-01', '2120-01-03')).toEqual(['2120-01-01', '2120-01-02']);
    expect(await starts(exchange.url, '2200-01-01', '2200-01-03')).toEqual([]);
    const shape = '<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>';
    const whole = await call(
      exchange.url,
      `<m:GetItem>${shape}<m:ItemIds><t:ItemId Id="${idIn(made)}"/></m:ItemIds></m:GetItem>`,
    );
    expect(whole.text).toContain('<t:EndDate>4500-08-31</t:EndDate>');
    expect(whole.text).not.toContain('<t:LastOccurrence>');
  });

  it('from before 1970 keeps its hour', async () => {
    await using exchange = await start();
    const old = '<t:Start>1960-03-02T09:00:00Z</t:Start><t:End>1960-03-02T09:30:00Z</t:End>';
    await create(exchange.url, `${old}<t:Recurrence>${daily(1)}${numbered(2).replace('2026', '1960')}</t:Recurrence>`);
    expect(await starts(exchange.url, '1960-03-01', '1960-03-09')).toEqual(['1960-03-02', '1960-03-03']);
  });
});

describe('a series given as iCalendar', () => {
  it.each([
    ['FREQ=DAILY;COUNT=2147483648', 'COUNT'],
    ['FREQ=DAILY;COUNT=0', 'COUNT'],
    ['FREQ=DAILY;COUNT=1e3', 'COUNT'],
    ['FREQ=DAILY;INTERVAL=0', 'INTERVAL'],
    ['FREQ=DAILY;INTERVAL=-1', 'INTERVAL'],
    ['FREQ=DAILY;INTERVAL=99999999999', 'INTERVAL'],
    ['FREQ=DAILY;UNTIL=soon', 'UNTIL'],
    ['FREQ=DAILY;UNTIL=20261399', 'UNTIL'],
    ['FREQ=SECONDLY', 'FREQ'],
    ['COUNT=3', 'FREQ'],
    ['FREQ=MONTHLY;BYDAY=MO;BYSETPOS=366', 'fourth'],
    ['FREQ=MONTHLY;BYDAY=5MO', 'fourth'],
    ['FREQ=MONTHLY;BYDAY=0MO', 'fourth'],
    ['FREQ=MONTHLY;BYDAY=1MO,2TU', 'weekday'],
    ['FREQ=MONTHLY;BYDAY=XX', 'BYDAY'],
    ['FREQ=MONTHLY;BYDAY=MO', 'weekday'],
    ['FREQ=MONTHLY;BYMONTHDAY=32', 'BYMONTHDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=-2', 'BYMONTHDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=1,15', 'several days'],
    ['FREQ=MONTHLY;BYMONTHDAY=<t:x/>', 'BYMONTHDAY'],
    ['FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR', 'weekday'],
    ['FREQ=YEARLY;BYMONTH=2,3', 'BYMONTH'],
    ['FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO', 'BYWEEKNO'],
    ['FREQ=YEARLY;BYYEARDAY=366', 'BYYEARDAY'],
    ['FREQ=DAILY;BYDAY=MO;INTERVAL=2', 'weekdays'],
    ['FREQ=WEEKLY;BYDAY=2MO', 'week'],
    ['FREQ=DAILY;<t:x>=1', 'a part'],
  ])('%s is refused with a sentence, when created or updated', async (rule, words) => {
    await using exchange = await start();
    const answer = await create(exchange.url, calendar(rule));
    expect(answer.codes).toEqual(['ErrorMimeContentInvalid']);
    expect(answer.text).toContain(words);
    expect(exchange.mailbox(alice).folder('calendar').size).toBe(0);
    const id = idIn(await create(exchange.url, calendar('FREQ=DAILY;COUNT=2')));
    const set = `<t:SetItemField><t:FieldURI FieldURI="item:MimeContent"/><t:CalendarItem>${calendar(rule)}</t:CalendarItem></t:SetItemField>`;
    const changed = await call(
      exchange.url,
      `<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange><t:ItemId Id="${id}"/><t:Updates>${set}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
    );
    expect(changed.codes).toEqual(['ErrorMimeContentInvalid']);
  });

  it.each([
    ['FREQ=DAILY;UNTIL=99991231', '20260302'],
    ['FREQ=DAILY', '99990302'],
  ])('%s from %s is beyond the years that Exchange supports', async (rule, day) => {
    await using exchange = await start();
    expect((await create(exchange.url, calendar(rule, day))).codes).toEqual(['ErrorCalendarOutOfRange']);
  });

  it('with an exception on every day of a century is scanned once', async () => {
    await using exchange = await start();
    const days = Array.from({ length: 9_000 }, (_, n) =>
      new Date(Date.UTC(2026, 2, 2 + n)).toISOString().slice(0, 10).replaceAll('-', ''),
    );
    const gone = `EXDATE;VALUE=DATE:${days.join(',')}`;
    expect((await create(exchange.url, calendar('FREQ=DAILY', '20260302', [gone]))).codes).toEqual(['NoError']);
    expect(await starts(exchange.url, '2026-03-01', '2026-04-01')).toEqual([]);
    expect(await starts(exchange.url, '2060-03-01', '2060-03-03')).toEqual(['2060-03-01', '2060-03-02']);
  });

  // For a month that is too short, Exchange uses its last day, where RFC 5545 skips the month ([MS-OXCICAL] 2.1.3.2.2.3; DayOfMonth of EWS).
  it.each([
    ['FREQ=MONTHLY;BYMONTHDAY=31', 'FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1', ['2027-01-31', '2027-02-28', '2027-03-31']],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', 'FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1', ['2027-01-31', '2027-02-28', '2027-03-31']],
    ['FREQ=MONTHLY;BYMONTHDAY=30', 'FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=30', ['2027-01-30', '2027-02-28', '2027-03-30']],
    [
      'FREQ=MONTHLY;BYMONTHDAY=28,29;BYSETPOS=-1',
      'FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=29',
      ['2027-01-29', '2027-02-28', '2027-03-29'],
    ],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', 'FREQ=YEARLY;INTERVAL=1;BYMONTHDAY=29;BYMONTH=2', ['2027-02-28']],
    ['FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=31', 'FREQ=MONTHLY;INTERVAL=24;BYMONTHDAY=-1', []],
  ])('%s uses the last day of short months, and is written as %s', async (rule, written, expected) => {
    await using exchange = await start();
    const id = idIn(await create(exchange.url, calendar(rule)));
    expect(await starts(exchange.url, '2027-01-01', '2027-04-01')).toEqual(expected);
    const shape = '<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>';
    const { text } = await call(exchange.url, `<m:GetItem>${shape}<m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`);
    const mime = Buffer.from(/<t:MimeContent[^>]*>([^<]*)</.exec(text)?.[1] ?? '', 'base64').toString();
    expect(mime).toContain(`RRULE:${written}\r\n`);
  });
});
