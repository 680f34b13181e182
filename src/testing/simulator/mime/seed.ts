import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';
import type { SeedContent } from '../store/seeding/content.ts';
import { parseMime } from './parse.ts';

/** Fields of which a message has at least one. */
const usual = /^(?:from|to|cc|subject|date|message-id|received|return-path|content-type|mime-version):/im;

/** The content of an item made of a whole message (`.eml`); a string is taken as UTF-8. @throws OPTION_INVALID for what is no message. */
export async function contentOfMime(eml: string | Uint8Array): Promise<SeedContent> {
  const bytes = typeof eml === 'string' ? new TextEncoder().encode(eml.toWellFormed()) : eml;
  let source = '';
  for (let at = 0; at < bytes.length; at += 8192) source += String.fromCharCode(...bytes.subarray(at, at + 8192));
  source = source.replace(/^\u00ef\u00bb\u00bf/, '').replace(/\r?\n/g, '\r\n');
  const head = source.split('\r\n\r\n', 1)[0] ?? '';
  const odd = head.split('\r\n').find((line, n) => !/^[!-9;-~]+[ \t]*:/.test(line) && (n === 0 || !/^[ \t]/.test(line)));
  if (odd !== undefined) throw none(`expected header fields such as "Subject: Hi", found ${quoted(odd)}`);
  if (!usual.test(head)) throw none('it has none of the usual header fields, such as From, To, Subject or Date');
  const mail = await parseMime(source);
  if (mail === undefined) throw none('its parts are nested or folded beyond what can be read');
  const { attachments, source: mime, messageId, sentAt, exceptions: _ofCalendars, ...content } = mail;
  return {
    ...content,
    mime,
    attachments,
    ...(messageId === undefined ? {} : { internetMessageId: messageId }),
    ...(sentAt === undefined ? {} : { sentAt, receivedAt: sentAt }),
  };
}

function none(why: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `The message is not MIME: ${why}. Nothing was stored.`);
}
