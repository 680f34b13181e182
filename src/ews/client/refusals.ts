import { responseMessages } from '../operations/elements.ts';
import { notSettled } from '../outcome/call-failure.ts';
import { outcomeOfReply, replyError, type WholeReply } from '../outcome/outcome.ts';
import { type CodeRule, codeRules, ruleOf } from '../outcome/response-codes.ts';
import type { EwsCall, Reply } from './reply.ts';

/**
 * True when a reply says nothing but that the version of the request is refused: as a fault, or for each item. What it says nothing of may have been processed.
 */
export function refusesVersion(reply: Reply, { operation, notes }: EwsCall): boolean {
  if (reply.kind === 'fault') return isOf('version', reply.fault.responseCode);
  const messages = reply.kind === 'body' ? (responseMessages(reply.payload, operation) ?? []) : [];
  if (messages.length === 0 || (operation === 'CreateItem' && messages.length !== notes.length)) return false;
  return messages.every(({ responseClass, responseCode }) => responseClass === 'Error' && isOf('version', responseCode));
}

function isOf(what: CodeRule['negotiates'], responseCode: string): boolean {
  return ruleOf(responseCode).negotiates === what;
}

export function isSchemaFault(reply: Reply): boolean {
  return reply.kind === 'fault' && isOf('schema', reply.fault.responseCode);
}

/** The code of a fault that EWS itself gives; a proxy's statuses come with faults of their own. */
function ownCode(answer: WholeReply): string | undefined {
  return answer.kind === 'fault' && [200, 500].includes(answer.meta.status) ? answer.fault.responseCode : undefined;
}

/** It was refused for what it asks, which is looked at once the schema has been kept. */
export function passedSchema(answer: WholeReply): boolean {
  return ruleOf(ownCode(answer) ?? '').verdict.kind === 'rejected';
}

/** It was answered, with something that is neither about the schema nor known to pass. */
export function isUnknownFault(answer: WholeReply): boolean {
  const code = ownCode(answer);
  return code !== undefined && !codeRules.has(code);
}

/** What an answer to a look that tells nothing means for the request that was refused before it: nothing of that was processed. */
export function waiting(answer: WholeReply): Reply {
  if (answer.kind === 'failed') return { ...answer, sent: 'no' };
  const outcome = outcomeOfReply(answer, 1);
  const waits = outcome.status === 'deferred' && outcome.scope !== 'note';
  if (waits || (outcome.status === 'blocked' && outcome.sent === 'no')) return answer;
  return notSettled(replyError(answer), answer.meta.requestId);
}
