import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Scope } from './contract.ts';

/** What an answer of the server means for a note: a {@link DeliveryOutcome} in the making. */
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
 * The outcome that a verdict stands for. The server's own back-off, when it gave one, goes before ours.
 * A rejected note is said to have no draft; whoever looks for one corrects that.
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

/** Nothing was written, by our own decision. */
export function notAttempted(why: string): OfflineImError {
  return new OfflineImError('NOT_ATTEMPTED', `The request was not sent: ${why}.`);
}
