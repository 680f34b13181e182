import { expect, it } from 'vitest';
import { explain, type Known } from '../../src/admin/explain.ts';
import type { WaitingFor } from '../../src/sender/status.ts';
import type { SpoolEntry } from '../../src/spool/contract.ts';
import { spoolStates } from '../../src/spool/contract.ts';

const now = Date.UTC(2026, 10, 28, 3);
const reason = { code: 'EWS_ERROR', text: 'The server said no.' } as const;

const entry: SpoolEntry = {
  id: 'e1',
  messageId: 'm1',
  contentHash: 'h',
  lane: 'alice@contoso.com',
  conversationId: 'c',
  audience: 'same-organization',
  recipientsKey: 'r',
  messageClass: 'IM.Note',
  weight: 1,
  state: 'spooled',
  acceptedAt: now - 60_000,
  pickupAt: now + 60_000,
  expiresAt: now + 86_400_000,
  to: [{ address: 'bob@contoso.com' }],
  attempt: 1,
  unknownAttempts: [],
  cancelRequested: false,
};

const report = (kind: 'mailbox-blocked' | 'endpoint-unavailable') => ({
  owner: 'o',
  at: now,
  pollInterval: 30_000,
  obstacles: [{ kind, name: entry.lane, lanes: [entry.lane], since: now - 3_600_000, reason, nextTrialAt: now + 900_000 }],
});

const known = (parts: Partial<Known>): Known => ({ entry, standing: undefined, pause: undefined, reports: [], now, ...parts });

/** What brings an entry to wait for each. */
const cases: Readonly<Record<WaitingFor, { readonly known: Known; readonly says: string; readonly todo: string }>> = {
  pickup: { known: known({}), says: 'a sender takes it at 2026-11-28T03:01:00Z', todo: 'Nothing' },
  'back-off': {
    known: known({ entry: { ...entry, state: 'deferred', reason }, standing: { behind: false, dueIn: 5_000 } }),
    says: 'EWS_ERROR: The server said no.); it is tried again at 2026-11-28T03:00:05Z',
    todo: 'retry-now alice@contoso.com',
  },
  order: {
    known: known({ standing: { behind: true, dueIn: 0 } }),
    says: 'An older message of its conversation',
    todo: 'offline-im list',
  },
  'mailbox-blocked': {
    known: known({ reports: [report('mailbox-blocked')] }),
    says: 'alice@contoso.com is blocked since 2026-11-28T02:00:00Z (EWS_ERROR: The server said no.); it is tried again at 2026-11-28T03:15:00Z',
    todo: 'retry-now alice@contoso.com',
  },
  'endpoint-unavailable': {
    known: known({ reports: [report('endpoint-unavailable')] }),
    says: "server can't be reached, or refuses everybody, since 2026-11-28T02:00:00Z",
    todo: 'offline-im retry-now',
  },
  probe: {
    known: known({ entry: { ...entry, state: 'unconfirmed', reason }, standing: { behind: false, dueIn: 5_000 } }),
    says: 'looked for before it is ever sent again; next at 2026-11-28T03:00:05Z',
    todo: 'OUTCOME_UNKNOWN',
  },
  held: { known: known({ entry: { ...entry, state: 'held' } }), says: 'until it is released', todo: 'offline-im release e1' },
  paused: {
    known: known({ pause: { by: 'carol', why: 'moved', since: now - 1_000 } }),
    says: 'every mailbox is paused since 2026-11-28T02:59:59Z by carol (moved); it goes when that is resumed, unless it expires before. It was accepted at',
    todo: 'offline-im resume',
  },
  worker: { known: known({ standing: { behind: false, dueIn: 0 } }), says: 'no sender has taken it', todo: 'start it' },
};

it.each(Object.entries(cases))('explains what waits for %s', (waitingFor, { known: facts, says, todo }) => {
  const explanation = explain(facts);
  expect(explanation.waitingFor).toBe(waitingFor);
  expect(explanation.sentence).toContain(says);
  expect(explanation.advice).toContain(todo);
});

it.each(spoolStates.map((state) => [state]))('has a sentence for what is %s', (state) => {
  const explanation = explain(known({ entry: { ...entry, state, endedAt: now, reason } }));
  expect(explanation.sentence).toMatch(/^[A-Z].+\.$/);
  expect(explanation.advice).not.toBe('');
});

it('tells of a dead one that may have been sent that it is looked for first', () => {
  const unknownAttempts = [{ tag: 't', place: { endpoint: 'e', mailbox: 'm', folder: 'f' } }];
  const { advice } = explain(known({ entry: { ...entry, state: 'dead', reason, endedAt: now, unknownAttempts } }));
  expect(advice).toBe('It may have been sent. To look for it, and send it again if it was not: offline-im requeue e1');
});
