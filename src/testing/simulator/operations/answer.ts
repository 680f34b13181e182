import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import type { FrontResponse } from '../http/front.ts';
import type { SimulatorProfile } from '../schema/profile.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { EwsFault } from '../xml/ews-errors.ts';
import {
  type ResponseMessage,
  writeEnvelope,
  writeFault,
  writeResponse,
  writeStreamEnvelope,
  writeUnsupported,
  writeWhole,
} from '../xml/soap-response.ts';
import type { WholeAnswer } from './operation.ts';

/** The answer to an EWS request, and what the journal says about it. */
export interface EwsAnswer {
  readonly response: FrontResponse;
  readonly body?: string;
  readonly codes?: readonly string[];
  readonly code?: string;
  readonly mailbox?: SimulatedMailbox | undefined;
  readonly problem?: string;
}

/** A request that a test answers itself. */
export interface AnsweredRequest {
  readonly operation: string;
  /** The mailbox it acts for; undefined for a service account without impersonation. */
  readonly mailbox: string | undefined;
  /** The whole SOAP request. */
  readonly body: string;
}

/** Answers an operation by hand: the XML of the response element (prefixes `m` and `t` are bound), or a whole SOAP envelope. */
export type AnswerByHand = (request: AnsweredRequest) => string;

/** An answer of HTTP alone, as a proxy or IIS gives it. */
export function httpAnswer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): EwsAnswer {
  return { response: { kind: 'answer', status, headers, body }, body };
}

/** A SOAP fault, with the milliseconds of a back-off where it has one. */
export function faultAnswer(profile: SimulatorProfile, code: string, status: number, backOff?: number): EwsAnswer {
  return soap(status, writeFault(profile, new EwsFault(code, undefined, { backOff })), code);
}

/** The fault that an operation threw, with all that it says. */
export function thrownAnswer(profile: SimulatorProfile, fault: EwsFault): EwsAnswer {
  return soap(500, writeFault(profile, fault), fault.code);
}

/** The answer to a request that is longer than the profile allows. */
export function tooLargeAnswer(profile: SimulatorProfile): EwsAnswer {
  return profile.tooLarge === 'http' ? httpAnswer(413) : faultAnswer(profile, 'ErrorRequestStreamTooBig', 500);
}

/** An operation, or a part of one, that is not simulated: a fault that no client takes for one of Exchange's. */
export function unsupportedAnswer(profile: SimulatorProfile, what: string): EwsAnswer {
  const problem = `${what} is not simulated; see exchange.answer().`;
  return { ...soap(500, writeUnsupported(profile, problem), 'soap:Client'), problem };
}

/** What a test wrote: a whole envelope, or the response element, which gets one. */
export function handMadeAnswer(profile: SimulatorProfile, xml: string): EwsAnswer {
  const whole = /^\s*(?:<\?xml[^>]*>\s*)?<(?:[\w-]+:)?Envelope\b/.test(xml);
  if (whole) return soap(200, xml, 'NoError');
  const bound = xml.replace(/^(\s*<[\w:.-]+)/, `$1 xmlns:m="${messagesNs}" xmlns:t="${typesNs}"`);
  return soap(200, writeEnvelope(profile, bound), 'NoError');
}

/** What an operation returned. */
export function operationAnswer(
  profile: SimulatorProfile,
  operation: string,
  answer: readonly ResponseMessage[] | WholeAnswer,
): EwsAnswer {
  if ('stream' in answer) {
    const open: Extract<FrontResponse, { kind: 'stream' }>['open'] = (sink) =>
      answer.stream({ write: (body) => sink.write(writeStreamEnvelope(profile, body)), end: () => sink.end() });
    return { response: { kind: 'stream', status: 200, headers: xmlType, open }, code: 'NoError' };
  }
  if ('element' in answer) return soap(200, writeWhole(profile, answer), answer.code);
  const code = answer.find((m) => m.responseClass !== 'Success')?.code ?? 'NoError';
  return { ...soap(200, writeResponse(profile, operation, answer), code), codes: answer.map((m) => m.code) };
}

const xmlType = { 'content-type': 'text/xml; charset=utf-8' };

function soap(status: number, body: string, code: string): EwsAnswer {
  return { ...httpAnswer(status, xmlType, body), code };
}
