import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../transport/contract.ts';
import { isStanding } from '../../transport/token-cache.ts';
import { toOutcome, type Verdict } from '../../transport/verdict.ts';
import type { GraphError, Reply, ReplyMeta } from '../client/reply.ts';
import { type CodeRule, ruleOf } from './error-codes.ts';

const endpointUnknown: Verdict = { kind: 'unconfirmed', scope: 'endpoint' };
const mailboxUnknown: Verdict = { kind: 'unconfirmed', scope: 'mailbox' };
const noteUnknown: Verdict = { kind: 'unconfirmed', scope: 'note' };

/** What an answer to sendMail means, and the rule that said so. */
export interface Judged {
  readonly outcome: DeliveryOutcome;
  readonly rule?: CodeRule | undefined;
  /** The code that decided, or the outermost one; undefined without any. */
  readonly code?: string | undefined;
}

/** What an answer to sendMail means for its note. */
export function judge(reply: Reply, messageClass: string, tokenScope: 'mailbox' | 'endpoint'): Judged {
  switch (reply.kind) {
    case 'ok':
      // Accepted, also with a Retry-After: that speaks of the next one.
      if (reply.meta.status === 202) return { outcome: { status: 'delivered', messageClass } };
      return { outcome: toOutcome(endpointUnknown, reply.unreadable ?? replyError(reply), reply.meta.retryAfter) };
    case 'failed':
      return { outcome: outcomeOfFailure(reply) };
    case 'no-token':
      // userOf failed for this mailbox; or there may be a token by itself later.
      if (reply.error.code === 'OPTION_INVALID')
        return { outcome: toOutcome({ kind: 'deferred', scope: 'mailbox' }, reply.error) };
      if (!isStanding(reply.error)) return { outcome: toOutcome({ kind: 'deferred', scope: reply.scope }, reply.error) };
      return { outcome: toOutcome({ kind: 'blocked', scope: reply.scope, sent: 'no' }, reply.error) };
    case 'error': {
      const { verdict, rule, code } = verdictOf(reply.meta.status, reply.error, tokenScope);
      const backOff = waitOf(verdict, reply.meta);
      return { outcome: toOutcome(verdict, replyError(reply, code), backOff), rule, code };
    }
  }
}

/** What any reply but a good one is reported as. `code`: which of its codes to name. */
export function replyError(reply: Reply, code?: string): OfflineImError {
  switch (reply.kind) {
    case 'failed':
    case 'no-token':
      return reply.error;
    case 'ok':
      return reply.unreadable ?? statusError(reply.meta, 'that is not the answer to this request');
    case 'error': {
      const named = code ?? reply.error?.codes.at(-1);
      if (named === undefined) return statusError(reply.meta, whatStatusMeans(reply.meta.status));
      return codeError(reply.meta, named);
    }
  }
}

interface Decision {
  readonly verdict: Verdict;
  readonly rule?: CodeRule;
  readonly code?: string | undefined;
}

/** The row of the table: by status where that says enough, else by the most detailed code that is known. */
export function verdictOf(status: number, error: GraphError | undefined, tokenScope: 'mailbox' | 'endpoint'): Decision {
  const codes = error?.codes ?? [];
  const raw = codes[0];
  const code = codes.findLast((one) => ruleOf(one) !== undefined);
  const rule = code === undefined ? undefined : ruleOf(code);
  if (status < 400) return { verdict: noteUnknown, code: raw };
  if (rule?.anyStatus === true) return { verdict: rule.verdict, rule, code };
  if (status === 401) return { verdict: { kind: 'blocked', scope: tokenScope, sent: 'no' }, code: raw };
  if (status === 429 || status === 509) {
    const scope = error?.throttled === 'application' ? 'endpoint' : 'mailbox';
    return { verdict: { kind: 'deferred', scope }, code: raw };
  }
  if (status === 507) return { verdict: { kind: 'blocked', scope: 'mailbox', sent: 'unknown' }, code: raw };
  if (notForUs.has(status)) return { verdict: { kind: 'blocked', scope: 'endpoint', sent: 'no' }, code: raw };
  if (status === 502 || status === 503 || status === 504) return { verdict: endpointUnknown, code: raw };
  if (status >= 500 || undecided.has(status)) return { verdict: mailboxUnknown, code: raw };
  if (rule !== undefined) return { verdict: rule.verdict, rule, code };
  if (status === 403) {
    // A code of Exchange's own comes from the mailbox that was asked for.
    const scope = raw?.startsWith('Error') === true ? 'mailbox' : 'endpoint';
    return { verdict: { kind: 'blocked', scope, sent: 'no' }, code: raw };
  }
  if (status === 413) return { verdict: { kind: 'rejected', scope: 'note', splittable: true }, code: raw };
  return { verdict: raw === undefined ? endpointUnknown : noteUnknown, code: raw };
}

/** Something between us and Graph, or a root that is not one. */
const notForUs: ReadonlySet<number> = new Set([405, 406, 407, 415, 501, 511]);
const undecided: ReadonlySet<number> = new Set([408, 409, 412, 422, 423]);

/** The longer of the two: a limit of a day isn't over when a front end's few seconds are. */
function waitOf(verdict: Verdict, { retryAfter }: ReplyMeta): number | undefined {
  const own = verdict.kind === 'deferred' ? verdict.retryAfter : undefined;
  return own !== undefined && retryAfter !== undefined ? Math.max(own, retryAfter) : retryAfter;
}

function outcomeOfFailure(reply: Extract<Reply, { kind: 'failed' }>): DeliveryOutcome {
  if (reply.blocks === true) return toOutcome({ kind: 'blocked', scope: reply.scope, sent: reply.sent }, reply.error);
  if (reply.sent === 'unknown') return toOutcome({ kind: 'unconfirmed', scope: reply.scope }, reply.error);
  const backOff = reply.error.code === 'NOT_ATTEMPTED' ? 0 : undefined;
  return toOutcome({ kind: 'deferred', scope: reply.scope }, reply.error, backOff);
}

function codeError({ status, requestId }: ReplyMeta, code: string): OfflineImError {
  const details = { status, responseCode: code, requestId };
  if (status === 401)
    return new OfflineImError('AUTHENTICATION_FAILED', `Microsoft Graph refused the token: ${code}.`, { details });
  return new OfflineImError('GRAPH_ERROR', `Microsoft Graph answered ${status} ${code}.`, { details });
}

function statusError({ status, requestId }: ReplyMeta, why: string): OfflineImError {
  const code = status === 401 ? 'AUTHENTICATION_FAILED' : 'HTTP_STATUS';
  return new OfflineImError(code, `Microsoft Graph, or something in front of it, answered HTTP ${status}: ${why}.`, {
    details: { status, requestId },
  });
}

function whatStatusMeans(status: number): string {
  if (status === 0 || (status >= 300 && status < 400)) return 'something wants to lead elsewhere';
  if (status === 401) return 'the token was refused';
  if (status === 403) return 'access is denied to the application';
  if (status === 407 || status === 511) return 'something on the way wants a login of its own';
  if (status === 413) return 'the request is too large for it';
  if (status === 429 || status === 509) return 'there were too many requests';
  return status >= 500 ? 'it failed or is not available' : 'there is no error code of Graph with it';
}
