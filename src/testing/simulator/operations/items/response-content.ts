import { escapeText } from '../../../../ews/xml/write.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import { bodyAs } from '../../xml/item-body.ts';
import { topicOf } from '../../xml/item-fields.ts';
import { mailboxesOf } from '../../xml/written-element.ts';

/** What a message answers another with. */
export type ResponseKind = 'reply' | 'reply-all' | 'forward';

/** What a request says of the answer; what it leaves out follows from the item. */
export type GivenResponse = Partial<Pick<MessageContent, 'subject' | 'body' | 'to' | 'cc' | 'bcc'>>;

/** Makes ids for the answer. */
interface NewIds {
  messageId(): string;
  attachmentId(): string;
}

/** The message that a reply or a forward makes of an item in a mailbox, whichever door it was asked at. */
export function responseTo(
  item: SimulatedItem,
  kind: ResponseKind,
  own: string,
  given: GivenResponse,
  ids: NewIds,
): MessageContent {
  const others = (list: readonly Mailbox[]): readonly Mailbox[] =>
    kind === 'reply-all' ? list.filter(({ address }) => address.toLowerCase() !== own) : [];
  const attachments = kind === 'forward' ? item.attachments.map((one) => ({ ...one, id: ids.attachmentId() })) : [];
  return {
    itemClass: 'IPM.Note',
    subject: given.subject ?? `${kind === 'forward' ? 'FW' : 'RE'}: ${topicOf(item)}`,
    body: quoted(given.body ?? { type: 'text', content: '' }, item),
    importance: 'Normal',
    sensitivity: 'Normal',
    to: given.to ?? (kind === 'forward' ? [] : [...answered(item), ...others(item.to)]),
    cc: given.cc ?? others(item.cc),
    bcc: given.bcc ?? [],
    internetMessageId: ids.messageId(),
    properties: [],
    fields: new Map([
      ['InReplyTo', `<t:InReplyTo>${escapeText(item.internetMessageId)}</t:InReplyTo>`],
      ['References', `<t:References>${escapeText(item.internetMessageId)}</t:References>`],
    ]),
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}

/** Whom an answer goes to: `Reply-To` before `From` (RFC 5322, 3.6.2). */
function answered({ content, from }: SimulatedItem): readonly Mailbox[] {
  const asked = mailboxesOf(content.fields?.get('ReplyTo'));
  if (asked.length > 0) return asked;
  return from === undefined ? [] : [from];
}

/** The new body, and the old one below it. */
function quoted(body: MessageContent['body'], item: SimulatedItem): MessageContent['body'] {
  const old = bodyAs(item.body, body.type === 'html' ? 'HTML' : 'Text').content;
  const rule = body.type === 'html' ? '<hr>' : '\r\n________________________________\r\n';
  return { type: body.type, content: `${body.content}${rule}${old}` };
}
