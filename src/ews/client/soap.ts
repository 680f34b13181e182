import { asCode } from '../outcome/response-codes.ts';
import { errorsNs, messagesNs, soapNs, typesNs } from '../xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute } from '../xml/write.ts';

const utf8 = '<?xml version="1.0" encoding="utf-8"?>';
const namespaces = `xmlns:s="${soapNs}" xmlns:t="${typesNs}" xmlns:m="${messagesNs}"`;

/** What stands around the body of a request. One string addition a request is all that is left to do. */
export interface Envelope {
  readonly head: string;
  readonly tail: string;
}

/** The envelope for a server version, with further headers as XML. */
export function envelopeFor(serverVersion: string, headers = ''): Envelope {
  const version = `<t:RequestServerVersion Version="${escapeAttribute(serverVersion)}"/>`;
  return {
    head: `${utf8}<s:Envelope ${namespaces}><s:Header>${version}${headers}</s:Header><s:Body>`,
    tail: '</s:Body></s:Envelope>',
  };
}

/** A SOAP fault. `responseCode` is '' when it names none that looks like one. */
export interface Fault {
  readonly responseCode: string;
  /** Where MessageXml lies. */
  readonly detail: XmlElement | undefined;
}

/** What a SOAP body holds: the answer, a fault, or nothing that EWS would say. */
export type SoapBody = { readonly payload: XmlElement } | { readonly fault: Fault } | undefined;

/** The header in which a server says what it is. */
export function serverInfoOf(root: XmlElement): XmlElement | undefined {
  return child(child(root, soapNs, 'Header'), typesNs, 'ServerVersionInfo');
}

/**
 * Looks inside an envelope, whatever its prefixes. Strictly: a header or none, one body, one element in it. What stands beside
 * an answer (another one, a fault) could take it back, so that nothing can be known from the first.
 */
export function readEnvelope(root: XmlElement): SoapBody {
  if (root.ns !== soapNs || root.name !== 'Envelope' || hasText(root)) return undefined;
  const parts = root.children.map(({ ns, name }) => (ns === soapNs ? name : ''));
  const body = root.children.at(-1);
  if (!['Body', 'Header,Body'].includes(parts.join()) || body === undefined || hasText(body)) return undefined;
  const [payload, ...others] = body.children;
  if (payload === undefined || others.length > 0) return undefined;
  return payload.ns === soapNs && payload.name === 'Fault' ? { fault: readFault(payload) } : { payload };
}

function hasText({ text }: XmlElement): boolean {
  return text.trim() !== '';
}

function readFault(fault: XmlElement): Fault {
  const detail = child(fault, '', 'detail');
  // Older servers put the code only into faultcode, as a qualified name.
  const faultCode = textOf(fault, '', 'faultcode')?.trim() ?? '';
  const responseCode =
    asCode(textOf(detail, errorsNs, 'ResponseCode') ?? '') || asCode(faultCode.slice(faultCode.indexOf(':') + 1));
  return { responseCode, detail };
}
