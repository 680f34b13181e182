import { randomBytes } from 'node:crypto';
import { timeOrderedId } from '../../src/core/text.ts';
import type { ClaimRequest, NewSpoolEntry } from '../../src/spool/contract.ts';

export const lane = 'alice@contoso.com';
export const text = 'Are you there? I have a question about the figures of last month, they do not add up.';

/** A message as the sender would spool it, in a conversation of its own, due at once. */
export function newEntry(from = lane): NewSpoolEntry {
  const id = timeOrderedId(Date.now());
  const recipient = `user-${Math.floor(Math.random() * 1e6)}@contoso.com`;
  return {
    id,
    messageId: timeOrderedId(Date.now()),
    contentHash: 'c2hhLTI1NiBvZiB3aGF0IHRoZSBjYWxsZXIgZ2F2ZQ',
    lane: from,
    conversationId: randomBytes(16).toString('hex'),
    audience: 'same-organization',
    recipientsKey: recipient,
    messageClass: 'IPM.Note.Microsoft.Missed.Contact',
    weight: 400,
    pickupIn: 0,
    expiresIn: 432_000_000,
    message: {
      from: { sip: `sip:${from}`, mailbox: { address: from, name: 'Alice Example' } },
      to: [{ address: recipient, name: 'Bob Example' }],
      text,
      sentAt: Date.now(),
    },
  };
}

let notes = 0;

export function claimRequest(limit: number): ClaimRequest {
  return {
    kind: 'deliver',
    limit,
    perLane: limit,
    lease: 120_000,
    owner: 'bench',
    maxEntries: 100,
    maxBytes: 128 * 1024,
    newNoteId: () => `note-${notes++}`,
    freeze: (members, previous) => ({
      messageClass: previous?.messageClass ?? 'IPM.Note.Microsoft.Missed.Contact',
      subject: previous?.subject ?? 'Missed conversation with Alice Example',
      wording: 1,
      place: {
        endpoint: 'https://mail.contoso.com/EWS/Exchange.asmx',
        mailbox: members[0]?.lane ?? lane,
        folder: 'conversation-history',
      },
    }),
  };
}
