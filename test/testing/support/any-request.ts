/** Random requests that Microsoft's schema allows, and an exchange with items of every kind for them to refer to. */
import { typesNs } from '../../../src/ews/xml/namespaces.ts';
import type { XmlElement } from '../../../src/ews/xml/read.ts';
import { createExchange, ManualClock, type SimulatedExchange } from '../../../src/testing.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import { type Chance, Documents, type Facts, inSoap } from '../../support/by-schema/document.ts';
import { globalTypes, requestElements, wholeGrammar } from '../../support/by-schema/whole-grammar.ts';
import { rewrittenXml } from '../../support/rewritten-xml.ts';
import { envelope } from './raw-ews.ts';

const alice = 'alice@contoso.test';
const documents = new Documents(wholeGrammar);

/** An exchange, and what a request can refer to in it. */
export interface World {
  readonly exchange: SimulatedExchange;
  readonly known: ReadonlyMap<string, readonly string[]>;
  ask(xml: string): Promise<{ readonly status: number; readonly text: string }>;
}

const post = (body: string, as = alice): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'text/xml; charset=utf-8', authorization: `Basic ${btoa(`${as}:x`)}` },
  body,
});

export async function startWorld(): Promise<World> {
  const exchange = createExchange({
    clock: new ManualClock(Date.parse('2026-11-28T10:00:00Z')),
    mailboxes: [alice, 'bob@contoso.test', 'carol@contoso.test'],
    distributionLists: { 'team@contoso.test': [alice, 'bob@contoso.test'] },
  });
  const ask = async (xml: string): Promise<{ status: number; text: string }> => {
    const response = await exchange.fetch(exchange.url, post(xml));
    if (!/GetStreamingEvents[ >/]/.test(xml)) return { status: response.status, text: await response.text() };
    const reader = response.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    return { status: response.status, text: new TextDecoder().decode(first?.value) };
  };
  exchange.mailbox(alice).store('inbox', { subject: 'A letter', from: 'bob@contoso.test', to: [alice] });
  exchange.mailbox(alice).store('drafts', { subject: 'A draft', to: ['bob@contoso.test'] });
  const to = '<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:ToRecipients>';
  const times = '<t:Start>2026-12-01T09:00:00Z</t:Start><t:End>2026-12-01T10:00:00Z</t:End>';
  const attendee =
    '<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>';
  const weekly =
    '<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NumberedRecurrence><t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>5</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>';
  const create = (attributes: string, items: string): Promise<unknown> =>
    ask(envelope(`<m:CreateItem ${attributes}><m:Items>${items}</m:Items></m:CreateItem>`));
  await create(
    'MessageDisposition="SaveOnly"',
    `<t:Message><t:Subject>With a file</t:Subject><t:Attachments><t:FileAttachment><t:Name>a.txt</t:Name><t:Content>YQ==</t:Content></t:FileAttachment></t:Attachments>${to}</t:Message><t:Contact><t:DisplayName>Dora</t:DisplayName></t:Contact><t:Task><t:Subject>Do it</t:Subject></t:Task>`,
  );
  await create(
    'SendMeetingInvitations="SendToAllAndSaveCopy"',
    `<t:CalendarItem><t:Subject>Meeting</t:Subject>${times}${attendee}</t:CalendarItem>`,
  );
  await create(
    'SendMeetingInvitations="SendToNone"',
    `<t:CalendarItem><t:Subject>Series</t:Subject>${times}${weekly}</t:CalendarItem>`,
  );
  await ask(
    envelope(
      '<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>Below</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>',
    ),
  );
  return { exchange, ask, known: await knownOf(ask) };
}

async function knownOf(ask: World['ask']): Promise<ReadonlyMap<string, readonly string[]>> {
  const folders = ['inbox', 'drafts', 'calendar', 'contacts', 'tasks', 'msgfolderroot']
    .map((name) => `<t:DistinguishedFolderId Id="${name}"/>`)
    .join('');
  const all = '<t:BaseShape>AllProperties</t:BaseShape>';
  const items = await ask(
    envelope(
      `<m:FindItem Traversal="Shallow"><m:ItemShape>${all}</m:ItemShape><m:ParentFolderIds>${folders}</m:ParentFolderIds></m:FindItem>`,
    ),
  );
  const found = await ask(
    envelope(
      `<m:FindFolder Traversal="Deep"><m:FolderShape>${all}</m:FolderShape><m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds></m:FindFolder>`,
    ),
  );
  const inbox =
    '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>';
  const pull = await ask(
    envelope(
      `<m:Subscribe><m:PullSubscriptionRequest>${inbox}<t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`,
    ),
  );
  const streaming = await ask(
    envelope(`<m:Subscribe><m:StreamingSubscriptionRequest>${inbox}</m:StreamingSubscriptionRequest></m:Subscribe>`),
  );
  const sync = await ask(
    envelope(
      `<m:SyncFolderItems><m:ItemShape>${all}</m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId><m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>`,
    ),
  );
  const hierarchy = await ask(envelope(`<m:SyncFolderHierarchy><m:FolderShape>${all}</m:FolderShape></m:SyncFolderHierarchy>`));
  const ids = values(items.text, /ItemId Id="([^"]+)"/g);
  const ofItems = ids.map((id) => `<t:ItemId Id="${id}"/>`).join('');
  const read = await ask(envelope(`<m:GetItem><m:ItemShape>${all}</m:ItemShape><m:ItemIds>${ofItems}</m:ItemIds></m:GetItem>`));
  const addresses = [
    alice,
    'bob@contoso.test',
    'carol@contoso.test',
    'team@contoso.test',
    'x@fabrikam.test',
    'nobody@contoso.test',
    'Alice',
  ];
  const folderIds = values(found.text, /FolderId Id="([^"]+)"/g);
  return new Map([
    ['ItemId/@Id', [...ids, ids[0]?.slice(1) ?? '', 'AAAA', '']],
    ['ItemId/@ChangeKey', [...values(read.text, /ItemId Id="[^"]+" ChangeKey="([^"]+)"/g), 'AAAA']],
    ['FolderId/@Id', [...folderIds, 'AAAA', ids[0] ?? '']],
    ['ParentItemId/@Id', ids],
    ['ReferenceItemId/@Id', ids],
    ['AttachmentId/@Id', [...values(read.text, /AttachmentId Id="([^"]+)"/g), 'AAAA']],
    ['RecurringMasterItemId/@OccurrenceId', ids],
    ['OccurrenceItemId/@RecurringMasterId', ids],
    ['SubscriptionId', [...values(pull.text + streaming.text, /SubscriptionId>([^<]+)</g), 'AAAA']],
    ['Watermark', [...values(pull.text, /Watermark>([^<]+)</g), 'AAAA']],
    ['SyncState', [...values(sync.text + hierarchy.text, /SyncState>([^<]+)</g), '', 'AAAA']],
    ['EmailAddress', addresses],
    ['PrimarySmtpAddress', addresses],
    ['UnresolvedEntry', ['alice', 'bo', 'Dora', 'team', 'x']],
    ['Id', [...ids, ...folderIds]],
    ['URL', ['http://127.0.0.1:9/notify', 'https://listener.test/']],
  ]);
}

function values(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, value = '']) => value);
}

const mimes = ['U3ViamVjdDogaGkNCg0KdGV4dA==', 'AAEC'];

export function chanceOf(world: Pick<World, 'known'>, random: () => number): Chance {
  return {
    random,
    texts: ['x', 'A letter', '', 'alice@contoso.test', '2026-11-28', '0', 'true', 'Größe & <b>'],
    often: pick(random, [0, 0.05, 0.15, 0.4, 0.8]),
    most: pick(random, [10, 60, 200]),
    known: (path) => {
      if (path.endsWith('/MimeContent')) return mimes;
      const [, last = ''] = path.split('/');
      return random() < 0.85 ? (world.known.get(path) ?? world.known.get(last)) : undefined;
    },
  };
}

/** A request for an operation, as a tree. */
export function anyRequest(operation: string, chance: Chance, facts: Facts = {}): XmlElement {
  const name = `m:${requestElements.get(operation)}`;
  return documents.draw(name, globalTypes.get(name) ?? '', chance, facts);
}

/** In an envelope, in a random spelling. */
export function spelt(request: XmlElement, random: () => number): string {
  const version = {
    ns: typesNs,
    name: 'RequestServerVersion',
    attributes: new Map([['Version', 'Exchange2016']]),
    children: [],
    text: '',
  };
  return rewrittenXml(inSoap('Envelope', [inSoap('Header', [version]), inSoap('Body', [request])]), { random });
}
