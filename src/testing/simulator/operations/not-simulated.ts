import type { XmlElement } from '../../../ews/xml/read.ts';

/** Values with which an element or an attribute asks for nothing that would not happen anyhow. */
const isOff = /^\s*(?:false|0)\s*$/;

interface Row {
  /** Of an element, or of an attribute with `@` before it. */
  readonly name: string;
  /** @default any */
  readonly operation?: string;
  /** Accepted with a value like this. @default never */
  readonly unless?: RegExp;
  /** Also where members are looked at one by one. */
  readonly anywhere?: true;
}

/** What requests may ask by the schema and nothing here does: refused in words, never ignored in silence. */
export const notSimulated: readonly Row[] = [
  { name: 'UniqueBodyType', unless: /^\s*Best\s*$/ },
  { name: 'NormalizedBodyType', unless: /^\s*Best\s*$/ },
  { name: 'FilterHtmlContent', unless: isOff },
  { name: 'BlockExternalImages', unless: isOff },
  { name: 'AddBlankTargetToLinks', unless: isOff },
  { name: 'InlineImageUrlTemplate' },
  { name: 'MaximumBodySize' },
  { name: 'SeekToConditionPageItemView' },
  { name: 'UseCollapsibleGroups', unless: isOff },
  { name: 'ItemsPerGroup' },
  { name: 'MaxItemsPerGroup' },
  { name: 'GroupsToExpand' },
  { name: '@ReturnHighlightTerms', unless: isOff },
  { name: '@ReturnDeletedItems', unless: isOff },
  { name: 'SortOrder', operation: 'FindConversation' },
  { name: 'ConversationShape' },
  { name: '@Traversal', operation: 'FindConversation', unless: /^Shallow$/ },
  { name: '@ViewFilter', operation: 'FindConversation', unless: /^All$/ },
  { name: 'MailboxScope', unless: /^\s*(?:PrimaryOnly|All)\s*$/ },
  { name: 'SearchFolder' },
  { name: 'AppendToFolderField' },
  { name: 'CallerData' },
  { name: '@IsArchive', unless: isOff },
  { name: 'BaseShape', unless: /^(?:IdOnly|Default|AllProperties)$/ },
  { name: 'AddressListId', anywhere: true },
  { name: 'RecurringMasterItemIdRanges' },
  { name: 'ReferenceAttachment', anywhere: true },
];

/** Lists whose members are kept as they are given, or looked at one by one. */
const lookedAtApart: ReadonlySet<string> = new Set([
  'Items',
  'Attachments',
  'ItemChanges',
  'UserConfiguration',
  'UserOofSettings',
]);

const elements = new Map<string, readonly Row[]>();
const attributes = new Map<string, readonly Row[]>();
for (const row of notSimulated) {
  const [rows, name] = row.name.startsWith('@') ? [attributes, row.name.slice(1)] : [elements, row.name];
  rows.set(name, [...(rows.get(name) ?? []), row]);
}

/** The first thing that a request asks and nothing here does; undefined when there is none. */
export function notSimulatedIn(operation: string, request: XmlElement, apart = false): string | undefined {
  const asks = (rows: readonly Row[] | undefined, value: string): boolean =>
    rows?.some((row) => (!apart || row.anywhere === true) && meant(row, operation, value)) === true;
  for (const [name, value] of request.attributes) {
    if (asks(attributes.get(name), value)) return `The attribute ${name} of ${request.name}`;
  }
  for (const element of request.children) {
    if (asks(elements.get(element.name), element.text)) return `The element ${element.name} of ${operation}`;
    const below = notSimulatedIn(operation, element, apart || lookedAtApart.has(element.name));
    if (below !== undefined) return below;
  }
  return undefined;
}

function meant({ operation: only, unless }: Row, operation: string, value: string): boolean {
  return (only ?? operation) === operation && unless?.test(value) !== true;
}
