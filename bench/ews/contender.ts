import type { Note } from '../../src/transport/contract.ts';

/** Who delivers notes in the benchmark. */
export interface Contender {
  readonly name: string;
  /** What these notes need before a turn begins; whoever has it is handed all of them at once. @default nothing */
  prepare?(notes: readonly Note[]): Promise<void>;
  /** One request for these notes; rejects unless all were accepted. */
  send(notes: readonly Note[]): Promise<void>;
}

export const mailbox = 'alice@contoso.test';
export const password = 'secret';

/** Notes of one message from one mailbox, as the sender makes them. */
export function makeNotes(count: number, endpoint: string): Note[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `0197a5c0-0000-7000-8000-${String(n).padStart(12, '0')}`,
    attempt: 1,
    tag: `0197a5c0-0000-7000-8000-${String(n).padStart(12, '0')}/1`,
    unknownAttempts: [],
    place: { endpoint, mailbox, folder: 'conversationhistory' },
    from: { address: mailbox, name: 'Alice Example' },
    to: [{ address: `bob${n}@contoso.test`, name: `Bob Example ${n}` }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 'Missed conversation with Alice Example',
    body: { type: 'text', content: `Alice Example 11:00 AM:\nAre you there? It's about <order ${n}> & the rest.\n` },
    sentAt: new Date(Date.UTC(2016, 5, 14, 11)),
    conversationId: `conversation ${n}`,
    entryIds: [`entry ${n}`],
  }));
}
