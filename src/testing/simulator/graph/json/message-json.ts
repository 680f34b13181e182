import type { Mailbox } from '../../../../transport/contract.ts';
import { headersOf } from '../../mime/compose.ts';
import type { ExtendedFieldPath } from '../../store/extended-property.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { bodyAs, previewOf } from '../../xml/item-body.ts';
import { conversationOf } from '../../xml/item-fields.ts';
import { extendedValue } from '../../xml/item-shape.ts';
import { mailboxesOf } from '../../xml/written-element.ts';
import { attachmentJson } from './attachment-json.ts';
import { childrenTexts, textIn } from './kept-elements.ts';
import { propertyValue, writePropertyId } from './properties.ts';

type Json = Readonly<Record<string, unknown>>;
type Field = (item: SimulatedItem, shape?: MessageShape) => unknown;

/** What of a message is written, and how. */
export interface MessageShape {
  /** Names, or undefined for the usual ones. */
  readonly select: readonly string[] | undefined;
  readonly expand: Expansion | undefined;
  /** The type of body that the client prefers. */
  readonly body?: 'text' | 'html' | undefined;
  /** The id it is known by, where that is another one. */
  readonly idOf?: ((item: SimulatedItem) => string) | undefined;
}

/** What is written beside the properties: one extended property of either kind, the attachments. */
export interface Expansion {
  readonly single?: ExtendedFieldPath;
  readonly multi?: ExtendedFieldPath;
  /** Their properties, or all of them. */
  readonly attachments?: readonly string[] | 'all';
}

/** Every property of a message that is there unless something is selected: https://learn.microsoft.com/graph/api/resources/message */
const usualFields: Readonly<Record<string, Field>> = {
  id: (item, shape) => shape?.idOf?.(item) ?? item.id,
  changeKey: (item) => item.changeKey,
  createdDateTime: (item) => time(item.createdAt),
  lastModifiedDateTime: (item) => time(item.changedAt),
  categories: (item) => childrenTexts(item, 'Categories'),
  receivedDateTime: (item) => time(item.receivedAt ?? item.createdAt),
  sentDateTime: (item) => time(item.sentAt ?? item.createdAt),
  hasAttachments: (item) => item.attachments.some((one) => !one.isInline),
  internetMessageId: (item) => item.internetMessageId,
  subject: (item) => item.subject,
  bodyPreview: (item) => previewOf(item.body),
  importance: (item) => item.content.importance.toLowerCase(),
  parentFolderId: (item) => item.folderId,
  conversationId: (item) => `AAQk${conversationOf(item).replaceAll('/', '_').replaceAll('+', '-')}`,
  conversationIndex: (item) => textIn(item, 'ConversationIndex') ?? conversationOf(item),
  isDeliveryReceiptRequested: (item) => textIn(item, 'IsDeliveryReceiptRequested') === 'true',
  isReadReceiptRequested: (item) => textIn(item, 'IsReadReceiptRequested') === 'true',
  isRead: (item) => item.isRead,
  isDraft: (item) => item.isDraft,
  webLink: (item) => `https://outlook.office365.com/owa/?ItemID=${item.id}&exvsurl=1&viewmodel=ReadMessageItem`,
  inferenceClassification: (item) => (textIn(item, 'InferenceClassification') === 'Other' ? 'other' : 'focused'),
  body: bodyJson,
  sender: (item) => recipient(item.content.sender),
  from: (item) => recipient(item.from),
  toRecipients: (item) => item.to.map(recipient),
  ccRecipients: (item) => item.cc.map(recipient),
  bccRecipients: (item) => item.bcc.map(recipient),
  replyTo: (item) => mailboxesOf(item.content.fields?.get('ReplyTo')).map(recipient),
  flag: flagJson,
};

/** The same with those that are there only if they are selected. */
export const messageFields: Readonly<Record<string, Field>> = {
  ...usualFields,
  internetMessageHeaders: (item) => (item.isDraft ? [] : headersOf(item).map(([name, value]) => ({ name, value }))),
  uniqueBody: bodyJson,
};

/** A message as Graph writes it: what was not asked for, and extended properties that were not expanded, stay out. */
export function messageJson(item: SimulatedItem, shape: MessageShape): Json {
  const names = shape.select ?? Object.keys(usualFields);
  const json: Record<string, unknown> = { '@odata.etag': `W/"${item.changeKey}"`, id: usualFields.id?.(item, shape) };
  for (const name of names) {
    const field = Object.hasOwn(messageFields, name) ? messageFields[name] : undefined;
    if (field !== undefined) json[name] = field(item, shape);
  }
  const { single, multi, attachments } = shape.expand ?? {};
  const value = single === undefined ? undefined : propertyValue(item, single);
  if (single !== undefined && value !== undefined) {
    json.singleValueExtendedProperties = [{ id: writePropertyId(single), value }];
  }
  const values = multi === undefined ? undefined : extendedValue(item, multi);
  if (multi !== undefined && typeof values === 'object') {
    json.multiValueExtendedProperties = [{ id: writePropertyId(multi), value: values }];
  }
  if (attachments !== undefined) {
    const names = attachments === 'all' ? undefined : attachments;
    json.attachments = item.attachments.map((one) => attachmentJson(one, item, names));
  }
  return json;
}

function bodyJson(item: SimulatedItem, shape?: MessageShape): Json {
  const wanted = shape?.body;
  const body = bodyAs(item.body, wanted === undefined ? 'Best' : wanted === 'text' ? 'Text' : 'HTML');
  return { contentType: body.type, content: body.content };
}

const statuses: Readonly<Record<string, string>> = { Flagged: 'flagged', Complete: 'complete' };

function flagJson(item: SimulatedItem): Json {
  const written = item.content.fields?.get('Flag') ?? '';
  const status = /<t:FlagStatus>(\w+)</.exec(written)?.[1] ?? '';
  const dates = (['start', 'due', 'completed'] as const).flatMap((name) => {
    const element = name === 'completed' ? 'CompleteDate' : name === 'start' ? 'StartDate' : 'DueDate';
    const text = new RegExp(`<t:${element}>([^<]+)<`).exec(written)?.[1];
    const at = Date.parse(text ?? '');
    if (Number.isNaN(at)) return [];
    const dateTime = `${new Date(at).toISOString().slice(0, 19)}.0000000`;
    return [[`${name}DateTime`, { dateTime, timeZone: 'UTC' }] as const];
  });
  return { flagStatus: statuses[status] ?? 'notFlagged', ...Object.fromEntries(dates) };
}

function recipient(mailbox: Mailbox | undefined): Json | null {
  return mailbox === undefined ? null : { emailAddress: { name: mailbox.name ?? mailbox.address, address: mailbox.address } };
}

/** Exchange gives whole seconds. */
function time(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
