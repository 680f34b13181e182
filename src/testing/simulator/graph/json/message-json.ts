import type { Mailbox } from '../../../../transport/contract.ts';
import type { ExtendedFieldPath } from '../../store/extended-property.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { propertyValue, writePropertyId } from './properties.ts';

type Json = Readonly<Record<string, unknown>>;

/** What of a message is written. */
export interface MessageShape {
  /** Names, or undefined for the usual ones. */
  readonly select: readonly string[] | undefined;
  /** The one property that is expanded. */
  readonly expand: ExtendedFieldPath | undefined;
}

/** Every property of a message that the simulator knows: https://learn.microsoft.com/graph/api/resources/message */
export const messageFields: Readonly<Record<string, (item: SimulatedItem) => unknown>> = {
  id: (item) => item.id,
  changeKey: (item) => item.changeKey,
  createdDateTime: (item) => time(item.createdAt),
  lastModifiedDateTime: (item) => time(item.createdAt),
  categories: () => [],
  receivedDateTime: (item) => time(item.receivedAt ?? item.createdAt),
  sentDateTime: (item) => time(item.sentAt ?? item.createdAt),
  hasAttachments: () => false,
  internetMessageId: (item) => item.internetMessageId,
  subject: (item) => item.subject,
  bodyPreview: (item) => item.body.content.slice(0, 255),
  importance: (item) => item.content.importance.toLowerCase(),
  parentFolderId: (item) => item.folderId,
  conversationId: (item) => `AAQk${item.id.slice(-10)}`,
  isDeliveryReceiptRequested: () => false,
  isReadReceiptRequested: () => false,
  isRead: (item) => item.isRead,
  isDraft: (item) => item.isDraft,
  inferenceClassification: () => 'focused',
  body: (item) => ({ contentType: item.body.type, content: item.body.content }),
  sender: (item) => recipient(item.content.sender),
  from: (item) => recipient(item.from),
  toRecipients: (item) => item.to.map(recipient),
  ccRecipients: (item) => item.cc.map(recipient),
  bccRecipients: (item) => item.bcc.map(recipient),
  replyTo: () => [],
  flag: () => ({ flagStatus: 'notFlagged' }),
};

/** A message as Graph writes it: what was not asked for, and extended properties that were not expanded, stay out. */
export function messageJson(item: SimulatedItem, { select, expand }: MessageShape): Json {
  const names = select ?? Object.keys(messageFields);
  const json: Record<string, unknown> = { '@odata.etag': `W/"${item.changeKey}"`, id: item.id };
  for (const name of names) {
    const field = Object.hasOwn(messageFields, name) ? messageFields[name] : undefined;
    if (field !== undefined) json[name] = field(item);
  }
  const value = expand === undefined ? undefined : propertyValue(item, expand);
  if (expand !== undefined && value !== undefined) {
    json.singleValueExtendedProperties = [{ id: writePropertyId(expand), value }];
  }
  return json;
}

function recipient(mailbox: Mailbox | undefined): Json | null {
  return mailbox === undefined ? null : { emailAddress: { name: mailbox.name ?? mailbox.address, address: mailbox.address } };
}

/** Exchange gives whole seconds. */
function time(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
