/** What an application does with ews-javascript-api every day. */
import {
  Appointment,
  BasePropertySet,
  BodyType,
  CalendarView,
  ConflictResolutionMode,
  Contact,
  CreateRuleOperation,
  DateTime,
  DeleteMode,
  DeleteRuleOperation,
  EmailMessage,
  EventType,
  ExchangeService,
  ExchangeVersion,
  Folder,
  FolderId,
  FolderView,
  Item,
  ItemSchema,
  ItemView,
  LogicalOperator,
  Mailbox,
  MessageBody,
  OofState,
  PropertySet,
  Rule,
  SearchFilter,
  SendInvitationsMode,
  SyncFolderItemsScope,
  Uri,
  WebCredentials,
  WellKnownFolderName,
  XhrApi,
} from 'ews-javascript-api';
import { expect } from 'vitest';
import type { ExchangeSimulator } from '../../../src/testing.ts';

export const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];

/** Caller, server and login. */
export interface World {
  readonly exchange: ExchangeSimulator;
  readonly service: ExchangeService;
  readonly auth: 'basic' | 'ntlm';
}

/** The client for that server. */
export function serviceAt(exchange: ExchangeSimulator, auth: World['auth'], password = 'p', as = alice): ExchangeService {
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(exchange.url);
  service.Credentials = new WebCredentials(auth === 'ntlm' ? 'CONTOSO\\alice' : as, password);
  if (auth === 'ntlm') service.XHRApi = new XhrApi().useNtlmAuthentication('CONTOSO\\alice', password);
  return service;
}

function message({ service }: World, subject: string, body = 'text é 😀'): EmailMessage {
  const made = new EmailMessage(service);
  made.Subject = subject;
  made.Body = new MessageBody(BodyType.Text, body);
  made.ToRecipients.Add(bob);
  return made;
}

async function inbox({ service }: World, filter?: SearchFilter): Promise<readonly EmailMessage[]> {
  const view = new ItemView(50);
  const found = await (filter === undefined
    ? service.FindItems(WellKnownFolderName.Inbox, view)
    : service.FindItems(WellKnownFolderName.Inbox, filter, view));
  return found.Items as EmailMessage[];
}

function received({ exchange }: World, subject: string): void {
  exchange.mailbox(alice).store('inbox', { subject, from: bob, body: `about ${subject}` });
}

export const calls: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'sends, and saves a copy': async (world) => {
    const { exchange } = world;
    await message(world, 'one').SendAndSaveCopy();
    expect(
      exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ subject }) => subject),
    ).toEqual(['one']);
    expect(exchange.mailbox(alice).folder('sentitems').size).toBe(1);
  },

  'saves a draft, changes and sends it': async (world) => {
    const { exchange } = world;
    const draft = message(world, 'draft');
    await draft.Save(WellKnownFolderName.Drafts);
    draft.Subject = 'no draft any more';
    await draft.Update(ConflictResolutionMode.AutoResolve);
    await draft.Send();
    expect(exchange.mailbox(bob).folder('inbox').items.at(-1)?.subject).toBe('no draft any more');
    expect(exchange.mailbox(alice).folder('drafts').size).toBe(0);
  },

  'sends with an attachment': async (world) => {
    const { exchange } = world;
    const made = message(world, 'attached');
    made.Attachments.AddFileAttachment('a.txt', Buffer.from('abc').toString('base64'));
    await made.SendAndSaveCopy();
    // The client writes it into its CreateItem and into a CreateAttachment, for any server.
    const [last] = exchange.mailbox(bob).folder('inbox').items.slice(-1);
    expect(new Set(last?.attachments.map(({ name }) => name))).toEqual(new Set(['a.txt']));
  },

  'finds what came in, by subject and by being unread': async (world) => {
    for (const subject of ['first', 'second']) received(world, subject);
    expect((await inbox(world)).length).toBe(2);
    expect((await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'first'))).map(({ Subject }) => Subject)).toEqual([
      'first',
    ]);
    const both = new SearchFilter.SearchFilterCollection(LogicalOperator.And, [
      new SearchFilter.ContainsSubstring(ItemSchema.Subject, 'sec'),
      new SearchFilter.IsGreaterThan(ItemSchema.DateTimeReceived, DateTime.Parse('2001-01-01T00:00:00Z')),
    ]);
    expect((await inbox(world, both)).length).toBe(1);
  },

  'reads body and sender, marks read, sets categories': async (world) => {
    const { exchange } = world;
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'first'));
    if (item === undefined) throw new Error('not found');
    await item.Load(new PropertySet(BasePropertySet.FirstClassProperties));
    expect([item.Body.Text, item.From.Address, item.IsRead]).toEqual(['about first', bob, false]);
    item.IsRead = true;
    item.Categories.Add('Red');
    await item.Update(ConflictResolutionMode.AlwaysOverwrite);
    const stored = exchange
      .mailbox(alice)
      .folder('inbox')
      .items.find(({ subject }) => subject === 'first');
    expect(stored?.isRead).toBe(true);
  },

  'replies and forwards': async (world) => {
    const { exchange } = world;
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'second'));
    if (item === undefined) throw new Error('not found');
    await item.Reply(new MessageBody('yes'), false);
    await item.Forward(new MessageBody('look'), [bob] as never);
    const subjects = exchange
      .mailbox(bob)
      .folder('inbox')
      .items.map(({ subject }) => subject);
    expect(subjects).toEqual(expect.arrayContaining(['RE: second', 'FW: second']));
  },

  'makes a folder, moves and copies into it, renames and deletes it': async (world) => {
    const { exchange, service } = world;
    const folder = new Folder(service);
    folder.DisplayName = 'Projects';
    await folder.Save(WellKnownFolderName.MsgFolderRoot);
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'second'));
    await item?.Copy(folder.Id);
    await item?.Move(folder.Id);
    expect(exchange.mailbox(alice).folder('Projects').size).toBe(2);
    folder.DisplayName = 'Old projects';
    await folder.Update();
    expect(exchange.mailbox(alice).findFolder('Old projects')?.size).toBe(2);
    await folder.Delete(DeleteMode.HardDelete);
    expect(exchange.mailbox(alice).findFolder('Old projects')).toBeUndefined();
  },

  'lists folders and binds one': async (world) => {
    const { exchange, service } = world;
    const found = await service.FindFolders(WellKnownFolderName.MsgFolderRoot, new FolderView(100));
    expect(found.Folders.map(({ DisplayName }) => DisplayName)).toEqual(expect.arrayContaining(['Inbox', 'Sent Items']));
    const bound = await Folder.Bind(service, WellKnownFolderName.Inbox);
    expect(bound.TotalCount).toBe(exchange.mailbox(alice).folder('inbox').size);
  },

  'synchronises a folder, then only what is new': async (world) => {
    const { exchange, service } = world;
    const inboxId = new FolderId(WellKnownFolderName.Inbox);
    const sync = (state: string) =>
      service.SyncFolderItems(inboxId, PropertySet.IdOnly, null as never, 100, SyncFolderItemsScope.NormalItems, state);
    const whole = await sync(null as never);
    expect(whole.Count).toBe(exchange.mailbox(alice).folder('inbox').size);
    received(world, 'third');
    expect((await sync(whole.SyncState)).Count).toBe(1);
  },

  'pulls events': async (world) => {
    const { service } = world;
    const subscription = await service.SubscribeToPullNotifications(
      [new FolderId(WellKnownFolderName.Inbox)],
      5,
      null as never,
      EventType.NewMail,
    );
    received(world, 'fourth');
    const events = await subscription.GetEvents();
    expect([...events.ItemEvents].length).toBe(1);
    await subscription.Unsubscribe();
  },

  'keeps an appointment and a contact': async (world) => {
    const { exchange, service } = world;
    const appointment = new Appointment(service);
    appointment.Subject = 'Review';
    appointment.Start = DateTime.Parse('2026-11-30T09:00:00Z');
    appointment.End = DateTime.Parse('2026-11-30T10:00:00Z');
    await appointment.Save(SendInvitationsMode.SendToNone);
    const contact = new Contact(service);
    contact.GivenName = 'Carol';
    contact.Surname = 'Jones';
    await contact.Save(WellKnownFolderName.Contacts);
    expect([exchange.mailbox(alice).folder('calendar').size, exchange.mailbox(alice).folder('contacts').size]).toEqual([1, 1]);
  },

  'resolves a name, and deletes': async (world) => {
    const { exchange, service } = world;
    const resolved = await service.ResolveName('bob');
    expect(resolved.Count).toBe(1);
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'first'));
    await item?.Delete(DeleteMode.MoveToDeletedItems);
    expect(
      exchange
        .mailbox(alice)
        .folder('deleteditems')
        .items.map(({ subject }) => subject),
    ).toContain('first');
    expect(new Mailbox(bob).Address).toBe(bob);
  },

  'sends what somebody asked a receipt for, and suppresses it': async (world) => {
    const made = message(world, 'with receipt');
    made.ToRecipients.Clear();
    made.ToRecipients.Add(alice);
    made.IsReadReceiptRequested = true;
    await made.Send();
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'with receipt'));
    await item?.SuppressReadReceipt();
    expect(item?.Id.UniqueId).toBeTypeOf('string');
  },

  'reads the MIME, and what an own property says': async (world) => {
    const { exchange, service } = world;
    exchange.mailbox(alice).receive({ subject: 'mime', from: bob, body: 'é' });
    const [item] = await inbox(world, new SearchFilter.IsEqualTo(ItemSchema.Subject, 'mime'));
    if (item === undefined) throw new Error('not found');
    await item.Load(new PropertySet(BasePropertySet.IdOnly, [ItemSchema.MimeContent]));
    expect(Buffer.from(item.MimeContent.Content, 'base64').toString()).toContain('Subject: mime');
    const bound = await Item.Bind(service, item.Id, new PropertySet(BasePropertySet.FirstClassProperties));
    expect(bound.Subject).toBe('mime');
  },

  'lists the folders below, all at once and since the last time': async ({ exchange, service }) => {
    const whole = await service.SyncFolderHierarchy(new FolderId(WellKnownFolderName.MsgFolderRoot), PropertySet.IdOnly, '');
    expect(whole.Count).toBeGreaterThan(5);
    const made = exchange.mailbox(alice).createFolder(exchange.mailbox(alice).folder('inbox'), 'Since');
    const next = await service.SyncFolderHierarchy(
      new FolderId(WellKnownFolderName.MsgFolderRoot),
      PropertySet.IdOnly,
      whole.SyncState,
    );
    expect(next.Count).toBe(1);
    exchange.mailbox(alice).removeFolder(made);
  },

  'empties a folder': async ({ exchange, service }) => {
    const folder = exchange.mailbox(alice).createFolder(exchange.mailbox(alice).folder('inbox'), 'Full');
    exchange.mailbox(alice).store(folder, { subject: 'one' });
    const bound = await Folder.Bind(service, new FolderId(folder.id));
    await bound.Empty(DeleteMode.HardDelete, false);
    expect(folder.size).toBe(0);
  },

  'reads the automatic replies': async ({ service }) => {
    const settings = await service.GetUserOofSettings(alice);
    expect(settings.State).toBe(OofState.Disabled);
  },

  'makes a rule for the inbox, and deletes it': async ({ exchange, service }) => {
    const rule = new Rule();
    rule.DisplayName = 'Filter';
    rule.Priority = 1;
    rule.IsEnabled = true;
    rule.Conditions.ContainsSubjectStrings.Add('filter me');
    rule.Actions.MoveToFolder = new FolderId(WellKnownFolderName.JunkEmail);
    await service.UpdateInboxRules([new CreateRuleOperation(rule)], true);
    expect(exchange.mailbox(alice).receive({ subject: 'please filter me' }).folder).toBe('junkemail');
    const rules = await service.GetInboxRules(alice);
    const [made] = [...rules.GetEnumerator()];
    expect([rules.Count, made?.DisplayName]).toEqual([1, 'Filter']);
    await service.UpdateInboxRules([new DeleteRuleOperation(made?.Id ?? '')], true);
    expect((await service.GetInboxRules(alice)).Count).toBe(0);
  },

  'opens a distribution list': async ({ service }) => {
    const opened = await service.ExpandGroup('team@contoso.test');
    expect([...opened.Members].map(({ Address }) => Address)).toEqual([alice, bob]);
  },

  'finds appointments of a week': async ({ service }) => {
    const week = new CalendarView(DateTime.Parse('2026-11-29T00:00:00Z'), DateTime.Parse('2026-12-06T00:00:00Z'));
    const found = await service.FindAppointments(WellKnownFolderName.Calendar, week);
    expect(found.Items.map(({ Subject }) => Subject)).toEqual(['Review']);
  },

  'is refused with a wrong password': async (world) => {
    const { auth, exchange } = world;
    const other = serviceAt(exchange, auth, 'wrong');
    await expect(Folder.Bind(other, WellKnownFolderName.Inbox)).rejects.toThrow();
  },
};
