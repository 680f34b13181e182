import type { Mailbox } from '../../../transport/contract.ts';
import { type ExtendedProperty, keyOfPath } from './extended-property.ts';
import { messageFlag } from './message-flags.ts';

/** What a message says, shared by the sender's copy and every recipient's. */
export interface MessageContent {
  readonly itemClass: string;
  readonly subject: string;
  readonly body: { readonly type: 'text' | 'html'; readonly content: string };
  readonly importance: 'Low' | 'Normal' | 'High';
  readonly sensitivity: 'Normal' | 'Personal' | 'Private' | 'Confidential';
  readonly from?: Mailbox;
  readonly sender?: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly internetMessageId: string;
  readonly properties: readonly ExtendedProperty[];
  /** When it was submitted; drafts have none. */
  readonly sentAt?: Date;
  /** The element it is written as: `Message`, `CalendarItem`, `Contact`, … @default 'Message' */
  readonly kind?: string;
  /** Every other element that a client has set, by local name, as XML with the prefix `t`. */
  readonly fields?: ReadonlyMap<string, string>;
  readonly attachments?: readonly SimulatedAttachment[];
  /** Of a series: its occurrences that were changed or deleted, by their place in it. */
  readonly occurrences?: ReadonlyMap<number, MessageContent | 'deleted'>;
  /** The MIME it was made of or sent as, as a string of bytes (one character each); composed anew when it has none. */
  readonly mime?: string;
}

/** A file, or an item, that is attached to an item. */
export interface SimulatedAttachment {
  readonly id: string;
  readonly name: string;
  readonly contentType?: string;
  readonly contentId?: string;
  readonly isInline: boolean;
  /** The picture of a contact. */
  readonly isContactPhoto?: boolean;
  /** The file in base64; an attached item has none. */
  readonly content?: string;
  /** The attached item. */
  readonly item?: MessageContent;
}

/** Every copy of a message has attachments of its own: an id leads to one item. */
export function withOwnAttachments(content: MessageContent, newId: () => string): MessageContent {
  if (content.attachments === undefined) return content;
  const attachments = content.attachments.map((one) => ({
    ...one,
    id: newId(),
    ...(one.item === undefined ? {} : { item: withOwnAttachments(one.item, newId) }),
  }));
  return { ...content, attachments };
}

/** What is attached, and what is attached to attached items. */
export function* allAttachments(attachments: readonly SimulatedAttachment[]): Iterable<SimulatedAttachment> {
  for (const one of attachments) {
    yield one;
    if (one.item?.attachments !== undefined) yield* allAttachments(one.item.attachments);
  }
}

/** All that is attached but one, at whatever depth. */
export function withoutAttachment(attachments: readonly SimulatedAttachment[], id: string): readonly SimulatedAttachment[] {
  const rest = attachments.filter((one) => one.id !== id);
  return rest.map((one) => {
    if (one.item?.attachments === undefined) return one;
    return { ...one, item: { ...one.item, attachments: withoutAttachment(one.item.attachments, id) } };
  });
}

/** Where and how one item lies. */
export interface ItemPlace {
  readonly id: string;
  readonly mailbox: string;
  /** Distinguished name of its folder (`inbox`, `drafts`, …), or the display name of a folder that has none. */
  readonly folder: string;
  readonly folderId: string;
  readonly messageFlags: number;
  readonly createdAt: Date;
  readonly receivedAt?: Date;
  /** A number that grows from item to item; what IMAP gateways show as UID. */
  readonly uid: number;
  /** 0 until it is changed, then a number that no other change has. */
  readonly revision: number;
  readonly changedAt: Date;
  /** Of an occurrence: the item of its series, and its place in it. */
  readonly series?: { readonly master: string; readonly index: number };
}

/**
 * An item in a simulated mailbox. It never changes: one that is updated is replaced by another with the same id and a new change key, and one
 * that is moved leaves, and another with a new id appears, as in Exchange.
 *
 * @example
 * ```ts
 * const [item] = exchange.mailbox('bob@contoso.test').folder('inbox').items;
 * item?.itemClass;                                       // 'IM.Note.MissedConversation'
 * item?.property(propertySet, 'OfflineImNote');          // 'note-1/1'
 * ```
 */
export class SimulatedItem {
  readonly id: string;
  readonly mailbox: string;
  readonly folder: string;
  readonly folderId: string;
  readonly messageFlags: number;
  readonly createdAt: Date;
  readonly receivedAt: Date | undefined;
  readonly changedAt: Date;
  readonly uid: number;
  readonly revision: number;
  readonly content: MessageContent;
  /** Of an occurrence: the id of its series, and its place in it, from 1. */
  readonly series: { readonly master: string; readonly index: number } | undefined;

  /** @internal */
  constructor(place: ItemPlace, content: MessageContent) {
    this.id = place.id;
    this.mailbox = place.mailbox;
    this.folder = place.folder;
    this.folderId = place.folderId;
    this.messageFlags = place.messageFlags;
    this.createdAt = place.createdAt;
    this.receivedAt = place.receivedAt;
    this.changedAt = place.changedAt;
    this.uid = place.uid;
    this.revision = place.revision;
    this.content = content;
    this.series = place.series;
  }

  get changeKey(): string {
    return `CQ${this.id.slice(-8)}${this.revision === 0 ? '' : this.revision.toString(36)}`;
  }
  get itemClass(): string {
    return this.content.itemClass;
  }
  get subject(): string {
    return this.content.subject;
  }
  get body(): MessageContent['body'] {
    return this.content.body;
  }
  get from(): Mailbox | undefined {
    return this.content.from;
  }
  get to(): readonly Mailbox[] {
    return this.content.to;
  }
  get cc(): readonly Mailbox[] {
    return this.content.cc;
  }
  get bcc(): readonly Mailbox[] {
    return this.content.bcc;
  }
  get internetMessageId(): string {
    return this.content.internetMessageId;
  }
  /** Files and items that are attached to it. */
  get attachments(): readonly SimulatedAttachment[] {
    return this.content.attachments ?? [];
  }
  /** The element it is written as. */
  get kind(): string {
    return this.content.kind ?? 'Message';
  }
  get sentAt(): Date | undefined {
    return this.content.sentAt;
  }
  /** Every extended property that was set on it. */
  get properties(): readonly ExtendedProperty[] {
    return this.content.properties;
  }
  /** Roughly, in bytes. */
  get size(): number {
    if (this.content.attachments === undefined) return this.subject.length + this.body.content.length + 512;
    const attached = this.attachments.reduce((sum, { content }) => sum + Math.ceil(((content?.length ?? 0) * 3) / 4), 0);
    return this.subject.length + this.body.content.length + attached + 512;
  }
  /** True for what was never sent, and for what waits in the Outbox. */
  get isDraft(): boolean {
    return (this.messageFlags & messageFlag.unsent) !== 0;
  }
  get isFromMe(): boolean {
    return (this.messageFlags & messageFlag.fromMe) !== 0;
  }
  get isRead(): boolean {
    return (this.messageFlags & messageFlag.read) !== 0;
  }

  /** Value of a named property, or of a property tag: `property(guid, 'Name')`, `property(0x1035)`. */
  property(setOrTag: string | number, name?: string): string | undefined {
    const wanted =
      typeof setOrTag === 'number'
        ? keyOfPath({ type: '', tag: setOrTag })
        : keyOfPath({ type: '', set: setOrTag.toLowerCase(), name: name ?? '' });
    const found = this.content.properties.find((p) => keyOfPath(p.path) === wanted)?.value;
    return typeof found === 'string' ? found : found?.[0];
  }
}

/** Where an item lies once it was changed: the same place, one revision later. */
export function placeAfter(
  item: SimulatedItem,
  next: Pick<ItemPlace, 'folder' | 'messageFlags' | 'changedAt' | 'revision'>,
): ItemPlace {
  const { id, mailbox, folderId, createdAt, receivedAt, uid } = item;
  const place = { id, mailbox, folderId, createdAt, uid, ...next };
  return receivedAt === undefined ? place : { ...place, receivedAt };
}
