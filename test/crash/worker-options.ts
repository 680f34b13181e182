import type { OutgoingMessage } from '../../src/message.ts';

/** The spool that workers share, or that one has for itself. */
export type SpoolChoice =
  | { readonly kind: 'file' | 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string };

/** What a worker is told; plain JSON. */
export interface WorkerOptions {
  readonly spool: SpoolChoice;
  readonly url: string;
  /** Mailboxes that messages come from. */
  readonly senders: readonly string[];
  /** Mailboxes that messages go to, one conversation each. */
  readonly recipients: readonly string[];
  /** Messages that this run sends, those that an earlier run was not told of being accepted among them. */
  readonly numbers: readonly number[];
  /** ms. Longer than a process may be stopped beyond its lease: a request that it had begun to write goes out when it wakes. @default 400 */
  readonly probeGrace?: number;
  /** Goes on when nothing waits any more, until it is killed. */
  readonly stays: boolean;
}

type People = Pick<WorkerOptions, 'senders' | 'recipients'>;

export function conversationOf(number: number, { recipients }: Pick<People, 'recipients'>): number {
  return number % recipients.length;
}

/** The message of that number: always the same, so that it can be sent again under its id. */
export function messageOf(number: number, people: People): OutgoingMessage {
  const conversation = conversationOf(number, people);
  const to = people.recipients[conversation] ?? '';
  const from = `sip:${people.senders[conversation % people.senders.length] ?? ''}`;
  return { to, from, text: `Message «${number}» of many`, messageId: `m-${number}` };
}

/** The numbers that a note carries, in the order in which it shows them. */
export function numbersIn(body: string): number[] {
  return [...body.matchAll(/«(\d+)»/g)].map((match) => Number(match[1]));
}
