import { asOfflineImError, OfflineImError } from '../core/errors/offline-im-error.ts';
import { isArray, isThenable, property } from '../core/errors/thrown.ts';
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

/**
 * The status of a result. What is no result says nothing of its attempt, which is then as unknown as before: absence is only what is said. It is handed on as it is, so
 * that the loop reports it.
 */
export function statusOf(result: unknown): ProbeResult['status'] {
  return knownStatus(result) ?? 'unknown';
}

/** Whether a transport's answer is a result, as the loop requires; a host's own transport, in plain JavaScript, may return anything. */
export function isResult(value: unknown): value is ProbeResult {
  return knownStatus(value) !== undefined;
}

/** Read once: a getter may return another one the next time. */
function knownStatus(value: unknown): ProbeResult['status'] | undefined {
  if (typeof value !== 'object' || isArray(value) || isThenable(value)) return undefined;
  const given = property(value, 'status');
  const status = precedence.find((one) => one === given);
  if (status === 'draft') return typeof property(value, 'removed') === 'boolean' ? status : undefined;
  if (status === 'unknown') return asOfflineImError(property(value, 'error')) === undefined ? undefined : status;
  return status;
}

/** Combines the results of a note's attempts, which are in the order of `attempts`, into one. */
export function combined(results: readonly ProbeResult[], attempts: readonly UnknownAttempt[] = []): ProbeResult {
  return withDraftLeft(decided(results, attempts), results);
}

/** A result that is not about a draft says all the same that one was left, as one of the results does. */
export function withDraftLeft(result: ProbeResult, results: readonly ProbeResult[]): ProbeResult {
  const status = knownStatus(result);
  if (status === undefined || status === 'draft' || status === 'absent') return result;
  const isLeft = results.some((one) =>
    statusOf(one) === 'draft' ? property(one, 'removed') === false : property(one, 'draft') === 'left',
  );
  if (!isLeft) return result;
  try {
    return { ...result, draft: 'left' } as ProbeResult;
  } catch {
    return result; // with a getter that throws: the loop reads each part by itself
  }
}

function decided(results: readonly ProbeResult[], attempts: readonly UnknownAttempt[]): ProbeResult {
  const statuses = results.map(statusOf);
  for (const status of precedence) {
    const alike = results.filter((_, at) => statuses[at] === status);
    const [first] = alike;
    if (!statuses.includes(status)) continue;
    switch (status) {
      case 'found': {
        const tags = attempts.filter((_, at) => statuses[at] === 'found').map(({ tag }) => tag);
        return attempts.length > 1 && tags.length > 0 ? { status, tags } : { status };
      }
      case 'draft':
        return { status, removed: alike.every((result) => result.status !== 'draft' || result.removed) };
      case 'unknown':
        return alike.reduce((widest, result) => (reach(result) > reach(widest) ? result : widest));
      case 'pending':
      case 'absent':
        return first ?? { status };
    }
  }
  return { status: 'absent' };
}

/** How much a result blocks or delays: the widest is reported, or nothing would obey it. */
function reach(result: ProbeResult): number {
  const scope = ['note', 'mailbox', 'endpoint'].indexOf(String(property(result, 'scope')));
  return Math.max(0, scope) * 2 + (property(result, 'blocked') === true ? 1 : 0);
}

/** The result for one attempt over all places. It is in at most one of them, so a draft in one proves nothing while the other can't be read. */
export function overPlaces(attempt: UnknownAttempt, results: readonly ProbeResult[]): ProbeResult {
  if (results.length === 0) return placeGone(attempt);
  const statuses = results.map(statusOf);
  const at = precedence.map((status) => statuses.indexOf(status)).find((one) => one !== -1);
  return withDraftLeft(results[at ?? 0] as ProbeResult, results);
}

/** The result for an attempt that this transport can't look for. */
export function placeGone(attempt: UnknownAttempt): ProbeResult {
  const text = 'This attempt went to an endpoint that is no longer configured.';
  return { status: 'unknown', error: new OfflineImError('PLACE_GONE', text, { details: { endpoint: attempt.place.endpoint } }) };
}

/**
 * Folders that every mailbox has: those that it is made with (MS-OXCSTOR, RopLogon), and Drafts, where a message is made before it is sent. To a login that may see only some
 * of them, Exchange says that the others are not there
 * (https://learn.microsoft.com/exchange/client-developer/exchange-web-services/handling-delegation-related-errors-in-ews-in-exchange): what lies in them is unknown.
 */
export const inEveryMailbox: ReadonlySet<string> = new Set(['drafts', 'outbox', 'sentitems', 'deleteditems']);
