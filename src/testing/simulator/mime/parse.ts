import PostalMime, { type Address } from 'postal-mime';
import { typesNs } from '../../../ews/xml/namespaces.ts';
import type { XmlElement } from '../../../ews/xml/read.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import type { MessageContent, SimulatedAttachment } from '../store/item.ts';
import type { StatedException } from '../store/series/exceptions.ts';
import { parseCalendar } from './parse-calendar.ts';

/** What the simulator takes from MIME. */
export interface ParsedMime
  extends Partial<
    Pick<MessageContent, 'subject' | 'body' | 'importance' | 'sensitivity' | 'from' | 'sender' | 'to' | 'cc' | 'bcc'>
  > {
  readonly messageId?: string;
  readonly sentAt?: Date;
  readonly attachments: readonly Omit<SimulatedAttachment, 'id'>[];
  /** The MIME itself, a string of bytes. */
  readonly source: string;
  /** Elements of an appointment, where it is one. */
  readonly fields?: ReadonlyMap<string, string>;
  /** Of a series: what it says of single occurrences. */
  readonly exceptions?: readonly StatedException[];
  /** Why it can't be kept, in a sentence. */
  readonly refused?: string;
}

/** Parses MIME; undefined when it is none. */
export async function parseMime(source: string): Promise<ParsedMime | undefined> {
  const bytes = Uint8Array.from(source, (character) => character.charCodeAt(0));
  const calendar = parseCalendar(new TextDecoder().decode(bytes));
  if (calendar !== undefined) return { ...calendar, attachments: [], source };
  const mail = await PostalMime.parse(bytes, { attachmentEncoding: 'base64', forceRfc822Attachments: true }).catch(
    () => undefined,
  );
  if (mail === undefined) return undefined;
  const header = (name: string): string | undefined => mail.headers.find(({ key }) => key === name)?.value;
  const priority = (header('importance') ?? header('x-priority') ?? '').toLowerCase();
  const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
    (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
  return {
    source,
    ...optional('subject', mail.subject),
    ...optional('body', bodyOf(mail)),
    ...optional('importance', importanceOf(priority)),
    ...optional('from', mailboxes(mail.from && [mail.from])[0]),
    ...optional('sender', mailboxes(mail.sender && [mail.sender])[0]),
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    bcc: mailboxes(mail.bcc),
    ...optional('messageId', mail.messageId),
    ...optional('sentAt', dateOf(mail.date)),
    attachments: mail.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      name: filename ?? (mimeType === 'message/rfc822' ? 'message.eml' : 'attachment'),
      contentType: mimeType,
      isInline: disposition === 'inline',
      content: typeof content === 'string' ? content : '',
      ...(contentId === undefined ? {} : { contentId: contentId.replace(/^<|>$/g, '') }),
    })),
  };
}

/** Every `t:MimeContent` of a request, parsed before the operation begins, so that it runs in one piece. */
export async function parseMimeIn(request: XmlElement): Promise<ReadonlyMap<XmlElement, ParsedMime>> {
  const found = new Map<XmlElement, ParsedMime>();
  const visit = async (element: XmlElement): Promise<void> => {
    if (element.ns === typesNs && element.name === 'MimeContent') {
      const parsed = await parseMime(decode(element.text) ?? '');
      if (parsed !== undefined) found.set(element, parsed);
    }
    for (const inner of element.children) await visit(inner);
  };
  await visit(request);
  return found;
}

function decode(base64: string): string | undefined {
  try {
    return atob(base64.replace(/\s/g, ''));
  } catch {
    return undefined;
  }
}

function dateOf(text: string | undefined): Date | undefined {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? undefined : new Date(ms);
}

function importanceOf(priority: string): MessageContent['importance'] | undefined {
  if (/^(?:high|1|2)\b/.test(priority)) return 'High';
  return /^(?:low|4|5)\b/.test(priority) ? 'Low' : undefined;
}

function bodyOf({ html, text }: { html?: string | undefined; text?: string | undefined }): MessageContent['body'] | undefined {
  if (html !== undefined) return { type: 'html', content: html };
  return text === undefined ? undefined : { type: 'text', content: text.replace(/\r?\n$/, '') };
}

function mailboxes(list: readonly Address[] | undefined): readonly Mailbox[] {
  return (list ?? []).flatMap((one) => {
    if (one.address === undefined) return mailboxes(one.group);
    return one.name === '' ? [{ address: one.address }] : [{ address: one.address, name: one.name }];
  });
}
