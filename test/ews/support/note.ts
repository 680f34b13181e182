/** Notes for tests of transports. */
import type { DeliverOptions, Note, Transport } from '../../../src/transport/contract.ts';

export function always(signal: AbortSignal = new AbortController().signal): DeliverOptions {
  return { signal, mayWrite: () => true };
}

export function makeNote(transport: Pick<Transport, 'placeOf'>, n: number, fields: Partial<Note> = {}): Note {
  const from = { address: 'alice@contoso.test', name: 'Alice Example' };
  return {
    id: `note-${n}`,
    attempt: 1,
    tag: `note-${n}/1`,
    unknownAttempts: [],
    place: transport.placeOf(fields.from ?? from),
    from,
    to: [{ address: 'bob@contoso.test', name: 'Bob "B" Example' }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 'Alice Example sent you a message in Skype for Business',
    body: { type: 'text', content: `secret text ${n}` },
    sentAt: new Date(0),
    conversationId: 'c',
    entryIds: [`e${n}`],
    ...fields,
  };
}
