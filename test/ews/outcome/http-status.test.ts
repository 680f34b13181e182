/** What an HTTP status without a SOAP fault means, without a server. */
import { describe, expect, it } from 'vitest';
import { offeredSchemes, type StatusFacts, statusRule } from '../../../src/ews/outcome/http-status.ts';

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
  [{ status: 405 }, wrongServer, 'HTTP_STATUS', /no EWS at this URL/],
  [{ status: 410 }, wrongServer, 'HTTP_STATUS', /no EWS at this URL/],
  [{ status: 407 }, endpointRefuses, 'HTTP_STATUS', /proxy/],
  [{ status: 409 }, unheardOf, 'HTTP_STATUS', /passed it on before/],
  [{ status: 413 }, { kind: 'rejected', scope: 'note', splittable: true }, 'HTTP_STATUS', /too large/],
  [{ status: 429 }, busy, 'HTTP_STATUS', /too many/],
  [{ status: 440 }, wrongServer, 'HTTP_STATUS', /session/],
  [{ status: 502 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 503 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 504 }, endpointUnknown, 'HTTP_STATUS', /not available/],
  [{ status: 511 }, endpointRefuses, 'HTTP_STATUS', /network/],
  [{ status: 0 }, endpointUnknown, 'HTTP_STATUS', /lead elsewhere/],
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
