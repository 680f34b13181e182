import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Verdict } from '../../transport/verdict.ts';

/** What an HTTP status without a SOAP fault means. */
export interface StatusRule {
  readonly verdict: Verdict;
  readonly code: ErrorCode;
  readonly why: string;
}

const endpointUnknown: Verdict = { kind: 'unconfirmed', scope: 'endpoint' };
const loginBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no' };

/** `hinted`: the server said when to come back. */
export function statusRule(status: number, hinted: boolean): StatusRule {
  const plain = (verdict: Verdict, why: string): StatusRule => ({ verdict, code: 'HTTP_STATUS', why });
  switch (status) {
    case 401:
      // A proxy in front answers 401 when it means "busy"; only then it names a time.
      if (hinted) return plain({ kind: 'deferred', scope: 'mailbox' }, 'it is busy');
      return { verdict: loginBlocked, code: 'AUTHENTICATION_FAILED', why: 'user name, password or token is wrong' };
    case 456:
      return { verdict: loginBlocked, code: 'AUTHENTICATION_FAILED', why: 'the account is blocked or must sign in anew' };
    case 403:
      return {
        verdict: { kind: 'blocked', scope: 'endpoint', sent: 'no' },
        code: 'EWS_DISABLED',
        why: 'EWS is switched off for this application, organisation or mailbox',
      };
    case 404:
    case 405:
    case 410:
      // Most likely a wrong URL, which someone must correct; a proxy may answer so after it passed the request on.
      return plain({ kind: 'blocked', scope: 'endpoint', sent: 'unknown' }, 'there is no EWS at this URL');
    case 413:
      return plain({ kind: 'rejected', scope: 'note', splittable: true }, 'the request is too large for it');
    case 429:
      return plain({ kind: 'deferred', scope: 'mailbox' }, 'there were too many requests');
    case 502:
    case 503:
    case 504:
      return plain(endpointUnknown, 'it or what lies behind it is not available');
    default:
      if (status === 0 || (status >= 300 && status < 400)) return plain(endpointUnknown, 'a proxy wants to lead elsewhere');
      if (status >= 500) return plain({ kind: 'unconfirmed', scope: 'mailbox' }, 'it failed');
      return plain({ kind: 'unconfirmed', scope: 'note' }, 'that is not the answer of an EWS server');
  }
}
