/** More of what applications do with ews-javascript-api: meetings, conflicts, custom properties, streams. */
import { createRequire } from 'node:module';
import {
  Appointment,
  BasePropertySet,
  BodyType,
  CalendarView,
  ComparisonMode,
  ConflictResolutionMode,
  ContainmentMode,
  CreateRuleOperation,
  DateTime,
  DeleteMode,
  DeleteRuleOperation,
  EmailMessage,
  EmailMessageSchema,
  EventType,
  ExtendedPropertyDefinition,
  Folder,
  FolderId,
  FolderSchema,
  FolderTraversal,
  FolderView,
  Guid,
  ItemFlagStatus,
  ItemId,
  ItemSchema,
  ItemView,
  LegacyFreeBusyStatus,
  LogicalOperator,
  MapiPropertyType,
  MeetingCancellation,
  MeetingRequest,
  MeetingResponseType,
  MessageBody,
  MessageDisposition,
  MimeContent,
  OofExternalAudience,
  OofReply,
  OofSettings,
  OofState,
  PropertySet,
  Rule,
  SearchFilter,
  SendCancellationsMode,
  SendInvitationsMode,
  SendInvitationsOrCancellationsMode,
  ServiceError,
  SetRuleOperation,
  SortDirection,
  StreamingSubscriptionConnection,
  SyncFolderItemsScope,
  Task,
  TaskStatus,
  TimeWindow,
  UserConfiguration,
  UserConfigurationProperties,
  WellKnownFolderName,
} from 'ews-javascript-api';
import { expect } from 'vitest';
import { alice, bob, serviceAt, type World } from './ews-javascript-api.ts';

// The client calls what node:util had until Node 23 as soon as an ExtendedPropertyDefinition is compared.
const util: Record<string, unknown> = createRequire(import.meta.url)('node:util');
util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;

const { Inbox, Drafts, JunkEmail, Calendar, MsgFolderRoot } = WellKnownFolderName;
const everything = (): PropertySet => new PropertySet(BasePropertySet.FirstClassProperties);

function message({ service }: World, subject: string, to = alice): EmailMessage {
  const made = new EmailMessage(service);
  made.Subject = subject;
  made.Body = new MessageBody(BodyType.Text, `about ${subject}`);
  made.ToRecipients.Add(to);
  return made;
}

const subjectIs = (subject: string) => new SearchFilter.IsEqualTo(ItemSchema.Subject, subject);
const subjectHas = (text: string) =>
  new SearchFilter.ContainsSubstring(ItemSchema.Subject, text, ContainmentMode.Substring, ComparisonMode.IgnoreCase);

async function found({ service }: World, filter: SearchFilter, folder = Inbox) {
  return (await service.FindItems(folder, filter, new ItemView(100))).Items;
}
const count = async (world: World, filter: SearchFilter): Promise<number> => (await found(world, filter)).length;

/** The Exchange code with which a call fails. */
async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return 'no error';
  } catch (error) {
    return ServiceError[(error as { ErrorCode: ServiceError }).ErrorCode];
  }
}

const [nine, ten] = ['2026-07-01T09:00:00Z', '2026-07-01T10:00:00Z'];

async function meeting(world: World, subject: string): Promise<Appointment> {
  const made = new Appointment(world.service);
  made.Subject = subject;
  made.Start = DateTime.Parse(nine);
  made.End = DateTime.Parse(ten);
  made.RequiredAttendees.Add(bob);
  await made.Save(SendInvitationsMode.SendToAllAndSaveCopy);
  return made;
}

const asBob = (world: World): World => ({ ...world, service: serviceAt(world.exchange, 'basic', 'p', bob) });

export const more: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'makes many, pages through them, changes, moves and deletes many': async (world) => {
    const { service } = world;
    const made = Array.from({ length: 25 }, (_, n) => message(world, `page ${n}`));
    await service.CreateItems(made, new FolderId(Inbox), MessageDisposition.SaveOnly, null as never);
    const subjects: string[] = [];
    for (const offset of [0, 10, 20]) {
      const view = new ItemView(10, offset);
      view.OrderBy.Add(ItemSchema.Subject, SortDirection.Descending);
      const page = await service.FindItems(Inbox, subjectHas('PAGE'), view);
      subjects.push(...page.Items.map(({ Subject }) => Subject));
      expect([page.MoreAvailable, page.NextPageOffset ?? 0]).toEqual(offset === 20 ? [false, 0] : [true, offset + 10]);
    }
    expect([subjects.length, subjects[0]]).toEqual([25, 'page 9']);
    const ids = (await found(world, subjectHas('page'))).map(({ Id }) => Id);
    await service.CopyItems(ids.slice(0, 3), new FolderId(Drafts));
    await service.MoveItems(ids.slice(0, 3), new FolderId(JunkEmail));
    await service.DeleteItems(ids.slice(3, 6), DeleteMode.HardDelete, null as never, null as never);
    expect([await count(world, subjectHas('page')), world.exchange.mailbox(alice).folder('junkemail').size]).toEqual([19, 3]);
  },

  'loads whole items at once': async (world) => {
    const items = await found(world, subjectHas('page 1'));
    await world.service.LoadPropertiesForItems(items, everything());
    expect(new Set(items.map(({ Body, Culture }) => `${Body.Text.slice(0, 10)} ${Culture}`))).toEqual(
      new Set(['about page en-US']),
    );
  },

  'combines conditions of every sort': async (world) => {
    const { Not, IsNotEqualTo, Exists, IsGreaterThanOrEqualTo, IsLessThan, IsLessThanOrEqualTo, IsEqualTo } = SearchFilter;
    const all = await count(world, new Exists(ItemSchema.Subject));
    const filters: readonly [SearchFilter, number][] = [
      [new Not(subjectIs('page 10')), all - 1],
      [new IsNotEqualTo(ItemSchema.Subject, 'page 10'), all - 1],
      [new IsGreaterThanOrEqualTo(ItemSchema.Size, 1), all],
      [new IsLessThan(ItemSchema.Size, 1), 0],
      [new IsLessThanOrEqualTo(ItemSchema.DateTimeCreated, DateTime.Now.AddDays(1)), all],
      [new IsEqualTo(EmailMessageSchema.IsRead, true), all],
      [new SearchFilter.SearchFilterCollection(LogicalOperator.Or, [subjectIs('page 10'), subjectIs('page 11')]), 2],
    ];
    for (const [filter, expected] of filters) expect(await count(world, filter)).toBe(expected);
  },

  'refuses an update of what has changed meanwhile': async (world) => {
    const draft = message(world, 'conflict');
    await draft.Save(Drafts);
    const [one, other] = [await EmailMessage.Bind(world.service, draft.Id), await EmailMessage.Bind(world.service, draft.Id)];
    one.Subject = 'first';
    await one.Update(ConflictResolutionMode.NeverOverwrite);
    other.Subject = 'second';
    expect(await codeOf(other.Update(ConflictResolutionMode.NeverOverwrite))).toBe('ErrorIrresolvableConflict');
  },

  'says what is wrong with ids, folders and senders': async (world) => {
    const { service } = world;
    const stranger = message(world, 'not mine');
    stranger.From = new (Object.getPrototypeOf(stranger.ToRecipients._getItem(0)).constructor)(bob);
    expect([
      await codeOf(EmailMessage.Bind(service, new ItemId('AAMkAD='))),
      await codeOf(Folder.Bind(service, new FolderId('AAAA'))),
      await codeOf(stranger.Send()),
    ]).toEqual(['ErrorItemNotFound', 'ErrorFolderNotFound', 'ErrorSendAsDenied']);
  },

  'keeps properties of its own, finds by them and takes them away': async (world) => {
    const set = new Guid('c11ff724-aa03-4555-9952-8fa248a11c3e');
    const word = new ExtendedPropertyDefinition(set, 'Word', MapiPropertyType.String);
    const number = new ExtendedPropertyDefinition(set, 'Number', MapiPropertyType.Integer);
    const made = message(world, 'own');
    made.SetExtendedProperty(word, 'v');
    made.SetExtendedProperty(number, 5);
    await made.Save(Inbox);
    expect(await count(world, new SearchFilter.IsEqualTo(word, 'v'))).toBe(1);
    expect(await count(world, new SearchFilter.IsGreaterThan(number, 5))).toBe(0);
    const read = await EmailMessage.Bind(world.service, made.Id, new PropertySet(BasePropertySet.IdOnly, [word, number]));
    read.RemoveExtendedProperty(word);
    await read.Update(ConflictResolutionMode.AlwaysOverwrite);
    expect([await count(world, new SearchFilter.Exists(word)), await count(world, new SearchFilter.Exists(number))]).toEqual([
      0, 1,
    ]);
  },

  'sets categories, and a flag with dates': async (world) => {
    const made = message(world, 'flagged');
    made.Categories.Add('Red');
    made.Categories.Add('Blue');
    await made.Save(Inbox);
    const read = await EmailMessage.Bind(world.service, made.Id, everything());
    read.Categories.Remove('Red');
    read.Flag.FlagStatus = ItemFlagStatus.Flagged;
    read.Flag.StartDate = DateTime.Parse(nine);
    read.Flag.DueDate = DateTime.Parse(ten);
    await read.Update(ConflictResolutionMode.AutoResolve);
    const after = await EmailMessage.Bind(world.service, made.Id, everything());
    expect([after.Flag.FlagStatus, [...after.Categories.GetEnumerator()]]).toEqual([ItemFlagStatus.Flagged, ['Blue']]);
  },

  'takes an inline image, and removes an attachment': async (world) => {
    const made = message(world, 'pictures');
    const picture = made.Attachments.AddFileAttachment('logo.png', Buffer.from('png').toString('base64'));
    picture.IsInline = true;
    picture.ContentId = 'logo';
    await made.Save(Inbox);
    const shape = new PropertySet(BasePropertySet.IdOnly, [ItemSchema.Attachments]);
    const read = await EmailMessage.Bind(world.service, made.Id, shape);
    const before = [...read.Attachments.GetEnumerator()].map(({ Name, IsInline, ContentId }) => [Name, IsInline, ContentId]);
    expect(before[0]).toEqual(['logo.png', true, 'logo']);
    read.Attachments.RemoveAt(0);
    await read.Update(ConflictResolutionMode.AlwaysOverwrite);
    const after = await EmailMessage.Bind(world.service, made.Id, shape);
    expect(after.Attachments.Count).toBe(before.length - 1);
  },

  'imports a message of somebody else': async (world) => {
    const made = new EmailMessage(world.service);
    const mime = 'Subject: imported\r\nFrom: x@y.test\r\nTo: z@y.test\r\n\r\nbody';
    made.MimeContent = new MimeContent('UTF-8', Buffer.from(mime).toString('base64'));
    await made.Save(Inbox);
    const read = await EmailMessage.Bind(world.service, made.Id, everything());
    expect([read.Subject, read.Body.Text, read.From.Address, read.Sender.Address]).toEqual([
      'imported',
      'body',
      'x@y.test',
      'x@y.test',
    ]);
  },

  'keeps folders of any class, below others': async ({ service }) => {
    const folder = new Folder(service);
    folder.DisplayName = 'Own class';
    folder.FolderClass = 'IPF.Custom';
    await folder.Save(MsgFolderRoot);
    const sub = new Folder(service);
    sub.DisplayName = 'Below';
    await sub.Save(folder.Id);
    const view = new FolderView(10);
    view.Traversal = FolderTraversal.Deep;
    const all = await service.FindFolders(MsgFolderRoot, new SearchFilter.IsEqualTo(FolderSchema.DisplayName, 'Below'), view);
    const bound = await Folder.Bind(service, folder.Id);
    expect([all.Folders.length, bound.FolderClass, bound.ChildFolderCount]).toEqual([1, 'IPF.Custom', 1]);
    await folder.Delete(DeleteMode.HardDelete);
  },

  'keeps all of an appointment, and changes it': async ({ service }) => {
    const made = new Appointment(service);
    made.Subject = 'Dentist';
    made.Start = DateTime.Parse(nine);
    made.End = DateTime.Parse(ten);
    made.Location = 'here';
    made.ReminderMinutesBeforeStart = 30;
    made.LegacyFreeBusyStatus = LegacyFreeBusyStatus.OOF;
    await made.Save(SendInvitationsMode.SendToNone);
    const read = await Appointment.Bind(service, made.Id);
    expect([read.Duration.TotalMinutes, read.IsReminderSet, read.ReminderMinutesBeforeStart, read.IsRecurring]).toEqual([
      60,
      true,
      30,
      false,
    ]);
    read.Location = 'there';
    await read.Update(ConflictResolutionMode.AlwaysOverwrite, SendInvitationsOrCancellationsMode.SendToNone);
    const view = new CalendarView(DateTime.Parse('2026-07-01T00:00:00Z'), DateTime.Parse('2026-07-02T00:00:00Z'));
    const [seen] = (await service.FindAppointments(Calendar, view)).Items;
    expect(seen?.Location).toBe('there');
  },

  'invites, and notes who accepts, declines and is not sure': async (world) => {
    const answers: readonly [string, (request: MeetingRequest) => Promise<unknown>, MeetingResponseType][] = [
      ['yes', (request) => request.Accept(true), MeetingResponseType.Accept],
      ['no', (request) => request.Decline(true), MeetingResponseType.Decline],
      ['perhaps', (request) => request.AcceptTentatively(true), MeetingResponseType.Tentative],
    ];
    const bobs = asBob(world);
    for (const [subject, answer, expected] of answers) {
      const made = await meeting(world, subject);
      const [received] = await found(bobs, subjectIs(subject));
      await answer(await MeetingRequest.Bind(bobs.service, received?.Id as never));
      await made.Load(everything());
      expect(made.RequiredAttendees._getItem(0).ResponseType).toBe(expected);
      expect(await count(world, subjectHas(`: ${subject}`))).toBe(1);
    }
  },

  'cancels a meeting, which an attendee takes out of the calendar': async (world) => {
    const bobs = asBob(world);
    const made = await meeting(world, 'cancelled');
    await made.CancelMeeting('no room');
    expect(world.exchange.mailbox(bob).folder('calendar').items.at(-1)?.subject).toBe('Canceled: cancelled');
    const [received] = await found(bobs, subjectIs('Canceled: cancelled'));
    const cancellation = await MeetingCancellation.Bind(bobs.service, received?.Id as never);
    await cancellation.RemoveMeetingFromCalendar();
    expect(await found(bobs, subjectHas('cancelled'), Calendar)).toEqual([]);
  },

  'deletes a meeting and tells its attendees': async (world) => {
    const made = await meeting(world, 'deleted');
    await made.Delete(DeleteMode.MoveToDeletedItems, SendCancellationsMode.SendToAllAndSaveCopy);
    expect(await count(asBob(world), subjectIs('Canceled: deleted'))).toBe(1);
  },

  'completes a task': async ({ service }) => {
    const made = new Task(service);
    made.Subject = 'Shop';
    made.Status = TaskStatus.InProgress;
    made.PercentComplete = 20;
    await made.Save();
    const read = await Task.Bind(service, made.Id);
    expect([read.PercentComplete, read.IsComplete]).toEqual([20, false]);
    read.Status = TaskStatus.Completed;
    await read.Update(ConflictResolutionMode.AlwaysOverwrite);
    const after = await Task.Bind(service, made.Id);
    expect([after.PercentComplete, after.IsComplete]).toEqual([100, true]);
  },

  'hears of new mail by a stream': async (world) => {
    const { service } = world;
    const subscription = await service.SubscribeToStreamingNotifications([new FolderId(Inbox)], EventType.NewMail);
    const connection = new StreamingSubscriptionConnection(service, 1);
    connection.AddSubscription(subscription);
    const heard = new Promise<readonly EventType[]>((resolve) => {
      connection.OnNotificationEvent.push((_, { Events }) => resolve(Events.map(({ EventType: type }) => type)));
    });
    connection.Open();
    world.exchange.mailbox(alice).receive({ subject: 'streamed', from: bob });
    expect(await heard).toEqual([EventType.NewMail]);
  },

  'is away for some days': async ({ service }) => {
    const settings = new OofSettings();
    settings.State = OofState.Scheduled;
    settings.ExternalAudience = OofExternalAudience.All;
    settings.Duration = new TimeWindow(DateTime.Parse(nine), DateTime.Parse(ten));
    settings.InternalReply = new OofReply('in');
    settings.ExternalReply = new OofReply('out');
    await service.SetUserOofSettings(alice, settings);
    const read = await service.GetUserOofSettings(alice);
    expect([read.State, read.InternalReply.Message, read.ExternalReply.Message]).toEqual([OofState.Scheduled, 'in', 'out']);
    settings.State = OofState.Disabled;
    await service.SetUserOofSettings(alice, settings);
  },

  'changes a rule': async ({ service }) => {
    const rule = new Rule();
    rule.DisplayName = 'Team';
    rule.Priority = 1;
    rule.IsEnabled = true;
    rule.Conditions.FromAddresses.Add(bob);
    rule.Actions.AssignCategories.Add('Team');
    await service.UpdateInboxRules([new CreateRuleOperation(rule)], true);
    const [made] = [...(await service.GetInboxRules(alice)).GetEnumerator()];
    if (made === undefined) throw new Error('no rule');
    made.DisplayName = 'Everybody';
    await service.UpdateInboxRules([new SetRuleOperation(made)], true);
    const [changed] = [...(await service.GetInboxRules(alice)).GetEnumerator()];
    expect(changed?.DisplayName).toBe('Everybody');
    await service.UpdateInboxRules([new DeleteRuleOperation(made.Id)], true);
  },

  'keeps settings of its own in a folder': async ({ service }) => {
    const settings = new UserConfiguration(service);
    settings.Dictionary.Add('key', 'value');
    settings.Dictionary.Add('number', 5);
    await settings.Save('Own', Inbox);
    const read = await UserConfiguration.Bind(service, 'Own', Inbox, UserConfigurationProperties.All);
    expect(read.Dictionary.Count).toBe(2);
    await read.Delete();
  },

  'synchronises in pieces': async (world) => {
    const sync = (state: string, most: number) =>
      world.service.SyncFolderItems(
        new FolderId(Inbox),
        PropertySet.IdOnly,
        null as never,
        most,
        SyncFolderItemsScope.NormalItems,
        state,
      );
    const { size } = world.exchange.mailbox(alice).folder('inbox');
    let [state, seen] = [null as never as string, 0];
    for (let more = true; more; ) {
      const changes = await sync(state, 5);
      seen += changes.Count;
      state = changes.SyncState;
      more = changes.MoreChangesAvailable;
    }
    expect(seen).toBe(size);
    expect((await sync(state, 5)).Count).toBe(0);
  },
};
