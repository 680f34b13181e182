import type { Fault } from '../faults/fault.ts';
import type { FrontResponse } from '../http/front.ts';
import { GraphFault, statusOf } from './errors.ts';

/** Faults that strike before anything is looked at, whatever the door. */
export function beforeProcessing(fault: Fault | undefined): FrontResponse | undefined {
  switch (fault?.kind) {
    case 'resetBefore':
      return { kind: 'reset' };
    case 'http':
      return {
        kind: 'answer',
        status: fault.status,
        headers: { 'content-type': 'text/html; charset=utf-8', ...fault.headers },
        body: fault.body,
      };
    case 'hang':
      return fault.processed ? undefined : { kind: 'silence' };
    default:
      return undefined;
  }
}

/** Faults of EWS that stand for an error, in Graph's words. */
export function codeOf(fault: Fault | undefined): string | undefined {
  switch (fault?.kind) {
    case 'serverBusy':
      return 'ApplicationThrottled';
    case 'responseCode':
    case 'soapFault':
      return fault.code;
    case 'draftOnSendAsDenied':
    case 'copyStoredSendFailed':
      return undefined; // the plan of the item says it
    default:
      return undefined;
  }
}

export function isProcessed(fault: Fault | undefined): boolean {
  return (fault?.kind === 'responseCode' || fault?.kind === 'soapFault') && fault.processed;
}

export function hintsOf(fault: Fault | undefined): Record<string, string> {
  if (fault?.kind !== 'serverBusy' || fault.backOff === undefined) return {};
  return { 'retry-after': String(Math.ceil(fault.backOff / 1000)) };
}

export function faultOf(fault: Extract<Fault, { kind: 'graphError' }>): GraphFault {
  return new GraphFault(fault.code, fault.status ?? statusOf(fault.code), fault.message, { ...fault.headers });
}

/** Faults that spoil the answer to what has been processed. */
export function afterProcessing(response: FrontResponse, fault: Fault | undefined): FrontResponse {
  if (response.kind !== 'answer') return response;
  switch (fault?.kind) {
    case 'lostResponse':
      return fault.after > 0 && (response.body !== '' || response.bytes !== undefined)
        ? { ...response, resetAfter: Math.min(1, fault.after) }
        : { kind: 'reset' };
    case 'truncated':
      return { ...response, ...cut(response, fault.after) };
    case 'hang':
      return { kind: 'silence' };
    case 'drip':
      return { ...response, drip: { chunkBytes: fault.chunkBytes, interval: fault.interval } };
    case 'alsoHeaders':
      return { ...response, headers: { ...response.headers, ...fault.headers } };
    default:
      return response;
  }
}

/** That share of a body. */
function cut({ body, bytes }: Extract<FrontResponse, { kind: 'answer' }>, share: number): { body: string; bytes?: Uint8Array } {
  if (bytes !== undefined) return { body: '', bytes: bytes.slice(0, Math.floor(bytes.length * share)) };
  return { body: body.slice(0, Math.floor(body.length * share)) };
}
