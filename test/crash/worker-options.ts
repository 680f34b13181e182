import type { OutgoingMessage } from '../../src/message/message.ts';
import type { Sabotage } from './sabotage.ts';

/** The spool shared by workers, or used by one alone. */
export type SpoolChoice =
  | { readonly kind: 'file' | 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string };

/** The transport of the notes. */
export type TransportChoice = 'ews' | 'graph' | 'both';

/** Login of a service at both doors of the simulator. */
export const service = { username: 'service', password: 'secret', token: 'token-of-the-service' } as const;

/** The side of a sender's mailbox, with `both`: alternating, until it is moved. */
export function locationOf(index: number, moved: boolean): 'exchange-online' | 'on-premises' {
  return (index % 2 === 0) === moved ? 'on-premises' : 'exchange-online';
}

/** Senders and recipients. */
export interface People {
  /** Mailboxes that messages come from. */
  readonly senders: readonly string[];
  /** Mailboxes that messages go to, one conversation each. */
  readonly recipients: readonly string[];
}

/** Options of a worker; plain JSON. */
export interface WorkerOptions extends People {
  readonly spool: SpoolChoice;
  readonly url: string;
  /** The transport of the notes; `both` uses Graph for every other sender. @default 'ews' */
  readonly transport?: TransportChoice;
  /** Senders whose mailbox has been moved to the other side. @default none */
  readonly moved?: readonly string[];
  /** Messages sent in this run, including those whose acceptance an earlier run did not learn. */
  readonly numbers: readonly number[];
  /** ms within which its conversations start, so that some are sending whenever it is killed or disturbed. */
  readonly spread: number;
  /** ms. Longer than a process may be suspended beyond its lease: a request it had started to write goes out when it wakes. @default 400 */
  readonly probeGrace?: number;
  /** Meanwhile its host copies, reads and backs up the files of the spool, and reads them from a thread running this program. @default none of it */
  readonly hostThread?: string;
  /** How the build is broken. @default not at all */
  readonly sabotage?: Sabotage;
  /** Continues until killed, even if nothing waits any more. */
  readonly stays: boolean;
}

export function conversationOf(number: number, { recipients }: Pick<People, 'recipients'>): number {
  return number % recipients.length;
}

/** Maximum of concurrent `send()` calls per conversation: 1 to 8. */
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

/** The message with that number: always the same, so that it can be repeated with its id. */
export function messageOf(number: number, people: People): OutgoingMessage {
  const { from, to } = addressesOf(conversationOf(number, people), people);
  return { to, from: `sip:${from}`, text: `Message «${number}» of many`, messageId: idOf(number) };
}

export function idOf(number: number): string {
  return `m-${number}`;
}

/** The numbers in a note, in the order in which it shows them. */
export function numbersIn(body: string): number[] {
  return [...body.matchAll(/«(\d+)»/g)].map((match) => Number(match[1]));
}
