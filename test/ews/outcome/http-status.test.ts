/** What an HTTP status without a SOAP fault means, without a server. */
import { describe, expect, it } from 'vitest';
import { movedTo, offeredSchemes, refusedHead, type StatusFacts, statusRule } from '../../../src/ews/outcome/http-status.ts';

const endpointUnknown = { kind: 'unconfirmed', scope: 'endpoint' };
const endpointRefuses = { kind: 'blocked', scope: 'endpoint', sent: 'no', by: 'login' };
/** It may have forwarded the request before it responded. */
const wrongServer = { ...endpointRefuses, sent: 'unknown' };
const loginRefused = { kind: 'blocked', scope: 'mailbox', sent: 'no', by: 'login' };
const busy = { kind: 'deferred', scope: 'mailbox' };
const failed = { kind: 'unconfirmed', scope: 'mailbox' };
const unheardOf = { kind: 'unconfirmed', scope: 'note' };

const rows: readonly (readonly [facts: StatusFacts, verdict: object, code: string, why: RegExp])[] = [
  [{ status: 401 }, loginRefused, 'AUTHENTICATION_FAILED', /^user name, password/],
  [{ status: 401, scheme: 'basic' }, loginRefused, 'AUTHENTICATION_FAILED', /^user name, password/],
  [{ status: 401, scheme: 'ntlm' }, loginRefused, 'AUTHENTICATION_FAILED', /channel binding/],
  // A scheme that is not offered does not mean a wrong password.
  [
    { status: 401, scheme: 'basic', offers: ['NTLM', 'Negotiate'] },
    loginRefused,
    'AUTHENTICATION_FAILED',
    /^it takes no Basic login at this URL; it offers NTLM \(ntlmAuth\), Negotiate$/,
  ],
  [
    { status: 401, scheme: 'ntlm', offers: ['Negotiate'] },
    loginRefused,
    'AUTHENTICATION_FAILED',
    /^it takes no NTLM login at this URL; it offers Negotiate$/,
  ],
  [
    { status: 401, scheme: 'basic', offers: ['Bearer'] },
    loginRefused,
    'AUTHENTICATION_FAILED',
    /it offers Bearer \(bearerAuth\)$/,
  ],
  [{ status: 401, scheme: 'basic', offers: ['NTLM', 'Basic'] }, loginRefused, 'AUTHENTICATION_FAILED', /^user name, password/],
  [{ status: 401, scheme: 'ntlm', offers: ['NTLM', 'Negotiate'] }, loginRefused, 'AUTHENTICATION_FAILED', /channel binding/],
  [{ status: 401, scheme: 'own', offers: ['NTLM'] }, loginRefused, 'AUTHENTICATION_FAILED', /^user name, password/],
  // A front-end proxy responds with 401 when it means "busy".
  [{ status: 401, retryAfter: 5 }, busy, 'HTTP_STATUS', /busy/],
  [{ status: 456 }, loginRefused, 'AUTHENTICATION_FAILED', /blocked/],
  [{ status: 403 }, endpointRefuses, 'EWS_DISABLED', /switched off/],
  [{ status: 404 }, wrongServer, 'HTTP_STATUS', /no EWS at this URL/],
  [{ status: 404, nobody: true }, { ...loginRefused, sent: 'unknown' }, 'HTTP_STATUS', /no such mailbox/],
  [{ status: 403, nobody: true }, { ...loginRefused, sent: 'unknown' }, 'HTTP_STATUS', /no such mailbox/],
  [{ status: 405 }, wrongServer, 'HTTP_STATUS', /no EWS at this URL/],
  [{ status: 410 }, wrongServer, 'HTTP_STATUS', /no EWS at this URL/],
  [{ status: 407 }, endpointRefuses, 'HTTP_STATUS', /proxy/],
  [{ status: 409 }, unheardOf, 'HTTP_STATUS', /passed it on before/],
  [{ status: 413 }, { kind: 'rejected', scope: 'note', splittable: true }, 'HTTP_STATUS', /too large/],
  // Of the head of a request alone, so that nothing behind has seen it.
  [{ status: 414 }, endpointRefuses, 'HTTP_STATUS', /URL .* too long/],
  [{ status: 421 }, { kind: 'deferred', scope: 'endpoint' }, 'HTTP_STATUS', /another server/],
  [{ status: 431 }, endpointRefuses, 'HTTP_STATUS', /headers/],
  [{ status: 494 }, endpointRefuses, 'HTTP_STATUS', /headers/],
  [{ status: 495 }, endpointRefuses, 'HTTP_STATUS', /certificate/],
  [{ status: 496 }, endpointRefuses, 'HTTP_STATUS', /certificate/],
  [{ status: 497 }, endpointRefuses, 'HTTP_STATUS', /https/],
  [{ status: 301, front: 'it has moved' }, endpointRefuses, 'HTTP_STATUS', /^it has moved$/],
  [{ status: 429 }, busy, 'HTTP_STATUS', /too many/],
  [{ status: 440 }, wrongServer, 'HTTP_STATUS', /session/],
  [{ status: 502 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 503 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 504 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 511 }, endpointRefuses, 'HTTP_STATUS', /network/],
  [{ status: 0 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 301 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 307 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 308 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 301, loginPage: true, front: 'it has moved' }, wrongServer, 'HTTP_STATUS', /login page/],
  [{ status: 300 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 399 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
  [{ status: 500 }, failed, 'HTTP_STATUS', /^it failed/],
  [{ status: 599 }, failed, 'HTTP_STATUS', /^it failed/],
  [{ status: 200 }, unheardOf, 'HTTP_STATUS', /not the answer of an EWS server/],
  [{ status: 299 }, unheardOf, 'HTTP_STATUS', /not the answer of an EWS server/],
  [{ status: 400 }, unheardOf, 'HTTP_STATUS', /not the answer of an EWS server/],
  [{ status: 499 }, unheardOf, 'HTTP_STATUS', /not the answer of an EWS server/],
  [{ status: 200, loginPage: true }, wrongServer, 'HTTP_STATUS', /login page/],
  [{ status: 302, loginPage: true }, wrongServer, 'HTTP_STATUS', /login page/],
  [{ status: 401, loginPage: false }, loginRefused, 'AUTHENTICATION_FAILED', /^user name/],
];

describe('an HTTP status', () => {
  it.each(rows)('%j', (facts, verdict, code, why) => {
    expect(statusRule(facts)).toEqual({ verdict, code, why: expect.stringMatching(why) });
  });
});

describe('the schemes of WWW-Authenticate', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['Negotiate, NTLM, Basic realm="mail.contoso.test"', ['NTLM', 'Negotiate', 'Basic']],
    ['Negotiate,Kerberos,NTLM', ['NTLM', 'Negotiate', 'Kerberos']],
    ['NTLM TlRMTVNTUAAC, basic realm=x', ['NTLM', 'Basic']],
    ['Bearer client_id="x", trusted_issuers="a, Basic b", error="invalid_token"', ['Bearer']],
    ['Secret-Word x, NTLMv9', []],
  ])('%j', (header, expected) => {
    expect(offeredSchemes(header)).toEqual(expected);
  });
});

describe('a redirect says that EWS has moved', () => {
  const url = 'http://mail.contoso.test/EWS/Exchange.asmx';
  it.each<[number, string, string | undefined]>([
    [301, 'https://mail.contoso.test/EWS/Exchange.asmx', 'https://mail.contoso.test'],
    [308, 'https://mail.contoso.test:444/EWS/Exchange.asmx', 'https://mail.contoso.test:444'],
    [301, '//new.contoso.test/ews/exchange.asmx', 'http://new.contoso.test'],
    [301, '//new.contoso.test/ews/exchange.asmx/', undefined],
    [301, '/ews/exchange.asmx', 'http://mail.contoso.test'],
    // Those that tell nothing of whether something behind was asked before.
    [302, 'https://mail.contoso.test/EWS/Exchange.asmx', undefined],
    [303, 'https://mail.contoso.test/EWS/Exchange.asmx', undefined],
    [307, 'https://mail.contoso.test/EWS/Exchange.asmx', undefined],
    [200, 'https://mail.contoso.test/EWS/Exchange.asmx', undefined],
    [301, url, undefined],
    [301, '', undefined],
    [301, `${url}#x`, undefined],
    [301, 'http://alice:secret@mail.contoso.test/EWS/Exchange.asmx', undefined],
    [301, `https://${'a'.repeat(9000)}.test/EWS/Exchange.asmx`, undefined],
    [301, 'https://mail.contoso.test/', undefined],
    [301, 'https://mail.contoso.test/sorry.html?/EWS/Exchange.asmx', undefined],
    [301, 'https://mail.contoso.test/EWS/Exchange.asmx?error=1', undefined],
    [301, 'https://mail.contoso.test/EWS/Exchange.asmx, /sorry', undefined],
    [301, 'ftp://mail.contoso.test/EWS/Exchange.asmx', undefined],
    [301, 'javascript:/EWS/Exchange.asmx', undefined],
    [301, 'http://[::', undefined],
  ])('%i to %j: %j', (status, location, expected) => {
    expect(movedTo(status, url, location)).toBe(expected && `EWS has moved to ${expected}, which url must name`);
  });
});

it('a redirect away from https says nothing of where EWS is', () => {
  const url = 'https://mail.contoso.test/EWS/Exchange.asmx';
  expect(movedTo(301, url, 'http://mail.contoso.test/EWS/Exchange.asmx')).toBeUndefined();
  expect(movedTo(301, url, 'https://alice:secret@mail.contoso.test/EWS/Exchange.asmx')).toBeUndefined();
  expect(movedTo(301, url, 'https://alice:secret@new.contoso.test/EWS/Exchange.asmx')).toBe(
    'EWS has moved to https://new.contoso.test, which url must name',
  );
});

describe('a 400 is of what stands in front of EWS', () => {
  const windows = (title: string): string =>
    `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n<BODY><h2>${title}</h2>\r\n<hr><p>HTTP Error 400. The request hostname is invalid.</p>\r\n</BODY></HTML>\r\n`;
  const nginx = (title: string): string =>
    `<html>\r\n<head><title>400 ${title}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>${title}</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;
  it.each<[string, string | undefined]>([
    [windows('Bad Request - Invalid Hostname'), 'Invalid Hostname'],
    [windows('Bad Request - Invalid Header'), 'Invalid Header'],
    [windows('Bad Request - Request Too Long'), 'Request Too Long'],
    [nginx('The plain HTTP request was sent to HTTPS port'), 'The plain HTTP request was sent to HTTPS port'],
    [nginx('No required SSL certificate was sent'), 'No required SSL certificate was sent'],
    [nginx('Request Header Or Cookie Too Large'), 'Request Header Or Cookie Too Large'],
    // Perhaps of the body, which may have been passed on by then; or of whoever.
    [windows('Bad Request'), undefined],
    [windows('Bad Request - secret words Too Long'), undefined],
    [nginx('secret SSL certificate words'), undefined],
    [nginx('Bad Request'), undefined],
    [nginx('The SSL certificate error'), 'The SSL certificate error'],
    ['Bad Request - Invalid Header', undefined],
    // Further down, where a page may quote anything.
    ['<html><head><title>Sorry</title></head><body><p>Was:</p><h2>Bad Request - Invalid Header</h2></body></html>', undefined],
    [
      '<html><head><title>Bad Request</title></head><body><p>Was:</p><h2>Bad Request - Invalid Header</h2></body></html>',
      undefined,
    ],
    ['<?xml version="1.0"?><e><![CDATA[<title>400 Request Header Or Cookie Too Large</title>]]></e>', undefined],
    [`{"error":"${nginx('The plain HTTP request was sent to HTTPS port')}"}`, undefined],
    [`<s:Envelope><![CDATA[${windows('Bad Request - Invalid Header')}]]></s:Envelope>`, undefined],
    [`\r\n${windows('Bad Request - Invalid Verb').toLowerCase()}`, 'invalid verb'],
    [' '.repeat(5000) + windows('Bad Request - Invalid Header'), undefined],
    ['', undefined],
  ])('%j: %j', (page, expected) => {
    expect(refusedHead(400, page)).toBe(expected && `what stands in front of EWS refuses the request: ${expected}`);
    expect(refusedHead(500, page)).toBeUndefined();
  });
});
