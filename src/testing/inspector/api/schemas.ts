import { faultSchema, selectorSchema } from '../../simulator/faults/fault-schemas.ts';
import { type JsonSchema, objectOf } from '../../simulator/faults/json-schema.ts';

const text: JsonSchema = { type: 'string' };
const maybeText: JsonSchema = { type: ['string', 'null'] };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const maybeTime: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
const flag: JsonSchema = { type: 'boolean' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
export const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

const address = objectOf({ address: text, name: text }, ['name']);
const addressOrText: JsonSchema = { oneOf: [text, address] };

const summary = {
  id: text,
  changeKey: text,
  mailbox: text,
  folder: { ...text, description: 'Distinguished name of its folder, or the display name where it has none.' },
  folderId: text,
  kind: { ...text, description: 'The element it is in EWS: Message, CalendarItem, Contact, …' },
  itemClass: text,
  subject: text,
  from: { oneOf: [refTo('Address'), { type: ['null'] }] as readonly JsonSchema[] },
  to: listOf(refTo('Address')),
  createdAt: time,
  sentAt: maybeTime,
  receivedAt: maybeTime,
  isRead: flag,
  isDraft: flag,
  hasAttachments: flag,
};

const entry = {
  number: { ...count, description: '1 for the first since the start or a reset.' },
  at: time,
  operation: { ...text, description: 'Empty when the request was not readable.' },
  path: text,
  clientRequestId: maybeText,
  mailbox: maybeText,
  itemCount: count,
  outcome: { type: 'string', enum: ['answered', 'reset', 'silence'] },
  status: { type: ['integer', 'null'] },
  responseCode: maybeText,
  responseCodes: listOf(text),
  fault: { ...maybeText, description: 'Kind of the fault that struck.' },
  problem: { ...maybeText, description: 'What the simulator could not do.' },
} as const satisfies Readonly<Record<string, JsonSchema>>;

const seed = objectOf(
  {
    eml: { ...text, description: 'A whole message (RFC 5322); nothing else is given then.' },
    subject: text,
    body: { oneOf: [text, objectOf({ type: { type: 'string', enum: ['text', 'html'] }, content: text })] },
    itemClass: text,
    importance: { type: 'string', enum: ['Low', 'Normal', 'High'] },
    sensitivity: { type: 'string', enum: ['Normal', 'Personal', 'Private', 'Confidential'] },
    from: addressOrText,
    sender: addressOrText,
    to: listOf(addressOrText),
    cc: listOf(addressOrText),
    bcc: listOf(addressOrText),
    internetMessageId: text,
    sentAt: time,
    receivedAt: time,
    isRead: flag,
    kind: text,
    fields: {
      type: 'object',
      additionalProperties: text,
      description: 'Other elements, as XML with the prefix t, by local name.',
    },
    properties: listOf({ type: 'object', description: 'Extended properties: { path, value }.' }),
    attachments: listOf(
      objectOf({ name: text, content: text, contentType: text, contentId: text, isInline: flag }, [
        'contentType',
        'contentId',
        'isInline',
      ]),
    ),
  },
  [
    'eml',
    'subject',
    'body',
    'itemClass',
    'importance',
    'sensitivity',
    'from',
    'sender',
    'to',
    'cc',
    'bcc',
    'internetMessageId',
    'sentAt',
    'receivedAt',
    'isRead',
    'kind',
    'fields',
    'properties',
    'attachments',
  ],
);

/** By the name that `$ref` gives. */
export const schemas: Readonly<Record<string, JsonSchema>> = {
  Error: objectOf({ error: objectOf({ code: text, message: text }) }),
  Address: address,
  Folder: objectOf({
    id: text,
    name: text,
    displayName: text,
    parentId: maybeText,
    folderClass: text,
    total: count,
    unread: count,
  }),
  Mailbox: objectOf({ address: text, name: text, aliases: listOf(text), location: maybeText, folders: listOf(refTo('Folder')) }),
  NewMailbox: objectOf({ address: text, name: text, password: text, aliases: listOf(text) }, ['name', 'password', 'aliases']),
  Mailboxes: objectOf({ mailboxes: listOf(refTo('Mailbox')) }),
  ItemSummary: objectOf(summary),
  Items: objectOf({ total: count, items: listOf(refTo('ItemSummary')) }),
  Item: objectOf({
    ...summary,
    cc: listOf(refTo('Address')),
    bcc: listOf(refTo('Address')),
    importance: text,
    sensitivity: text,
    internetMessageId: text,
    body: objectOf({ type: { type: 'string', enum: ['text', 'html'] }, content: text }),
    attachments: listOf(objectOf({ id: text, name: text, contentType: maybeText, isInline: flag, size: count })),
    properties: listOf(objectOf({ name: text, type: text, values: listOf(text) })),
    fields: { type: 'object', additionalProperties: text },
    headers: listOf(objectOf({ name: text, value: text })),
  }),
  SeedItem: seed,
  NewItem: objectOf({ mailbox: text, folder: { type: 'string', default: 'inbox' }, item: refTo('SeedItem') }),
  Seed: {
    type: 'object',
    description: 'By mailbox, by folder, a list of items.',
    additionalProperties: { type: 'object', additionalProperties: listOf(refTo('SeedItem')) },
  },
  NewMessage: objectOf({ from: text, to: listOf(text), cc: listOf(text), subject: text, body: text, html: flag }, [
    'cc',
    'subject',
    'body',
    'html',
  ]),
  Deleted: objectOf({ deleted: count }),
  Fault: faultSchema,
  FaultSelector: selectorSchema,
  NewFault: objectOf({ selector: refTo('FaultSelector'), fault: refTo('Fault') }),
  SetFault: objectOf({ id: count, selector: refTo('FaultSelector'), fault: refTo('Fault'), hits: count }),
  Faults: objectOf({ faults: listOf(refTo('SetFault')) }),
  JournalEntry: objectOf(entry),
  JournalExchange: objectOf({ ...entry, requestBody: text, responseBody: text }),
  Journal: objectOf({ total: count, entries: listOf(refTo('JournalEntry')) }),
  Snapshot: objectOf({ id: count, takenAt: time }),
  Snapshots: objectOf({ snapshots: listOf(refTo('Snapshot')) }),
  Clock: objectOf({ now: time, isManual: flag }),
  MoveClock: objectOf(
    {
      advance: { type: 'integer', minimum: 0, description: 'ms; what falls due in between happens.' },
      now: { ...time, description: 'Sets the wall time; triggers nothing.' },
    },
    ['advance', 'now'],
  ),
};
