import { describe, expect, it } from 'vitest';
import type { SpoolState } from '../../src/spool/contract.ts';
import type { ItemSnapshot, MailboxSnapshot } from '../support/simulator-protocol.ts';
import { type Evidence, judge } from './judge.ts';
import { Ledger } from './ledger.ts';
import { addressesOf, conversationOf } from './worker-options.ts';

const people = { senders: ['s0@x.test', 's1@x.test'], recipients: ['r0@x.test', 'r1@x.test'] };
const none = { spooled: 0, deferred: 0, delivering: 0, unconfirmed: 0, held: 0, delivered: 4, dead: 0, cancelled: 0 };

function note(numbers: readonly number[], changed: Partial<ItemSnapshot> = {}): ItemSnapshot {
  const { from, to } = addressesOf(conversationOf(numbers[0] ?? 0, people), people);
  const body = numbers.map((number) => `Message «${number}» of many`).join('\n');
  return { id: '', subject: '', itemClass: '', body, isDraft: false, from, to: [to], createdAt: 100, ...changed };
}

function ledgerOf(lines: readonly string[]): Ledger {
  const ledger = new Ledger();
  for (const line of lines) expect(ledger.read(line)).toBe(true);
  return ledger;
}

const accepted = [0, 1, 2, 3].flatMap((number) => [`sending ${number} 10`, `accepted ${number} 20`]);

/** The copies saved by sending. */
const saved: Readonly<Record<string, MailboxSnapshot>> = {
  's0@x.test': { 'Conversation History': [note([0, 2])] },
  's1@x.test': { 'Conversation History': [note([1]), note([3])] },
};

function found(
  inboxes: readonly (readonly ItemSnapshot[])[],
  {
    lines = accepted,
    counts = {},
    dead = {},
    others = saved,
  }: {
    readonly lines?: readonly string[];
    readonly counts?: Partial<Record<SpoolState, number>>;
    readonly dead?: Readonly<Record<string, string>>;
    readonly others?: Readonly<Record<string, MailboxSnapshot>>;
  } = {},
): ReturnType<typeof judge> {
  const mailboxes: Record<string, MailboxSnapshot> = Object.fromEntries(
    inboxes.map((inbox, index) => [people.recipients[index] ?? `${index}@x.test`, { inbox }]),
  );
  for (const [address, folders] of Object.entries(others)) mailboxes[address] = { ...mailboxes[address], ...folders };
  const evidence: Evidence = {
    messages: 4,
    people,
    ledger: ledgerOf(lines),
    exchange: { mailboxes, outbound: [] },
    counts: { ...none, ...counts },
    dead,
  };
  return judge(evidence);
}

const right = [[note([0, 2])], [note([1]), note([3])]];

describe('the findings of the torture test', () => {
  it('are empty when every message is where it belongs', () => {
    expect(found(right)).toEqual({
      accepted: 4,
      lost: [],
      twice: [],
      unsaved: [],
      misdirected: [],
      outOfOrder: [],
      belied: [],
      contradicted: [],
      drafts: 0,
      dead: {},
      left: {},
      waits: { least: 80, median: 80, longest: 80 },
    });
  });

  it('include messages that reached only the wrong person, came from the wrong mailbox, or were shown to others', () => {
    expect(found([[note([0, 2]), note([1])], [note([3])]])).toMatchObject({ lost: [1], misdirected: [1], twice: [] });
    expect(found([[note([0, 2], { from: 's1@x.test' })], right[1] ?? []])).toMatchObject({ lost: [0, 2], misdirected: [0, 2] });
    expect(found([[note([0, 2], { to: people.recipients })], right[1] ?? []])).toMatchObject({ misdirected: [0, 2] });
    expect(found([...right, [note([1])]])).toMatchObject({ lost: [], misdirected: [1], twice: [1] });
  });

  it('include a second copy anywhere: in the history, the Outbox, deleted items, another folder of the recipient', () => {
    const history = [note([0, 2])];
    for (const folders of [
      { 'Conversation History': [...history, note([2])] },
      { 'Conversation History': history, sentitems: [note([2])] },
      { 'Conversation History': history, outbox: [note([2])] },
      { 'Conversation History': history, deleteditems: [note([2])] },
    ]) {
      expect(found(right, { others: { ...saved, 's0@x.test': folders } })).toMatchObject({
        twice: [2],
        lost: [],
        misdirected: [],
      });
    }
    const junk = { ...saved, 'r0@x.test': { junkemail: [note([2])] } };
    expect(found(right, { others: junk })).toMatchObject({ twice: [2], lost: [] });
  });

  it('include a note without a copy in the history, and a draft in any folder', () => {
    const none = { ...saved, 's0@x.test': {} };
    expect(found(right, { others: none })).toMatchObject({ unsaved: [0, 2], twice: [], drafts: 0 });
    const deleted = {
      ...saved,
      's1@x.test': { ...saved['s1@x.test'], deleteditems: [note([1], { isDraft: true })], drafts: [note([3])] },
    };
    expect(found(right, { others: deleted })).toMatchObject({ unsaved: [], drafts: 2 });
  });

  it('include entries left in the spool, and entries missing there', () => {
    expect(found(right, { counts: { delivered: 2, dead: 1, held: 1 } }).left).toEqual({ dead: 1, held: 1, missing: 2 });
    expect(found(right, { counts: { delivered: 5 } }).left).toEqual({ missing: -1 });
  });

  it('exclude a message dead because of the server, but include one dead for another reason, or sent all the same', () => {
    const without = [[note([0, 2])], [note([1])]];
    const counts = { delivered: 3, dead: 1 };
    for (const code of ['ErrorSendAsDenied', 'STRANDED_DRAFT', 'COPY_AFTER_FAULT']) {
      expect(found(without, { counts, dead: { 'm-3': code } })).toMatchObject({
        lost: [],
        belied: [],
        left: {},
        dead: { [code]: 1 },
      });
    }
    expect(found(without, { counts, dead: { 'm-3': 'OUTCOME_UNKNOWN' } })).toMatchObject({
      lost: [3],
      left: { dead: 1, missing: 1 },
    });
    expect(found(right, { counts, dead: { 'm-3': 'STRANDED_DRAFT' } })).toMatchObject({ belied: [3] });
    expect(found(right, { counts, dead: { 'm-3': 'COPY_AFTER_FAULT' } })).toMatchObject({ belied: [] });
  });

  it('include a remaining draft unless it is reported as left', () => {
    const others = { ...saved, 's1@x.test': { ...saved['s1@x.test'], drafts: [note([3], { isDraft: true })] } };
    expect(found(right, { others })).toMatchObject({ drafts: 1 });
    expect(found(right, { others, dead: { 'm-3': 'STRANDED_DRAFT' } })).toMatchObject({ drafts: 1 });
    expect(found(right, { others, dead: { 'm-3': 'DRAFT_LEFT' } })).toMatchObject({ drafts: 0 });
  });

  it('include a message that arrived before it was accepted', () => {
    const lines = accepted.map((line) => (line === 'accepted 3 20' ? 'accepted 3 130' : line));
    expect(found(right, { lines }).waits.least).toBe(-30);
  });
});

describe('the required order', () => {
  const later = ['sending 1 10', 'accepted 1 20', 'sending 3 10', 'accepted 3 20'];
  const reversed = [[note([2]), note([0])], right[1] ?? []];
  const outOfOrder = (inboxes: typeof right, lines: readonly string[]) =>
    found(inboxes, { lines: [...lines, ...later] }).outOfOrder;

  it('is that of the calls, even if they run concurrently', () => {
    const lines = ['sending 0 1', 'sending 2 1', 'accepted 2 2', 'accepted 0 2'];
    expect(outOfOrder(right, lines)).toEqual([]);
    expect(outOfOrder(reversed, lines)).toEqual(['r0@x.test']);
  });

  it('is that in which Exchange accepted them: a message it then holds in its Outbox may arrive later', () => {
    const lines = ['sending 0 1', 'accepted 0 2', 'sending 2 3', 'accepted 2 4'];
    const arrived = (held: number) => [
      [note([2], { createdAt: 100, sentAt: 100 }), note([0], { createdAt: 210, sentAt: held })],
      right[1] ?? [],
    ];
    expect(outOfOrder(arrived(90), lines)).toEqual([]);
    expect(outOfOrder(arrived(110), lines)).toEqual(['r0@x.test']);
  });

  it('counts the repeated call if the first was refused, or cut off with nothing kept', () => {
    for (const ending of [['refused 0 2'], ['unknown 0 2'], []]) {
      const lines = ['sending 0 1', 'sending 2 1', ...ending, 'accepted 2 2', 'sending 0 3', 'accepted 0 4'];
      expect(outOfOrder(reversed, lines)).toEqual([]);
      expect(outOfOrder(right, lines)).toEqual(['r0@x.test']);
    }
  });

  it('counts the first call if it was cut off with the message kept', () => {
    const lines = ['sending 0 1', 'sending 2 1', 'accepted 2 2', 'sending 0 3', 'repeated 0 4'];
    expect(outOfOrder(right, lines)).toEqual([]);
    expect(outOfOrder(reversed, lines)).toEqual(['r0@x.test']);
  });

  it('is either order if several calls were cut off', () => {
    const lines = ['sending 0 1', 'sending 2 1', 'accepted 2 2', 'sending 0 3', 'sending 0 5', 'repeated 0 6'];
    expect(outOfOrder(right, lines)).toEqual([]);
    expect(outOfOrder(reversed, lines)).toEqual([]);
  });

  it('detects a call that kept a message it reported as not kept', () => {
    const lines = ['sending 0 1', 'refused 0 2', 'sending 0 3', 'repeated 0 4', 'sending 2 5', 'accepted 2 6', ...later];
    expect(found(right, { lines }).contradicted).toEqual([0]);
  });
});
