import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../transport/contract.ts';
import { toOutcome, type Verdict } from '../../transport/verdict.ts';
import type { Reply, ReplyMeta } from '../client/reply.ts';
import type { Fault } from '../client/soap.ts';
import type { XmlElement } from '../xml/read.ts';
import { backOffOf, messageXmlValue } from './back-off.ts';
import { statusRule } from './http-status.ts';
import { type CodeRule, codeRules, unknownCode } from './response-codes.ts';

/** A reply that holds for all notes of a request alike. */
export type WholeReply = Exclude<Reply, { kind: 'body' }>;

/** The error for a response code. The raw code is kept, cut to a length that no log minds. */
export function ewsError(responseCode: string, requestId: string, inner?: string): OfflineImError {
  const raw = responseCode.slice(0, 100);
  const details = { responseCode: raw, requestId, ...(inner === undefined ? {} : { innerResponseCode: inner.slice(0, 100) }) };
  return new OfflineImError('EWS_ERROR', `Exchange answered ${/^\w+$/.test(raw) ? raw : 'a response code of no known form'}.`, {
    details,
  });
}

/** What an HTTP status that stands for itself is reported as. */
export function statusError(meta: ReplyMeta): OfflineImError {
  const { code, why } = statusRule(meta);
  return new OfflineImError(code, `The server answered HTTP ${meta.status}: ${why}.`, {
    details: { status: meta.status, requestId: meta.requestId },
  });
}

/** The error of a reply that is no answer. */
export function replyError(reply: WholeReply): OfflineImError {
  switch (reply.kind) {
    case 'failed':
      return reply.error;
    case 'http':
      return statusError(reply.meta);
    case 'fault':
      return ewsError(reply.fault.responseCode, reply.meta.requestId, innerCode(reply.fault.detail));
  }
}

/** What such a reply means for each of `notes` notes. */
export function outcomeOfReply(reply: WholeReply, notes: number): DeliveryOutcome {
  const error = replyError(reply);
  if (reply.kind === 'failed') return outcomeOfFailure(reply, error);
  const { meta } = reply;
  const verdict = reply.kind === 'http' || meta.status === 429 ? statusRule(meta).verdict : faultVerdict(reply.fault, notes);
  const backOff = reply.kind === 'http' ? meta.retryAfter : faultBackOff(reply.fault, meta);
  return toOutcome(meta.sentBefore === true ? inDoubt(verdict) : verdict, error, backOff);
}

/** The same, where another copy of the request may have been processed. */
function inDoubt(verdict: Verdict): Verdict {
  if (verdict.kind === 'blocked') return { ...verdict, sent: 'unknown' };
  return { kind: 'unconfirmed', scope: verdict.scope };
}

/** What a response message with an error or a warning means for its note. */
export function outcomeOfCode(responseCode: string, message: XmlElement, requestId: string): DeliveryOutcome {
  const inner = innerCode(message);
  return toOutcome(ruleOf(responseCode, inner).verdict, ewsError(responseCode, requestId, inner), backOffOf(message));
}

function outcomeOfFailure(reply: Extract<Reply, { kind: 'failed' }>, error: OfflineImError): DeliveryOutcome {
  if (reply.blocks === true) return toOutcome({ kind: 'blocked', scope: reply.scope, sent: reply.sent }, error);
  if (reply.sent === 'unknown') return toOutcome({ kind: 'unconfirmed', scope: reply.scope }, error);
  // Nothing of the note's own kept it back, so nothing of its own need pass first.
  const backOff = error.code === 'NOT_ATTEMPTED' ? 0 : undefined;
  return toOutcome({ kind: 'deferred', scope: reply.scope }, error, backOff);
}

/**
 * A fault can follow a batch of which a part was sent already. Only those that come before the first item tell about the
 * others; what someone must act on blocks in any case.
 */
function faultVerdict(fault: Fault, notes: number): Verdict {
  const rule = ruleOf(fault.responseCode, innerCode(fault.detail));
  if (notes <= 1 || rule.beforeFirstItem === true) return rule.verdict;
  if (rule.verdict.kind === 'blocked') return { ...rule.verdict, sent: 'unknown' };
  return { kind: 'unconfirmed', scope: rule.verdict.kind === 'unconfirmed' ? rule.verdict.scope : 'note' };
}

function faultBackOff(fault: Fault, meta: ReplyMeta): number | undefined {
  return (fault.detail === undefined ? undefined : backOffOf(fault.detail)) ?? meta.retryAfter;
}

/** ErrorInternalServerError wraps what really happened, where the server says so. */
function ruleOf(responseCode: string, inner: string | undefined): CodeRule {
  const telling = responseCode === 'ErrorInternalServerError' && inner !== undefined ? codeRules.get(inner) : undefined;
  // Wrapped, it may have come in the middle of a batch.
  if (telling !== undefined) return { verdict: telling.verdict };
  return codeRules.get(responseCode) ?? unknownCode;
}

function innerCode(parent: XmlElement | undefined): string | undefined {
  return parent === undefined ? undefined : messageXmlValue(parent, 'InnerErrorResponseCode');
}
