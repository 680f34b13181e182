/** The outcome table, row by row, as in docs/failure-modes.md: what each response code means, without a server. */

import { describe, expect, it } from 'vitest';
import { type CodeRule, codeRules, ruleOf } from '../../../src/ews/outcome/response-codes.ts';
import { asCode } from '../../../src/ews/xml/read.ts';

/** A rule in words, without its reason. */
function inWords({ verdict, ...rule }: CodeRule): string {
  const words: string[] = [verdict.kind, verdict.scope];
  if (verdict.kind === 'rejected' && verdict.splittable) words.push('splittable');
  if (verdict.kind === 'blocked') words.push(`sent ${verdict.sent}`, `by ${verdict.by}`);
  if (verdict.kind === 'deferred' && verdict.retryAfter !== undefined) words.push(`for ${verdict.retryAfter} ms`);
  const more = [
    rule.beforeFirstItem === true && 'before the first item',
    rule.negotiates !== undefined && `negotiates ${rule.negotiates}`,
    rule.leavesDraft === true && 'leaves a draft',
    rule.asWarning === true && 'as a warning too',
    rule.missing !== undefined && `${rule.missing} missing`,
    rule.wraps === true && 'wraps another',
  ];
  return [words.join(' '), ...more.filter((one) => one !== false)].join(', ');
}

/** The codes of each, without the prefix `Error`. */
const table: readonly (readonly [rule: string, codes: string])[] = [
  ['deferred mailbox, before the first item', 'ServerBusy ExceededConnectionCount ProxyTokenExpired'],
  ['deferred mailbox for 3600000 ms', 'SubmissionQuotaExceeded ExceededMessageLimit ExceededMessageLimitShowTierUpgrade'],
  ['deferred note, as a warning too', 'BatchProcessingStopped'],
  ['deferred note, before the first item, negotiates folder, folder missing', 'SavedItemFolderNotFound FolderNotFound'],
  ['unconfirmed mailbox', 'MailboxStoreUnavailable MailboxMoveInProgress MailboxFailover MailboxLogonFailed'],
  [
    'unconfirmed note',
    'InternalServerTransientError ConnectionFailed ConnectionFailedTransientError TooManyObjectsOpened InsufficientResources NotEnoughMemory ADUnavailable ADOperation NoRespondingCASInDestinationSite ServiceUnavailable TimeoutExpired ClientDisconnected',
  ],
  ['unconfirmed note, wraps another', 'InternalServerError'],
  ['unconfirmed note, item missing', 'ItemNotFound'],
  [
    'rejected note',
    'InvalidRecipients MissingRecipients InvalidSmtpAddress NonExistentMailbox CreateItemAccessDenied AccessDenied InvalidItemForOperationCreateItem ExceededMaxRecipientLimit ExceededMaxRecipientLimitBlock ExceededMaxRecipientLimitShowTierUpgrade',
  ],
  ['rejected note, negotiates class', 'ObjectTypeChanged'],
  ['rejected mailbox, leaves a draft', 'SendAsDenied'],
  [
    'rejected note splittable',
    'MessageSizeExceeded DataSizeLimitExceeded RequestStreamTooBig InvalidPropertySet InvalidExtendedProperty InvalidExtendedPropertyValue ItemSavePropertyError VirusDetected VirusMessageDeleted MessageBlocked',
  ],
  ['rejected note splittable, before the first item, negotiates schema', 'SchemaValidation'],
  [
    'rejected note, before the first item, negotiates version',
    'InvalidServerVersion IncorrectSchemaVersion InvalidSchemaVersionForMailboxVersion',
  ],
  ['blocked mailbox sent no by login', 'AccountDisabled PasswordExpired PasswordChangeRequired'],
  [
    'blocked mailbox sent no by login, before the first item',
    'ImpersonateUserDenied ImpersonationDenied ImpersonationFailed InvalidAuthorizationContext InvalidExchangeImpersonationHeaderData NonPrimarySmtpAddress MissingEmailAddress EmailAddressMismatch InvalidUserPrincipalName InvalidUserSid InvalidUserSidMissingUPN InvalidSid MissingUserIdInformation DistinguishedUserNotSupported CallerIsInvalidADAccount CannotFindUser AccessModeSpecified MoreThanOneAccessModeSpecified InvalidLogonType InvalidManagementRoleHeader DuplicateSOAPHeader InvalidSerializedAccessToken TokenSerializationDenied InvalidClientSecurityContext InvalidProxySecurityContext InvalidNetworkServiceContext LogonAsNetworkServiceFailed ProxyGroupSidLimitExceeded ProxyRequestNotAllowed NoApplicableProxyCASServersAvailable NoDestinationCASDueToKerberosRequirements NoDestinationCASDueToSSLRequirements NoDestinationCASDueToVersionMismatch CrossSiteRequest WrongServerVersion WrongServerVersionDelegate MultiLegacyMailboxAccess',
  ],
  ['blocked mailbox sent no by sending', 'MailboxConfiguration InvalidLicense'],
  [
    'blocked mailbox sent unknown by sending',
    'AccountSuspend AccountSuspendShowTierUpgrade MessageSubmissionBlocked QuotaExceeded MessagePerFolderCountReceiveQuotaExceeded',
  ],
  ['blocked endpoint sent no by login', 'OrganizationAccessBlocked'],
];
const rows = table.flatMap(([rule, codes]) => codes.split(' ').map((code) => [`Error${code}`, rule] as const));

describe('a response code', () => {
  it.each(rows)('%s: %s', (code, rule) => {
    expect(inWords(ruleOf(code))).toBe(rule);
  });

  it('that is in no row has no rule of its own', () => {
    expect([...codeRules.keys()].sort()).toEqual(rows.map(([code]) => code).sort());
    expect(ruleOf('ErrorNobodyHasHeardOf')).toEqual({ verdict: { kind: 'unconfirmed', scope: 'note' } });
  });

  it.each([...codeRules])('%s has a text that can end a sentence, if any', (_code, { why }) => {
    if (why !== undefined) expect(why).toMatch(/^[a-z].{5,}[^.]$/i);
  });
});

describe('a printable code', () => {
  it.each([
    'ErrorServerBusy',
    'NoError',
    'E-1',
    'E123456',
    'Client',
    'Server',
    'Sender',
    'Receiver',
    'MustUnderstand',
    'VersionMismatch',
    `Error${'x'.repeat(80)}`,
  ])('%s', (code) => expect([asCode(code), asCode(` ${code}\n`)]).toEqual([code, code]));

  it.each([
    '',
    'Error',
    'ErrorÄ',
    'Error a',
    `Error${'x'.repeat(81)}`,
    'xErrorA',
    'NoErrorx',
    'E1234567',
    'E',
    'Serverx',
    'xServer',
    'hello',
  ])('is not %j', (text) => expect(asCode(text)).toBe(''));
});
