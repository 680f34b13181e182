/** Parts of requests that were once accepted but ignored: each is now done, or refused with a sentence. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
let clock: ManualClock;
let exchange: ExchangeSimulator;
beforeEach(async () => {
  clock = new ManualClock();
  exchange = await startExchangeSimulator({ mailboxes: [alice, bob], clock });
});
afterEach(() => exchange.close());

const inbox = '<t:DistinguishedFolderId Id="inbox"/>';
const ofAlice = (folder: string): string =>
  `<t:DistinguishedFolderId Id="${folder}"><t:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
const idOnly = '<t:BaseShape>IdOnly</t:BaseShape>';
const permission = (address: string, level: string): string =>
  `<t:Permission><t:UserId><t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress></t:UserId><t:PermissionLevel>${level}</t:PermissionLevel></t:Permission>`;
const permit = (folder: string, level: string): string =>
  `<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="${folder}"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:PermissionSet"/><t:Folder><t:PermissionSet><t:Permissions>${permission(bob, level)}</t:Permissions></t:PermissionSet></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`;

describe('a change key', () => {
  const update = (resolution: string, id: string): string =>
    `<m:UpdateItem ConflictResolution="${resolution}" MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange>${id}<t:Updates><t:SetItemField><t:FieldURI FieldURI="item:Subject"/><t:Message><t:Subject>changed</t:Subject></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`;
  const needed = 'ErrorChangeKeyRequiredForWriteOperations';

  it.each([
    ['NeverOverwrite', needed, 'ErrorIrresolvableConflict'],
    ['AutoResolve', needed, 'NoError'],
    ['AlwaysOverwrite', 'NoError', 'NoError'],
  ])('of UpdateItem with %s: omitted %s, outdated %s', async (resolution, leftOut, older) => {
    const item = exchange.mailbox(alice).store('inbox', { subject: 'as it was' });
    const { codes } = await call(exchange.url, update(resolution, `<t:ItemId Id="${item.id}"/>`));
    const [now] = exchange.mailbox(alice).folder('inbox').items;
    expect([codes, now?.subject]).toEqual([[leftOut], leftOut === 'NoError' ? 'changed' : 'as it was']);
    exchange.mailbox(alice).update(now ?? item, { messageFlags: 1 });
    const stale = await call(exchange.url, update(resolution, `<t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/>`));
    expect(stale.codes).toEqual([older]);
  });

  it('is required to send a draft', async () => {
    const draft = exchange.mailbox(alice).store('drafts', { subject: 'x', to: [{ address: bob }] }, 'draft');
    const send = (key: string): string =>
      `<m:SendItem SaveItemToFolder="true"><m:ItemIds><t:ItemId Id="${draft.id}"${key}/></m:ItemIds></m:SendItem>`;
    expect((await call(exchange.url, send(''))).codes).toEqual([needed]);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(0);
    expect((await call(exchange.url, send(` ChangeKey="${draft.changeKey}"`))).codes).toEqual(['NoError']);
  });
});

describe('folders hidden from a user', () => {
  const sync = (state = ''): string =>
    `<m:SyncFolderHierarchy><m:FolderShape>${idOnly}</m:FolderShape><m:SyncFolderId>${ofAlice('msgfolderroot')}</m:SyncFolderId>${state}</m:SyncFolderHierarchy>`;
  const next = async (before?: string): Promise<{ state: string; changes: readonly string[]; text: string }> => {
    const given = before === undefined ? '' : `<m:SyncState>${before}</m:SyncState>`;
    const { text } = await call(exchange.url, sync(given), { as: bob });
    const state = /<m:SyncState>([^<]+)</.exec(text)?.[1] ?? '';
    return {
      state,
      text,
      changes: [...text.matchAll(/<t:(Create|Update|Delete)>.*?Id="([^"]+)"/g)].map((m) => `${m[1]} ${m[2]}`),
    };
  };

  it('are not synchronised: hidden changes stay hidden, newly visible items appear, newly hidden ones disappear', async () => {
    const box = exchange.mailbox(alice);
    await call(exchange.url, permit('msgfolderroot', 'Reviewer'));
    await call(exchange.url, permit('inbox', 'Reviewer'));
    const secret = box.createFolder(box.folder('sentitems'), 'Secret');
    const first = await next();
    expect(first.changes).toContain(`Create ${box.folder('inbox').id}`);
    expect(first.text).not.toContain(secret.id);
    box.updateFolder(secret, { displayName: 'More secret' });
    const gone = box.createFolder(box.folder('sentitems'), 'Gone');
    box.removeFolder(gone);
    const second = await next(first.state);
    expect(second.changes).toEqual([]);
    box.removeFolder(secret);
    await call(exchange.url, permit('sentitems', 'Reviewer'));
    const third = await next(second.state);
    expect(third.changes).toEqual([`Create ${box.folder('sentitems').id}`]);
    await call(exchange.url, permit('inbox', 'None'));
    expect((await next(third.state)).changes).toEqual([`Delete ${box.folder('inbox').id}`]);
  });

  it('are not counted in their parents, nor watched by a subscription to all folders', async () => {
    const box = exchange.mailbox(alice);
    await call(exchange.url, permit('inbox', 'Reviewer'));
    const hidden = box.createFolder(box.folder('inbox'), 'Hidden');
    hidden.permissions = '<t:PermissionSet><t:Permissions/></t:PermissionSet>';
    const get = `<m:GetFolder><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:FolderIds>${ofAlice('inbox')}</m:FolderIds></m:GetFolder>`;
    expect((await call(exchange.url, get, { as: bob })).text).toContain('<t:ChildFolderCount>0<');
    expect((await call(exchange.url, get, { as: alice })).text).toContain('<t:ChildFolderCount>1<');
    const watch = `<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders="true"><t:FolderIds>${ofAlice('inbox')}</t:FolderIds><t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`;
    expect((await call(exchange.url, watch, { as: bob })).codes).toEqual(['ErrorInvalidSubscriptionRequest']);
  });
});

describe('requests once accepted but ignored', () => {
  it('MarkAllItemsAsRead marks only own items for a user who may change only these', async () => {
    await call(exchange.url, permit('inbox', 'Author'));
    const hers = exchange.mailbox(alice).store('inbox', { subject: 'hers' });
    await call(exchange.url, createItem([message()], ofAlice('inbox'), 'SaveOnly'), { as: bob });
    const mark = (flag: boolean): string =>
      `<m:MarkAllItemsAsRead><m:ReadFlag>${flag}</m:ReadFlag><m:SuppressReadReceipts>true</m:SuppressReadReceipts><m:FolderIds>${ofAlice('inbox')}</m:FolderIds></m:MarkAllItemsAsRead>`;
    const state = (): readonly boolean[] =>
      exchange
        .mailbox(alice)
        .folder('inbox')
        .items.map(({ isRead, id }) => (id === hers.id ? !isRead : isRead));
    expect((await call(exchange.url, mark(false), { as: bob })).codes).toEqual(['NoError']);
    expect(state()).toEqual([true, false]);
    expect((await call(exchange.url, mark(true), { as: bob })).codes).toEqual(['NoError']);
    expect(state()).toEqual([true, true]);
    await call(exchange.url, permit('inbox', 'Reviewer'));
    expect((await call(exchange.url, mark(false), { as: bob })).codes).toEqual(['ErrorAccessDenied']);
  });

  it('a method that is not served is refused with a list of those that are', async () => {
    const authorization = `Basic ${btoa(`${alice}:x`)}`;
    const { origin } = new URL(exchange.url);
    const allow = async (path: string, method: string): Promise<readonly unknown[]> => {
      const { status, headers } = await fetch(`${origin}${path}`, { method, headers: { authorization } });
      return [status, headers.get('allow')];
    };
    expect(await allow('/EWS/Exchange.asmx', 'GET')).toEqual([405, 'POST']);
    expect(await allow('/EWS/Services.wsdl', 'PUT')).toEqual([405, 'GET, HEAD']);
    expect(await allow('/autodiscover/autodiscover.json', 'POST')).toEqual([405, 'GET']);
    expect(await allow('/_exchange/api/v1/openapi.json', 'DELETE')).toEqual([405, 'GET']);
    expect((await allow('/_exchange/api/v1/mailboxes', 'PATCH'))[1]).toContain('GET');
  });

  it.each([
    ['RDATE', 'RRULE:FREQ=DAILY;COUNT=2\r\nRDATE:20260401T090000Z'],
    ['RDATE', 'RDATE:20260401T090000Z'],
    ['EXRULE', 'RRULE:FREQ=DAILY;COUNT=9\r\nEXRULE:FREQ=WEEKLY;COUNT=1'],
    ['more than one RRULE', 'RRULE:FREQ=DAILY;COUNT=2\r\nRRULE:FREQ=WEEKLY;COUNT=2'],
  ])('%s of iCalendar is refused with a sentence (%#)', async (what, lines) => {
    const source = `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T100000Z\r\nSUMMARY:S\r\n${lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
    const item = `<t:CalendarItem><t:MimeContent>${btoa(source)}</t:MimeContent></t:CalendarItem>`;
    const create = `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`;
    const { codes, text } = await call(exchange.url, create);
    expect([codes, exchange.mailbox(alice).folder('calendar').size]).toEqual([['ErrorMimeContentInvalid'], 0]);
    expect(text).toContain(`${what} is not simulated`);
  });

  it('SyncFolderItems omits ignored items', async () => {
    const [one, two] = ['one', 'two'].map((subject) => exchange.mailbox(alice).store('inbox', { subject }));
    const sync = `<m:SyncFolderItems><m:ItemShape>${idOnly}</m:ItemShape><m:SyncFolderId>${inbox}</m:SyncFolderId><m:Ignore><t:ItemId Id="${one?.id}"/></m:Ignore><m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>`;
    const { text } = await call(exchange.url, sync);
    expect([text.includes(one?.id ?? '?'), text.includes(two?.id ?? '?')]).toEqual([false, true]);
  });

  it.each(['MergedOnly', 'FreeBusy', 'FreeBusyMerged'])('GetUserAvailability returns %s if requested', async (view) => {
    const fields = new Map([
      ['Start', '<t:Start>2026-03-02T09:00:00Z</t:Start>'],
      ['End', '<t:End>2026-03-02T10:00:00Z</t:End>'],
    ]);
    exchange.mailbox(alice).store('calendar', { kind: 'CalendarItem', itemClass: 'IPM.Appointment', subject: 'S', fields });
    const zone = `<t:TimeZone><t:Bias>0</t:Bias>${['StandardTime', 'DaylightTime'].map((name) => `<t:${name}><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>1</t:DayOrder><t:Month>1</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:${name}>`).join('')}</t:TimeZone>`;
    const asked = `<m:GetUserAvailabilityRequest>${zone}<m:MailboxDataArray><t:MailboxData><t:Email><t:Address>${alice}</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData></m:MailboxDataArray><t:FreeBusyViewOptions><t:TimeWindow><t:StartTime>2026-03-02T00:00:00</t:StartTime><t:EndTime>2026-03-03T00:00:00</t:EndTime></t:TimeWindow><t:MergedFreeBusyIntervalInMinutes>60</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>${view}</t:RequestedView></t:FreeBusyViewOptions></m:GetUserAvailabilityRequest>`;
    const { text } = await call(exchange.url, asked);
    expect([
      /<t:FreeBusyViewType>(\w+)/.exec(text)?.[1],
      text.includes('MergedFreeBusy>'),
      text.includes('CalendarEvent>'),
    ]).toEqual([view, view !== 'FreeBusy', view !== 'MergedOnly']);
  });

  it('FindItem orders groups by the value that represents each', async () => {
    const box = exchange.mailbox(alice);
    for (const [from, subject] of [
      ['a', '2'],
      ['b', '3'],
      ['c', '1'],
      ['a', '9'],
      ['c', '4'],
    ] as const) {
      box.store('inbox', { subject, from: { address: `${from}@contoso.test`, name: from } });
    }
    const order = async (aggregate: string, direction: string): Promise<string> => {
      const group = `<m:GroupBy Order="${direction}"><t:FieldURI FieldURI="message:From"/><t:AggregateOn Aggregate="${aggregate}"><t:FieldURI FieldURI="item:Subject"/></t:AggregateOn></m:GroupBy>`;
      const { text } = await call(exchange.url, findItem({ folders: [inbox], base: 'Default', view: group }));
      return text
        .split('<t:GroupedItems>')
        .slice(1)
        .map((one) => /<t:Subject>(\d)/.exec(one)?.[1])
        .join('');
    };
    const groups = { a: '2', b: '3', c: '1' };
    const shown = (names: string): string => [...names].map((name) => groups[name as 'a']).join('');
    expect(await order('Maximum', 'Descending')).toBe(shown('acb'));
    expect(await order('Maximum', 'Ascending')).toBe(shown('bca'));
    expect(await order('Minimum', 'Ascending')).toBe(shown('cab'));
  });

  it('an unused pull subscription expires after its time-out', async () => {
    const types = '<t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>';
    const asked = `<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds>${inbox}</t:FolderIds>${types}<t:Timeout>5</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`;
    const { text } = await call(exchange.url, asked);
    const part = (name: string): string => new RegExp(`<m:${name}>([^<]+)`).exec(text)?.[1] ?? '';
    const events = async (): Promise<unknown> => {
      const get = `<m:GetEvents><m:SubscriptionId>${part('SubscriptionId')}</m:SubscriptionId><m:Watermark>${part('Watermark')}</m:Watermark></m:GetEvents>`;
      return (await call(exchange.url, get)).codes[0];
    };
    await clock.advance(4 * 60_000);
    expect(await events()).toBe('NoError');
    await clock.advance(4 * 60_000);
    expect(await events()).toBe('NoError');
    await clock.advance(5 * 60_000);
    expect(await events()).toBe('ErrorSubscriptionNotFound');
  });
});
