import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Verdict } from '../../transport/verdict.ts';

/** Everything that is known about a response code. */
export interface CodeRule {
  /** What it means for the note it answers. */
  readonly verdict: Verdict;
  /** What happened, as the end of a sentence. */
  readonly why?: string;
  /** As a fault it comes before the first item of a request is looked at, and so holds for all of them. */
  readonly beforeFirstItem?: boolean;
  /** What the server refuses to take in this form, and would perhaps take in another. */
  readonly negotiates?: 'version' | 'class' | 'folder' | 'schema';
  /** The server keeps a draft of the note, so one is assumed where nobody can look for it. */
  readonly leavesDraft?: boolean;
  /** It holds as a warning too; other warnings may come with something that was done all the same. */
  readonly asWarning?: boolean;
  /** What the request named is not there. */
  readonly missing?: 'item' | 'folder';
  /** The code inside, where the server gives one, says what really happened. */
  readonly wraps?: boolean;
}

const busy: Verdict = { kind: 'deferred', scope: 'mailbox' };
/** Quotas of messages count by the day: trying again within the hour only uses them up. */
const usedUp: Verdict = { ...busy, retryAfter: 3_600_000 };
const again: Verdict = { kind: 'deferred', scope: 'note' };
const unknown: Verdict = { kind: 'unconfirmed', scope: 'note' };
const mailboxAway: Verdict = { kind: 'unconfirmed', scope: 'mailbox' };
const never: Verdict = { kind: 'rejected', scope: 'note', splittable: false };
const neverWhole: Verdict = { kind: 'rejected', scope: 'note', splittable: true };
const neverFrom: Verdict = { ...never, scope: 'mailbox' };
const loginBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no', by: 'login' };
const mailboxBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no', by: 'sending' };
/** The note may have gone before the server noticed. */
const sendingBlocked: Verdict = { ...mailboxBlocked, sent: 'unknown' };
const endpointBlocked: Verdict = { ...loginBlocked, scope: 'endpoint' };

/** Codes about who asks, or for which mailbox: found before any item is looked at. Someone must mend the configuration. */
const request = (why: string): CodeRule => ({ verdict: loginBlocked, beforeFirstItem: true, why });
/** What is wrong with it, the code says. */
const invalidIdentity = request('the identity of the login is not valid');
const version: CodeRule = {
  verdict: never,
  beforeFirstItem: true,
  negotiates: 'version',
  why: 'it accepts no schema version known to this library',
};
const folder: CodeRule = {
  verdict: again,
  beforeFirstItem: true,
  negotiates: 'folder',
  missing: 'folder',
  why: 'the folder for the copy does not exist',
};

/**
 * The outcome table, Microsoft's response codes: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
 *
 * A code that merely sounds temporary does not prove that nothing was sent (a mailbox can fail over after it submitted), so
 * a code is known not to have been processed only where that follows from what it means. Codes that say no more than that
 * are `unconfirmed`; they stand with their reasons in unconfirmed-codes.json. A code stands in one of the two.
 */
const rules: Readonly<Record<string, CodeRule>> = {
  ErrorServerBusy: { verdict: busy, beforeFirstItem: true, why: 'it is busy' },
  ErrorExceededConnectionCount: { verdict: busy, beforeFirstItem: true, why: 'there are too many connections' },
  ErrorSubmissionQuotaExceeded: { verdict: usedUp, why: 'the mailbox has reached its sending limit' },
  ErrorExceededMessageLimit: { verdict: usedUp, why: 'the account has reached its sending limit' },
  ErrorExceededMessageLimitShowTierUpgrade: { verdict: usedUp, why: 'the account has reached its sending limit' },
  ErrorBatchProcessingStopped: { verdict: again, asWarning: true, why: 'an item before it failed' },
  ErrorSavedItemFolderNotFound: folder,
  ErrorFolderNotFound: folder,

  // Scope, not outcome, is what sets these apart from a code that is not here.
  ErrorMailboxStoreUnavailable: { verdict: mailboxAway, why: 'the store of the mailbox is not available' },
  ErrorMailboxMoveInProgress: { verdict: mailboxAway, why: 'the mailbox is being moved' },
  ErrorMailboxFailover: { verdict: mailboxAway, why: 'the mailbox is failing over' },
  ErrorMailboxLogonFailed: { verdict: mailboxAway, why: 'the mailbox could not be opened' },
  // Known to pass, so that a look at a folder waits for them instead of calling them unreadable.
  ErrorInternalServerTransientError: { verdict: unknown },
  ErrorConnectionFailed: { verdict: unknown },
  ErrorConnectionFailedTransientError: { verdict: unknown }, // Exchange Online's, newer than the schema
  ErrorTooManyObjectsOpened: { verdict: unknown },
  ErrorInsufficientResources: { verdict: unknown },
  ErrorNotEnoughMemory: { verdict: unknown },
  ErrorADUnavailable: { verdict: unknown },
  ErrorADOperation: { verdict: unknown },
  ErrorNoRespondingCASInDestinationSite: { verdict: unknown },
  ErrorServiceUnavailable: { verdict: unknown },
  ErrorTimeoutExpired: { verdict: unknown },
  ErrorClientDisconnected: { verdict: unknown },
  ErrorInternalServerError: { verdict: unknown, wraps: true },
  ErrorItemNotFound: { verdict: unknown, missing: 'item' },

  ErrorInvalidRecipients: { verdict: never, why: 'a recipient is not valid' },
  ErrorMissingRecipients: { verdict: never, why: 'there is no recipient' },
  ErrorInvalidSmtpAddress: { verdict: never, why: 'an address is not valid' },
  ErrorNonExistentMailbox: { verdict: never, why: 'the mailbox does not exist' },
  ErrorCreateItemAccessDenied: { verdict: never, why: 'the login cannot write to the folder for the copy' },
  ErrorAccessDenied: { verdict: never, why: 'the login is not allowed to do this' },
  ErrorInvalidItemForOperationCreateItem: { verdict: never, why: 'it cannot create such an item' },
  // Once the fallback class is refused too.
  ErrorObjectTypeChanged: { verdict: never, negotiates: 'class', why: 'it does not accept this message class' },
  ErrorExceededMaxRecipientLimit: { verdict: never, why: 'there are too many recipients' },
  ErrorExceededMaxRecipientLimitBlock: { verdict: never, why: 'there are too many recipients' },
  ErrorExceededMaxRecipientLimitShowTierUpgrade: { verdict: never, why: 'there are too many recipients' },
  ErrorSendAsDenied: { verdict: neverFrom, leavesDraft: true, why: 'the login is not allowed to send as this mailbox' },
  ErrorMessageSizeExceeded: { verdict: neverWhole, why: 'the message is too large' },
  ErrorDataSizeLimitExceeded: { verdict: neverWhole, why: 'the message is too large' },
  ErrorRequestStreamTooBig: { verdict: neverWhole, why: 'the request is too large' },
  ErrorInvalidPropertySet: { verdict: neverWhole, why: 'a property cannot be set' },
  ErrorInvalidExtendedProperty: { verdict: neverWhole, why: 'an extended property is not valid' },
  ErrorInvalidExtendedPropertyValue: { verdict: neverWhole, why: 'an extended property has an invalid value' },
  ErrorItemSavePropertyError: { verdict: neverWhole, why: 'a property could not be saved' },
  ErrorVirusDetected: { verdict: neverWhole, why: 'it classified the message as a virus' },
  ErrorVirusMessageDeleted: { verdict: neverWhole, why: 'it classified the message as a virus' },
  ErrorMessageBlocked: { verdict: neverWhole, why: 'it classified the message as spam' },
  ErrorSchemaValidation: {
    verdict: neverWhole,
    beforeFirstItem: true,
    negotiates: 'schema',
    why: 'the request does not match its schema',
  },
  // Once no version is left to try.
  ErrorInvalidServerVersion: version,
  ErrorIncorrectSchemaVersion: version,
  ErrorInvalidSchemaVersionForMailboxVersion: version,

  ErrorAccountDisabled: { verdict: loginBlocked, why: 'the account is disabled' },
  ErrorPasswordExpired: { verdict: loginBlocked, why: 'the password has expired' },
  ErrorPasswordChangeRequired: { verdict: loginBlocked, why: 'the password must be changed' },
  ErrorImpersonateUserDenied: request('the login may not impersonate this mailbox'),
  ErrorImpersonationDenied: request('the login may not impersonate this mailbox'),
  ErrorImpersonationFailed: request('the mailbox can not be impersonated'),
  ErrorInvalidAuthorizationContext: invalidIdentity,
  ErrorInvalidExchangeImpersonationHeaderData: request('impersonate does not name a mailbox as this server wants it'),
  ErrorNonPrimarySmtpAddress: request('the mailbox must be named by its primary SMTP address, not by an alias'),
  ErrorMissingEmailAddress: request('the login has no mailbox of its own'),
  ErrorEmailAddressMismatch: request('the address in the request is not that of the mailbox'),
  ErrorInvalidUserPrincipalName: invalidIdentity,
  ErrorInvalidUserSid: invalidIdentity,
  ErrorInvalidUserSidMissingUPN: invalidIdentity,
  ErrorInvalidSid: invalidIdentity,
  ErrorMissingUserIdInformation: request('the request does not say who the user is'),
  ErrorDistinguishedUserNotSupported: request('such a user can have no mailbox'),
  ErrorCallerIsInvalidADAccount: request('the directory has no such user'),
  ErrorCannotFindUser: request('the directory has no such user'),
  ErrorAccessModeSpecified: request('the login may not open the mailbox in this way'),
  ErrorMoreThanOneAccessModeSpecified: request('the request says in two ways as whom it acts'),
  ErrorInvalidLogonType: request('the login may not open the mailbox in this way'),
  ErrorInvalidManagementRoleHeader: request('its ManagementRole header is not valid'),
  ErrorDuplicateSOAPHeader: request('it has a SOAP header twice'),
  ErrorInvalidSerializedAccessToken: request('the identity that a server passed on is not valid'),
  ErrorTokenSerializationDenied: request('a server may not pass identities on'),
  ErrorInvalidClientSecurityContext: invalidIdentity,
  ErrorInvalidProxySecurityContext: request('the identity that a server passed on is not valid'),
  ErrorInvalidNetworkServiceContext: request('the servers do not accept each other’s identity'),
  ErrorLogonAsNetworkServiceFailed: request('the server could not log on to the other that has the mailbox'),
  ErrorProxyGroupSidLimitExceeded: request('the user is in too many groups'),
  ErrorProxyTokenExpired: {
    verdict: busy,
    beforeFirstItem: true,
    why: 'the identity that a server passed on has expired',
  },
  ErrorProxyRequestNotAllowed: request('the server that has the mailbox takes no proxied requests; ask it directly'),
  ErrorNoApplicableProxyCASServersAvailable: request('no server can pass the request on to the one that has the mailbox'),
  ErrorNoDestinationCASDueToKerberosRequirements: request('no server that has the mailbox takes Kerberos'),
  ErrorNoDestinationCASDueToSSLRequirements: request('no server that has the mailbox can be asked over TLS'),
  ErrorNoDestinationCASDueToVersionMismatch: request('no server of the version of the mailbox can be asked'),
  ErrorCrossSiteRequest: request('the mailbox is in another site; ask the server there'),
  ErrorWrongServerVersion: request('the mailbox is on a server of another version; ask that one'),
  ErrorWrongServerVersionDelegate: request('the mailbox is on a server of another version; ask that one'),
  ErrorMultiLegacyMailboxAccess: request('a request may not be for several mailboxes'),
  ErrorMailboxConfiguration: { verdict: mailboxBlocked, why: 'the mailbox is not set up correctly' },
  ErrorInvalidLicense: { verdict: mailboxBlocked, why: 'the mailbox has no licence' },
  ErrorAccountSuspend: { verdict: sendingBlocked, why: 'the account is suspended' },
  ErrorAccountSuspendShowTierUpgrade: { verdict: sendingBlocked, why: 'the account is suspended' },
  ErrorMessageSubmissionBlocked: { verdict: sendingBlocked, why: 'the account is not allowed to send' },
  ErrorQuotaExceeded: { verdict: sendingBlocked, why: 'the mailbox is full' },
  ErrorMessagePerFolderCountReceiveQuotaExceeded: { verdict: sendingBlocked, why: 'the folder for the copy is full' },
  ErrorOrganizationAccessBlocked: { verdict: endpointBlocked, why: 'the organisation has no access' },
};

/** Every response code that has a rule of its own. A code that is not here is `unconfirmed`. */
export const codeRules: ReadonlyMap<string, CodeRule> = new Map(Object.entries(rules));

const unknownCode: CodeRule = { verdict: unknown };

/** The rule of a code; a code without one is `unconfirmed`. */
export function ruleOf(responseCode: string): CodeRule {
  return codeRules.get(responseCode) ?? unknownCode;
}

/** The rule of the code that an error names; unknown where it names none. */
export function ruleOfError({ details }: OfflineImError): CodeRule {
  return ruleOf(String(details.responseCode));
}
