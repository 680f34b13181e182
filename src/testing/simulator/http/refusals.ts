import type { Admission } from '../access/authenticator.ts';
import type { FrontRequest, FrontResponse } from './front.ts';
import type { JournalEntry } from './journal.ts';

/** Paths count without regard to case, as IIS has it. */
export function isEndpoint({ path }: FrontRequest): boolean {
  return (path.split('?')[0] ?? '').toLowerCase() === '/ews/exchange.asmx';
}

/** What is no EWS request at all, of somebody who is logged in. */
export function refuseByHttp(request: FrontRequest): FrontResponse | undefined {
  const refuse = (status: number, headers = {}): FrontResponse => ({ kind: 'answer', status, headers, body: '' });
  if (request.method !== 'POST') return refuse(405, { allow: 'POST' });
  // Nothing here unpacks what is compressed; taken for XML it would only be called unreadable.
  if (!/^\s*(?:identity)?\s*$/i.test(request.headers['content-encoding'] ?? '')) return refuse(415);
  if (request.undecodable === true) return refuse(415);
  // EWS speaks SOAP 1.1 only: Exchange calls the type of 1.2 not the expected text/xml, before it looks at the envelope.
  return /^(?!\s*application\/soap\+xml).*xml/i.test(request.headers['content-type'] ?? '') ? undefined : refuse(415);
}

/** One challenge a line, as IIS writes them. */
export function unauthorized(
  { challenges, diagnostics }: Extract<Admission, { kind: 'out' }>,
  more: Readonly<Record<string, string>> = {},
): FrontResponse {
  const why = diagnostics === undefined ? {} : { 'x-ms-diagnostics': diagnostics };
  return { kind: 'answer', status: 401, headers: { 'www-authenticate': challenges, ...why, ...more }, body: '' };
}

/** The status that a client sees; undefined where it sees none. */
export function statusOf(response: FrontResponse): number | undefined {
  if (response.kind === 'stream') return response.status;
  return response.kind === 'answer' && response.resetAfter === undefined ? response.status : undefined;
}

export function outcomeOf(response: FrontResponse): JournalEntry['outcome'] {
  if (response.kind === 'stream') return 'answered';
  return response.kind === 'answer' ? (response.resetAfter === undefined ? 'answered' : 'reset') : response.kind;
}

/** Exchange repeats the client's id where it was asked to. */
export function withRequestId(response: FrontResponse, request: FrontRequest): FrontResponse {
  const id = request.headers['client-request-id'];
  if (response.kind !== 'answer' || id === undefined) return response;
  if (request.headers['return-client-request-id']?.toLowerCase() !== 'true') return response;
  return { ...response, headers: { ...response.headers, 'client-request-id': id } };
}
