import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import {
  contentHash,
  defaultConversationId,
  defaultMessageLimits,
  messageWeight,
  normalizeMessage,
  type OutgoingMessage,
  orderKey,
  recipientsKey,
} from '../../src/message/message.ts';
import { codePoint } from '../support/code-points.ts';

const simple: OutgoingMessage = { to: 'sip:bob@contoso.com', text: 'Are you there?' };
const secret = 'the-secret-text';

function refusal(message: unknown): OfflineImError {
  try {
    normalizeMessage(message as OutgoingMessage);
  } catch (error) {
    if (error instanceof OfflineImError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('normalizeMessage', () => {
  it('omits fields that were not given', () => {
    expect(normalizeMessage(simple)).toEqual({ to: [{ kind: 'sip', address: 'bob@contoso.com' }], text: 'Are you there?' });
    expect(Object.keys(normalizeMessage({ ...simple, html: undefined, from: undefined, sentAt: undefined }))).toEqual([
      'to',
      'text',
    ]);
  });

  it('reads every field', () => {
    const message = normalizeMessage({
      to: ['Bob <sip:bob@contoso.com>', 'carol@fabrikam.com'],
      text: 'a',
      html: '<p>a</p>',
      from: { sip: 'alice@contoso.com', displayName: 'Alice Example', mailbox: 'a.example@contoso.com' },
      messageId: 'ticket-4711',
      conversationId: 'c',
      sentAt: new Date(1_000),
      expiresAt: new Date(2_000),
    });
    expect(message).toEqual({
      to: [
        { kind: 'sip', address: 'bob@contoso.com', name: 'Bob' },
        { kind: 'smtp', address: 'carol@fabrikam.com' },
      ],
      text: 'a',
      html: '<p>a</p>',
      from: {
        sip: { kind: 'sip', address: 'alice@contoso.com' },
        displayName: 'Alice Example',
        mailbox: { kind: 'smtp', address: 'a.example@contoso.com' },
      },
      messageId: 'ticket-4711',
      conversationId: 'c',
      sentAt: 1_000,
      expiresAt: 2_000,
    });
  });

  it('uses the display name of a from given as one string', () => {
    expect(normalizeMessage({ ...simple, from: 'Alice <sip:alice@contoso.com>' }).from).toEqual({
      sip: { kind: 'sip', address: 'alice@contoso.com' },
      displayName: 'Alice',
    });
  });

  it('keeps the first of recipients that differ only in case, kind or name', () => {
    const { to } = normalizeMessage({ ...simple, to: ['Bob <bob@contoso.com>', 'SIP:BOB@contoso.com', 'carol@contoso.com'] });
    expect(to.map((address) => address.name ?? address.address)).toEqual(['Bob', 'carol@contoso.com']);
  });

  it('counts recipients after de-duplication', () => {
    const many = Array.from({ length: 500 }, (_, index) => `user${index}@contoso.com`);
    expect(normalizeMessage({ ...simple, to: [...many, 'USER0@contoso.com'] }).to).toHaveLength(500);
    expect(refusal({ ...simple, to: [...many, 'one.more@contoso.com'] }).code).toBe('RECIPIENTS_TOO_MANY');
  });

  it('measures text and html in UTF-8 bytes, each separately', () => {
    const full = 'é'.repeat(defaultMessageLimits.maxTextBytes / 2);
    expect(normalizeMessage({ ...simple, text: full, html: full }).text).toBe(full);
    expect(refusal({ ...simple, text: `${full}.` })).toMatchObject({ code: 'TEXT_TOO_LONG', details: { bytes: 32_769 } });
    expect(refusal({ ...simple, html: `${full}.` })).toMatchObject({ code: 'TEXT_TOO_LONG', details: { field: 'html' } });
  });

  it('allows html without text, but not neither', () => {
    expect(normalizeMessage({ ...simple, text: '', html: '<p>a</p>' }).html).toBe('<p>a</p>');
    expect(refusal({ ...simple, text: '' }).code).toBe('TEXT_EMPTY');
    expect(refusal({ ...simple, text: '', html: '' }).code).toBe('TEXT_EMPTY');
  });

  it('accepts a Date of another realm', async () => {
    const { runInNewContext } = await import('node:vm');
    expect(normalizeMessage({ ...simple, sentAt: runInNewContext('new Date(5)') as Date }).sentAt).toBe(5);
  });

  const wrong: readonly [string, unknown, string][] = [
    ['nothing', undefined, 'MESSAGE_INVALID'],
    ['null', null, 'MESSAGE_INVALID'],
    ['a string', secret, 'MESSAGE_INVALID'],
    ['an array', [simple], 'MESSAGE_INVALID'],
    ['no text', { to: simple.to }, 'MESSAGE_INVALID'],
    ['text that is a number', { ...simple, text: 5 }, 'MESSAGE_INVALID'],
    ['html that is null', { ...simple, html: null }, 'MESSAGE_INVALID'],
    ['no recipient', { text: 'a' }, 'RECIPIENTS_MISSING'],
    ['an empty list of recipients', { ...simple, to: [] }, 'RECIPIENTS_MISSING'],
    ['recipients that are an object', { ...simple, to: {} }, 'MESSAGE_INVALID'],
    ['a recipient that is null', { ...simple, to: [null] }, 'RECIPIENT_INVALID'],
    ['an empty recipient', { ...simple, to: '' }, 'RECIPIENT_INVALID'],
    ['a from that is no address', { ...simple, from: 'alice' }, 'ADDRESS_INVALID'],
    ['a from without sip', { ...simple, from: {} }, 'ADDRESS_INVALID'],
    ['a from that is a number', { ...simple, from: 5 }, 'MESSAGE_INVALID'],
    ['a SIP mailbox', { ...simple, from: { sip: 'a@b.c', mailbox: 'sip:a@b.c' } }, 'ADDRESS_INVALID'],
    ['a mailbox that is null', { ...simple, from: { sip: 'a@b.c', mailbox: null } }, 'ADDRESS_INVALID'],
    ['a display name of two lines', { ...simple, from: { sip: 'a@b.c', displayName: 'A\nB' } }, 'MESSAGE_INVALID'],
    ['an empty message id', { ...simple, messageId: '' }, 'MESSAGE_INVALID'],
    ['a message id of 256 units', { ...simple, messageId: 'x'.repeat(256) }, 'MESSAGE_INVALID'],
    ['a message id with NUL', { ...simple, messageId: 'a\0' }, 'MESSAGE_INVALID'],
    ['a message id with a lone surrogate', { ...simple, messageId: '\ud800' }, 'MESSAGE_INVALID'],
    ['a conversation id that is a number', { ...simple, conversationId: 1 }, 'MESSAGE_INVALID'],
    ['sentAt as a number', { ...simple, sentAt: 5 }, 'MESSAGE_INVALID'],
    ['an invalid expiresAt', { ...simple, expiresAt: new Date(Number.NaN) }, 'MESSAGE_INVALID'],
  ];
  for (const [what, message, code] of wrong) {
    it(`refuses ${what} as ${code}`, () => expect(refusal(message).code).toBe(code));
  }

  it('never includes text in an error', () => {
    const long = secret.repeat(10_000);
    for (const message of [secret, { ...simple, text: long }, { ...simple, html: long }, { ...simple, text: [secret] }]) {
      const error = refusal(message);
      expect(error.message + JSON.stringify(error.details)).not.toContain(secret);
    }
  });
});

describe('contentHash', () => {
  const hash = async (message: OutgoingMessage): Promise<string> => contentHash(normalizeMessage(message));

  it('is the same for the same content, whatever the id and its notation', async () => {
    const first = await hash({ ...simple, messageId: 'a', from: 'alice@contoso.com' });
    const again = {
      to: ['SIP:bob@CONTOSO.com;x=y'],
      text: simple.text,
      messageId: 'b',
      html: undefined,
      from: { sip: 'sip:alice@contoso.com' },
    };
    expect(await hash(again)).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  it('never changes between versions: spools keep it', async () => {
    expect(await hash(simple)).toBe('2430bf515212ce2536464b87f1f6419e4ea8f21cb3de4949e8e802f66b59b54b');
  });

  it('differs with any field, and with the order of recipients', async () => {
    const variants: readonly OutgoingMessage[] = [
      simple,
      { ...simple, text: 'Are you there' },
      { ...simple, html: 'Are you there?' },
      { ...simple, to: 'bob@contoso.com' },
      { ...simple, to: ['sip:bob@contoso.com', 'carol@contoso.com'] },
      { ...simple, to: ['carol@contoso.com', 'sip:bob@contoso.com'] },
      { ...simple, from: 'alice@contoso.com' },
      { ...simple, from: { sip: 'alice@contoso.com', displayName: 'A' } },
      { ...simple, from: { sip: 'alice@contoso.com', mailbox: 'A@contoso.com' } },
      { ...simple, conversationId: 'c' },
      { ...simple, sentAt: new Date(0) },
      { ...simple, expiresAt: new Date(0) },
    ];
    expect(new Set(await Promise.all(variants.map(hash))).size).toBe(variants.length);
  });

  it('differs for texts that UTF-8 or a careless encoding would make equal', async () => {
    const texts = ['\ud800', '\udc00', '\ufffd', '\\ud800', '\\ufffd', 'a","b', 'a\u0000', 'a', 'e\u0301', '\u00e9'];
    const hashes = await Promise.all(texts.map((text) => hash({ ...simple, text })));
    expect(new Set(hashes).size).toBe(texts.length);
  });

  it('differs for any two different pairs of text and html', async () => {
    const text = fc.string({ unit: codePoint, minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (a, b, c, d) => {
        const equal = a === c && b === d;
        expect((await hash({ ...simple, text: a, html: b })) === (await hash({ ...simple, text: c, html: d }))).toBe(equal);
      }),
    );
  });
});

describe('recipientsKey and defaultConversationId', () => {
  const mailboxes = (...addresses: readonly string[]) => addresses.map((address) => ({ address }));

  it('compare sets: order, case and repetition do not matter', async () => {
    const one = mailboxes('bob@contoso.com', 'Carol@contoso.com');
    const other = mailboxes('carol@contoso.com', 'BOB@contoso.com', 'bob@contoso.com');
    expect(recipientsKey(one)).toBe(recipientsKey(other));
    const [alice] = mailboxes('alice@contoso.com');
    if (alice === undefined) throw new Error('no sender');
    expect(await defaultConversationId(alice, one)).toBe(await defaultConversationId({ address: 'ALICE@contoso.com' }, other));
    expect(await defaultConversationId(alice, one)).not.toBe(await defaultConversationId(alice, one.slice(1)));
  });

  it('are equal only for equal sets, whatever the addresses contain', () => {
    const address = fc.oneof(fc.constantFrom('a', 'A', 'b', 'a","b', 'a,b', ','), fc.string({ maxLength: 3 }));
    const list = fc.array(address, { minLength: 1, maxLength: 4 });
    const set = (addresses: readonly string[]) => new Set(addresses.map((item) => item.toLowerCase()));
    fc.assert(
      fc.property(list, list, (a, b) => {
        const equal = [...set(a)].sort().join('|') === [...set(b)].sort().join('|');
        expect(recipientsKey(mailboxes(...a)) === recipientsKey(mailboxes(...b))).toBe(equal);
      }),
    );
  });
});

describe('orderKey', () => {
  const alice = { address: 'alice@contoso.com' };
  const keyOf = (message: Partial<OutgoingMessage>, sender = alice) =>
    orderKey(normalizeMessage({ ...simple, ...message }), sender);

  it('is that of the conversation, whoever its sender and recipients are', () => {
    const key = keyOf({ conversationId: 'c' });
    expect(keyOf({ conversationId: 'c', to: 'carol@contoso.com', from: 'dave@contoso.com' })).toBe(key);
    expect(keyOf({ conversationId: 'd' })).not.toBe(key);
    expect(keyOf({})).not.toBe(key);
  });

  it('is that of sender and recipients without a conversation id, whatever their case and order', () => {
    const key = keyOf({ to: ['bob@contoso.com', 'carol@contoso.com'] });
    expect(keyOf({ to: ['CAROL@contoso.com', 'sip:bob@contoso.com'], from: 'sip:Alice@contoso.com' })).toBe(key);
    expect(keyOf({ to: ['bob@contoso.com', 'carol@contoso.com'] }, { address: 'eve@contoso.com' })).not.toBe(key);
    expect(keyOf({ to: ['bob@contoso.com', 'carol@contoso.com'], from: 'eve@contoso.com' })).not.toBe(key);
    expect(keyOf({})).not.toBe(key);
  });
});

describe('messageWeight', () => {
  it('is at least the size of the message as XML, plain or in the html of a note', () => {
    const xml = (text: string) =>
      Buffer.byteLength(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        expect(messageWeight(text)).toBeGreaterThan(xml(text));
        expect(messageWeight('', text)).toBeGreaterThan(xml(text));
        expect(messageWeight('a', text)).toBeGreaterThan(xml(text));
      }),
    );
  });

  it('counts a newline as the html line break it may become', () => {
    expect(messageWeight('\n'.repeat(1_000)) - messageWeight('')).toBeGreaterThanOrEqual(11_000);
  });
});
