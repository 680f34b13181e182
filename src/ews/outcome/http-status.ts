import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Verdict } from '../../transport/verdict.ts';

/** What an HTTP status without a SOAP fault means. */
export interface StatusRule {
  readonly verdict: Verdict;
  readonly code: ErrorCode;
  readonly why: string;
}

const endpointUnknown: Verdict = { kind: 'unconfirmed', scope: 'endpoint' };
/** It may have passed the request on before. */
const endpointBlocked = { kind: 'blocked', scope: 'endpoint', sent: 'unknown', by: 'login' } satisfies Verdict;
/** From what stands before EWS and goes by the head of a request alone, so that nothing was passed on. */
const endpointRefused: Verdict = { ...endpointBlocked, sent: 'no' };
const loginBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no', by: 'login' };

/** What is known of an answer beside its status. */
export interface StatusFacts {
  readonly status: number;
  /** The server said when to come back. */
  readonly retryAfter?: number | undefined;
  readonly loginPage?: boolean;
  readonly scheme?: string;
  /** Schemes that a 401 offers; see {@link offeredSchemes}. */
  readonly offers?: readonly string[];
  /** Why what stands in front of EWS has passed nothing on; see {@link movedTo} and {@link refusedHead}. */
  readonly front?: string;
  /** Exchange's front end says why it passes the request on to nobody. */
  readonly nobody?: boolean;
}

export function statusRule(facts: StatusFacts): StatusRule {
  const { status, retryAfter, loginPage, scheme, offers, front, nobody } = facts;
  const plain = (verdict: Verdict, why: string): StatusRule => ({ verdict, code: 'HTTP_STATUS', why });
  if (loginPage === true) return plain(endpointBlocked, 'it leads to a login page for browsers, which stands in front of EWS');
  if (front !== undefined) return plain(endpointRefused, front);
  // It holds for this mailbox only. One that has tried another server before may have passed it on.
  if (nobody === true) return plain({ ...endpointBlocked, scope: 'mailbox' }, 'its front end knows no such mailbox');
  switch (status) {
    case 401:
      // A proxy in front answers 401 when it means "busy"; only then it names a time.
      if (retryAfter !== undefined) return plain({ kind: 'deferred', scope: 'mailbox' }, 'it is busy');
      return { verdict: loginBlocked, code: 'AUTHENTICATION_FAILED', why: whyRefused(scheme, offers) };
    case 456:
      return { verdict: loginBlocked, code: 'AUTHENTICATION_FAILED', why: 'the account is blocked or must sign in again' };
    case 403:
      return {
        verdict: endpointRefused,
        code: 'EWS_DISABLED',
        why: 'EWS is switched off for this application, organisation or mailbox; use GraphTransport for mailboxes in Exchange Online',
      };
    case 404:
    case 405:
    case 410:
      // Most likely a wrong URL, which someone must correct; a proxy may answer so after it passed the request on.
      return plain(endpointBlocked, 'there is no EWS at this URL');
    case 407:
      return plain(endpointRefused, 'a proxy on the way wants a login of its own');
    case 409:
      return plain({ kind: 'unconfirmed', scope: 'note' }, 'a relay on the way has passed it on before');
    case 413:
      return plain({ kind: 'rejected', scope: 'note', splittable: true }, 'the request is too large for it');
    case 421:
      // By RFC 9110 any request may be sent again, over another connection.
      return plain({ kind: 'deferred', scope: 'endpoint' }, 'the connection leads to another server');
    case 429:
      return plain({ kind: 'deferred', scope: 'mailbox' }, 'there were too many requests');
    case 414:
    case 431:
    case 494:
      return plain(endpointRefused, 'its URL or its headers, such as the login, are too long for what stands in front of EWS');
    case 495:
    case 496:
    case 497:
      return plain(endpointRefused, 'what stands in front of EWS wants https:// or a client certificate');
    case 440:
      return plain(endpointBlocked, 'the session of a login page for browsers has ended');
    case 502:
    case 503:
    case 504:
      return plain(endpointUnknown, 'it or what lies behind it is not available');
    case 511:
      return plain(endpointRefused, 'the network on the way wants a login of its own');
    default:
      if (status === 0 || (status >= 300 && status < 400)) return plain(endpointUnknown, 'a proxy wants to lead elsewhere');
      if (status >= 500) return plain({ kind: 'unconfirmed', scope: 'mailbox' }, 'it failed');
      return plain({ kind: 'unconfirmed', scope: 'note' }, 'that is not the answer of an EWS server');
  }
}

/** Schemes of logins by their registered names, and what speaks them here. */
const schemes: ReadonlyMap<string, string> = new Map([
  ['NTLM', ' (ntlmAuth)'],
  ['Negotiate', ''],
  ['Kerberos', ''],
  ['Basic', ' (basicAuth)'],
  ['Bearer', ' (bearerAuth)'],
  ['Digest', ''],
]);

/** The schemes named in WWW-Authenticate, in one line or many. Nothing else of it is kept: a server can write anything there. */
export function offeredSchemes(header: string): readonly string[] {
  const bare = header.slice(0, 8_192).replaceAll(/"[^"]*"/g, '""');
  return [...schemes.keys()].filter((name) => new RegExp(`(?:^|,)\\s*${name}(?=[\\s,]|$)`, 'i').test(bare));
}

/** A scheme that the server doesn't offer is no wrong password. */
function whyRefused(scheme: string | undefined, offers: readonly string[] = []): string {
  const used = [...schemes.keys()].find((name) => name.toLowerCase() === scheme);
  if (used !== undefined && offers.length > 0 && !offers.includes(used)) {
    const others = offers.map((name) => name + (schemes.get(name) ?? '')).join(', ');
    return `it takes no ${used} login at this URL; it offers ${others}`;
  }
  return scheme === 'ntlm' ? ntlmRefused : loginRefused;
}

const loginRefused = 'user name, password or token is wrong';
/** The two can't be told apart from outside. */
const ntlmRefused =
  'user name, domain or password is wrong, or the server requires Extended Protection (channel binding), which ntlmAuth does not offer';

/** Paths and hosts where people log in: Outlook on the web, AD FS, Entra ID, SAML and OAuth, single sign-on, gateways and firewalls by their own names. */
const loginPlace =
  /log-?[io]n|sign-?in|\/auth(?!ors?\b|ority\b)|\/adfs\/|saml|oauth2?\/|[/.](?:sso|idp|nidp|openid)[/.?]|\/my\.policy|\/vpn\/|webvpn|dana-na|fgtauth|lm_auth|siteminder|\.fcc\b|captive/i;
/** Outlook on the web shows its errors below /auth/ too: they lead nobody to a login. */
const errorPage = /\/error(?:fe)?\.aspx/i;

/** Whether a redirect goes to where people log in. */
export function leadsToLogin(location: string): boolean {
  const start = location.slice(0, 2048);
  return loginPlace.test(start) && !errorPage.test(start);
}

/** Where a page goes on to by itself, by a script or a refresh. */
const goesOn =
  /(?:\d[.\s;,]{1,20}url\s{0,9}=|(?<![-?&\w$])location(?:\.href)?\s{0,9}=|\blocation\.(?:replace|assign)\s{0,9}\()\s{0,9}["']?([^"'<>\s]{1,2048})/gi;

/** Whether a web page is a login: asks for a password, posts itself to a provider of identities, or goes on to where people log in. */
export function isLoginPage(page: string): boolean {
  if (/type\s{0,9}=\s{0,9}["']?password/i.test(page)) return true;
  if (/name\s{0,9}=\s{0,9}["']?(?:SAMLRequest|wctx)\b/i.test(page)) return true;
  return [...page.slice(0, 65_536).matchAll(goesOn)].some(([, place = '']) => leadsToLogin(place));
}

/**
 * Whether a permanent redirect leads to this very path elsewhere, or in other letters: from plain http, from an old name. Temporary ones also follow on what a server
 * behind has done, and other paths are those of pages about errors. Nobody is told to name a place without https instead of one with it.
 */
export function movedTo(status: number, url: string, location: string): string | undefined {
  if ((status !== 301 && status !== 308) || !URL.canParse(location, url)) return undefined;
  const [from, to] = [new URL(url), new URL(location, url)];
  const path = ({ pathname, search }: URL): string => pathname + search;
  const isSafe = to.protocol === 'https:' || to.protocol === from.protocol;
  const leadsAway = isSafe && to.host.length < 260 && to.origin + path(to) !== from.origin + path(from);
  return leadsAway && path(from).toLowerCase() === path(to).toLowerCase()
    ? `EWS has moved to ${to.origin}, which url must name`
    : undefined;
}

/**
 * How pages begin that http.sys and nginx make of the head of a request, before anything behind them has seen it. Not "badly formed", which may be the body. No SOAP
 * begins so, and further down a page may quote anything.
 */
const headRefused =
  /^\s*(?:<!DOCTYPE HTML[^>]*>\s*)?<html>\s*<head>\s*<title>(?:Bad Request<\/title>\s*(?:<meta [^>]*>\s*)?<\/head>\s*<body>\s*<h2>Bad Request - (Invalid (?:Header|Hostname|URL|Verb)|(?:Request|Header Field) Too Long)|400 (Request Header Or Cookie Too Large|(?:The|No required) SSL certificate (?:error|was sent)|The plain HTTP request was sent to HTTPS port))</i;

/** What such a page of a 400 says; undefined for any other page, which may be of EWS itself. */
export function refusedHead(status: number, page: string): string | undefined {
  const [, byWindows, byNginx] = (status === 400 && headRefused.exec(page.slice(0, 4096))) || [];
  const why = byWindows ?? byNginx;
  return why && `what stands in front of EWS refuses the request: ${why}`;
}
