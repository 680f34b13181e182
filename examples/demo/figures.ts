/** Puts what the data file implies beside what was found. */
import type { JournalEntry } from 'offline-im/testing';
import type { Expected, ExpectedText, Way } from './expected.ts';
import type { Found, FoundText } from './found.ts';
import type { Tally } from './tally.ts';

/** A line of the table. The figure is right when both are equal. */
export interface Figure {
  readonly name: string;
  readonly expected: number;
  readonly found: number;
  /** What is wrong, where there is more to say than the numbers. */
  readonly details: readonly string[];
}

type Refusals = ReadonlyMap<string, readonly string[]>;

export interface Evidence {
  readonly expected: Expected;
  readonly found: Found;
  readonly tally: Tally;
  readonly journal: readonly JournalEntry[];
}

export function figuresOf({ expected, found, tally, journal }: Evidence): readonly Figure[] {
  const { texts, copies } = expected;
  const struck = (fault: string): number =>
    journal.filter((entry) => isSend(entry) && entry.fault === fault).reduce((sum, e) => sum + e.itemCount, 0);
  const inside = (list: readonly ExpectedText[], by?: Way): number =>
    list.filter((t) => t.audience === 'same-organization' && (by === undefined || t.way === by)).length;
  const copiesBy = (list: readonly { readonly way?: Way }[], by: Way): number => list.filter(({ way }) => way === by).length;
  const notesBy = (by: Way): number => found.ways.filter(({ way }) => way === by).length;
  const ofClass = (itemClass: string): number => found.texts.filter((t) => t.itemClass === itemClass).length;
  const inboxOnly = found.texts.filter((t) => !t.missedConversations && !t.conversationHistory).length;
  return [
    figure('messages accepted by send()', expected.accepted.length, tally.accepted.size, difference(expected.accepted, tally)),
    figure(
      'messages refused by the gate',
      expected.refused.size,
      tally.refused.size,
      otherReasons(expected.refused, tally.refused),
    ),
    ...refusalFigures(expected.refused, tally.refused),
    figure('sends repeated after the kill, no second message', expected.repeated, tally.repeated.size),
    figure('notes', expected.notes, found.notes),
    figure('  through EWS', expected.notesBy.EWS, notesBy('EWS')),
    figure('  through Graph', expected.notesBy.Graph, notesBy('Graph')),
    figure('mailboxes moved while notes waited', expected.moved, tally.moved.size),
    figure('notes that took the other way', 0, ...counted(otherWay(copies, found.copies))),
    figure('delivered as IM.Note.MissedConversation', inside(texts, 'EWS'), ofClass('IM.Note.MissedConversation')),
    figure('delivered as IPM.Note.Microsoft.Missed', inside(texts, 'Graph'), ofClass('IPM.Note.Microsoft.Missed')),
    figure('delivered as IPM.Note', texts.length - inside(texts), ofClass('IPM.Note')),
    figure('shown in Missed Conversations', inside(texts), found.texts.filter((t) => t.missedConversations).length),
    figure('shown in Conversation History', inside(texts), found.texts.filter((t) => t.conversationHistory).length),
    figure('shown in the Inbox only', texts.length - inside(texts), inboxOnly),
    figure("senders' copies in Conversation History", copiesBy(copies, 'EWS'), copiesBy(found.copies, 'EWS')),
    figure("senders' copies in Sent Items", copiesBy(copies, 'Graph'), copiesBy(found.copies, 'Graph')),
    figure('notes retried after ErrorServerBusy', struck('serverBusy'), tally.retried.size),
    figure('notes found by probe, not sent again', struck('lostResponse') + struck('delay'), tally.foundByProbe.size),
    figure('kills of the sending process (SIGKILL)', 1, tally.kills),
    figure('texts missing', 0, ...counted([...missing(texts, found.texts), ...missing(copies, found.copies)])),
    figure('texts delivered twice', 0, ...counted([...twice(found.texts), ...twice(found.copies)])),
    figure('texts out of order', 0, ...counted([...outOfOrder(found.texts), ...outOfOrder(found.copies)])),
    figure('items with another text than the data file', 0, ...counted(found.strange)),
    figure('dead', 0, tally.dead.size, [...tally.dead]),
    figure('drafts left', 0, found.drafts),
  ];
}

/** Whether a busy answer, a lost answer and a cut request took place at all: without them the demo would show less than it says. */
export function mishapFigures(journal: readonly JournalEntry[]): readonly Figure[] {
  const hits = (fault: string): number => journal.filter((entry) => isSend(entry) && entry.fault === fault).length;
  return [
    figure('answers ErrorServerBusy', 1, hits('serverBusy')),
    figure('answers lost after everything was stored', 1, hits('lostResponse')),
    figure('requests whose sender was killed meanwhile', 1, hits('delay')),
  ];
}

function isSend({ operation }: JournalEntry): boolean {
  return operation === 'CreateItem' || operation === 'sendMail';
}

export function isRight({ expected, found, details }: Figure): boolean {
  return expected === found && details.length === 0;
}

function figure(name: string, expected: number, found: number, details: readonly string[] = []): Figure {
  return { name, expected, found, details };
}

function counted(list: readonly string[]): [number, readonly string[]] {
  return [list.length, list];
}

/** A message can be refused for several reasons, and counts for each. */
function refusalFigures(expected: Refusals, found: Refusals): readonly Figure[] {
  const reasons = [...new Set([...expected.values(), ...found.values()].flat())];
  const count = (refusals: Refusals, reason: string): number =>
    [...refusals.values()].filter((all) => all.includes(reason)).length;
  return reasons.map((reason) => figure(`  ${reason}`, count(expected, reason), count(found, reason)));
}

function otherReasons(expected: Refusals, found: Refusals): readonly string[] {
  const listed = (reasons: readonly string[] = []): string => reasons.toSorted().join(' and ');
  return [...found]
    .filter(([id, reasons]) => listed(reasons) !== listed(expected.get(id)))
    .map(([id, reasons]) => `${id} was refused for ${listed(reasons)}, not for ${listed(expected.get(id)) || 'nothing'}`);
}

/** Messages on the wrong side of the gate. */
function difference(accepted: readonly string[], tally: Tally): readonly string[] {
  return [
    ...accepted.filter((id) => tally.refused.has(id)).map((id) => `${id} should not have been refused`),
    ...accepted.filter((id) => !tally.accepted.has(id) && !tally.refused.has(id)).map((id) => `${id} was never accepted`),
    ...[...tally.accepted].filter((id) => !accepted.includes(id)).map((id) => `${id} should have been refused`),
  ];
}

function keyOf({ messageId, mailbox, thread }: Pick<FoundText, 'messageId' | 'mailbox' | 'thread'>): string {
  return JSON.stringify([messageId, mailbox, thread]);
}

function missing(expected: readonly ExpectedText[], found: readonly FoundText[]): readonly string[] {
  const there = new Set(found.map(keyOf));
  return expected.filter((text) => !there.has(keyOf(text))).map((text) => `${text.messageId} is not in ${text.mailbox}`);
}

function twice(found: readonly FoundText[]): readonly string[] {
  const seen = new Set<string>();
  return found.flatMap((text) => {
    const again = seen.has(keyOf(text));
    seen.add(keyOf(text));
    return again ? [`${text.messageId} is in ${text.mailbox} more than once`] : [];
  });
}

function otherWay(expected: readonly ExpectedText[], found: readonly FoundText[]): readonly string[] {
  const ways = new Map(expected.map((copy) => [keyOf(copy), copy.way]));
  return found
    .filter((copy) => ways.has(keyOf(copy)) && ways.get(keyOf(copy)) !== copy.way)
    .map((copy) => `${copy.messageId} of ${copy.mailbox} went through ${copy.way}`);
}

/** Within a mailbox the texts of a thread must stand in the order of the data file. */
function outOfOrder(found: readonly FoundText[]): readonly string[] {
  const last = new Map<string, number>();
  return found.flatMap((text) => {
    const key = JSON.stringify([text.mailbox, text.thread]);
    const before = last.get(key) ?? 0;
    last.set(key, Math.max(before, text.place));
    return text.place < before ? [`${text.messageId} came late to ${text.mailbox}`] : [];
  });
}
