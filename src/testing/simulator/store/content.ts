import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import type { MessageContent } from './item.ts';
import type { Registry } from './registry.ts';

/** Content to seed a mailbox with: whatever is left out is filled in. Recipients may be plain addresses. */
export type SeedContent = Partial<Omit<MessageContent, 'body' | 'from' | 'sender' | 'to' | 'cc' | 'bcc'>> & {
  /** Text, or text with its type. @default '' */
  readonly body?: string | MessageContent['body'];
  readonly from?: string | Mailbox;
  readonly sender?: string | Mailbox;
  readonly to?: readonly (string | Mailbox)[];
  readonly cc?: readonly (string | Mailbox)[];
  readonly bcc?: readonly (string | Mailbox)[];
};

const importances = ['Low', 'Normal', 'High'];
const sensitivities = ['Normal', 'Personal', 'Private', 'Confidential'];

/** The whole content of an item in that mailbox. @throws OPTION_INVALID for content that no item can have. */
export function contentOf(seed: SeedContent, mailbox: string, registry: Registry): MessageContent {
  if (typeof seed !== 'object' || seed === null) throw invalid('content', 'an object such as { subject: "Hi" }');
  const { body = '', from, sender = from, to, cc, bcc, ...rest } = seed;
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
  };
  if (typeof whole.itemClass !== 'string' || whole.itemClass === '') throw invalid('itemClass', 'a class such as IPM.Note');
  if (typeof whole.subject !== 'string') throw invalid('subject', 'a string');
  if (typeof whole.body?.content !== 'string' || (whole.body.type !== 'text' && whole.body.type !== 'html')) {
    throw invalid('body', 'a string, or { type: "text" | "html", content }');
  }
  if (!importances.includes(whole.importance)) throw invalid('importance', importances.join(', '));
  if (!sensitivities.includes(whole.sensitivity)) throw invalid('sensitivity', sensitivities.join(', '));
  if (typeof whole.internetMessageId !== 'string') throw invalid('internetMessageId', 'a string such as <1@contoso.test>');
  if (!Array.isArray(whole.properties)) throw invalid('properties', 'a list of { path, value }');
  for (const property of whole.properties) {
    const value: unknown = property?.value;
    const fits = typeof value === 'string' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
    if (typeof property?.path?.type !== 'string' || !fits) throw invalid('properties', 'a list of { path, value }');
  }
  return whole;
}

function addresses(name: string, list: readonly (string | Mailbox)[]): readonly Mailbox[] {
  if (!Array.isArray(list)) throw invalid(name, 'a list of addresses');
  return list.map((one) => address(name, one));
}

function address(name: string, given: string | Mailbox): Mailbox {
  const mailbox = typeof given === 'string' ? { address: given } : given;
  if (typeof mailbox?.address !== 'string') throw invalid(name, 'addresses such as "bob@contoso.test" or { address, name }');
  return mailbox;
}

function invalid(name: string, expected: string): OfflineImError {
  return new OfflineImError(
    'OPTION_INVALID',
    `The item's ${name} is of the wrong kind; expected ${expected}. Nothing was stored.`,
  );
}
