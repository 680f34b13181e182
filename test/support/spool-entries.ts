import type { ClaimRequest, NewSpoolEntry, SpoolStorage } from '../../src/spool/contract.ts';

/** A new entry with sensible values for everything a test does not specify. */
export function newEntry(id: string, parts: Partial<NewSpoolEntry> = {}): NewSpoolEntry {
  return {
    id,
    messageId: `m-${id}`,
    contentHash: `hash of ${id}`,
    lane: 'alice@contoso.com',
    conversationId: 'conversation',
    audience: 'same-organization',
    recipientsKey: 'bob@contoso.com',
    messageClass: 'IM.Note.MissedConversation',
    weight: 600,
    pickupIn: 120_000,
    expiresIn: 432_000_000,
    message: {
      from: { sip: 'sip:alice@contoso.com', mailbox: { address: 'alice@contoso.com', name: 'Alice Example' } },
      to: [{ address: 'bob@contoso.com' }],
      text: `text of ${id}`,
      sentAt: Date.UTC(2016, 5, 14, 12),
    },
    ...parts,
  };
}

let notes = 0;

/** A claim of everything due, one note at a time. */
export function claimRequest(parts: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    kind: 'deliver',
    limit: 50,
    perLane: 50,
    lease: 120_000,
    owner: 'run-1',
    maxEntries: 100,
    maxBytes: 128 * 1024,
    newNoteId: () => `note-${++notes}`,
    freeze: (_members, previous) => ({
      messageClass: previous?.messageClass ?? 'IM.Note.MissedConversation',
      subject: previous?.subject ?? 'Missed conversation with Alice Example',
      wording: 1,
      place: {
        endpoint: 'https://mail.contoso.com/EWS/Exchange.asmx',
        mailbox: 'alice@contoso.com',
        folder: 'conversation-history',
      },
    }),
    ...parts,
  };
}

/** States by entry id. */
export async function statesOf(spool: SpoolStorage): Promise<Record<string, string>> {
  const states: Record<string, string> = {};
  for await (const entry of spool.list()) states[entry.id] = entry.state;
  return states;
}
