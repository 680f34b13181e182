/** Why messages are refused, field by field: the code, a sentence with what was expected, and details without its text. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import {
  contentHash,
  defaultConversationId,
  messageWeight,
  normalizeMessage,
  type OutgoingMessage,
} from '../../src/message/message.ts';

const simple = { to: 'sip:bob@contoso.com', text: 'secret' };

function refusal(message: unknown): Pick<OfflineImError, 'code' | 'message' | 'details'> {
  try {
    normalizeMessage(message as OutgoingMessage);
  } catch (error) {
    const { code, message: text, details } = error as OfflineImError;
    return { code, message: text, details };
  }
  throw new Error('it was accepted');
}

describe('normalizeMessage refuses', () => {
  const invalid = (field: string, message: RegExp) => ['MESSAGE_INVALID', message, { field }] as const;
  const id = '1 to 255 UTF-16 units without control characters or lone surrogates';
  it.each<readonly [unknown, string, RegExp, object]>([
    [undefined, ...invalid('A message', /^A message is a value of type undefined; expected an object\.$/)],
    [null, ...invalid('A message', /^A message is a value of type null; expected an object\.$/)],
    ['secret', ...invalid('A message', /^A message is a value of type string; expected an object\.$/)],
    [{ ...simple, text: 5 }, ...invalid('text', /^text is a value of type number; expected a string\.$/)],
    [{ ...simple, html: null }, ...invalid('html', /^html is a value of type null; expected a string\.$/)],
    [{ to: 'a@b.c' }, 'MESSAGE_INVALID', /^text is missing; expected a string\.$/, {}],
    [{ ...simple, text: '' }, 'TEXT_EMPTY', /^The message has neither text nor html\.$/, {}],
    [
      { ...simple, text: 'x'.repeat(32_769) },
      'TEXT_TOO_LONG',
      /^text has 32769 bytes in UTF-8; at most 32768 are allowed\.$/,
      { field: 'text', bytes: 32_769, limit: 32_768 },
    ],
    [{ text: 'x' }, 'RECIPIENTS_MISSING', /^to is missing; a message needs at least one recipient\.$/, {}],
    [{ text: 'x', to: [] }, 'RECIPIENTS_MISSING', /^to is empty; a message needs at least one recipient\.$/, {}],
    [{ text: 'x', to: 5 }, ...invalid('to', /^to is the number 5; expected a string or an array of strings\.$/)],
    [
      { ...simple, from: 5 },
      ...invalid('from', /^from is the number 5; expected an address or \{ sip, displayName\?, mailbox\? \}\.$/),
    ],
    [{ ...simple, from: null }, ...invalid('from', /^from is null; expected an address/)],
    [{ ...simple, from: ['a@b.c'] }, ...invalid('from', /expected an address/)],
    [
      { ...simple, from: { sip: 'a@b.c', displayName: 5 } },
      ...invalid('from.displayName', /^from\.displayName is the number 5; expected at most 256 characters on one line\.$/),
    ],
    [{ ...simple, from: { sip: 'a@b.c', displayName: 'x'.repeat(257) } }, ...invalid('from.displayName', /at most 256/)],
    [{ ...simple, from: { sip: 'a@b.c', displayName: 'a\nb' } }, ...invalid('from.displayName', /on one line/)],
    [
      { ...simple, from: { sip: 'a@b.c', mailbox: 'sip:a@b.c' } },
      'ADDRESS_INVALID',
      /^from\.mailbox "sip:a@b\.c" is a SIP URI; expected an SMTP address\.$/,
      {},
    ],
    [{ ...simple, messageId: '' }, ...invalid('messageId', new RegExp(`^messageId is "".*; expected ${id}\\.$`))],
    [{ ...simple, messageId: 5 }, ...invalid('messageId', /^messageId is the number 5; expected 1 to 255/)],
    [{ ...simple, messageId: 'x'.repeat(256) }, ...invalid('messageId', /expected 1 to 255/)],
    [{ ...simple, conversationId: 'a\u0000' }, ...invalid('conversationId', /^conversationId is/)],
    [{ ...simple, sentAt: 5 }, ...invalid('sentAt', /^sentAt is the number 5; expected a valid Date\.$/)],
    [
      { ...simple, expiresAt: new Date(Number.NaN) },
      ...invalid('expiresAt', /^expiresAt is "Invalid Date"; expected a valid Date\.$/),
    ],
  ])('%j: %s', (message, code, text, details) => {
    const found = refusal(message);
    expect(found).toEqual({ code, message: expect.stringMatching(text), details });
    expect(found.message).not.toContain('secret');
  });

  it('too many recipients: how many there are, and how many are allowed', () => {
    const to = Array.from({ length: 501 }, (_, n) => `u${n}@contoso.com`);
    expect(refusal({ ...simple, to })).toEqual({
      code: 'RECIPIENTS_TOO_MANY',
      message: 'to names 501 recipients; at most 500 are allowed.',
      details: { count: 501, limit: 500 },
    });
  });

  it('nothing at its limits', () => {
    const most = {
      ...simple,
      messageId: 'x'.repeat(255),
      conversationId: 'y'.repeat(255),
      from: { sip: 'a@b.c', displayName: 'z'.repeat(256) },
    };
    expect(normalizeMessage(most)).toMatchObject({
      messageId: most.messageId,
      conversationId: most.conversationId,
      from: { displayName: most.from.displayName },
    });
    expect(normalizeMessage({ ...simple, from: { sip: 'Alice <a@b.c>', displayName: '' } }).from).toStrictEqual({
      sip: { kind: 'sip', address: 'a@b.c' },
      displayName: 'Alice',
    });
    expect(normalizeMessage({ ...simple, from: 'a@b.c' }).from).toStrictEqual({ sip: { kind: 'sip', address: 'a@b.c' } });
  });
});

describe('the weight of a message', () => {
  /** The weight of one more character in unclosed html, so that it counts by itself. */
  const adds = (text: string): number => messageWeight('x', `<!--${text}`) - messageWeight('x', '<!--');

  it.each([
    ['a', 1],
    [' ', 1],
    ['~', 1],
    ['é', 2],
    ['漢', 3],
    ['\u{1f600}', 4],
    // As &lt; and &gt;.
    ['<', 4],
    ['>', 4],
    // As &amp;, &quot;, &#39; and &#x0D; at most.
    ['&', 6],
    ['"', 6],
    ["'", 6],
    ['\r', 6],
    ['\u0000', 6],
    ['\u001f', 6],
    ['\u007f', 6],
    ['\u0080', 7],
    ['\u009f', 7],
    ['\u00a0', 2],
  ])('%j counts %s bytes', (text, bytes) => {
    expect(adds(text)).toBe(bytes);
  });

  it('is that of its text as html, with line breaks and a heading line', () => {
    expect(messageWeight('')).toBe(512);
    expect(messageWeight('ab')).toBe(514);
    expect(messageWeight('a\nb')).toBe(512 + 'a<br>\nb'.length + 3 + 3 + 5);
  });

  it('is the larger of its html alone and its html among others', () => {
    const cell = '<table role="presentation"><tr><td>b</td></tr></table>';
    const marks = cell.split(/[<>]/).length - 1;
    expect(messageWeight('a', 'b')).toBe(512 + cell.length + 3 * marks + 5 * 2);
    // Unclosed, it is shown as text beside others.
    expect(messageWeight('a', '<!--')).toBe(512 + 4 + 3);
    expect(messageWeight('a'.repeat(99), '<!--')).toBe(512 + 99);
  });
});

describe('hashes stored in spools never change', () => {
  const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

  it('for the conversation of messages without one', async () => {
    const to = [{ address: 'Carol@contoso.com' }, { address: 'bob@contoso.com' }];
    expect(await defaultConversationId({ address: 'Alice@contoso.com' }, to)).toBe(
      sha256(['offline-im conversation 1', 'alice@contoso.com', ['bob@contoso.com', 'carol@contoso.com']]),
    );
  });

  it('for the content, including names', async () => {
    const named = normalizeMessage({ to: 'Bob <bob@contoso.com>', text: 'x' });
    expect(await contentHash(named)).toBe(
      sha256(['offline-im message 1', ['to', [['smtp', 'bob@contoso.com', 'Bob']]], ['text', 'x']]),
    );
    expect(await contentHash(normalizeMessage({ to: 'bob@contoso.com', text: 'x' }))).toBe(
      sha256(['offline-im message 1', ['to', [['smtp', 'bob@contoso.com', null]]], ['text', 'x']]),
    );
  });
});
