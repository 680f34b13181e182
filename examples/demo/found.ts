/** What the mailboxes really hold, taken apart into the messages of the data file. */
import type { ExchangeSimulator, SimulatedItem } from 'offline-im/testing';
import type { ExpectedText, Way } from './expected.ts';

/** A message of the data file that was found in an item. */
export interface FoundText {
  readonly messageId: string;
  readonly mailbox: string;
  readonly thread: string;
  readonly place: number;
  readonly itemClass: string;
  /** Which of Outlook's folders show it. */
  readonly missedConversations: boolean;
  readonly conversationHistory: boolean;
  /** For a sender's copy, the way its note took. */
  readonly way?: Way;
}

/** A note, by the copy that its sender has of it, and the way it took. */
export interface NoteWay {
  readonly from: string;
  readonly to: readonly string[];
  readonly messageIds: readonly string[];
  readonly way: Way;
}

export interface Found {
  /** In the recipients' mailboxes, in order of arrival. */
  readonly texts: readonly FoundText[];
  /** In the senders' Conversation History and Sent Items. */
  readonly copies: readonly FoundText[];
  /** Items there: one for each note. */
  readonly notes: number;
  readonly ways: readonly NoteWay[];
  readonly drafts: number;
  /** Items that hold something else than the data file says, in words. */
  readonly strange: readonly string[];
}

export function findTexts(simulator: ExchangeSimulator, texts: readonly ExpectedText[], copies: readonly ExpectedText[]): Found {
  const found = {
    texts: [] as FoundText[],
    copies: [] as FoundText[],
    ways: [] as NoteWay[],
    notes: 0,
    drafts: 0,
    strange: [] as string[],
  };
  for (const mailbox of simulator.mailboxes) {
    const shown = { missed: new Set(mailbox.missedConversations()), history: new Set(mailbox.conversationHistory()) };
    const read = (item: SimulatedItem, expected: readonly ExpectedText[]): FoundText[] => {
      const here = expected.filter((text) => text.mailbox === mailbox.address && fits(item, text));
      const parts = takeApart(item.body.content, here);
      if (parts === undefined) found.strange.push(`an item of ${mailbox.address} with the subject "${item.subject}"`);
      return (parts ?? []).map(({ messageId, thread, place }) => ({
        messageId,
        mailbox: mailbox.address,
        thread,
        place,
        itemClass: item.itemClass,
        missedConversations: shown.missed.has(item),
        conversationHistory: shown.history.has(item),
      }));
    };
    for (const [folder, way] of copyFolders) {
      for (const item of mailbox.folder(folder).items) {
        const own = read(item, copies).map((text) => ({ ...text, way }));
        found.copies.push(...own);
        found.notes += 1;
        const to = item.to.map(({ address }) => address);
        found.ways.push({ from: mailbox.address, to, messageIds: own.map(({ messageId }) => messageId), way });
      }
    }
    found.drafts += mailbox.folder('drafts').items.length + mailbox.folder('outbox').items.length;
    found.texts.push(...mailbox.folder('inbox').items.flatMap((item) => read(item, texts)));
  }
  for (const { recipient } of simulator.outbound) found.strange.push(`a message to ${recipient}, whom nobody meant`);
  return found;
}

/** Where each transport leaves the sender's copy: that tells which one it was. */
const copyFolders = [
  ['conversationhistory', 'EWS'],
  ['sentitems', 'Graph'],
] as const;

/** Whether an item is from and to exactly the people that the text is. */
function fits(item: SimulatedItem, text: ExpectedText): boolean {
  const to = item.to.map(({ address }) => address.toLowerCase()).sort();
  return item.from?.address.toLowerCase() === text.sentBy && JSON.stringify(to) === JSON.stringify(text.recipients);
}

/**
 * A note's body is one text; or several, each below a line with time and name, with an empty line between them. Since a text can imitate such a line, the
 * longest text that fits is tried first. Undefined when the body is nothing of the kind.
 */
export function takeApart(body: string, candidates: readonly ExpectedText[]): readonly ExpectedText[] | undefined {
  const single = candidates.find(({ text }) => text === body);
  if (single !== undefined) return [single];
  const longestFirst = candidates.toSorted((a, b) => b.text.length - a.text.length);
  for (const first of longestFirst) {
    const part = `[${first.time}] ${first.senderName}:\n${first.text}`;
    if (body === part) return [first];
    if (!body.startsWith(`${part}\n\n`)) continue;
    const rest = takeApart(body.slice(part.length + 2), candidates);
    if (rest !== undefined) return [first, ...rest];
  }
  return undefined;
}
