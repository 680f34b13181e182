import { OfflineImError } from '../../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../../core/errors/quote.ts';
import { isDate, isMap } from '../../../../core/errors/thrown.ts';
import { nearestName } from '../../../../core/options.ts';
import { parseXml } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import { isItemKind } from '../../schema/names.ts';
import type { MessageContent, SimulatedAttachment } from '../item.ts';
import { flagsOf, type ItemState, messageFlag } from '../message-flags.ts';
import type { Registry } from '../registry.ts';

/** An attachment to seed: a file in base64, or an item. */
export type SeedAttachment = Partial<SimulatedAttachment> & { readonly name: string };

/** Content to seed a mailbox with: whatever is left out is filled in. Recipients may be plain addresses, dates ISO 8601. */
export type SeedContent = Partial<
  Omit<MessageContent, 'body' | 'from' | 'sender' | 'to' | 'cc' | 'bcc' | 'sentAt' | 'attachments' | 'fields'>
> & {
  /** Text, or text with its type. @default '' */
  readonly body?: string | MessageContent['body'];
  readonly from?: string | Mailbox;
  readonly sender?: string | Mailbox;
  readonly to?: readonly (string | Mailbox)[];
  readonly cc?: readonly (string | Mailbox)[];
  readonly bcc?: readonly (string | Mailbox)[];
  readonly sentAt?: Date | string;
  readonly attachments?: readonly SeedAttachment[];
  readonly fields?: ReadonlyMap<string, string> | Readonly<Record<string, string>>;
  /** @default as its state has it: what has arrived is unread */
  readonly isRead?: boolean;
  /** @default now, by the exchange's clock */
  readonly receivedAt?: Date | string;
};

/** Content that can be stored, and what its place says of it. */
export interface ReadSeed {
  readonly content: MessageContent;
  readonly messageFlags: number;
  readonly receivedAt?: Date;
}

const importances = ['Low', 'Normal', 'High'];
const sensitivities = ['Normal', 'Personal', 'Private', 'Confidential'];
const names = [
  ...['itemClass', 'subject', 'body', 'importance', 'sensitivity', 'from', 'sender', 'to', 'cc', 'bcc', 'internetMessageId'],
  ...['properties', 'sentAt', 'kind', 'fields', 'attachments', 'occurrences', 'mime', 'isRead', 'receivedAt'],
];

/** The whole of an item in that mailbox. @throws OPTION_INVALID for content that no item can have. */
export function readSeed(
  seed: SeedContent,
  state: ItemState | { readonly messageFlags: number },
  mailbox: string,
  registry: Registry,
): ReadSeed {
  if (typeof seed !== 'object' || seed === null || Array.isArray(seed))
    throw wrong('content', 'an object such as { subject: "Hi" }');
  for (const name of Object.keys(seed)) {
    if (!names.includes(name)) throw invalid(`An item has no ${quoted(name)}; the nearest name is ${nearestName(name, names)}`);
  }
  const { isRead, receivedAt } = seed;
  if (isRead !== undefined && typeof isRead !== 'boolean') throw wrong('isRead', 'true or false');
  const flags = typeof state === 'string' ? flagsOf(state) : state.messageFlags;
  const arrival = receivedAt === undefined ? (state === 'received' ? registry.now() : undefined) : date('receivedAt', receivedAt);
  return {
    content: submitted(contentOf(seed, mailbox, registry), (flags & messageFlag.unsent) === 0, arrival ?? registry.now()),
    messageFlags: isRead === undefined ? flags : isRead ? flags | messageFlag.read : flags & ~messageFlag.read,
    ...(arrival === undefined ? {} : { receivedAt: arrival }),
  };
}

/** Whatever has been sent was sent at some time. */
function submitted(content: MessageContent, sent: boolean, at: Date): MessageContent {
  const isMail = content.kind === undefined || content.kind === 'Message' || content.kind.startsWith('Meeting');
  return content.sentAt === undefined && sent && isMail ? { ...content, sentAt: at } : content;
}

function contentOf(seed: SeedContent, mailbox: string, registry: Registry): MessageContent {
  const { body = '', from, sender = from, to, cc, bcc, sentAt, attachments, fields, isRead: _, receivedAt: __, ...rest } = seed;
  const whole: MessageContent = {
    ...rest,
    itemClass: rest.itemClass ?? 'IPM.Note',
    subject: rest.subject ?? '',
    body: typeof body === 'string' ? { type: 'text', content: body } : body,
    importance: rest.importance ?? 'Normal',
    sensitivity: rest.sensitivity ?? 'Normal',
    to: to === undefined ? [{ address: mailbox }] : addresses('to', to),
    cc: addresses('cc', cc ?? []),
    bcc: addresses('bcc', bcc ?? []),
    internetMessageId: rest.internetMessageId ?? registry.newMessageId(mailbox.slice(mailbox.indexOf('@') + 1)),
    properties: rest.properties ?? [],
    ...(from === undefined ? {} : { from: address('from', from) }),
    ...(sender === undefined ? {} : { sender: address('sender', sender) }),
    ...(sentAt === undefined ? {} : { sentAt: date('sentAt', sentAt) }),
    ...(fields === undefined ? {} : { fields: fieldsOf(fields) }),
    ...(attachments === undefined ? {} : { attachments: attachmentsOf(attachments, registry) }),
  };
  if (typeof whole.itemClass !== 'string' || whole.itemClass === '') throw wrong('itemClass', 'a class such as IPM.Note');
  if (typeof whole.subject !== 'string') throw wrong('subject', 'a string');
  if (typeof whole.body?.content !== 'string' || (whole.body.type !== 'text' && whole.body.type !== 'html')) {
    throw wrong('body', 'a string, or { type: "text" | "html", content }');
  }
  if (!importances.includes(whole.importance)) throw wrong('importance', importances.join(', '));
  if (!sensitivities.includes(whole.sensitivity)) throw wrong('sensitivity', sensitivities.join(', '));
  if (typeof whole.internetMessageId !== 'string') throw wrong('internetMessageId', 'a string such as <1@contoso.test>');
  if (whole.kind !== undefined && !isItemKind(whole.kind))
    throw wrong('kind', 'an element such as Message, CalendarItem or Contact');
  if (whole.mime !== undefined && typeof whole.mime !== 'string') throw wrong('mime', 'a string with a character for each byte');
  if (!Array.isArray(whole.properties)) throw wrong('properties', 'a list of { path, value }');
  for (const property of whole.properties) {
    const value: unknown = property?.value;
    const fits = typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
    if (typeof property?.path?.type !== 'string' || !fits) throw wrong('properties', 'a list of { path, value }');
  }
  return whole;
}

function addresses(name: string, list: readonly (string | Mailbox)[]): readonly Mailbox[] {
  if (!Array.isArray(list)) throw wrong(name, 'a list of addresses');
  return list.map((one) => address(name, one));
}

function address(name: string, given: string | Mailbox): Mailbox {
  const mailbox = typeof given === 'string' ? { address: given } : given;
  const fits = typeof mailbox?.address === 'string' && (mailbox.name === undefined || typeof mailbox.name === 'string');
  if (!fits) throw wrong(name, 'addresses such as "bob@contoso.test" or { address, name }');
  return mailbox;
}

function date(name: string, given: Date | string): Date {
  const at: unknown = typeof given === 'string' && /^\d{4}-\d\d-\d\d/.test(given) ? new Date(given) : given;
  if (!isDate(at) || Number.isNaN(at.getTime())) throw wrong(name, 'a Date, or ISO 8601 such as 2016-06-14T12:00:00Z');
  return at;
}

function fieldsOf(given: unknown): ReadonlyMap<string, string> {
  // What a request has set was read as XML before.
  if (isMap(given)) return given as ReadonlyMap<string, string>;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong('fields', 'XML by the name of its element');
  const fields = new Map<string, string>(Object.entries(given));
  for (const [name, xml] of fields) {
    if (typeof xml !== 'string' || !isElement(xml, name)) throw wrong(`fields.${name}`, `an element <t:${name}>…</t:${name}>`);
  }
  return fields;
}

function isElement(xml: string, name: string): boolean {
  try {
    const [only, ...others] = parseXml(`<x xmlns:t="urn:t">${xml}</x>`).children;
    return only?.name === name && others.length === 0;
  } catch {
    return false;
  }
}

function attachmentsOf(given: readonly SeedAttachment[], registry: Registry): readonly SimulatedAttachment[] {
  const expected = 'a list of { name, content } with the content in base64';
  if (!Array.isArray(given)) throw wrong('attachments', expected);
  return given.map((one) => {
    const base64 = typeof one?.content === 'string' && /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(one.content);
    if (typeof one?.name !== 'string' || (!base64 && typeof one.item !== 'object')) throw wrong('attachments', expected);
    return { isInline: false, ...one, id: one.id ?? registry.newAttachmentId() };
  });
}

function wrong(name: string, expected: string): OfflineImError {
  return invalid(`The item's ${name} is of the wrong kind; expected ${expected}`);
}

function invalid(what: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `${what}. Nothing was stored.`);
}
