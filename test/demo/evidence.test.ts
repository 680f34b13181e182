import { describe, expect, it } from 'vitest';
import { defaultDataFile, readData, readListings } from '../../examples/demo/data.ts';
import { type ExpectedText, expectedOf, type Way } from '../../examples/demo/expected.ts';
import { figuresOf, isRight } from '../../examples/demo/figures.ts';
import { type Found, type FoundText, type NoteWay, takeApart } from '../../examples/demo/found.ts';
import { Tally } from '../../examples/demo/tally.ts';

const expected = expectedOf(await readData(defaultDataFile), await readListings());

function foundAs(text: ExpectedText): FoundText {
  const inside = text.audience === 'same-organization';
  const { messageId, mailbox, thread, place } = text;
  const missed = text.way === 'EWS' ? 'IM.Note.MissedConversation' : 'IPM.Note.Microsoft.Missed';
  const itemClass = inside ? missed : 'IPM.Note';
  return {
    messageId,
    mailbox,
    thread,
    place,
    way: text.way,
    itemClass,
    missedConversations: inside,
    conversationHistory: inside,
  };
}

function note(way: Way): NoteWay {
  return { from: '', to: [], messageIds: [], way };
}

const perfect: Found = {
  texts: expected.texts.map(foundAs),
  copies: expected.copies.map(foundAs),
  notes: expected.notes,
  ways: (['EWS', 'Graph'] as const).flatMap((way) => Array.from({ length: expected.notesBy[way] }, () => note(way))),
  drafts: 0,
  strange: [],
};

function perfectTally(): Tally {
  const tally = new Tally();
  for (const messageId of expected.accepted) tally.add({ kind: 'accepted', messageId, duplicate: false });
  for (const messageId of expected.accepted.slice(0, expected.repeated))
    tally.add({ kind: 'accepted', messageId, duplicate: true });
  for (const [messageId, reasons] of expected.refused) tally.add({ kind: 'refused', messageId, reasons });
  tally.kills = 1;
  tally.moved.add('noa@contoso.test');
  return tally;
}

function wrong(found: Partial<Found>, tally = perfectTally()): readonly string[] {
  const figures = figuresOf({ expected, found: { ...perfect, ...found }, tally, journal: [] });
  return figures.filter((figure) => !isRight(figure)).map(({ name }) => name);
}

describe('the figures of the demo', () => {
  it('are right if everything matches the data', () => expect(wrong({})).toEqual([]));

  it('reveal a text that is missing, duplicated, late or unexpected', () => {
    const [first, second, ...rest] = perfect.texts;
    if (first === undefined || second === undefined) throw new Error('no texts');
    expect(first.thread).toBe(second.thread);
    expect(wrong({ texts: [second, ...rest] })).toContain('texts missing');
    expect(wrong({ texts: [...perfect.texts, first] })).toContain('texts delivered twice');
    expect(wrong({ texts: [second, first, ...rest] })).toEqual(['texts out of order']);
    expect(wrong({ strange: ['an item'] })).toEqual(['items with another text than the data file']);
    expect(wrong({ copies: perfect.copies.slice(1) })).toContain("senders' copies in Conversation History");
  });

  it('reveal a draft, a dead message, a wrong class, or a note too many', () => {
    const tally = perfectTally();
    tally.dead.add('plan-1');
    expect(wrong({}, tally)).toEqual(['dead']);
    expect(wrong({ drafts: 1, notes: perfect.notes + 1 })).toEqual(['notes', 'drafts left']);
    const plain = perfect.texts.map((text) => ({ ...text, itemClass: 'IPM.Note' }));
    expect(wrong({ texts: plain })).toEqual([
      'delivered as IM.Note.MissedConversation',
      'delivered as IPM.Note.Microsoft.Missed',
      'delivered as IPM.Note',
    ]);
  });

  it('reveal a note sent the wrong way, and a move that did not happen', () => {
    const other = perfect.copies.map((copy) => (copy.messageId === 'offsite-3' ? { ...copy, way: 'EWS' as const } : copy));
    expect(wrong({ copies: other })).toEqual([
      'notes that took the other way',
      "senders' copies in Conversation History",
      "senders' copies in Sent Items",
    ]);
    expect(wrong({ ways: [...perfect.ways, note('Graph')] })).toEqual(['  through Graph']);
    const tally = perfectTally();
    tally.moved.clear();
    expect(wrong({}, tally)).toEqual(['mailboxes moved while notes waited']);
  });

  it('reveal who was wrongly refused, even if the totals match', () => {
    const tally = perfectTally();
    tally.refused.set('otto-1', ['im-auto-archiving-disabled']);
    tally.refused.set('karin-1', ['client-too-old']);
    expect(wrong({}, tally)).toEqual(['messages refused by the gate']);
  });
});

describe('splitting a note into its texts', () => {
  const one = {
    ...expected.texts[0],
    time: '2026-11-20 08:00:00Z',
    senderName: 'Alice',
    messageId: 'one',
    text: 'Hello',
  } as ExpectedText;
  const fake = { ...one, messageId: 'fake', text: 'Hello\n\n[2026-11-20 08:00:00Z] Alice:\nHello' };

  it('finds a single text, or several with a heading line each', () => {
    expect(takeApart('Hello', [one, fake])).toEqual([one]);
    expect(takeApart('[2026-11-20 08:00:00Z] Alice:\nHello\n\n[2026-11-20 08:00:00Z] Alice:\nHello', [one])).toEqual([one, one]);
  });

  it('is not fooled by a text that imitates such a line', () => {
    const body = `[2026-11-20 08:00:00Z] Alice:\n${fake.text}\n\n[2026-11-20 08:00:00Z] Alice:\nHello`;
    expect(takeApart(body, [one, fake])).toEqual([fake, one]);
  });

  it('accepts nothing else', () => {
    for (const body of ['hello', 'Hello ', '', '[2026-11-20 08:00:01Z] Alice:\nHello'])
      expect(takeApart(body, [one])).toBeUndefined();
  });
});
