import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { notSimulated } from '../../../src/testing/simulator/operations/not-simulated.ts';
import { operations } from '../../../src/testing/simulator/operations/table.ts';
import { type Particle, requestGrammar } from '../../../src/testing/simulator/schema/read-grammar.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import { call } from '../support/raw-ews.ts';

let exchange: ExchangeSimulator;
beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
});
afterAll(() => exchange.close());

const inbox = '<t:DistinguishedFolderId Id="inbox"/>';
const idOnly = '<t:BaseShape>IdOnly</t:BaseShape>';
const find = (shape: string, rest = '', query = ''): string =>
  `<m:FindItem Traversal="Shallow"><m:ItemShape>${idOnly}${shape}</m:ItemShape>${rest}<m:ParentFolderIds>${inbox}</m:ParentFolderIds>${query}</m:FindItem>`;
const converse = (attributes: string, before: string, after = ''): string =>
  `<m:FindConversation${attributes}>${before}<m:ParentFolderId>${inbox}</m:ParentFolderId>${after}</m:FindConversation>`;
const subject = '<t:FieldURI FieldURI="item:Subject"/>';
const grouped = (inside: string): string =>
  `<m:GroupBy Order="Ascending">${subject}<t:AggregateOn Aggregate="Maximum">${subject}</t:AggregateOn>${inside}</m:GroupBy>`;
const conditional =
  '<m:SeekToConditionPageItemView BasePoint="Beginning"><t:Condition><t:Exists><t:FieldURI FieldURI="item:Subject"/></t:Exists></t:Condition></m:SeekToConditionPageItemView>';
const push =
  '<m:PushSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes><t:StatusFrequency>1</t:StatusFrequency><t:URL>http://127.0.0.1:9/</t:URL><t:CallerData>me</t:CallerData></m:PushSubscriptionRequest>';

/** A request for each of them. */
const asking: Readonly<Record<string, string>> = {
  UniqueBodyType: find('<t:UniqueBodyType>Text</t:UniqueBodyType>'),
  NormalizedBodyType: find('<t:NormalizedBodyType>Text</t:NormalizedBodyType>'),
  FilterHtmlContent: find('<t:FilterHtmlContent>true</t:FilterHtmlContent>'),
  BlockExternalImages: find('<t:BlockExternalImages>1</t:BlockExternalImages>'),
  AddBlankTargetToLinks: find('<t:AddBlankTargetToLinks>true</t:AddBlankTargetToLinks>'),
  InlineImageUrlTemplate: find('<t:InlineImageUrlTemplate>cid:{id}</t:InlineImageUrlTemplate>'),
  MaximumBodySize: find('<t:MaximumBodySize>10</t:MaximumBodySize>'),
  SeekToConditionPageItemView: find('', conditional),
  UseCollapsibleGroups: find('', grouped('<t:UseCollapsibleGroups>true</t:UseCollapsibleGroups>')),
  ItemsPerGroup: find('', grouped('<t:ItemsPerGroup>1</t:ItemsPerGroup>')),
  MaxItemsPerGroup: find('', grouped('<t:MaxItemsPerGroup>1</t:MaxItemsPerGroup>')),
  GroupsToExpand: find('', grouped('<t:GroupsToExpand/>')),
  '@ReturnHighlightTerms': find('', '', '<m:QueryString ReturnHighlightTerms="true">a</m:QueryString>'),
  '@ReturnDeletedItems': find('', '', '<m:QueryString ReturnDeletedItems="true">a</m:QueryString>'),
  SortOrder: converse('', `<m:SortOrder><t:FieldOrder Order="Ascending">${subject}</t:FieldOrder></m:SortOrder>`),
  ConversationShape: converse('', '', `<m:ConversationShape>${idOnly}</m:ConversationShape>`),
  '@Traversal': converse(' Traversal="Deep"', ''),
  '@ViewFilter': converse(' ViewFilter="Unread"', ''),
  MailboxScope: converse('', '', '<m:MailboxScope>ArchiveOnly</m:MailboxScope>'),
  SearchFolder: `<m:CreateFolder><m:ParentFolderId>${inbox}</m:ParentFolderId><m:Folders><t:SearchFolder><t:DisplayName>S</t:DisplayName></t:SearchFolder></m:Folders></m:CreateFolder>`,
  AppendToFolderField:
    '<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="inbox"/><t:Updates><t:AppendToFolderField>' +
    '<t:FieldURI FieldURI="folder:DisplayName"/><t:Folder><t:DisplayName>X</t:DisplayName></t:Folder></t:AppendToFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>',
  CallerData: `<m:Subscribe>${push}</m:Subscribe>`,
  '@IsArchive':
    '<m:ConvertId DestinationFormat="EwsId"><m:SourceIds><t:AlternateId Format="EwsId" Id="x" Mailbox="alice@contoso.test" IsArchive="true"/></m:SourceIds></m:ConvertId>',
  BaseShape: find('').replace('IdOnly', 'PcxPeopleSearch'),
  AddressListId: `<m:SyncFolderHierarchy><m:FolderShape>${idOnly}</m:FolderShape><m:SyncFolderId><t:AddressListId Id="x"/></m:SyncFolderId></m:SyncFolderHierarchy>`,
  RecurringMasterItemIdRanges:
    '<m:DeleteItem DeleteType="HardDelete"><m:ItemIds><t:RecurringMasterItemIdRanges Id="x"><t:Ranges><t:Range/></t:Ranges></t:RecurringMasterItemIdRanges></m:ItemIds></m:DeleteItem>',
  ReferenceAttachment:
    '<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:Attachments><t:ReferenceAttachment/></t:Attachments></t:Message></m:Items></m:CreateItem>',
};

/** What the schema allows in a request but has no effect here, or is refused where its neighbours are read. */
const withoutMeaning: Readonly<Record<string, string>> = {
  OriginalDisplayName: 'a name that nobody reads',
  AlternatePublicFolderId: 'refused with the ids',
  AlternatePublicFolderItemId: 'refused with the ids',
  ConvertHtmlCodePageToUTF8: 'bodies are text, of no code page',
  StandardGroupBy: 'there is one, the topic',
  '@ResetCache': 'there is no cache',
  Near: 'refused with the search expressions',
  SyncScope: 'there are no associated items',
  SuppressReadReceipts: 'none are sent',
  '@SuppressReadReceipts': 'none are sent',
  '@AffectedTaskOccurrences': 'tasks do not recur',
  '@ContactDataShape': 'contacts are written whole',
  AttendeeType: 'matters for suggestions, which are refused',
  ExcludeConflicts: 'matters for suggestions, which are refused',
  SuggestionsViewOptions: 'refused',
  DayOrder: 'of a zone, read as a whole',
  UserConfigurationProperties: 'all parts are given',
  RemoveOutlookRuleBlob: 'there is none',
  IsNotSupported: 'only in answers',
  IsInError: 'only in answers',
  ExternalUserIdentity: 'nobody has one: ErrorInvalidUserInfo',
  SendingAs: 'tips are of the recipients',
  MailTipsRequested: 'one tip is given, whether a recipient exists',
  SizeRequested: 'nobody has a photo',
  TypeRequested: 'nobody has a photo',
  SetRuleOperation: 'every operation on rules that makes or deletes none',
};
/** Their children are kept as given, or read one by one. */
const apart =
  /^(?:Items|Attachments|ItemChanges|UserConfiguration|UserOofSettings|SuggestionsViewOptions|Conditions|Exceptions|Actions|TimeZone|DelegatePermissions|GroupsToExpand|Folders|RelativeFolderPath|Updates|RecurringMasterItemIdRanges|Near)$/;

/** Identifiers in the code that responds: code that reads an element names it. */
function wordsOf(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return /^(?:schema|graph)$/.test(entry.name) ? '' : wordsOf(path);
      return entry.name === 'not-simulated.ts' ? '' : readFileSync(path, 'utf8');
    })
    .join('\n');
}

function namesIn(type: string, seen = new Set<string>()): ReadonlySet<string> {
  const names = new Set<string>();
  const rule = seen.has(type) ? undefined : requestGrammar().rule(type);
  seen.add(type);
  for (const attribute of rule?.attributes.keys() ?? []) names.add(`@${attribute}`);
  const walk = (particle: Particle): void => {
    if (particle.kind === 'any') return;
    if (particle.kind !== 'element') {
      for (const part of particle.parts) walk(part);
      return;
    }
    const local = particle.name.slice(2);
    names.add(local);
    if (!apart.test(local)) for (const below of namesIn(particle.type, seen)) names.add(below);
  };
  rule?.content.forEach(walk);
  return names;
}

describe('what a request may contain', () => {
  const words = new Set(wordsOf(join(import.meta.dirname, '../../../src/testing/simulator')).match(/[A-Za-z]+/g));
  const refused = new Set(notSimulated.map(({ name }) => name));

  it.each(Object.keys(operations))('in %s is read, refused with a sentence, or has no effect here', (operation) => {
    const grammar = requestGrammar();
    const type = grammar.requestType(operation) ?? grammar.requestType(`${operation}Request`);
    const ignored = [...namesIn(type ?? '')].filter((name) => {
      const plain = name.replace('@', '');
      const regex = /^(?:Indexed|Fractional)Page\w+View$|^(?:Pull|Push|Streaming)SubscriptionRequest$/;
      return !words.has(plain) && !refused.has(name) && !Object.hasOwn(withoutMeaning, name) && !regex.test(name);
    });
    expect([type === undefined, ignored]).toEqual([false, []]);
  });

  it.each(notSimulated.map(({ name }) => name))(
    '%s is refused with a sentence that names it, and nothing is done',
    async (name) => {
      const before = exchange.mailbox('alice@contoso.test').folders.length;
      const { status, text } = await call(exchange.url, asking[name] ?? '', { unchecked: true });
      expect([status, exchange.mailbox('alice@contoso.test').folders.length]).toEqual([500, before]);
      expect(text).toMatch(new RegExp(`The (?:element|attribute) ${name.replace('@', '')} of \\w+ is not simulated`));
      expect(exchange.journal.at(-1)?.problem).toContain('is not simulated');
    },
  );

  it.each(['CreateFolder', 'CreateFolderPath'])(
    'a folder created by %s has everything requested, or is not created',
    async (operation) => {
      const list = operation === 'CreateFolder' ? 'Folders' : 'RelativeFolderPath';
      const make = (name: string, more: string): string =>
        `<m:${operation}><m:ParentFolderId>${inbox}</m:ParentFolderId><m:${list}><t:CalendarFolder>${more}</t:CalendarFolder></m:${list}></m:${operation}>`.replace(
          'NAME',
          name,
        );
      const tag = '<t:PolicyTag IsExplicit="true">5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10</t:PolicyTag>';
      const named = '<t:DisplayName>NAME</t:DisplayName>';
      const refusal = await call(exchange.url, make(`tagged by ${operation}`, named + tag));
      expect(refusal.codes).toEqual(['ErrorInvalidPropertySet']);
      const property = '<t:ExtendedFieldURI PropertyTag="0x3004" PropertyType="String"/><t:Value>mine</t:Value>';
      const made = await call(
        exchange.url,
        make(`by ${operation}`, `${named}<t:ExtendedProperty>${property}</t:ExtendedProperty>`),
      );
      const mailbox = exchange.mailbox('alice@contoso.test');
      expect(made.codes).toEqual(['NoError']);
      expect(mailbox.folder(`by ${operation}`)).toMatchObject({
        folderClass: 'IPF.Appointment',
        properties: [{ value: 'mine' }],
      });
      expect(mailbox.findFolder(`tagged by ${operation}`)).toBe(undefined);
    },
  );

  it('is accepted if it requests nothing beyond what happens anyway', async () => {
    const shape = '<t:UniqueBodyType>Best</t:UniqueBodyType><t:FilterHtmlContent>false</t:FilterHtmlContent>';
    const { codes } = await call(exchange.url, find(shape), { unchecked: true });
    expect(codes).toEqual(['NoError']);
  });
});
