import type { Mailbox, Note } from '../../transport/contract.ts';
import { classProperty, tagProperty } from '../probe/properties.ts';
import { plainClass } from '../settings.ts';
import { domainPart, messageIdOf } from './message-id.ts';

/** Characters that no mail carries, as Exchange's other doors refuse them too. With the u flag, the surrogate range matches lone ones only. */
const forbidden = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff\\ud800-\\udfff';
const forbiddenAll = new RegExp(`[${forbidden}]`, 'gu');

/**
 * The body of sendMail: one request that sends, with a copy in Sent Items that carries the tag.
 * https://learn.microsoft.com/graph/api/user-sendmail
 */
export function sendMailBody(note: Note, messageClass: string): string {
  const { subject, body, to, from, place, tag } = note;
  const properties = [{ id: tagProperty, value: tag }];
  // An ordinary mail has that class by itself.
  if (messageClass.toLowerCase() !== plainClass.toLowerCase()) properties.push({ id: classProperty, value: messageClass });
  return JSON.stringify({
    message: {
      subject: readable(subject),
      body: { contentType: body.type, content: readable(body.content) },
      toRecipients: to.map(recipient),
      // Exchange knows its own: only another one than the mailbox's needs saying, and needs the right to send as it.
      ...(from.address.toLowerCase() === place.mailbox.toLowerCase() ? {} : { from: recipient(from) }),
      internetMessageId: messageIdOf(tag, domainPart(place.mailbox)),
      singleValueExtendedProperties: properties,
    },
    saveToSentItems: true,
  });
}

function recipient({ address, name }: Mailbox): object {
  return { emailAddress: { address, ...(name === undefined ? {} : { name: readable(name) }) } };
}

function readable(text: string): string {
  return text.replace(forbiddenAll, '\ufffd');
}
