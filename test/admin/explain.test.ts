import { expect, it } from 'vitest';
import { explain, type Known } from '../../src/admin/explain.ts';
import { commands } from '../../src/cli/commands.ts';
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

const known = (parts: Partial<Known>): Known => ({ entry, standing: undefined, pauses: [], reports: [], now, ...parts });

/** How an entry comes to wait for each reason. */
const cases: Readonly<Record<WaitingFor, { readonly known: Known; readonly says: string; readonly todo: string }>> = {
  pickup: { known: known({}), says: 'a sender picks it up at 2026-11-28T03:01:00Z', todo: 'Nothing' },
  'back-off': {
    known: known({ entry: { ...entry, state: 'deferred', reason }, standing: { behind: false, dueIn: 5_000 } }),
    says: 'EWS_ERROR: The server said no.); the next one is at 2026-11-28T03:00:05Z',
    todo: 'offline-im hold e1, then offline-im release e1',
  },
  order: {
    known: known({ standing: { behind: true, dueIn: 0 }, older: { id: 'e0', messageId: 'm0', state: 'unconfirmed' } }),
    says: 'It is waiting for an older message in its conversation to finish (m0, unconfirmed).',
    todo: 'offline-im explain e0',
  },
  'mailbox-blocked': {
    known: known({ reports: [report('mailbox-blocked')] }),
    says: 'alice@contoso.com has been blocked since 2026-11-28T02:00:00Z (EWS_ERROR: The server said no.); the next attempt is at 2026-11-28T03:15:00Z',
    todo: 'retry-now alice@contoso.com',
  },
  'endpoint-unavailable': {
    known: known({ reports: [report('endpoint-unavailable')] }),
    says: 'server has been unreachable, or has refused all requests, since 2026-11-28T02:00:00Z',
    todo: 'offline-im retry-now',
  },
  probe: {
    known: known({ entry: { ...entry, state: 'unconfirmed', reason }, standing: { behind: false, dueIn: 5_000 } }),
    says: 'so the mailbox is searched for it before it is ever resent; the next probe is at 2026-11-28T03:00:05Z',
    todo: 'OUTCOME_UNKNOWN',
  },
  held: {
    known: known({ entry: { ...entry, state: 'held' } }),
    says: 'it waits until it is released',
    todo: 'offline-im release e1',
  },
  paused: {
    known: known({ pauses: [{ by: 'carol', why: 'moved', since: now - 1_000 }] }),
    says: 'Delivery was paused for every mailbox at 2026-11-28T02:59:59Z by carol (moved); it waits until delivery resumes, unless it expires first. It was accepted at',
    todo: 'offline-im resume',
  },
  worker: { known: known({ standing: { behind: false, dueIn: 0 } }), says: 'no sender has picked it up yet', todo: 'start one' },
};

it.each(Object.entries(cases))('explains why an entry waits for %s', (waitingFor, { known: facts, says, todo }) => {
  const explanation = explain(facts);
  expect(explanation.waitingFor).toBe(waitingFor);
  expect(explanation.sentence).toContain(says);
  expect(explanation.advice).toContain(todo);
});

it.each(spoolStates.map((state) => [state]))('has a sentence for an entry that is %s', (state) => {
  const explanation = explain(known({ entry: { ...entry, state, endedAt: now, reason } }));
  expect(explanation.sentence).toMatch(/^[A-Z].+\.$/);
  expect(explanation.advice).not.toBe('');
});

it('explains that a dead entry that may have been sent is probed first', () => {
  const unknownAttempts = [{ tag: 't', place: { endpoint: 'e', mailbox: 'm', folder: 'f' } }];
  const { advice } = explain(known({ entry: { ...entry, state: 'dead', reason, endedAt: now, unknownAttempts } }));
  expect(advice).toBe('It may have been sent. To probe for it, and resend it only if it was not: offline-im requeue e1');
});

it('says where to look when the older message was not found', () => {
  const { advice } = explain(known({ standing: { behind: true, dueIn: 0 } }));
  expect(advice).toBe('See what is holding up the older message: offline-im list --mailbox alice@contoso.com');
});

it('distinguishes an entry held because its spool is a copy from one held by somebody', () => {
  const held = { ...entry, state: 'held', reason: { code: 'SPOOL_RESTORED', text: 'A copy.' } } as const;
  const { sentence, advice } = explain(known({ entry: held }));
  expect(sentence).toMatch(
    /^It is held until it is released, because it was copied from another spool .* may have sent it since/,
  );
  expect(advice).toBe(
    'If it was sent: offline-im cancel e1. If not: offline-im release e1, or all of them with offline-im release --code SPOOL_RESTORED',
  );
});

it('names every pause that must be lifted', () => {
  const pauses = [
    { by: 'carol', since: now - 1_000 },
    { lane: entry.lane, by: 'dave', why: 'moved', since: now - 2_000 },
  ];
  const { sentence, advice, since } = explain(known({ pauses }));
  expect(sentence).toContain(
    'paused for every mailbox at 2026-11-28T02:59:59Z by carol, and for the mailbox alice@contoso.com at 2026-11-28T02:59:58Z by dave (moved); it waits',
  );
  expect(advice).toBe('offline-im resume, and offline-im resume alice@contoso.com');
  expect(since).toEqual(new Date(now - 1_000));
});

it('advises only commands that exist', () => {
  const advised = Object.values(cases).map(({ known: facts }) => explain(facts).advice);
  const named = advised.flatMap((advice) => [...advice.matchAll(/offline-im ([a-z-]+)/g)].map(([, name]) => name));
  expect(named).toEqual(expect.arrayContaining(['hold', 'release', 'explain', 'retry-now', 'resume', 'drain']));
  expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
});
