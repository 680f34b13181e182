import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome } from '../../transport/contract.ts';
import { positiveMs } from '../../transport/fetch.ts';
import { toOutcome, type Verdict } from '../../transport/verdict.ts';
import type { Fault, Reply, ReplyMeta } from '../client/reply.ts';
import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { asCode, child, childrenOf, type XmlElement } from '../xml/read.ts';
import { statusRule } from './http-status.ts';
import { type CodeRule, codeRules, ruleOf } from './response-codes.ts';

/** A reply that holds for all notes of a request alike. */
export type WholeReply = Exclude<Reply, { kind: 'body' }>;

/** The error for a response code, with what it means. The code is kept where it looks like one. */
export function ewsError(responseCode: string, requestId: string, inner?: string): OfflineImError {
  const code = asCode(responseCode);
  const details = { responseCode: code, requestId, ...(inner === undefined ? {} : { innerResponseCode: asCode(inner) }) };
  const { why } = ruleByInner(code, inner);
  const said = code === '' ? 'a response code of no known form' : code;
  return new OfflineImError('EWS_ERROR', `Exchange answered ${said}${why === undefined ? '' : `: ${why}`}.`, { details });
}

/** What an HTTP status that stands for itself is reported as. */
function statusError(meta: ReplyMeta): OfflineImError {
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
  const outcome = inDoubt(toOutcome(verdict, error, backOff), meta);
  return reply.kind === 'fault' ? byFault(outcome) : outcome;
}

/** What an answer says of a note proves nothing where another copy of the request may have been processed. */
export function inDoubt(outcome: DeliveryOutcome, { sentBesides }: ReplyMeta): DeliveryOutcome {
  if (sentBesides !== true || outcome.status === 'delivered' || outcome.status === 'unconfirmed') return outcome;
  if (outcome.status === 'blocked') return { ...outcome, sent: 'unknown' };
  const backOff = outcome.status === 'deferred' ? outcome.retryAfter : undefined;
  return toOutcome({ kind: 'unconfirmed', scope: outcome.scope }, outcome.error, backOff);
}

/** What a response message with an error or a warning means for its note. */
export function outcomeOfCode(responseCode: string, message: XmlElement, requestId: string): DeliveryOutcome {
  const inner = innerCode(message);
  const { verdict } = ruleByInner(responseCode, inner);
  return byFault(toOutcome(verdict, ewsError(responseCode, requestId, inner), backOffOf(message)));
}

/**
 * The server answered with an error, and it may have processed the note all the same. A copy that is found then is a weak
 * proof: some servers store the copy first and fail to send.
 */
export function byFault(outcome: DeliveryOutcome): DeliveryOutcome {
  const unknown = outcome.status === 'unconfirmed' || (outcome.status === 'blocked' && outcome.sent === 'unknown');
  return unknown ? { ...outcome, ended: 'fault' } : outcome;
}

function outcomeOfFailure(reply: Extract<Reply, { kind: 'failed' }>, error: OfflineImError): DeliveryOutcome {
  if (reply.blocks === true) return toOutcome({ kind: 'blocked', scope: reply.scope, sent: reply.sent, by: 'login' }, error);
  if (reply.sent === 'unknown') return toOutcome({ kind: 'unconfirmed', scope: reply.scope }, error);
  // Nothing of the note's own kept it back, so nothing of its own need pass first.
  const backOff = error.code === 'NOT_ATTEMPTED' ? 0 : reply.retryAfter;
  return toOutcome({ kind: 'deferred', scope: reply.scope }, error, backOff);
}

/**
 * A fault can follow a batch of which a part was sent already. Only those that come before the first item tell about the
 * others; what someone must act on blocks in any case.
 */
function faultVerdict(fault: Fault, notes: number): Verdict {
  const rule = ruleByInner(fault.responseCode, innerCode(fault.detail));
  if (notes <= 1 || rule.beforeFirstItem === true) return rule.verdict;
  if (rule.verdict.kind === 'blocked') return { ...rule.verdict, sent: 'unknown' };
  return { kind: 'unconfirmed', scope: rule.verdict.kind === 'unconfirmed' ? rule.verdict.scope : 'note' };
}

function faultBackOff(fault: Fault, meta: ReplyMeta): number | undefined {
  return (fault.detail === undefined ? undefined : backOffOf(fault.detail)) ?? meta.retryAfter;
}

/** Some codes wrap what really happened, where the server says so. */
function ruleByInner(responseCode: string, inner: string | undefined): CodeRule {
  const rule = ruleOf(responseCode);
  const telling = rule.wraps === true && inner !== undefined ? codeRules.get(inner) : undefined;
  if (telling === undefined) return rule;
  // Wrapped, it may have come in the middle of a batch.
  return { verdict: telling.verdict, ...(telling.why === undefined ? {} : { why: telling.why }) };
}

function innerCode(parent: XmlElement | undefined): string | undefined {
  return parent === undefined ? undefined : messageXmlValue(parent, 'InnerErrorResponseCode');
}

/**
 * A value that the server wrote into MessageXml: in the types namespace inside a SOAP fault, in the messages namespace
 * inside a response message.
 */
export function messageXmlValue(parent: XmlElement, name: string): string | undefined {
  for (const ns of [typesNs, messagesNs]) {
    const values = childrenOf(child(parent, ns, 'MessageXml'), typesNs, 'Value');
    const value = values.find((v) => v.attributes.get('Name') === name);
    if (value !== undefined) return value.text.trim();
  }
  return undefined;
}

/** How long the server wants to be left alone, in ms. 0 means that it gives no hint. */
export function backOffOf(parent: XmlElement): number | undefined {
  return positiveMs(messageXmlValue(parent, 'BackOffMilliseconds'));
}
