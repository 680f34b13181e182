import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { isArray, isDate } from '../core/errors/thrown.ts';
import { type Digest, isOneLine, sha256, utf8Length } from '../core/text.ts';
import { type Address, addressKey, parseAddress } from './address.ts';
import { htmlOf } from './note.ts';

/** Who a message comes from, if not the sender's own identity. */
export interface MessageSender {
  /** SIP URI or address: `sip:alice@contoso.com`. */
  readonly sip: string;
  /** The name shown in the subject. Without one, the subject shows the address. @default a name in `sip`, else none */
  readonly displayName?: string | undefined;
  /** SMTP address of the sending mailbox. @default what `resolveMailbox` returns, else the SIP address */
  readonly mailbox?: string | undefined;
}

/**
 * One instant message for someone who is offline: what `send()` takes.
 *
 * @example
 * ```ts
 * await sender.send({ to: ['sip:bob@contoso.com', 'carol@fabrikam.com'], text: 'Are you there?', messageId: 'ticket-4711' });
 * ```
 */
export interface OutgoingMessage {
  /**
   * One or more SIP URIs or SMTP addresses (up to 500), with or without display names. Several recipients see each other.
   * If an address is given twice, in whatever case, the first one counts.
   */
  readonly to: string | readonly string[];
  /** The message, at most 32 KiB in UTF-8. It arrives unchanged, except for characters that XML can't carry. It may be empty if `html` is given. */
  readonly text: string;
  /** The same message as HTML, at most 32 KiB in UTF-8, which makes the note's body HTML. It isn't sanitised: escape what people typed. @default none */
  readonly html?: string | undefined;
  /** Who it comes from; the transport must be allowed to send as that mailbox. @default the sender's `identity` */
  readonly from?: string | MessageSender | undefined;
  /**
   * Your own id, 1 to 255 UTF-16 units without control characters. Sent twice with the same content, it is one message; with other content, `MESSAGE_ID_CONFLICT`.
   * Without an id, a `send()` repeated after an error may make a second message. @default a new random id
   */
  readonly messageId?: string | undefined;
  /**
   * Groups messages: those with the same conversation, sender and recipients leave in order, and those of one two-minute window as one note.
   * 1 to 255 UTF-16 units without control characters. @default a hash of sender and recipients
   */
  readonly conversationId?: string | undefined;
  /** When it was written, as shown to people; no timer depends on it. @default when `send()` accepts it */
  readonly sentAt?: Date | undefined;
  /** When it is no longer worth delivering; it then ends as dead, `EXPIRED`. @default five days after acceptance (`expiry`) */
  readonly expiresAt?: Date | undefined;
}

/** Limits of a message. */
export interface MessageLimits {
  /** Bytes in UTF-8 of `text`, and again of `html`. */
  readonly maxTextBytes: number;
  readonly maxRecipients: number;
}

/** The limits of a sender that sets none: 32 KiB and 500 recipients. */
export const defaultMessageLimits: MessageLimits = { maxTextBytes: 32 * 1024, maxRecipients: 500 };

/** A checked {@link MessageSender}. */
interface NormalizedSender {
  readonly sip: Address;
  readonly displayName?: string;
  readonly mailbox?: Address;
}

/** A checked {@link OutgoingMessage}, without the fields that were not given. Times are ms since 1970 UTC. */
export interface NormalizedMessage {
  readonly to: readonly Address[];
  readonly text: string;
  readonly html?: string;
  readonly from?: NormalizedSender;
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly sentAt?: number;
  readonly expiresAt?: number;
}

const longestId = 255;
/** UTF-16 units. */
export const longestDisplayName = 256;
/** Bytes of a who/when line and of the markup around a message, escaped and rounded up. */
const lineAllowance = 512;

/**
 * Checks every field of a message and reads its addresses.
 *
 * @throws {OfflineImError} `MESSAGE_INVALID`, `TEXT_EMPTY`, `TEXT_TOO_LONG`, `RECIPIENTS_MISSING`, `RECIPIENTS_TOO_MANY`,
 * `RECIPIENT_INVALID`, or `ADDRESS_INVALID` for `from`. None of them holds message text.
 */
export function normalizeMessage(message: OutgoingMessage, limits: MessageLimits = defaultMessageLimits): NormalizedMessage {
  if (typeof message !== 'object' || message === null || isArray(message)) throw invalid('A message', 'an object', message);
  const html = readText('html', message.html, limits);
  const text = readText('text', message.text, limits);
  if (text === undefined) throw new OfflineImError('MESSAGE_INVALID', 'text is missing; expected a string.');
  if (text === '' && html === undefined) throw new OfflineImError('TEXT_EMPTY', 'The message has neither text nor html.');
  const to = readRecipients(message.to, limits);
  const from = message.from === undefined ? undefined : readSender(message.from);
  const messageId = readId('messageId', message.messageId);
  const conversationId = readId('conversationId', message.conversationId);
  const sentAt = readTime('sentAt', message.sentAt);
  const expiresAt = readTime('expiresAt', message.expiresAt);
  return {
    to,
    text,
    ...(html !== undefined && { html }),
    ...(from !== undefined && { from }),
    ...(messageId !== undefined && { messageId }),
    ...(conversationId !== undefined && { conversationId }),
    ...(sentAt !== undefined && { sentAt }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/**
 * Tells a repeated message from another message with the same id: the SHA-256, in hex, of everything that the caller gave, except the id. It doesn't cover what `send()`
 * adds by itself (times, conversation, mailbox), or no repetition would ever be equal.
 */
export function contentHash(message: NormalizedMessage): Digest {
  const { to, from, text, html, conversationId, sentAt, expiresAt } = message;
  const sender = from && [addressFields(from.sip), from.displayName ?? null, from.mailbox ? addressFields(from.mailbox) : null];
  // By name, without fields that were not given: a field added in a later version changes no hash that a spool already holds.
  const fields = Object.entries({ to: to.map(addressFields), from: sender, text, html, conversationId, sentAt, expiresAt });
  return hashOf(['offline-im message 1', ...fields.filter(([, value]) => value !== undefined)]);
}

/** A key that is equal only for equal sets of recipients, whatever their order and case. It is long for many recipients: compare it, don't index it. */
export function recipientsKey(mailboxes: readonly Pick<Address, 'address'>[]): string {
  return JSON.stringify(sortedKeys(mailboxes));
}

/** The conversation of messages that name none: the same for the same sender and set of recipients, SHA-256 in hex. */
export function defaultConversationId(from: Pick<Address, 'address'>, to: readonly Pick<Address, 'address'>[]): Digest {
  return hashOf(['offline-im conversation 1', addressKey(from), sortedKeys(to)]);
}

/**
 * Messages with equal keys, which can share a conversation, are appended in the order of their `send()` calls.
 *
 * @param sender Of messages that name none.
 */
export function orderKey({ from, to, conversationId }: NormalizedMessage, sender: Pick<Address, 'address'>): string {
  return JSON.stringify(conversationId === undefined ? [addressKey(from?.sip ?? sender), recipientsKey(to)] : [conversationId]);
}

/**
 * The most bytes that a message takes in a note: in the HTML of a note with others, escaped for XML, with its who/when line. Never too few, so that a full note stays
 * below the limits of a request.
 */
export function messageWeight(text: string, html?: string): number {
  const merged = escapedLength(htmlOf(html === undefined ? { text } : { text, html }));
  return lineAllowance + (html === undefined ? merged : Math.max(merged, escapedLength(html)));
}

function readText(field: 'text' | 'html', value: unknown, limits: MessageLimits): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw invalid(field, 'a string', value);
  if (field === 'html' && value === '') return undefined;
  const bytes = utf8Length(value);
  if (bytes > limits.maxTextBytes) {
    throw new OfflineImError(
      'TEXT_TOO_LONG',
      `${field} has ${bytes} bytes in UTF-8; at most ${limits.maxTextBytes} are allowed.`,
      {
        details: { field, bytes, limit: limits.maxTextBytes },
      },
    );
  }
  return value;
}

function readRecipients(value: unknown, limits: MessageLimits): readonly Address[] {
  if (value === undefined)
    throw new OfflineImError('RECIPIENTS_MISSING', 'to is missing; a message needs at least one recipient.');
  const given: unknown = typeof value === 'string' ? [value] : value;
  if (!isArray(given)) throw invalid('to', 'a string or an array of strings', value);
  if (given.length === 0) throw new OfflineImError('RECIPIENTS_MISSING', 'to is empty; a message needs at least one recipient.');
  const byKey = new Map<string, Address>();
  for (const item of given as readonly string[]) {
    const address = parseAddress(item, 'RECIPIENT_INVALID');
    const key = addressKey(address);
    if (!byKey.has(key)) byKey.set(key, address);
    if (byKey.size > limits.maxRecipients) throw tooMany(given.length, limits);
  }
  return [...byKey.values()];
}

function tooMany(count: number, limits: MessageLimits): OfflineImError {
  return new OfflineImError('RECIPIENTS_TOO_MANY', `to names ${count} recipients; at most ${limits.maxRecipients} are allowed.`, {
    details: { count, limit: limits.maxRecipients },
  });
}

/** Any address but `mailbox` is a SIP address here, with or without its scheme. */
function readSender(value: unknown): NormalizedSender {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null || isArray(value))) {
    throw invalid('from', 'an address or { sip, displayName?, mailbox? }', value);
  }
  const given = typeof value === 'string' ? { sip: value } : (value as Partial<MessageSender>);
  const { address, name } = parseAddress(given.sip as string, 'ADDRESS_INVALID');
  const displayName = readDisplayName(given.displayName) ?? name;
  const mailbox = given.mailbox === undefined ? undefined : parseAddress(given.mailbox, 'ADDRESS_INVALID');
  if (mailbox?.kind === 'sip') {
    throw new OfflineImError('ADDRESS_INVALID', `from.mailbox ${quoted(given.mailbox)} is a SIP URI; expected an SMTP address.`);
  }
  return {
    sip: { kind: 'sip', address },
    ...(displayName !== undefined && { displayName }),
    ...(mailbox !== undefined && { mailbox: { kind: 'smtp', address: mailbox.address } }),
  };
}

function readDisplayName(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && isOneLine(value, longestDisplayName)) return value;
  throw invalid('from.displayName', `at most ${longestDisplayName} characters on one line`, value);
}

/** Refuses lone surrogates too: two ids that differ only in one would be the same in UTF-8. */
function readId(field: 'messageId' | 'conversationId', value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const fits = typeof value === 'string' && value !== '' && value.length <= longestId && !/[\p{Cc}\p{Cs}]/u.test(value);
  if (fits) return value;
  throw invalid(field, `1 to ${longestId} UTF-16 units without control characters or lone surrogates`, value);
}

function readTime(field: 'sentAt' | 'expiresAt', value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const time = isDate(value) ? Number(value) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw invalid(field, 'a valid Date', isDate(value) ? 'Invalid Date' : value);
}

function invalid(field: string, expected: string, found: unknown): OfflineImError {
  const shown =
    field === 'text' || field === 'html' || field === 'A message'
      ? `a value of type ${found === null ? 'null' : typeof found}`
      : quoted(found);
  return new OfflineImError('MESSAGE_INVALID', `${field} is ${shown}; expected ${expected}.`, { details: { field } });
}

function addressFields({ kind, address, name }: Address): readonly (string | null)[] {
  return [kind, address, name ?? null];
}

function sortedKeys(addresses: readonly Pick<Address, 'address'>[]): readonly string[] {
  return [...new Set(addresses.map(addressKey))].sort();
}

/** JSON tells any two values apart that differ, lone surrogates too: it writes them as escapes. */
function hashOf(value: readonly unknown[]): Digest {
  return sha256(JSON.stringify(value));
}

const [space, quote, ampersand, apostrophe, lessThan, greaterThan, del, lastControl] = [
  0x20, 0x22, 0x26, 0x27, 0x3c, 0x3e, 0x7f, 0x9f,
];

/** The length in UTF-8 after `&`, `<`, `>`, quotes and CR become XML entities, and characters that XML forbids become U+FFFD. */
function escapedLength(text: string): number {
  let added = 0;
  // A loop, since a pattern is slower and this runs for every message.
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === lessThan || unit === greaterThan) added += 3;
    else if (unit < space || unit === ampersand || unit === quote || unit === apostrophe || (unit >= del && unit <= lastControl))
      added += 5;
  }
  return utf8Length(text) + added;
}
