import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { childrenOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';
import {
  distinguishedFolder,
  folderIdXml,
  messageFlagsUri,
  type ResponseMessage,
  responseMessages,
  tagFieldUri,
} from './elements.ts';
import { type FoundItem, readFoundItem } from './found-item.ts';

/** What a search with a restriction returns at most. */
const mostResults = 250;

/** How many tags one search looks for. A tag seldom has more than one item, so the answer stays well below the maximum. */
export const tagsPerSearch = 50;

/**
 * FindItem for exact tags in several folders of a mailbox at once: one response message per folder, in order.
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

/** What a page of Drafts is asked for. */
export interface StrandedQuery {
  readonly mailbox: string;
  /** Classes to find beside what has our tag; each stands for those below it too. */
  readonly messageClasses: readonly string[];
  readonly offset: number;
  readonly pageSize: number;
  readonly subjects: boolean;
}

/** FindItem in Drafts for what has our tag, or one of the classes; oldest first. */
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

/** What the server returned for one folder of a search. */
export type FolderPage =
  | {
      readonly kind: 'items';
      readonly items: readonly FoundItem[];
      /**
       * The server vouches that these are all the matches from the offset on, and nothing in the answer contradicts it.
       * Without it "not in `items`" proves nothing.
       */
      readonly whole: boolean;
    }
  | {
      readonly kind: 'error';
      readonly responseCode: string;
      /** A plain error, which shows no match beside its code. */
      readonly clear: boolean;
      readonly element: XmlElement;
    };

/**
 * Reads a FindItem answer, one page per folder in the order of the request. `undefined` when the response is not the answer
 * to it. `offset` is where the pages begin.
 */
export function readFolderPages(payload: XmlElement, folders: number, offset = 0): readonly FolderPage[] | undefined {
  const messages = responseMessages(payload, 'FindItem');
  if (messages?.length !== folders) return undefined;
  const plain = holdsOnly(payload, ['ResponseMessages']) && payload.children.every(isBare);
  return messages.map((message) => folderPage(message, offset, plain));
}

function folderPage(message: ResponseMessage, offset: number, plain: boolean): FolderPage {
  const { ok, responseClass, responseCode, element } = message;
  const roots = childrenOf(element, messagesNs, 'RootFolder');
  const asSpecified = plain && holdsOnly(element, ['RootFolder', 'HighlightTerms', ...spoken]) && spokenOnly(element);
  if (!ok)
    return { kind: 'error', responseCode, clear: responseClass === 'Error' && asSpecified && roots.every(isEmpty), element };
  const lists = roots.flatMap((root) => childrenOf(root, typesNs, 'Items'));
  const items = lists.flatMap((list) => list.children).map(readFoundItem);
  const [root, ...others] = roots;
  const whole =
    asSpecified &&
    root !== undefined &&
    others.length === 0 &&
    lists.length === 1 &&
    lists.every(isBare) &&
    isWhole(root, items.length, offset);
  return { kind: 'items', items, whole };
}

/** What an answer about a folder says beside what it found. */
const spoken = ['MessageText', 'ResponseCode', 'DescriptiveLinkKey', 'MessageXml'];

/** Nothing stands where EWS writes nothing: a match that came to lie there, on its way through something, would not be seen. */
function holdsOnly(element: XmlElement, names: readonly string[]): boolean {
  return isBare(element) && element.children.every((one) => (one.ns === messagesNs && names.includes(one.name)) || isEmpty(one));
}

function spokenOnly({ children }: XmlElement): boolean {
  return children.every(
    ({ name, children: below }) => name === 'RootFolder' || name === 'MessageXml' || below.every((one) => isTerm(one, name)),
  );
}

/** A word that was searched for, and where: some servers list them unasked. */
function isTerm({ name, children }: XmlElement, list: string): boolean {
  return list === 'HighlightTerms' && name === 'Term' && children.every(({ children: below }) => below.length === 0);
}

/** Without text of its own. */
function isBare({ text }: XmlElement): boolean {
  return text.trim() === '';
}

/**
 * Both paging attributes are optional in the schema: one of them is enough, but neither may say that there is more. Matches
 * in groups are none that were asked for, and prove that "no t:Items" is not "no match".
 */
function isWhole(root: XmlElement, count: number, offset: number): boolean {
  const others = root.children.filter(({ ns, name }) => ns !== typesNs || name !== 'Items');
  if (!isBare(root) || !others.every(isEmpty)) return false;
  // Whatever the case of its letters: one that was overlooked would be one that doesn't contradict.
  const said = new Map([...root.attributes].map(([name, value]) => [name.toLowerCase(), value.trim()]));
  if (said.size < root.attributes.size) return false;
  const last = said.get('includeslastiteminrange');
  const total = said.get('totalitemsinview');
  if (last !== undefined && last !== 'true' && last !== '1') return false;
  if (total !== undefined && !(/^\d{1,9}$/.test(total) && Number(total) === offset + count)) return false;
  // Where the next page would begin, or of how many this is a part: beyond what is here, something was passed over.
  for (const name of ['indexedpagingoffset', 'numeratoroffset', 'absolutedenominator']) {
    const reached = said.get(name);
    if (reached !== undefined && !(Number(reached) <= offset + count)) return false;
  }
  return (last !== undefined || total !== undefined) && count < mostResults;
}

function isEmpty(element: XmlElement): boolean {
  return element.children.length === 0 && isBare(element);
}
