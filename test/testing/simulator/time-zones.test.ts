/** The time zones of the server: described as clients read them, and understood when a client sends one back, or one of its own. */
import { describe, expect, it } from 'vitest';
import { ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const start = () => startExchangeSimulator({ mailboxes: [alice], clock: new ManualClock(Date.UTC(2026, 5, 15)) });
const ask = async (url: string, ids: readonly string[] = [], more = ''): Promise<ReadonlyMap<string, string>> => {
  const list = ids.length === 0 ? '' : `<m:Ids>${ids.map((id) => `<t:Id>${id}</t:Id>`).join('')}</m:Ids>`;
  const { text, codes } = await call(url, `<m:GetServerTimeZones${more}>${list}</m:GetServerTimeZones>`);
  expect(codes).toEqual(['NoError']);
  const all = text.matchAll(/<t:TimeZoneDefinition Id="([^"]*)"[^>]*?(?:\/>|>.*?<\/t:TimeZoneDefinition>)/g);
  return new Map([...all].map(([whole, id = '']) => [id, whole]));
};

describe('GetServerTimeZones', () => {
  it('returns all of them, the requested ones, or their names only', async () => {
    await using exchange = await start();
    expect((await ask(exchange.url)).size).toBe(139);
    const some = await ask(exchange.url, [
      'Tokyo Standard Time',
      'W. Europe Standard Time',
      'W. Europe Standard Time',
      'Nowhere',
    ]);
    expect([...some.keys()]).toEqual(['Tokyo Standard Time', 'W. Europe Standard Time']);
    const named = await ask(exchange.url, ['Newfoundland Standard Time', 'UTC'], ' ReturnFullTimeZoneData="false"');
    expect([...named.values()]).toEqual([
      '<t:TimeZoneDefinition Id="Newfoundland Standard Time" Name="(UTC-03:30) Newfoundland"/>',
      '<t:TimeZoneDefinition Id="UTC" Name="(UTC) Coordinated Universal Time"/>',
    ]);
  });

  // As laid down by the authorities for 2026.
  it.each([
    [
      'W. Europe Standard Time',
      ['-PT1H Standard', '-PT2H Daylight'],
      ['Daylight PT2H 3 Sunday -1', 'Standard PT3H 10 Sunday -1'],
    ],
    ['Eastern Standard Time', ['PT5H Standard', 'PT4H Daylight'], ['Daylight PT2H 3 Sunday 2', 'Standard PT2H 11 Sunday 1']],
    [
      'AUS Eastern Standard Time',
      ['-PT10H Standard', '-PT11H Daylight'],
      ['Standard PT3H 4 Sunday 1', 'Daylight PT2H 10 Sunday 1'],
    ],
    [
      'New Zealand Standard Time',
      ['-PT12H Standard', '-PT13H Daylight'],
      ['Standard PT3H 4 Sunday 1', 'Daylight PT2H 9 Sunday -1'],
    ],
    [
      'Lord Howe Standard Time',
      ['-PT10H30M Standard', '-PT11H Daylight'],
      ['Standard PT2H 4 Sunday 1', 'Daylight PT2H 10 Sunday 1'],
    ],
    ['India Standard Time', ['-PT5H30M Standard'], []],
    [
      'Newfoundland Standard Time',
      ['PT3H30M Standard', 'PT2H30M Daylight'],
      ['Daylight PT2H 3 Sunday 2', 'Standard PT2H 11 Sunday 1'],
    ],
    ['UTC', ['PT0S Standard'], []],
  ])('%s has its periods and transitions', async (id, periods, changes) => {
    await using exchange = await start();
    const xml = (await ask(exchange.url, [id], ' ReturnFullTimeZoneData="true"')).get(id) ?? '';
    expect([...xml.matchAll(/<t:Period Bias="([^"]+)" Name="([^"]+)"/g)].map(([, bias, name]) => `${bias} ${name}`)).toEqual(
      periods,
    );
    const recurring = xml.matchAll(
      /-(\w+)<\/t:To><t:TimeOffset>([^<]+)<\/t:TimeOffset><t:Month>(\d+)<\/t:Month><t:DayOfWeek>(\w+)<\/t:DayOfWeek><t:Occurrence>(-?\d)</g,
    );
    expect([...recurring].map((found) => found.slice(1).join(' '))).toEqual(changes);
  });
});

const save = async (url: string, zone: string, times: readonly string[], header = ''): Promise<readonly string[]> => {
  const items = times.map(
    (at) =>
      `<t:CalendarItem><t:Start>${at}</t:Start><t:End>${at}</t:End>${zone}${zone.replaceAll('StartTimeZone', 'EndTimeZone')}</t:CalendarItem>`,
  );
  const { text } = await call(
    url,
    `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${items.join('')}</m:Items></m:CreateItem>`,
    { header },
  );
  const ids = [...text.matchAll(/<t:ItemId [^>]*>/g)].map(([id]) => id);
  const read = await call(
    url,
    `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds>${ids.join('')}</m:ItemIds></m:GetItem>`,
  );
  return [...read.text.matchAll(/<t:Start>([^<]+)<\/t:Start><t:End>([^<]+)/g)].map(([, at, end]) =>
    at === end ? (at ?? '') : `${at} ${end}`,
  );
};

/** The zone under an unknown name: only its own description is available. */
const unnamed = (definition: string, element: string): string =>
  definition.replace(/ Id="[^"]*"/, ' Id="Mine"').replaceAll('t:TimeZoneDefinition', `t:${element}`);

describe('a zone described by a client', () => {
  it('is equivalent to the one it was derived from, in an appointment and in TimeZoneContext', async () => {
    await using exchange = await start();
    const asked = [
      'W. Europe Standard Time',
      'Eastern Standard Time',
      'AUS Eastern Standard Time',
      'Iran Standard Time',
      'Lord Howe Standard Time',
    ];
    const all = await ask(exchange.url, [...asked, 'Pacific SA Standard Time', 'Greenland Standard Time', 'Egypt Standard Time']);
    expect(all.size).toBe(8);
    const walls = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((month) =>
      ['02', '27', '28'].map((day) => `2026-${String(month).padStart(2, '0')}-${day}T12:00:00`),
    );
    for (const [id, definition] of all) {
      const named = await save(exchange.url, `<t:StartTimeZone Id="${id}"/>`, walls);
      expect(new Set(named).size).toBe(walls.length);
      expect(await save(exchange.url, unnamed(definition, 'StartTimeZone'), walls)).toEqual(named);
      const header = `<t:TimeZoneContext>${unnamed(definition, 'TimeZoneDefinition')}</t:TimeZoneContext>`;
      expect(await save(exchange.url, '', walls, header)).toEqual(named);
    }
  });

  const period = (id: string, bias: string): string => `<t:Period Bias="${bias}" Name="${id}" Id="${id}"/>`;
  const to = (id: string, kind = 'Period'): string => `<t:To Kind="${kind}">${id}</t:To>`;
  const fromTwo = `<t:Periods>${period('S', '-PT60M')}${period('D', '-P0DT2H0M0S')}${period('New', '-PT3H')}</t:Periods>`;
  const date = (id: string, month: number, day: number): string =>
    `<t:RecurringDateTransition>${to(id)}<t:TimeOffset>PT2H</t:TimeOffset><t:Month>${month}</t:Month><t:Day>${day}</t:Day></t:RecurringDateTransition>`;
  const groups =
    `<t:TransitionsGroups><t:TransitionsGroup Id="0">${date('D', 4, 10)}${date('S', 9, 20)}</t:TransitionsGroup>` +
    `<t:TransitionsGroup Id="1"><t:Transition>${to('New')}</t:Transition></t:TransitionsGroup></t:TransitionsGroups>`;
  const eras = `<t:Transitions><t:Transition>${to('0', 'Group')}</t:Transition><t:AbsoluteDateTransition>${to('1', 'Group')}<t:DateTime>2027-01-01T00:00:00</t:DateTime></t:AbsoluteDateTransition></t:Transitions>`;

  it('may change on dates, and stop changing', async () => {
    await using exchange = await start();
    const zone = `<t:StartTimeZone Id="Mine">${fromTwo}${groups}${eras}</t:StartTimeZone>`;
    const walls = [
      '2026-04-09T12:00:00',
      '2026-04-10T12:00:00',
      '2026-09-19T12:00:00',
      '2026-09-21T12:00:00',
      '2027-01-02T12:00:00',
    ];
    expect(await save(exchange.url, zone, [...walls, '2027-07-01T12:00:00', '2026-07-01T12:00:00Z'])).toEqual([
      ...['2026-04-09T11:00:00Z', '2026-04-10T10:00:00Z', '2026-09-19T10:00:00Z', '2026-09-21T11:00:00Z'],
      ...['2027-01-02T09:00:00Z', '2027-07-01T09:00:00Z', '2026-07-01T12:00:00Z'],
    ]);
  });

  it('may be described as in Exchange 2007', async () => {
    await using exchange = await start();
    const change = (name: string, offset: string, index: string, month: string, time: string): string =>
      `<t:${name} TimeZoneName="${name}"><t:Offset>${offset}</t:Offset><t:RelativeYearlyRecurrence><t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>${index}</t:DayOfWeekIndex><t:Month>${month}</t:Month></t:RelativeYearlyRecurrence><t:Time>${time}</t:Time></t:${name}>`;
    const changes =
      change('Standard', 'PT0S', 'First', 'November', '02:00:00') + change('Daylight', '-PT1H', 'Second', 'March', '02:00:00');
    const item = `<t:CalendarItem><t:Start>2026-07-01T09:00:00</t:Start><t:End>2026-12-01T09:00:00</t:End><t:MeetingTimeZone TimeZoneName="Ours"><t:BaseOffset>PT8H</t:BaseOffset>${changes}</t:MeetingTimeZone></t:CalendarItem>`;
    await call(exchange.url, `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`);
    const { fields } = exchange.mailbox(alice).folder('calendar').items[0]?.content ?? {};
    expect([fields?.get('Start'), fields?.get('End')]).toEqual([
      '<t:Start>2026-07-01T16:00:00Z</t:Start>',
      '<t:End>2026-12-01T17:00:00Z</t:End>',
    ]);
  });

  it('keeps the hour of a series, and is the zone of its MIME', async () => {
    await using exchange = await start();
    const definition = (await ask(exchange.url, ['Eastern Standard Time'])).get('Eastern Standard Time') ?? '';
    const recurrence =
      '<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-03-07</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>';
    const item = `<t:CalendarItem><t:Start>2026-03-07T09:00:00</t:Start><t:End>2026-03-07T10:00:00</t:End>${recurrence}${unnamed(definition, 'StartTimeZone')}</t:CalendarItem>`;
    const made = await call(
      exchange.url,
      `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`,
    );
    const id = /<t:ItemId [^>]*>/.exec(made.text)?.[0] ?? '';
    const read = await call(
      exchange.url,
      `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape><m:ItemIds>${id}</m:ItemIds></m:GetItem>`,
    );
    expect(/<t:LastOccurrence>.*<t:Start>([^<]+).*<\/t:LastOccurrence>/.exec(read.text)?.[1]).toBe('2026-03-09T13:00:00Z');
    const mime = Buffer.from(/<t:MimeContent[^>]*>([^<]*)</.exec(read.text)?.[1] ?? '', 'base64').toString();
    const [before] = mime.split('BEGIN:VEVENT');
    expect(mime).toContain('DTSTART;TZID=Mine:20260307T090000');
    expect(before).toMatch(
      /BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3\r/,
    );
  });
});

it.each([
  ['2026-07-01', '2026-07-01T16:00:00Z', 12],
  ['2026-12-01', '2026-12-01T16:00:00Z', 11],
  ['2026-03-08', '2026-03-08T16:00:00Z', 12],
])('free/busy on %s is requested and reported in the time zone of the requester', async (day, busy, hour) => {
  await using exchange = await start();
  const item = `<t:CalendarItem><t:Start>${busy}</t:Start><t:End>${busy.replace('16:', '17:')}</t:End></t:CalendarItem>`;
  await call(exchange.url, `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`);
  const change = (name: string, bias: number, order: number, month: number): string =>
    `<t:${name}><t:Bias>${bias}</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>${order}</t:DayOrder><t:Month>${month}</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:${name}>`;
  const zone = `<t:TimeZone><t:Bias>300</t:Bias>${change('StandardTime', 0, 1, 11)}${change('DaylightTime', -60, 2, 3)}</t:TimeZone>`;
  const mailbox = `<m:MailboxDataArray><t:MailboxData><t:Email><t:Address>${alice}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData></m:MailboxDataArray>`;
  const window = `<t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>${day}T08:00:00</t:StartTime><t:EndTime>${day}T20:00:00</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>60</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>FreeBusyMerged</t:RequestedView></t:FreeBusyViewOptions>`;
  const { text } = await call(
    exchange.url,
    `<m:GetUserAvailabilityRequest>${zone}${mailbox}${window}</m:GetUserAvailabilityRequest>`,
  );
  expect(text).toContain(`<t:StartTime>${day}T${hour}:00:00</t:StartTime><t:EndTime>${day}T${hour + 1}:00:00</t:EndTime>`);
  expect(/<t:MergedFreeBusy>(\d+)</.exec(text)?.[1]).toBe('2'.padStart(hour - 8 + 1, '0').padEnd(12, '0'));
});
