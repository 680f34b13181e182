import { describe, expect, it } from 'vitest';
import { type DemoData, defaultDataFile, messagesOf, readData, readListings } from '../../examples/demo/data.ts';
import { asXmlCarriesIt, expectedOf } from '../../examples/demo/expected.ts';

const data = await readData(defaultDataFile);
const messages = messagesOf(data);
const texts = messages.map(({ text }) => text);
const expected = expectedOf(data, await readListings());

describe('the data file of the demo', () => {
  it('has at least 40 messages in eight languages, each with its own id, time and text', () => {
    expect(messages.length).toBeGreaterThanOrEqual(40);
    expect(new Set(messages.map(({ language }) => language)).size).toBeGreaterThanOrEqual(8);
    for (const field of ['id', 'sentAt', 'text'] as const) {
      expect(new Set(messages.map((message) => message[field])).size).toBe(messages.length);
    }
  });

  const hostile: readonly [string, RegExp][] = [
    ['an emoji with a skin tone', /🙏🏽/u],
    ['an emoji of several code points', /\u200d/u],
    ['Hebrew', /\p{Script=Hebrew}/u],
    ['Arabic', /\p{Script=Arabic}/u],
    ['a directional mark', /\u200e/u],
    ['Chinese beyond the basic plane', /𠮷/u],
    ['Japanese', /\p{Script=Hiragana}/u],
    ['Cyrillic', /\p{Script=Cyrillic}/u],
    ['both kinds of straight quotes', /".*'|'.*"/s],
    ['an ampersand and an entity', /& .*&quot;/],
    ['the end of a CDATA section', /\]\]>/],
    ['the end of its own element', /<\/t:Body>/],
    ['a script', /<script>/],
    ['noncharacters', /\ufffe.*\uffff/],
    ['a lone surrogate', /\p{Cs}/u],
    ['both kinds of line ends, tabs, and blanks around it', /^ .*\n\t.*\r\n.* $/s],
    ['text that looks like the heading of another message', /\n\n\[2026-11-20 08:00:00Z\] Alice Example:\n/],
  ];
  for (const [what, pattern] of hostile) {
    it(`has ${what}`, () => expect(texts.some((text) => pattern.test(text))).toBe(true));
  }

  it('has control characters', () => {
    for (const control of ['\u0000', '\u0007', '\u001b']) expect(texts.some((text) => text.includes(control))).toBe(true);
  });

  it('has group conversations, mixed audiences, and someone whose mailbox differs from the SIP address', () => {
    const audiencesOf = (id: string) => new Set(expected.copies.filter((c) => c.messageId === id).map((c) => c.audience));
    expect(messages.filter(({ to }) => to.length > 2).length).toBeGreaterThanOrEqual(3);
    expect(messages.filter(({ id }) => audiencesOf(id).size === 2).length).toBeGreaterThanOrEqual(5);
    expect(new Set(expected.copies.map(({ thread }) => thread)).size).toBeGreaterThanOrEqual(15);
    expect(expected.texts.some(({ mailbox }) => mailbox === 'mei.tanaka@contoso.test')).toBe(true);
  });

  it('has senders that must be refused, for every kind of reason', () => {
    expect(Object.fromEntries(expected.refused)).toEqual({
      'otto-1': ['client-too-old'],
      'otto-2': ['client-too-old'],
      'karin-1': ['im-auto-archiving-disabled'],
      'karin-2': ['im-auto-archiving-disabled'],
      'bernd-1': ['im-auto-archiving-disabled', 'client-too-old'],
      'lars-1': ['offline-im-disabled'],
      'tom-1': ['domain-not-federated'],
    });
  });
});

describe('the figures derived from the data file', () => {
  it('replaces exactly what XML 1.0 forbids', () => {
    expect(asXmlCarriesIt('a\u0000\u0008\u000b\u001f\ufffe\uffff\ud83db\ude00')).toBe(`a${'\ufffd'.repeat(7)}b\ufffd`);
    const allowed = '\t\n\r ~\u007f\u0085\u2028\ud7ff\ue000\ufffd😀<&>';
    expect(asXmlCarriesIt(allowed)).toBe(allowed);
  });

  it('change with the file: one recipient fewer, one text fewer', async () => {
    const first: DemoData = { ...data, waves: data.waves.map((wave) => ({ ...wave, messages: wave.messages.slice(0, 4) })) };
    const fewer: DemoData = {
      ...first,
      waves: first.waves.map((wave) => ({ ...wave, messages: wave.messages.map((m) => ({ ...m, to: m.to.slice(0, 1) })) })),
    };
    const [before, after] = await Promise.all([first, fewer].map(async (file) => expectedOf(file, await readListings())));
    expect(before?.accepted).toEqual(after?.accepted);
    expect(before?.texts.length).toBeGreaterThan(after?.texts.length ?? 0);
    expect(after?.texts).toHaveLength(after?.accepted.length ?? 0);
  });
});
