import { type EwsAnswer, faultAnswer, httpAnswer } from '../operations/answer.ts';
import type { SimulatorProfile } from '../schema/profile.ts';
import type { Fault } from './fault.ts';

/** Faults that strike before anything is looked at. */
export function beforeProcessing(fault: Fault | undefined, profile: SimulatorProfile): EwsAnswer | undefined {
  switch (fault?.kind) {
    case 'resetBefore':
      return { response: { kind: 'reset' } };
    case 'http':
      return httpAnswer(fault.status, { 'content-type': 'text/html; charset=utf-8', ...fault.headers }, fault.body);
    case 'hang':
      return fault.processed ? undefined : { response: { kind: 'silence' } };
    case 'serverBusy':
      return fault.form === 'fault' ? faultAnswer(profile, 'ErrorServerBusy', fault.status, fault.backOff) : undefined;
    case 'soapFault':
      return fault.processed ? undefined : faultAnswer(profile, fault.code, fault.status);
    default:
      return undefined;
  }
}

/** Faults that spoil the answer to what has been processed. */
export function afterProcessing(answer: EwsAnswer, fault: Fault | undefined, profile: SimulatorProfile): EwsAnswer {
  const { response } = answer;
  if (response.kind !== 'answer') return answer;
  switch (fault?.kind) {
    case 'lostResponse':
      return { ...answer, response: fault.after > 0 ? { ...response, resetAfter: Math.min(1, fault.after) } : { kind: 'reset' } };
    case 'truncated':
      return {
        ...answer,
        response: { ...response, body: response.body.slice(0, Math.floor(response.body.length * fault.after)) },
      };
    case 'hang':
      return { ...answer, response: { kind: 'silence' } };
    case 'drip':
      return { ...answer, response: { ...response, drip: { chunkBytes: fault.chunkBytes, interval: fault.interval } } };
    case 'soapFault':
      return faultAnswer(profile, fault.code, fault.status);
    case 'partialBatch':
      return fault.answer === 'fewer' ? answer : faultAnswer(profile, fault.code, 500);
    default:
      return answer;
  }
}
