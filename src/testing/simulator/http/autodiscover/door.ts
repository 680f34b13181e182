import type { Admission } from '../../access/authenticator.ts';
import type { Exchange } from '../../exchange.ts';
import type { FrontRequest, FrontResponse } from '../front.ts';
import { unauthorized } from '../refusals.ts';
import { answerJson } from './json.ts';
import { answerPox } from './pox.ts';
import { answerSoap } from './soap.ts';

const xml = { 'content-type': 'text/xml; charset=utf-8' };
/** What a client looks for in the answer that asks for a login: which services there are. */
const offered = { 'x-soap-enabled': 'True', 'x-wssecurity-enabled': 'False', 'x-oauth-enabled': 'True' };

/**
 * Answers what asks where EWS is, by whichever of the three services; undefined for any other path. JSON is answered without a login, and so is the
 * hint, a GET in the clear; the others want one.
 */
export function answerAutodiscover(
  request: FrontRequest,
  exchange: Exchange,
  url: string,
  admit: (request: FrontRequest) => Admission,
): FrontResponse | undefined {
  const path = (request.path.split('?')[0] ?? '').toLowerCase();
  if (!path.startsWith('/autodiscover/')) return undefined;
  const asked = answerJson(request, exchange, url);
  if (asked !== undefined) return asked;
  const service =
    path === '/autodiscover/autodiscover.xml' ? 'pox' : path === '/autodiscover/autodiscover.svc' ? 'soap' : undefined;
  if (service === undefined) return { kind: 'answer', status: 404, headers: {}, body: '' };
  if (service === 'pox' && request.method === 'GET' && request.secure !== true && request.headers.authorization === undefined) {
    return hint(request);
  }
  const admission = admit(request);
  if (admission.kind === 'out') return unauthorized(admission, offered);
  if (request.method === 'POST' && service === 'soap') {
    const { status, body } = answerSoap(request.body, exchange, url);
    return { kind: 'answer', status, headers: { ...xml, ...offered }, body };
  }
  // A GET of somebody who is logged in is answered as a request that says nothing.
  const body = service === 'pox' ? answerPox(request.body, exchange, url) : '';
  return { kind: 'answer', status: 200, headers: { ...xml, ...offered }, body };
}

/** Where to ask instead: the same, over https. It is only a hint, and to be judged by whoever follows it. */
function hint(request: FrontRequest): FrontResponse {
  const location = `https://${request.headers.host ?? 'localhost'}/autodiscover/autodiscover.xml`;
  return { kind: 'answer', status: 302, headers: { location }, body: '' };
}
