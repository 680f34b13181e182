import { flagSubmitted, flagUnsent, messageFlagsTag } from '../../transport/tag-property.ts';
import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';
import type { ItemId } from './delete-item.ts';
import { distinguishedFolder, folderIdXml } from './folder-id.ts';
import { type ResponseMessage, responseMessages } from './response-messages.ts';
import { isTag, messageFlagsUri, tagFieldUri } from './tag-property.ts';

/** What a page of Drafts is asked for. */
export interface StrandedQuery {
  readonly mailbox: string;
  /** Classes to find beside what has our tag; each stands for those below it too. */
  readonly messageClasses: readonly string[];
  readonly offset: number;
  readonly pageSize: number;
  readonly subjects: boolean;
}

/**
 * FindItem in Drafts for what has our tag, or one of the classes.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation
 */
export function findStrandedXml(query: StrandedQuery): string {
  let wanted = `<t:Exists>${tagFieldUri}</t:Exists>`;
  for (const name of query.messageClasses) {
    wanted += `<t:Contains ContainmentMode="Prefixed" ContainmentComparison="IgnoreCase"><t:FieldURI FieldURI="item:ItemClass"/><t:Constant Value="${escapeAttribute(name)}"/></t:Contains>`;
  }
  const subject = query.subjects ? '<t:FieldURI FieldURI="item:Subject"/>' : '';
  return (
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>' +
    `<t:FieldURI FieldURI="item:ItemClass"/>${subject}<t:FieldURI FieldURI="item:IsDraft"/><t:FieldURI FieldURI="item:DateTimeCreated"/>` +
    `${tagFieldUri}${messageFlagsUri}</t:AdditionalProperties></m:ItemShape>` +
    `<m:IndexedPageItemView MaxEntriesReturned="${query.pageSize}" Offset="${query.offset}" BasePoint="Beginning"/>` +
    `<m:Restriction>${query.messageClasses.length > 0 ? `<t:Or>${wanted}</t:Or>` : wanted}</m:Restriction>` +
    '<m:SortOrder><t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:DateTimeCreated"/></t:FieldOrder></m:SortOrder>' +
    `<m:ParentFolderIds>${distinguishedFolder('drafts', query.mailbox)}</m:ParentFolderIds></m:FindItem>`
  );
}

/** An item in Drafts, as the server tells it. */
export interface StrandedItem {
  readonly id: ItemId;
  readonly tag: string | undefined;
  readonly messageClass: string;
  readonly subject: string | undefined;
  /** ms since 1970, by the server's clock. */
  readonly created: number | undefined;
  /** Never sent, and not on its way out: so say its flags, and IsDraft where there are none. */
  readonly unsent: boolean;
}

/** One page. `undefined` when the response is not the answer; a code when the folder can't be read. */
export type StrandedPage =
  | { readonly items: readonly StrandedItem[]; readonly last: boolean }
  | { readonly responseCode: string }
  | undefined;

export function readStrandedPage(payload: XmlElement): StrandedPage {
  const message = responseMessages(payload, 'FindItem')?.[0];
  if (message === undefined) return undefined;
  if (!message.ok) return { responseCode: message.responseCode };
  const root = child(message.element, messagesNs, 'RootFolder');
  if (root === undefined) return undefined;
  const elements = child(root, typesNs, 'Items')?.children ?? [];
  const last = root.attributes.get('IncludesLastItemInRange') !== 'false' || elements.length === 0;
  return { items: elements.flatMap(strandedItem), last };
}

function strandedItem(item: XmlElement): StrandedItem[] {
  const id = child(item, typesNs, 'ItemId')?.attributes;
  if (id === undefined) return [];
  let tag: string | undefined;
  let flags: number | undefined;
  for (const property of childrenOf(item, typesNs, 'ExtendedProperty')) {
    const attributes = child(property, typesNs, 'ExtendedFieldURI')?.attributes;
    const value = textOf(property, typesNs, 'Value');
    if (attributes === undefined || value === undefined) continue;
    if (isTag(attributes)) tag = value;
    else if (Number(attributes.get('PropertyTag')) === messageFlagsTag && /^\d+$/.test(value.trim())) flags = Number(value);
  }
  const isDraft = textOf(item, typesNs, 'IsDraft')?.trim();
  const created = Date.parse(textOf(item, typesNs, 'DateTimeCreated') ?? '');
  return [
    {
      id: { id: id.get('Id') ?? '', changeKey: id.get('ChangeKey') },
      tag,
      messageClass: textOf(item, typesNs, 'ItemClass') ?? '',
      subject: textOf(item, typesNs, 'Subject'),
      created: Number.isNaN(created) ? undefined : created,
      unsent: flags === undefined ? isDraft === 'true' : (flags & flagUnsent) !== 0 && (flags & flagSubmitted) === 0,
    },
  ];
}

/** What a search with a restriction returns at most. */
const mostResults = 250;

/** How many tags one search looks for. A tag seldom has more than one item, so the answer stays well below the maximum. */
export const tagsPerSearch = 50;

/**
 * FindItem for exact tags in several folders of a mailbox at once: one response message a folder.
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation
 *
 * Items of unknown classes come back as t:Item with little in it, so what decides is asked for by its own name.
 */
export function findItemXml(tags: readonly string[], folders: readonly string[], mailbox: string): string {
  let wanted = '';
  for (const tag of tags) {
    wanted += `<t:IsEqualTo>${tagFieldUri}<t:FieldURIOrConstant><t:Constant Value="${escapeAttribute(tag)}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
  }
  let parents = '';
  for (const folder of folders) parents += folderIdXml(folder, mailbox);
  return (
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>' +
    `<t:FieldURI FieldURI="item:IsDraft"/><t:FieldURI FieldURI="item:DateTimeCreated"/>${tagFieldUri}${messageFlagsUri}` +
    `</t:AdditionalProperties></m:ItemShape><m:IndexedPageItemView MaxEntriesReturned="${mostResults}" Offset="0" BasePoint="Beginning"/>` +
    `<m:Restriction>${tags.length > 1 ? `<t:Or>${wanted}</t:Or>` : wanted}</m:Restriction>` +
    `<m:ParentFolderIds>${parents}</m:ParentFolderIds></m:FindItem>`
  );
}

/** An item that carries one of the tags. */
export interface TaggedItem {
  readonly tag: string;
  readonly id: ItemId;
  /** Nobody has sent it, as far as the mailbox knows; undefined when the server doesn't say. */
  readonly unsent: boolean | undefined;
  /** Handed over for sending. */
  readonly submitted: boolean;
  /** ms since 1970, by the server's clock. */
  readonly created: number | undefined;
}

/** What one folder of a search holds. */
export type FolderFindings =
  | { readonly kind: 'items'; readonly items: readonly TaggedItem[] /** All there are. */; readonly complete: boolean }
  | { readonly kind: 'error'; readonly responseCode: string };

/** The findings by folder, in the order of the request; undefined when the response is not the answer to it. */
export function readFindings(payload: XmlElement, folders: number): readonly FolderFindings[] | undefined {
  const messages = responseMessages(payload, 'FindItem');
  return messages?.length === folders ? messages.map(folderFindings) : undefined;
}

function folderFindings(message: ResponseMessage): FolderFindings {
  const root = child(message.element, messagesNs, 'RootFolder');
  if (!message.ok || root === undefined) return { kind: 'error', responseCode: message.responseCode };
  const items = child(root, typesNs, 'Items')?.children ?? [];
  const complete = root.attributes.get('IncludesLastItemInRange') !== 'false' && items.length < mostResults;
  return { kind: 'items', items: items.flatMap(taggedItem), complete };
}

function taggedItem(item: XmlElement): TaggedItem[] {
  let tag: string | undefined;
  let flags: number | undefined;
  for (const property of childrenOf(item, typesNs, 'ExtendedProperty')) {
    const attributes = child(property, typesNs, 'ExtendedFieldURI')?.attributes;
    const value = textOf(property, typesNs, 'Value');
    if (attributes === undefined || value === undefined) continue;
    if (isTag(attributes)) tag = value;
    // 0x0e07 and 0xe07 are the same tag.
    else if (Number(attributes.get('PropertyTag')) === messageFlagsTag && /^-?\d+$/.test(value.trim())) flags = Number(value);
  }
  const id = child(item, typesNs, 'ItemId')?.attributes;
  if (tag === undefined || id === undefined) return [];
  const isDraft = textOf(item, typesNs, 'IsDraft')?.trim();
  const draft = isDraft === undefined ? undefined : isDraft === 'true' || isDraft === '1';
  const created = Date.parse(textOf(item, typesNs, 'DateTimeCreated') ?? '');
  return [
    {
      tag,
      id: { id: id.get('Id') ?? '', changeKey: id.get('ChangeKey') },
      unsent: flags === undefined ? draft : (flags & flagUnsent) !== 0,
      submitted: flags !== undefined && (flags & flagSubmitted) !== 0,
      created: Number.isNaN(created) ? undefined : created,
    },
  ];
}
