import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, ProbeResult, Scope, UnknownAttempt } from './contract.ts';

/** What a server's answer means for a note; {@link toOutcome} makes it a {@link DeliveryOutcome}. */
export type Verdict =
  | { readonly kind: 'deferred'; readonly scope: Scope; readonly retryAfter?: number }
  | { readonly kind: 'unconfirmed'; readonly scope: Scope }
  | { readonly kind: 'rejected'; readonly scope: Scope; readonly splittable: boolean }
  | {
      readonly kind: 'blocked';
      readonly scope: Scope;
      readonly sent: 'no' | 'unknown';
      /** What the refusal met; see {@link DeliveryOutcome}. */
      readonly by?: 'login' | 'sending';
    };

/**
 * The outcome of a verdict. A back-off that the server asked for, in ms, takes precedence over the verdict's.
 * A rejected note is assumed to have left no draft; a caller that looks for one corrects that.
 */
export function toOutcome(verdict: Verdict, error: OfflineImError, backOff?: number): DeliveryOutcome {
  switch (verdict.kind) {
    case 'deferred': {
      const retryAfter = backOff ?? verdict.retryAfter;
      return { status: 'deferred', scope: verdict.scope, error, ...(retryAfter === undefined ? {} : { retryAfter }) };
    }
    case 'unconfirmed':
      return { status: 'unconfirmed', scope: verdict.scope, error, ...(backOff === undefined ? {} : { retryAfter: backOff }) };
    case 'rejected':
      return { status: 'rejected', scope: verdict.scope, splittable: verdict.splittable, draft: 'none', error };
    case 'blocked':
      return {
        status: 'blocked',
        scope: verdict.scope,
        sent: verdict.sent,
        error,
        ...(verdict.by === undefined ? {} : { by: verdict.by }),
      };
  }
}

/** The error of a request that we decided not to write. */
export function notAttempted(why: string): OfflineImError {
  return new OfflineImError('NOT_ATTEMPTED', `The request was not sent: ${why}.`);
}

/** A proof before a hope. A draft proves only of its own attempt that it was not sent, so it counts once every other one is known. */
const precedence = ['found', 'pending', 'unknown', 'draft', 'absent'] as const;

/** Combines the results of a note's attempts, which are in the order of `attempts`, into one. */
export function combined(results: readonly ProbeResult[], attempts: readonly UnknownAttempt[] = []): ProbeResult {
  return withDraftLeft(decided(results, attempts), results);
}

/** A result that is not about a draft says all the same that one was left, as one of the results does. */
export function withDraftLeft(result: ProbeResult, results: readonly ProbeResult[]): ProbeResult {
  if (result.status === 'draft' || result.status === 'absent') return result;
  const isLeft = results.some((one) => (one.status === 'draft' ? !one.removed : one.status !== 'absent' && one.draft === 'left'));
  return isLeft ? { ...result, draft: 'left' } : result;
}

function decided(results: readonly ProbeResult[], attempts: readonly UnknownAttempt[]): ProbeResult {
  for (const status of precedence) {
    const alike = results.filter((result) => result.status === status);
    const [first] = alike;
    if (first === undefined) continue;
    switch (first.status) {
      case 'found': {
        const tags = attempts.filter((_, at) => results[at]?.status === 'found').map(({ tag }) => tag);
        return attempts.length > 1 && tags.length > 0 ? { status: 'found', tags } : { status: 'found' };
      }
      case 'draft':
        return { status: 'draft', removed: alike.every((result) => result.status !== 'draft' || result.removed) };
      case 'unknown':
        return alike.reduce((widest, result) => (reach(result) > reach(widest) ? result : widest), first);
      case 'pending':
      case 'absent':
        return first;
    }
  }
  return { status: 'absent' };
}

/** How much a result blocks or delays: the widest is reported, or nothing would obey it. */
function reach(result: ProbeResult): number {
  if (result.status !== 'unknown') return 0;
  const scope = { note: 0, mailbox: 1, endpoint: 2 }[result.scope ?? 'note'];
  return scope * 2 + (result.blocked === true ? 1 : 0);
}

/** The result for an attempt that this transport can't look for. */
export function placeGone(attempt: UnknownAttempt): ProbeResult {
  const text = 'This attempt went to an endpoint that is no longer configured.';
  return { status: 'unknown', error: new OfflineImError('PLACE_GONE', text, { details: { endpoint: attempt.place.endpoint } }) };
}
