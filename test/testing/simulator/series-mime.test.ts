/** A series has a single record of changes to its occurrences, whether made by EWS or iCalendar: both show both. */
import { expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const start = (): Promise<ExchangeSimulator> => startExchangeSimulator({ mailboxes: [alice, bob] });
const berlin = 'TZID="W. Europe Standard Time"';

/** Daily at nine in Berlin, Thursday 26 to Tuesday 31 March 2026; the clocks change on Sunday 29. */
const series = [
  'BEGIN:VCALENDAR',
  // An exception may stand before its series.
  ...['BEGIN:VEVENT', 'UID:u1', `RECURRENCE-ID;${berlin}:20260330T090000`, `DTSTART;${berlin}:20260330T140000`],
  ...['DURATION:PT45M', 'SUMMARY:Review', 'END:VEVENT'],
  ...['BEGIN:VEVENT', 'UID:u1', 'RRULE:FREQ=DAILY;COUNT=6', `DTSTART;${berlin}:20260326T090000`],
  ...[`DTEND;${berlin}:20260326T091500`, 'SUMMARY:Stand-up', 'LOCATION:Room 1'],
  // Two in one line, one in UTC, and one that is not a time of the series.
  ...[`EXDATE;${berlin}:20260327T090000,20260327T100000`, 'EXDATE:20260329T070000Z', 'END:VEVENT'],
  ...['BEGIN:VEVENT', 'UID:other', `RECURRENCE-ID;${berlin}:20260331T090000`, 'SUMMARY:not of it', 'END:VEVENT'],
  'END:VCALENDAR',
];
const encoded = (lines: readonly string[]): string =>
  `<t:MimeContent>${Buffer.from(lines.join('\r\n')).toString('base64')}</t:MimeContent>`;

async function create(exchange: ExchangeSimulator, item: string, to = ''): Promise<string> {
  const send = to === '' ? 'SendToNone' : 'SendToAllAndSaveCopy';
  const answer = await call(
    exchange.url,
    `<m:CreateItem SendMeetingInvitations="${send}"><m:Items><t:CalendarItem>${item}${to}</t:CalendarItem></m:Items></m:CreateItem>`,
  );
  return /<t:ItemId Id="([^"]+)"/.exec(answer.text)?.[1] ?? String(answer.codes);
}

async function get(
  exchange: ExchangeSimulator,
  id: string,
): Promise<{ readonly text: string; readonly lines: readonly string[] }> {
  const shape =
    '<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>';
  const { text } = await call(exchange.url, `<m:GetItem>${shape}<m:ItemIds>${id}</m:ItemIds></m:GetItem>`);
  const mime = Buffer.from(/<t:MimeContent[^>]*>([^<]*)</.exec(text)?.[1] ?? '', 'base64').toString();
  return { text, lines: mime.replace(/\r\n /g, '').split('\r\n') };
}

async function view(exchange: ExchangeSimulator, as = alice, days = ['2026-03-25', '2026-04-02']): Promise<readonly string[]> {
  const { text } = await call(
    exchange.url,
    `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:CalendarView StartDate="${days[0]}T00:00:00Z" EndDate="${days[1]}T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`,
    { as },
  );
  const part = (item: string, name: string): string => new RegExp(`<t:${name}>([^<]+)`).exec(item)?.[1] ?? '-';
  return [...text.matchAll(/<t:CalendarItem>.*?<\/t:CalendarItem>/g)].map(([one]) =>
    ['Start', 'End', 'CalendarItemType', 'Subject', 'Location'].map((name) => part(one, name)).join(' '),
  );
}

const itemId = (id: string): string => `<t:ItemId Id="${id}"/>`;
const nth = (id: string, index: number): string => `<t:OccurrenceItemId RecurringMasterId="${id}" InstanceIndex="${index}"/>`;
const about = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) =>
    /^(?:EXDATE|RECURRENCE-ID|DTSTART;TZID|DTEND;TZID|SUMMARY|LOCATION|X-MICROSOFT-CDO-INSTTYPE)/.test(line),
  );

const asStated = [
  '2026-03-26T08:00:00Z 2026-03-26T08:15:00Z Occurrence Stand-up Room 1',
  '2026-03-28T08:00:00Z 2026-03-28T08:15:00Z Occurrence Stand-up Room 1',
  '2026-03-30T12:00:00Z 2026-03-30T12:45:00Z Exception Review -',
  '2026-03-31T07:00:00Z 2026-03-31T07:15:00Z Occurrence Stand-up Room 1',
];

it('EXDATE and RECURRENCE-ID of iCalendar become deleted and changed occurrences in EWS', async () => {
  await using exchange = await start();
  const id = await create(exchange, encoded(series));
  expect(await view(exchange)).toEqual(asStated);
  const { text } = await get(exchange, itemId(id));
  expect(
    [...(/<t:DeletedOccurrences>.*<\/t:DeletedOccurrences>/.exec(text)?.[0] ?? '').matchAll(/<t:Start>([^<]+)/g)].map(
      ([, at]) => at,
    ),
  ).toEqual(['2026-03-27T08:00:00Z', '2026-03-29T07:00:00Z']);
  expect(/<t:ModifiedOccurrences>.*<\/t:ModifiedOccurrences>/.exec(text)?.[0]).toMatch(
    /<t:Start>2026-03-30T12:00:00Z<.*<t:End>2026-03-30T12:45:00Z<.*<t:OriginalStart>2026-03-30T07:00:00Z</,
  );
  const gone = await call(
    exchange.url,
    `<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>${nth(id, 2)}</m:ItemIds></m:GetItem>`,
  );
  expect(gone.codes).toEqual(['ErrorCalendarOccurrenceIsDeletedFromRecurrence']);
});

it('occurrences deleted and changed by EWS are in the same MIME, which is read as the same series', async () => {
  await using exchange = await start();
  const id = await create(exchange, encoded(series));
  await call(
    exchange.url,
    `<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds>${nth(id, 3)}</m:ItemIds></m:DeleteItem>`,
  );
  const set = `<t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>Late</t:Subject></t:CalendarItem></t:SetItemField>`;
  await call(
    exchange.url,
    `<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>${nth(id, 6)}<t:Updates>${set}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
  );
  const now = [asStated[0], asStated[2], '2026-03-31T07:00:00Z 2026-03-31T07:15:00Z Exception Late Room 1'];
  expect(await view(exchange)).toEqual(now);
  const { lines } = await get(exchange, itemId(id));
  const zone = 'TZID=W. Europe Standard Time';
  expect(about(lines)).toEqual([
    ...[`EXDATE;${zone}:20260327T090000`, `EXDATE;${zone}:20260328T090000`, `EXDATE;${zone}:20260329T090000`],
    ...['SUMMARY:Stand-up', `DTSTART;${zone}:20260326T090000`, `DTEND;${zone}:20260326T091500`, 'LOCATION:Room 1'],
    ...['X-MICROSOFT-CDO-INSTTYPE:1', `RECURRENCE-ID;${zone}:20260330T090000`, 'SUMMARY:Review'],
    ...[`DTSTART;${zone}:20260330T140000`, `DTEND;${zone}:20260330T144500`, 'X-MICROSOFT-CDO-INSTTYPE:3'],
    ...[`RECURRENCE-ID;${zone}:20260331T090000`, 'SUMMARY:Late', `DTSTART;${zone}:20260331T090000`],
    ...[`DTEND;${zone}:20260331T091500`, 'LOCATION:Room 1', 'X-MICROSOFT-CDO-INSTTYPE:3'],
  ]);
  expect(lines.filter((line) => line.startsWith('UID:'))).toEqual(['UID:u1', 'UID:u1', 'UID:u1']);

  await using other = await start();
  const again = await create(other, encoded(lines));
  expect(await view(other)).toEqual(now);
  expect(about((await get(other, itemId(again))).lines)).toEqual(about(lines));

  const one = await get(exchange, nth(id, 6));
  expect(about(one.lines)).toEqual(about(lines).slice(-6));
});

it('setting MIME replaces everything: nothing earlier remains', async () => {
  await using exchange = await start();
  const id = await create(exchange, encoded(series));
  await call(
    exchange.url,
    `<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds>${nth(id, 1)}</m:ItemIds></m:DeleteItem>`,
  );
  const set = async (lines: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const field = `<t:SetItemField><t:FieldURI FieldURI="item:MimeContent"/><t:CalendarItem>${encoded(lines)}</t:CalendarItem></t:SetItemField>`;
    const { codes } = await call(
      exchange.url,
      `<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>${itemId(id)}<t:Updates>${field}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
    );
    return codes;
  };
  expect(await set(series)).toEqual(['NoError']);
  expect(await view(exchange)).toEqual(asStated);
  expect(await set(series.map((line) => line.replace('COUNT=6', 'COUNT=2').replace('Room 1', 'Room 2')))).toEqual(['NoError']);
  expect(await view(exchange)).toEqual(asStated.slice(0, 1).map((one) => one.replace('Room 1', 'Room 2')));
  const { text } = await get(exchange, itemId(id));
  expect(text).toContain('<t:Organizer>');
  expect(await set(series.filter((line) => !/^(?:RRULE|EXDATE|LOCATION)/.test(line)))).toEqual(['NoError']);
  expect(await view(exchange)).toEqual(['2026-03-26T08:00:00Z 2026-03-26T08:15:00Z Single Stand-up -']);
});

it('attendees are invited to the series unchanged', async () => {
  await using exchange = await start();
  const to = `<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>${bob}</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>`;
  const id = await create(exchange, encoded(series), to);
  expect(await view(exchange, bob)).toEqual(asStated);
  const { text } = await get(exchange, nth(id, 5));
  expect(text).toContain('<t:Organizer>');
  expect(text).toContain('<t:MeetingRequestWasSent>true<');
});

it('an EXDATE without a time removes a whole day, or from a series with hours the occurrence of that day', async () => {
  await using exchange = await start();
  const event = (lines: readonly string[]): readonly string[] => [
    ...['BEGIN:VCALENDAR', 'BEGIN:VEVENT', ...lines, 'RRULE:FREQ=DAILY;COUNT=3', 'END:VEVENT', 'END:VCALENDAR'],
  ];
  const id = await create(exchange, encoded(event(['SUMMARY:off', 'DTSTART;VALUE=DATE:20260326', 'EXDATE;VALUE=DATE:20260327'])));
  expect((await view(exchange)).map((one) => one.slice(0, 41))).toEqual([
    '2026-03-26T00:00:00Z 2026-03-27T00:00:00Z',
    '2026-03-28T00:00:00Z 2026-03-29T00:00:00Z',
  ]);
  expect((await get(exchange, itemId(id))).lines).toContain('EXDATE;VALUE=DATE:20260327');
  const tokyo = event(['SUMMARY:t', 'DTSTART;TZID=Asia/Tokyo:20260410T060000', 'DURATION:PT1H', 'EXDATE;VALUE=DATE:20260411']);
  await create(exchange, encoded(tokyo));
  expect((await view(exchange, alice, ['2026-04-05', '2026-04-20'])).map((one) => one.slice(0, 41))).toEqual([
    '2026-04-09T21:00:00Z 2026-04-09T22:00:00Z',
    '2026-04-11T21:00:00Z 2026-04-11T22:00:00Z',
  ]);
});
