/**
 * What the data file implies, worked out without the library: who is refused and why, which text must be found in which mailbox, and how many notes
 * that makes. Deliberately simple code, so that it and the library can't be wrong in the same way.
 */
import { type DemoData, type DemoMessage, firstLocations, type Listings, mailboxOf } from './data.ts';
import { refusalReasons } from './expected-refusals.ts';

/** One text that must be found once in one mailbox. */
export interface ExpectedText {
  readonly messageId: string;
  readonly mailbox: string;
  readonly audience: 'same-organization' | 'federated';
  readonly sentBy: string;
  /** Everybody the note is addressed to. */
  readonly recipients: readonly string[];
  /** Within one of these the texts must be in order. */
  readonly thread: string;
  /** Its place in the data file. */
  readonly place: number;
  /** `2026-11-20 08:00:00Z`, as a note with several messages shows it. */
  readonly time: string;
  readonly senderName: string;
  readonly text: string;
  /** By where the sender's mailbox is when it is sent. */
  readonly way: Way;
}

/** How a note reaches Exchange. */
export type Way = 'EWS' | 'Graph';

export interface Expected {
  readonly messages: number;
  readonly accepted: readonly string[];
  /** Accepted in the waves up to and with the one in which the process is killed: what it repeats afterwards. */
  readonly repeated: number;
  readonly refused: ReadonlyMap<string, readonly string[]>;
  readonly texts: readonly ExpectedText[];
  /** The sender's own copies: one for each message and audience, in its Conversation History (EWS) or Sent Items (Graph). */
  readonly copies: readonly ExpectedText[];
  /** Messages of one wave, conversation, audience and set of recipients leave as one note. */
  readonly notes: number;
  readonly notesBy: Readonly<Record<Way, number>>;
  /** Mailboxes that are moved. */
  readonly moved: number;
}

/** The wave (from 0) in which the sending process is killed. */
export const killedInWave = 1;

export function expectedOf(data: DemoData, listings: Listings): Expected {
  const refused = new Map<string, readonly string[]>();
  const accepted: string[] = [];
  const texts: ExpectedText[] = [];
  const copies: ExpectedText[] = [];
  const notes = new Map<string, Way>();
  const locations = firstLocations(data);
  let moved = 0;
  let place = 0;
  let repeated = 0;
  for (const [wave, { messages, moves = [] }] of data.waves.entries()) {
    for (const { sip, to } of moves) locations.set(mailboxOf(data, sip), to);
    moved += moves.length;
    for (const message of messages) {
      place += 1;
      const reasons = refusalReasons(message, data, listings);
      if (reasons.length > 0) {
        refused.set(message.id, reasons);
        continue;
      }
      accepted.push(message.id);
      if (wave <= killedInWave) repeated += 1;
      const way = locations.get(mailboxOf(data, message.from)) === 'exchange-online' ? 'Graph' : 'EWS';
      for (const copy of copiesOf(message, data, place, way)) {
        copies.push(copy);
        notes.set(JSON.stringify([wave, copy.thread, copy.recipients]), way);
        for (const mailbox of copy.recipients) texts.push({ ...copy, mailbox });
      }
    }
  }
  const by = (wanted: Way): number => [...notes.values()].filter((way) => way === wanted).length;
  const notesBy = { EWS: by('EWS'), Graph: by('Graph') };
  return { messages: place, accepted, repeated, refused, texts, copies, notes: notes.size, notesBy, moved };
}

/** XML 1.0 can't carry most control characters, lone surrogates, U+FFFE and U+FFFF: each arrives as U+FFFD. */
export function asXmlCarriesIt(text: string): string {
  return text.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

function copiesOf(message: DemoMessage, data: DemoData, place: number, way: Way): readonly ExpectedText[] {
  const sentBy = mailboxOf(data, message.from);
  const isInside = (address: string): boolean => data.organization.domains.includes(address.split('@')[1] ?? '');
  const parts = [
    { audience: 'same-organization', to: message.to.filter(isInside) },
    { audience: 'federated', to: message.to.filter((address) => !isInside(address)) },
  ] as const;
  return parts.flatMap(({ audience, to }) => {
    const recipients = to.map((address) => mailboxOf(data, address)).sort();
    if (recipients.length === 0) return [];
    const conversation = message.conversation ?? [...message.to].sort().join();
    return {
      messageId: message.id,
      mailbox: sentBy,
      audience,
      sentBy,
      recipients,
      thread: JSON.stringify([sentBy, conversation, audience]),
      place,
      way,
      time: message.sentAt.replace('T', ' '),
      senderName: data.people.find(({ sip }) => sip === message.from)?.name ?? '',
      text: asXmlCarriesIt(message.text),
    };
  });
}
