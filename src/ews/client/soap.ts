import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { answerAtOnce } from '../../core/errors/thrown.ts';
import { dateOf, retryAfterOf } from '../../transport/fetch.ts';
import { refusesToken } from '../auth/bearer-auth.ts';
import type { EwsServerVersion, EwsTransportOptions } from '../options.ts';
import { unreadableReply, unusableLogin } from '../outcome/call-failure.ts';
import { isLoginPage, leadsToLogin, movedTo, offeredSchemes, refusedHead } from '../outcome/http-status.ts';
import { errorsNs, messagesNs, soapNs, typesNs } from '../xml/namespaces.ts';
import { asCode, child, parseXml, textOf, type XmlElement } from '../xml/read.ts';
import { escapeAttribute, escapeText } from '../xml/write.ts';
import type { Fault, Reply, ReplyMeta } from './reply.ts';

/** Every schema version that requests can ask for, oldest first. */
export const serverVersions: readonly EwsServerVersion[] = [
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016',
];

/** Distinguished folder `conversationhistory` came with Exchange2013_SP1; older schemas refuse a request that names it. */
export function knowsConversationHistory(version: EwsServerVersion): boolean {
  return serverVersions.indexOf(version) >= serverVersions.indexOf('Exchange2013_SP1');
}

/** The schema version that a server says it speaks, as one of ours; undefined when it doesn't say. */
export function versionOfServer(info: XmlElement | undefined): EwsServerVersion | undefined {
  const named = info?.attributes.get('Version') ?? '';
  const known = serverVersions.find((version) => version === named);
  if (known !== undefined) return known;
  // Names with a date (V2017_04_14) came after the last numbered one.
  if (/^V20\d\d_/.test(named)) return 'Exchange2016';
  const [major, minor] = [Number(info?.attributes.get('MajorVersion')), Number(info?.attributes.get('MinorVersion'))];
  if (major === 14) return 'Exchange2010_SP2';
  if (major !== 15) return undefined;
  if (minor > 0) return 'Exchange2016';
  // 2013: SP1 is build 847.
  return Number(info?.attributes.get('MajorBuildNumber')) < 847 ? 'Exchange2013' : 'Exchange2013_SP1';
}

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

type Impersonate = NonNullable<EwsTransportOptions['impersonate']>;

/** How a request says that it acts for somebody. */
export interface Acting {
  /** For soap:Header. */
  readonly xml: string;
  readonly headers: Readonly<Record<string, string>>;
}

const asItself: Acting = { xml: '', headers: {} };

/** Asks the host. Throws `OPTION_INVALID` when it throws or gives no address. */
export function actingFor(impersonate: Impersonate | undefined, mailbox: string): Acting {
  if (impersonate === undefined) return asItself;
  const address = ask(impersonate, mailbox);
  if (address === undefined) return asItself;
  if (typeof address !== 'string' || !/^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u.test(address)) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: impersonate gave something that is not an SMTP address.');
  }
  const sid = `<t:ConnectingSID><t:SmtpAddress>${escapeText(address)}</t:SmtpAddress></t:ConnectingSID>`;
  return {
    xml: `<t:ExchangeImpersonation>${sid}</t:ExchangeImpersonation>`,
    // Leads the request to the server that has the mailbox; Exchange Online answers 500 or 503 at times without it.
    headers: isAscii(address) ? { 'x-anchormailbox': address } : {},
  };
}

function ask(impersonate: Impersonate, mailbox: string): unknown {
  try {
    return answerAtOnce(impersonate({ address: mailbox }));
  } catch (cause) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: impersonate threw.', { cause });
  }
}

/** Headers carry nothing else; the header is a hint, so that it may stay away. */
function isAscii(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Headers that say how a message is framed or how long a connection lives: not for a login to set. */
const ofConnection = ['content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer'];

/** Throws where fetch would refuse the headers of the login, so that it is known that nothing was written. */
export function headersOf(
  acting: Acting,
  requestId: string,
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const headers = {
    'content-type': 'text/xml; charset=utf-8',
    accept: 'text/xml',
    'return-client-request-id': 'true',
    ...acting.headers,
    ...own,
    'client-request-id': requestId, // by which the request is known, here and to a relay
  };
  let checked: Headers;
  try {
    checked = new Headers(headers);
  } catch {
    throw unusableLogin('it gave headers that no request can have'); // the platform's words quote them
  }
  const named = ofConnection.find((name) => checked.has(name));
  if (named !== undefined) throw unusableLogin(`it set the header ${named}, which belongs to the connection`);
  return headers;
}

/** What a SOAP body holds: the answer, a fault, or nothing that EWS would say. */
type SoapBody = { readonly payload: XmlElement } | { readonly fault: Fault } | undefined;

/** The header in which a server says what it is. */
function serverInfoOf(root: XmlElement): XmlElement | undefined {
  return child(child(root, soapNs, 'Header'), typesNs, 'ServerVersionInfo');
}

/**
 * Looks inside an envelope, whatever its prefixes. Strictly: a header or none, one body, one element in it. What stands beside
 * an answer (another one, a fault) could take it back, so that nothing can be known from the first.
 */
function readEnvelope(root: XmlElement): SoapBody {
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
  // Unqualified by the standard; a server that writes everything in a default namespace has them in SOAP's.
  const part = (name: string): XmlElement | undefined => child(fault, '', name) ?? child(fault, soapNs, name);
  const detail = part('detail');
  // Older servers put the code only into faultcode, as a qualified name.
  const faultCode = part('faultcode')?.text.trim() ?? '';
  return { responseCode: codeIn(detail) || asCode(faultCode.slice(faultCode.indexOf(':') + 1)), detail };
}

/** The namespaces in which servers write the code of a fault, Exchange's own first. */
const codeNamespaces = [errorsNs, typesNs, messagesNs, ''];

function codeIn(detail: XmlElement | undefined): string {
  const codes = codeNamespaces.map((ns) => asCode(textOf(detail, ns, 'ResponseCode') ?? ''));
  return codes.find((code) => code !== '') ?? '';
}

/** What is known of a response before its body is read. */
export function metaOf(
  response: Response,
  {
    requestId,
    url,
    now,
    scheme,
  }: { readonly requestId: string; readonly url: string; readonly now: number; readonly scheme: string },
): ReplyMeta {
  const { status, headers } = response;
  return {
    requestId,
    status,
    scheme,
    ...(status === 401 ? refusalOf(response) : {}),
    ...(status >= 300 && status < 400 ? redirectOf(response, url) : {}),
    // What its front end has looked up for the request in vain: UserNotFound, MailboxGuidWithDomainNotFound. Others, such as ServerNotFound, are no mailbox's own.
    nobody: (status === 403 || status === 404) && /^(user|mailbox)/i.test(headers.get('x-caserrorcode') ?? ''),
    date: dateOf(headers),
    retryAfter: retryAfterOf(headers, now),
  };
}

function refusalOf(response: Response): Pick<ReplyMeta, 'tokenRefused' | 'offers'> {
  const offers = offeredSchemes(response.headers.get('www-authenticate') ?? '');
  return { offers, ...(refusesToken(response) ? { tokenRefused: true } : {}) };
}

function redirectOf({ status, headers }: Response, url: string): Pick<ReplyMeta, 'loginPage' | 'front'> {
  const location = headers.get('location') ?? '';
  if (leadsToLogin(location)) return { loginPage: true };
  const front = movedTo(status, url, location);
  return front === undefined ? {} : { front };
}

/** What is asked for is ids, codes and flags: the longest answers have a quarter of this. */
const mostText = 1_048_576;

/** These statuses say all, whatever page or fault comes along. */
const decisive: ReadonlySet<number> = new Set([401, 403, 456]);

/** What a server's answer says. */
export function understand(text: string, response: Response, meta: ReplyMeta): Reply {
  const { status, requestId } = meta;
  if (decisive.has(status)) return { kind: 'http', meta };
  try {
    // Something on the way may put blank lines before the declaration, where XML has no room for them.
    const root = parseXml(text.trimStart(), { maxText: mostText });
    const soap = readEnvelope(root);
    const serverVersion = versionOfServer(serverInfoOf(root));
    const known = serverVersion === undefined ? meta : { ...meta, serverVersion };
    if (soap !== undefined && 'fault' in soap) return { kind: 'fault', fault: soap.fault, meta: known };
    if (status !== 200) return byStatus(text, meta);
    if (soap !== undefined) return { kind: 'body', payload: soap.payload, meta: known };
    if (root.name.toLowerCase() === 'html') return webPage(text, meta);
    return unreadableReply('it is no SOAP envelope with a body', requestId, root.name === 'Envelope' ? 'note' : 'endpoint');
  } catch (error) {
    if (status !== 200) return byStatus(text, meta);
    // A page for people comes from something in front of Exchange, and comes for every mailbox.
    const isPage = /html/i.test(response.headers.get('content-type') ?? '') || /^\s*<(!doctype html|html)/i.test(text);
    if (isPage) return webPage(text, meta);
    // What never began as an envelope is no answer that was cut off: whatever speaks there is no EWS, for any mailbox.
    const begun = text.trim() === '' || /<(?:[\w.-]+:)?Envelope[\s>]/.test(text.slice(0, 4096));
    if (!begun) return unreadableReply('it is no SOAP', requestId, 'endpoint', error);
    return unreadableReply('its XML can not be read or is incomplete', requestId, 'note', error);
  }
}

function byStatus(text: string, meta: ReplyMeta): Reply {
  const front = refusedHead(meta.status, text);
  return { kind: 'http', meta: front === undefined ? meta : { ...meta, front } };
}

/** A page for people, well-formed or not. */
function webPage(text: string, meta: ReplyMeta): Reply {
  if (isLoginPage(text)) return { kind: 'http', meta: { ...meta, loginPage: true } };
  return unreadableReply('it is a web page', meta.requestId, 'endpoint');
}
