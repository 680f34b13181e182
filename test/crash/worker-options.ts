import type { OutgoingMessage } from '../../src/message.ts';

/** What a worker is told; plain JSON. */
export interface WorkerOptions {
  readonly root: string;
  readonly url: string;
  /** Mailboxes that messages go to, one conversation each. */
  readonly recipients: readonly string[];
  /** Messages that this run sends, those that an earlier run was not told of being accepted among them. */
  readonly numbers: readonly number[];
  /** Goes on when nothing waits any more, until it is killed. */
  readonly stays: boolean;
}

export function conversationOf(number: number, { recipients }: Pick<WorkerOptions, 'recipients'>): number {
  return number % recipients.length;
}

/** The message of that number: always the same, so that it can be sent again under its id. */
export function messageOf(number: number, options: Pick<WorkerOptions, 'recipients'>): OutgoingMessage {
  const to = options.recipients[conversationOf(number, options)] ?? '';
  return { to, text: `Message «${number}» of many`, messageId: `m-${number}` };
}

/** The numbers that a note carries, in the order in which it shows them. */
export function numbersIn(body: string): number[] {
  return [...body.matchAll(/«(\d+)»/g)].map((match) => Number(match[1]));
}
