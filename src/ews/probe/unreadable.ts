import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Scope } from '../../transport/contract.ts';

/** Why a probe can't tell: an unknown {@link ProbeResult} in the making. */
export interface Unreadable {
  readonly scope: Scope;
  readonly error: OfflineImError;
  /** How long the server wants to be left alone, in ms. */
  readonly retryAfter?: number;
  /** Someone must act before anything in that scope can be read. */
  readonly blocked?: true;
}

/** What an answer means for a request that only reads. */
export function unreadableBy(outcome: DeliveryOutcome): Unreadable {
  if (outcome.status === 'delivered') throw new TypeError('a request that only reads delivers nothing');
  const { scope, error } = outcome;
  switch (outcome.status) {
    case 'deferred':
    case 'unconfirmed':
      return outcome.retryAfter === undefined ? { scope, error } : { scope, error, retryAfter: outcome.retryAfter };
    case 'blocked':
      return { scope, error, blocked: true };
    case 'rejected':
      return { scope, error };
  }
}

/** Whoever asks again at once would meet the same, or undercut the server's back-off. */
export function closes({ scope, blocked, retryAfter }: Unreadable): boolean {
  return scope !== 'note' || blocked === true || retryAfter !== undefined;
}

/** Of two reasons the one that reaches further, so that a server's back-off or a refused login is heeded. */
export function further(known: Unreadable | undefined, other: Unreadable): Unreadable {
  return known === undefined || reach(other) > reach(known) ? other : known;
}

function reach({ scope, blocked, retryAfter }: Unreadable): number {
  const scopes = { note: 0, mailbox: 4, endpoint: 8 } as const;
  return scopes[scope] + (blocked === true ? 2 : 0) + (retryAfter === undefined ? 0 : 1);
}
