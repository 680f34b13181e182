import type { OutgoingMessage } from '../../src/message/message.ts';
import type { Sabotage } from './sabotage.ts';

/** The spool that workers share, or that one has for itself. */
export type SpoolChoice =
  | { readonly kind: 'file' | 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string };

/** How notes are delivered. */
export type TransportChoice = 'ews' | 'graph' | 'both';

/** The login of a service at both doors of the simulator. */
export const service = { username: 'service', password: 'secret', token: 'token-of-the-service' } as const;

/** Where a sender's mailbox is, with `both`: one after the other on either side, until it is moved. */
export function locationOf(index: number, moved: boolean): 'exchange-online' | 'on-premises' {
  return (index % 2 === 0) === moved ? 'on-premises' : 'exchange-online';
}

/** Who writes to whom. */
export interface People {
  /** Mailboxes that messages come from. */
  readonly senders: readonly string[];
  /** Mailboxes that messages go to, one conversation each. */
  readonly recipients: readonly string[];
}

/** What a worker is told; plain JSON. */
export interface WorkerOptions extends People {
  readonly spool: SpoolChoice;
  readonly url: string;
  /** The way of the notes; `both` takes Graph for every other sender. @default 'ews' */
  readonly transport?: TransportChoice;
  /** Senders whose mailbox has been moved to the other side. @default none */
  readonly moved?: readonly string[];
  /** Messages that this run sends, those that an earlier run was not told of being accepted among them. */
  readonly numbers: readonly number[];
  /** ms within which its conversations begin, so that some of them send whenever it is killed or disturbed. */
  readonly spread: number;
  /** ms. Longer than a process may be stopped beyond its lease: a request that it had begun to write goes out when it wakes. @default 400 */
  readonly probeGrace?: number;
  /** Its host copies, reads and backs up the spool's files meanwhile, and looks at them from a thread that runs this program. @default it does none of it */
  readonly hostThread?: string;
  /** How the build is broken. @default it is not */
  readonly sabotage?: Sabotage;
  /** Goes on when nothing waits any more, until it is killed. */
  readonly stays: boolean;
}

export function conversationOf(number: number, { recipients }: Pick<People, 'recipients'>): number {
  return number % recipients.length;
}

/** How many `send()` of a conversation are under way at a time: 1 to 8. */
export function inFlight(conversation: number): number {
  return 1 + ((conversation * 3) % 8);
}

/** The two ends of a conversation. */
export function addressesOf(
  conversation: number,
  { senders, recipients }: People,
): { readonly from: string; readonly to: string } {
  return { from: senders[conversation % senders.length] ?? '', to: recipients[conversation] ?? '' };
}

/** The message of that number: always the same, so that it can be sent again under its id. */
export function messageOf(number: number, people: People): OutgoingMessage {
  const { from, to } = addressesOf(conversationOf(number, people), people);
  return { to, from: `sip:${from}`, text: `Message «${number}» of many`, messageId: idOf(number) };
}

export function idOf(number: number): string {
  return `m-${number}`;
}

/** The numbers that a note carries, in the order in which it shows them. */
export function numbersIn(body: string): number[] {
  return [...body.matchAll(/«(\d+)»/g)].map((match) => Number(match[1]));
}
