/** Every row of the outcome table, through the transport: a response to sendMail, and its meaning. */
import { describe, expect, it } from 'vitest';
import { codeRules } from '../../../src/graph/outcome/error-codes.ts';
import { type Answer, accepted, canned, graphError, nothing } from '../support/canned.ts';

type Expected = Readonly<Record<string, unknown>>;
const never = { status: 'rejected', scope: 'note', splittable: false, draft: 'none' };
const whole = { status: 'rejected', scope: 'note', splittable: true, draft: 'none' };
const mailboxBlocked = { status: 'blocked', scope: 'mailbox', sent: 'no' };
const endpointBlocked = { status: 'blocked', scope: 'endpoint', sent: 'no' };
const mailboxUnknown = { status: 'unconfirmed', scope: 'mailbox' };
const endpointUnknown = { status: 'unconfirmed', scope: 'endpoint' };
const noteUnknown = { status: 'unconfirmed', scope: 'note' };
const throttled = { status: 'deferred', scope: 'mailbox' };

const rows: readonly (readonly [name: string, answer: Answer, expected: Expected])[] = [
  ['202', accepted, { status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' }],
  ['202 with Retry-After', { status: 202, headers: { 'retry-after': '30' } }, { status: 'delivered' }],
  ['202 with a page', { status: 202, text: '<html>' }, { status: 'delivered' }],
  ['200', { json: {} }, endpointUnknown],
  ['200 with an error in it', { ...graphError(200, 'ErrorInvalidRecipients') }, endpointUnknown],
  ['201', { status: 201, json: {} }, endpointUnknown],
  ['204', { status: 204 }, endpointUnknown],
  ['200 with a page', { text: '<!doctype html><p>Wait' }, { ...endpointUnknown, error: { code: 'RESPONSE_UNREADABLE' } }],
  ['302', { status: 302, headers: { location: 'https://evil.test/' } }, noteUnknown],
  ['307', { status: 307, headers: { location: 'https://evil.test/' } }, noteUnknown],
  ...[
    'ErrorInvalidRecipients',
    'ErrorInvalidSmtpAddress',
    'ErrorMissingRecipients',
    'ErrorExceededMaxRecipientLimit',
    'ErrorExceededMaxRecipientLimitBlock',
    'ErrorExceededMaxRecipientLimitShowTierUpgrade',
    'ErrorRecipientLimitExceeded',
  ].map(
    (code) =>
      [
        `400 ${code}`,
        graphError(400, code),
        { ...never, error: { code: 'GRAPH_ERROR', details: { responseCode: code } } },
      ] as const,
  ),
  ...[
    'RequestBodyRead',
    'BadRequest',
    'invalidRequest',
    'ErrorInvalidRequest',
    'ErrorMimeContentInvalidBase64String',
    'InvalidInternetMessageHeaderCollection',
    'ErrorInvalidPropertyRequest',
    'ErrorInvalidExtendedPropertyValue',
    'ErrorPropertyUpdate',
    'ErrorMessageSizeExceeded',
    'ErrorVirusDetected',
  ].map((code) => [`400 ${code}`, graphError(400, code), whole] as const),
  ['413', { status: 413 }, whole],
  ['413 ErrorMessageSizeExceeded', graphError(413, 'ErrorMessageSizeExceeded'), whole],
  ['403 ErrorSendAsDenied', graphError(403, 'ErrorSendAsDenied'), { ...never, scope: 'mailbox' }],
  ...[
    'ErrorAccessDenied',
    'accessDenied',
    'Authorization_RequestDenied',
    'extensionError',
    'ErrorAccountSuspend',
    'ErrorAccountSuspendShowTierUpgrade',
    'ErrorMessageSubmissionBlocked',
    'ErrorMessageBlocked',
  ].map((code) => [`403 ${code}`, graphError(403, code), mailboxBlocked] as const),
  ['403 of nobody', { status: 403, text: '<html>no' }, endpointBlocked],
  ['403 ErrorOrganizationAccessBlocked', graphError(403, 'ErrorOrganizationAccessBlocked'), endpointBlocked],
  ['403 with an unknown code', graphError(403, 'Forbidden'), endpointBlocked],
  ['403 with an unknown code of Exchange', graphError(403, 'ErrorAccountDisabled'), mailboxBlocked],
  ...[405, 406, 407, 415, 501, 511].map((status) => [`${status}`, { status }, endpointBlocked] as const),
  ['401', graphError(401, 'InvalidAuthenticationToken'), { ...mailboxBlocked, error: { code: 'AUTHENTICATION_FAILED' } }],
  ['401 without a body', { status: 401 }, { ...mailboxBlocked, error: { code: 'AUTHENTICATION_FAILED' } }],
  ...[
    'ErrorInvalidUser',
    'ResourceNotFound',
    'Request_ResourceNotFound',
    'ErrorNonExistentMailbox',
    'MailboxNotEnabledForRESTAPI',
    'MailboxNotSupportedForRESTAPI',
    'OrganizationFromTenantGuidNotFound',
  ].map((code) => [`404 ${code}`, graphError(404, code), mailboxBlocked] as const),
  ['404 of nobody', { status: 404, text: 'not here' }, endpointUnknown],
  ['400 ErrorQuotaExceeded', graphError(400, 'ErrorQuotaExceeded'), { ...mailboxBlocked, sent: 'unknown' }],
  ['507', { status: 507 }, { ...mailboxBlocked, sent: 'unknown' }],
  ['507 quotaLimitReached', graphError(507, 'quotaLimitReached'), { ...mailboxBlocked, sent: 'unknown' }],
  [
    '429 with Retry-After',
    graphError(429, 'ApplicationThrottled', {
      message: 'Application is over its MailboxConcurrency limit.',
      headers: { 'retry-after': '7' },
    }),
    { ...throttled, retryAfter: 7000 },
  ],
  ['429 TooManyRequests', graphError(429, 'TooManyRequests'), throttled],
  ['429 activityLimitReached', graphError(429, 'activityLimitReached'), throttled],
  ['429 UnknownError with an empty message', graphError(429, 'UnknownError', { message: '' }), throttled],
  ['429 without a body', { status: 429 }, throttled],
  [
    '429 of the application',
    graphError(429, 'TooManyRequests', { message: 'Application is over its RequestRate limit.' }),
    { ...throttled, scope: 'endpoint' },
  ],
  [
    '429 of the tenant',
    graphError(429, 'TooManyRequests', { message: 'The tenant sent too much.' }),
    { ...throttled, scope: 'endpoint' },
  ],
  [
    '429 with x-ms-throttle-scope',
    { status: 429, headers: { 'x-ms-throttle-scope': 'Tenant_Application/Read' } },
    { ...throttled, scope: 'endpoint' },
  ],
  ['509', { status: 509, headers: { 'retry-after': '3' } }, { ...throttled, retryAfter: 3000 }],
  ...[400, 403, 429, 500, 503].flatMap((status) =>
    ['ErrorExceededMessageLimit', 'ErrorExceededMessageLimitShowTierUpgrade', 'ErrorSubmissionQuotaExceeded'].map(
      (code) =>
        [
          `${status} ${code}`,
          graphError(status, code, { headers: { 'retry-after': '5' } }),
          { ...throttled, retryAfter: 3_600_000 },
        ] as const,
    ),
  ),
  ...[408, 409, 412, 422, 423, 500].map((status) => [`${status}`, graphError(status, 'Whatever'), mailboxUnknown] as const),
  ...[502, 503, 504].map(
    (status) => [`${status}`, { status, headers: { 'retry-after': '11' } }, { ...endpointUnknown, retryAfter: 11_000 }] as const,
  ),
  ...[502, 503, 504].map(
    (status) => [`${status} with a code that says no`, graphError(status, 'ErrorInvalidRecipients'), endpointUnknown] as const,
  ),
  // Of this mailbox, so that the others go on.
  ...['MailboxInfoStale', 'ErrorMailboxStoreUnavailable', 'ErrorMailboxMoveInProgress', 'ErrorMailboxFailover'].flatMap((code) =>
    [400, 404, 503].map(
      (status) =>
        [
          `${status} ${code}`,
          graphError(status, code, { headers: { 'retry-after': '11' } }),
          { ...mailboxUnknown, retryAfter: 11_000 },
        ] as const,
    ),
  ),
  ['500 with a code that says no', graphError(500, 'ErrorInvalidRecipients'), mailboxUnknown],
  ...[
    'ErrorServerBusy',
    'ErrorInternalServerError',
    'ErrorInternalServerTransientError',
    'ErrorTimeoutExpired',
    'CommandConcurrencyLimitReached',
    'UnknownError',
    'generalException',
    'serviceNotAvailable',
  ].map((code) => [`400 ${code}`, graphError(400, code), mailboxUnknown] as const),
  ...[302, 307].map(
    (status) => [`${status} with a code that says no`, graphError(status, 'ErrorExceededMessageLimit'), noteUnknown] as const,
  ),
  [
    'an unknown code',
    graphError(400, 'ErrorOfTheFuture'),
    { ...noteUnknown, error: { code: 'GRAPH_ERROR', details: { responseCode: 'ErrorOfTheFuture' } } },
  ],
  [
    'a text that does not look like a code',
    graphError(400, 'Bob said: secret text'),
    { ...endpointUnknown, error: { code: 'HTTP_STATUS' } },
  ],
  ['the most detailed code', graphError(400, 'BadRequest', { inner: { innererror: { code: 'ErrorInvalidRecipients' } } }), never],
  ['400 that is cut off', { status: 400, text: '{"error":{"code":"ErrorInvalidRecip' }, endpointUnknown],
];

describe('an answer to sendMail', () => {
  it.each(rows)('%s', async (_, answer, expected) => {
    const { deliverOne, asked } = canned(({ what }) => (what === 'sendMail' ? answer : nothing));
    const outcome = await deliverOne();
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain('secret');
    // A 401 is retried once, with a new token; nothing else is ever sent twice.
    expect(asked.filter(({ what }) => what === 'sendMail')).toHaveLength(answer.status === 401 ? 2 : 1);
  });

  it('covers every code of the table, except those that refuse a class', () => {
    const named = JSON.stringify(rows.map(([name, answer]) => [name, answer])).toLowerCase();
    const missing = [...codeRules()].filter(
      ([code, { classRefused }]) => classRefused === undefined && !named.includes(code.replace('*', '')),
    );
    expect(missing).toEqual([]);
  });

  it('with one credential for all mailboxes, a refused token closes the endpoint', async () => {
    const credential = { getToken: async () => ({ token: 'abc', expiresOnTimestamp: Date.now() + 3_600_000 }) };
    const { deliverOne } = canned(() => graphError(401, 'InvalidAuthenticationToken'), { credential });
    expect(await deliverOne()).toMatchObject(endpointBlocked);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('client_secret=very-secret-thing')), { status: 'deferred', scope: 'mailbox' }],
    [
      'has no network',
      () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
      { status: 'deferred', scope: 'mailbox' },
    ],
    ['is refused', () => Promise.reject(new Error('AADSTS7000222: expired, very-secret-thing')), mailboxBlocked],
    [
      'gets a back-off',
      () => Promise.reject(new Error('AADSTS90033: a transient error')),
      { status: 'deferred', scope: 'mailbox' },
    ],
    ['gives nothing', async () => undefined as never, mailboxBlocked],
    ['returns something other than a token', async () => ({ token: 'a b\r\nc: d' }), mailboxBlocked],
  ])(
    'a credential that %s sends nothing, and needs someone to act only if the failure does not pass',
    async (_, credential, expected) => {
      const { deliverOne, asked } = canned(() => accepted, { credential });
      const outcome = await deliverOne();
      expect(outcome).toMatchObject({ ...expected, error: { code: 'AUTHENTICATION_FAILED' } });
      expect(JSON.stringify(outcome) + String('error' in outcome && outcome.error?.message)).not.toContain('very-secret-thing');
      expect(asked).toEqual([]);
    },
  );

  it('credential.getToken returning null closes the endpoint', async () => {
    const { deliverOne } = canned(() => accepted, { credential: { getToken: async () => null } });
    expect(await deliverOne()).toMatchObject(endpointBlocked);
  });
});
