import { describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
const start = (): Promise<ExchangeSimulator> => startExchangeSimulator({ mailboxes: [alice, bob, carol] });
const attendees = (...addresses: string[]): string =>
  addresses.length === 0
    ? ''
    : `<t:RequiredAttendees>${addresses.map((one) => `<t:Attendee><t:Mailbox><t:EmailAddress>${one}</t:EmailAddress></t:Mailbox></t:Attendee>`).join('')}</t:RequiredAttendees>`;

async function invite(exchange: ExchangeSimulator, ...to: string[]): Promise<string> {
  const item =
    '<t:CalendarItem><t:Subject>Plan</t:Subject><t:Start>2026-07-01T09:00:00Z</t:Start><t:End>2026-07-01T10:00:00Z</t:End>' +
    `<t:Location>Room 1</t:Location>${attendees(...to)}</t:CalendarItem>`;
  await call(
    exchange.url,
    `<m:CreateItem SendMeetingInvitations="SendToAllAndSaveCopy"><m:Items>${item}</m:Items></m:CreateItem>`,
  );
  return exchange.mailbox(alice).folder('calendar').items.at(-1)?.id ?? '';
}

const answerWith = (exchange: ExchangeSimulator, element: string, id: string, as: string, more = 'SendAndSaveCopy') =>
  call(
    exchange.url,
    `<m:CreateItem${more === '' ? '' : ` MessageDisposition="${more}"`}><m:Items><t:${element}><t:ReferenceItemId Id="${id}"/></t:${element}></m:Items></m:CreateItem>`,
    { as },
  );
const inboxOf = (exchange: ExchangeSimulator, address: string) => exchange.mailbox(address).folder('inbox').items;
const seen = (exchange: ExchangeSimulator, address: string) =>
  inboxOf(exchange, address).map(({ subject, itemClass }) => [subject, itemClass]);

describe('a meeting', () => {
  it('is in the calendars of all invited before they respond', async () => {
    await using exchange = await start();
    await invite(exchange, bob, carol);
    for (const one of [bob, carol]) {
      const [item] = exchange.mailbox(one).folder('calendar').items;
      expect([item?.subject, item?.content.fields?.get('MyResponseType')]).toEqual([
        'Plan',
        '<t:MyResponseType>NoResponseReceived</t:MyResponseType>',
      ]);
      expect(seen(exchange, one)).toEqual([['Plan', 'IPM.Schedule.Meeting.Request']]);
    }
    expect(exchange.mailbox(alice).folder('sentitems').size).toBe(1);
  });

  it.each([
    ['AcceptItem', 'Accepted: Plan', 'IPM.Schedule.Meeting.Resp.Pos', 'Accept', 1],
    ['TentativelyAcceptItem', 'Tentative: Plan', 'IPM.Schedule.Meeting.Resp.Tent', 'Tentative', 1],
    ['DeclineItem', 'Declined: Plan', 'IPM.Schedule.Meeting.Resp.Neg', 'Decline', 0],
  ])('can be %s, which its organizer is told', async (element, subject, itemClass, answer, kept) => {
    await using exchange = await start();
    const id = await invite(exchange, bob);
    const [request] = inboxOf(exchange, bob);
    const answered = await answerWith(exchange, element, request?.id ?? '', bob);
    expect(answered.codes).toEqual(['NoError']);
    expect(seen(exchange, alice)).toEqual([[subject, itemClass]]);
    expect([exchange.mailbox(bob).folder('calendar').size, inboxOf(exchange, bob).length]).toEqual([kept, 0]);
    const read = await call(
      exchange.url,
      `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`,
    );
    expect(read.text).toContain(`<t:ResponseType>${answer}</t:ResponseType><t:LastResponseTime>`);
  });

  it('is answered silently if the response is only saved', async () => {
    await using exchange = await start();
    await invite(exchange, bob);
    await answerWith(exchange, 'AcceptItem', inboxOf(exchange, bob)[0]?.id ?? '', bob, 'SaveOnly');
    expect(inboxOf(exchange, alice)).toEqual([]);
    expect(exchange.mailbox(bob).folder('calendar').items[0]?.content.fields?.get('MyResponseType')).toContain('Accept');
  });

  it('refuses senseless responses, and sends nothing', async () => {
    await using exchange = await start();
    const id = await invite(exchange, bob);
    const mail = exchange.mailbox(bob).receive({ subject: 'no meeting', from: alice });
    const [ofBob] = exchange.mailbox(bob).folder('calendar').items;
    const codes = [
      await answerWith(exchange, 'AcceptItem', id, alice),
      await answerWith(exchange, 'DeclineItem', mail.id, bob),
      await answerWith(exchange, 'TentativelyAcceptItem', mail.id, bob),
      await answerWith(exchange, 'CancelCalendarItem', ofBob?.id ?? '', bob),
      await answerWith(exchange, 'CancelCalendarItem', mail.id, bob),
      await answerWith(exchange, 'RemoveItem', mail.id, bob),
      await answerWith(exchange, 'AcceptItem', ofBob?.id ?? '', bob, ''),
      await answerWith(exchange, 'AcceptItem', 'gone', bob),
    ].map((answer) => answer.codes[0]);
    expect(codes).toEqual([
      'ErrorCalendarIsOrganizerForAccept',
      'ErrorInvalidItemForOperationDeclineItem',
      'ErrorInvalidItemForOperationTentative',
      'ErrorCalendarIsNotOrganizer',
      'ErrorInvalidItemForOperationCancelItem',
      'ErrorInvalidItemForOperationRemoveItem',
      'ErrorMessageDispositionRequired',
      'ErrorItemNotFound',
    ]);
    expect([inboxOf(exchange, alice), exchange.mailbox(bob).folder('sentitems').size]).toEqual([[], 0]);
  });

  it('is cancelled for all, and removed from a calendar by RemoveItem', async () => {
    await using exchange = await start();
    const id = await invite(exchange, bob, carol);
    expect((await answerWith(exchange, 'CancelCalendarItem', id, alice)).codes).toEqual(['NoError']);
    expect(seen(exchange, carol).at(-1)).toEqual(['Canceled: Plan', 'IPM.Schedule.Meeting.Canceled']);
    expect([exchange.mailbox(alice).folder('calendar').size, exchange.mailbox(bob).folder('calendar').items[0]?.subject]).toEqual(
      [0, 'Canceled: Plan'],
    );
    const cancellation = inboxOf(exchange, bob).at(-1)?.id ?? '';
    const again = await answerWith(exchange, 'AcceptItem', inboxOf(exchange, bob)[0]?.id ?? '', bob);
    expect(again.codes).toEqual(['ErrorCalendarIsCancelledForAccept']);
    await answerWith(exchange, 'RemoveItem', cancellation, bob, '');
    expect(exchange.mailbox(bob).folder('calendar').size).toBe(0);
  });

  it('informs remaining attendees of a change, new ones of the meeting, and removed ones of its cancellation', async () => {
    await using exchange = await start();
    const id = await invite(exchange, bob);
    const set = (uri: string, element: string): string =>
      `<t:SetItemField><t:FieldURI FieldURI="${uri}"/><t:CalendarItem>${element}</t:CalendarItem></t:SetItemField>`;
    const update = (updates: string, send = ' SendMeetingInvitationsOrCancellations="SendToAllAndSaveCopy"') =>
      call(
        exchange.url,
        `<m:UpdateItem ConflictResolution="AlwaysOverwrite"${send}><m:ItemChanges><t:ItemChange><t:ItemId Id="${id}"/><t:Updates>${updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
      );
    const location = set('calendar:Location', '<t:Location>Room 2</t:Location>');
    expect((await update(location, '')).codes).toEqual(['ErrorSendMeetingInvitationsOrCancellationsRequired']);
    await update(location);
    expect(exchange.mailbox(bob).folder('calendar').items[0]?.content.fields?.get('Location')).toContain('Room 2');
    await update(set('calendar:RequiredAttendees', attendees(carol)));
    expect([seen(exchange, bob).at(-1)?.[0], seen(exchange, carol).at(-1)?.[0]]).toEqual(['Canceled: Plan', 'Plan']);
  });

  it('that is deleted requires a statement on how to inform attendees', async () => {
    await using exchange = await start();
    const id = await invite(exchange, bob);
    const remove = (send: string) =>
      call(
        exchange.url,
        `<m:DeleteItem DeleteType="HardDelete"${send}><m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:DeleteItem>`,
      );
    expect((await remove('')).codes).toEqual(['ErrorSendMeetingCancellationsRequired']);
    await remove(' SendMeetingCancellations="SendOnlyToAll"');
    expect(seen(exchange, bob).at(-1)?.[0]).toBe('Canceled: Plan');
  });

  it('whose response may not be sent stays unanswered', async () => {
    await using exchange = await start();
    await invite(exchange, bob);
    exchange.faults.on('CreateItem').once().serverBusy({ backOff: 1000 });
    await answerWith(exchange, 'AcceptItem', inboxOf(exchange, bob)[0]?.id ?? '', bob);
    expect([inboxOf(exchange, bob).length, inboxOf(exchange, alice).length]).toEqual([1, 0]);
  });

  it('whose change may not be sent is not changed', async () => {
    const throttling = { messages: { burst: 1, perMinute: 1 } };
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob, carol], throttling });
    const id = await invite(exchange, bob);
    const before = exchange.mailbox(alice).folder('calendar').items;
    const update = (send: string) =>
      call(
        exchange.url,
        `<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="${send}"><m:ItemChanges><t:ItemChange><t:ItemId Id="${id}"/><t:Updates><t:SetItemField><t:FieldURI FieldURI="calendar:Location"/><t:CalendarItem><t:Location>Room 2</t:Location></t:CalendarItem></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
      );
    expect((await update('SendToAllAndSaveCopy')).codes).not.toContain('NoError');
    expect(exchange.mailbox(alice).folder('calendar').items).toEqual(before);
    expect(inboxOf(exchange, bob)).toHaveLength(1);
    expect((await update('SendToNone')).codes).toEqual(['NoError']);
  });
});

describe('a calendar', () => {
  it('has no appointment or view that ends before it starts, and no view of more than two years', async () => {
    await using exchange = await start();
    const backwards =
      '<t:CalendarItem><t:Subject>Back</t:Subject><t:Start>2026-07-01T09:00:00Z</t:Start><t:End>2026-07-01T08:00:00Z</t:End></t:CalendarItem>';
    const created = await call(
      exchange.url,
      `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${backwards}</m:Items></m:CreateItem>`,
    );
    const view = async (from: string, to: string) =>
      (
        await call(
          exchange.url,
          `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:CalendarView StartDate="${from}T00:00:00Z" EndDate="${to}T00:00:00Z"/><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`,
        )
      ).codes[0];
    expect([
      created.codes[0],
      await view('2026-07-02', '2026-07-01'),
      await view('2026-01-01', '2028-06-01'),
      await view('2026-01-01', '2028-01-01'),
    ]).toEqual([
      'ErrorCalendarEndDateIsEarlierThanStartDate',
      'ErrorCalendarEndDateIsEarlierThanStartDate',
      'ErrorCalendarViewRangeTooBig',
      'NoError',
    ]);
    expect(exchange.mailbox(alice).folder('calendar').size).toBe(0);
  });
});
