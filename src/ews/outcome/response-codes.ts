import type { Verdict } from '../../transport/verdict.ts';

/** What a response code means for the note it answers. */
export interface CodeRule {
  readonly verdict: Verdict;
  /** As a fault it comes before the first item of a request is looked at, and so holds for all of them. */
  readonly beforeFirstItem?: boolean;
}

/** The submission quota counts messages of a day: trying again within the hour only uses it up. */
const submissionQuotaBackOff = 3_600_000;

const busy: Verdict = { kind: 'deferred', scope: 'mailbox' };
const again: Verdict = { kind: 'deferred', scope: 'note' };
const unknown: Verdict = { kind: 'unconfirmed', scope: 'note' };
const mailboxAway: Verdict = { kind: 'unconfirmed', scope: 'mailbox' };
const never: Verdict = { kind: 'rejected', scope: 'note', splittable: false };
const neverWhole: Verdict = { kind: 'rejected', scope: 'note', splittable: true };
const mailboxBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no' };

/**
 * The outcome table, Microsoft's response codes: https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode
 *
 * A code that merely sounds temporary does not prove that nothing was sent (a mailbox can fail over after it submitted), so
 * a code is known not to have been processed only where that follows from what it means.
 */
const rules: readonly (readonly [CodeRule, readonly string[]])[] = [
  [{ verdict: busy, beforeFirstItem: true }, ['ErrorServerBusy', 'ErrorExceededConnectionCount']],
  [{ verdict: { ...busy, retryAfter: submissionQuotaBackOff } }, ['ErrorSubmissionQuotaExceeded']],
  // The item after a failed one is not looked at.
  [{ verdict: again }, ['ErrorBatchProcessingStopped']],
  // The folder of the copy is looked up before anything is created.
  [{ verdict: again, beforeFirstItem: true }, ['ErrorSavedItemFolderNotFound', 'ErrorFolderNotFound']],
  [{ verdict: mailboxAway }, ['ErrorMailboxStoreUnavailable', 'ErrorMailboxMoveInProgress', 'ErrorMailboxFailover']],
  [
    { verdict: unknown },
    [
      'ErrorInternalServerTransientError',
      'ErrorConnectionFailed',
      'ErrorTooManyObjectsOpened',
      'ErrorInsufficientResources',
      'ErrorNotEnoughMemory',
      'ErrorADUnavailable',
      'ErrorADOperation',
      'ErrorNoRespondingCASInDestinationSite',
      'ErrorTimeoutExpired',
      'ErrorClientDisconnected',
      'ErrorInternalServerError',
    ],
  ],
  [
    { verdict: never },
    [
      'ErrorInvalidRecipients',
      'ErrorMissingRecipients',
      'ErrorInvalidSmtpAddress',
      'ErrorNonExistentMailbox',
      'ErrorCreateItemAccessDenied',
      'ErrorAccessDenied',
      'ErrorInvalidItemForOperationCreateItem',
      'ErrorObjectTypeChanged', // once the fallback class (message-classes.ts) is refused too
    ],
  ],
  [{ verdict: { ...never, scope: 'mailbox' } }, ['ErrorSendAsDenied']],
  [
    { verdict: neverWhole },
    [
      'ErrorMessageSizeExceeded',
      'ErrorDataSizeLimitExceeded',
      'ErrorRequestStreamTooBig',
      'ErrorInvalidPropertySet',
      'ErrorInvalidExtendedProperty',
      'ErrorInvalidExtendedPropertyValue',
      'ErrorItemSavePropertyError',
      'ErrorVirusDetected',
    ],
  ],
  [{ verdict: neverWhole, beforeFirstItem: true }, ['ErrorSchemaValidation']],
  // Once no version is left to try (versions.ts).
  [
    { verdict: never, beforeFirstItem: true },
    ['ErrorInvalidServerVersion', 'ErrorIncorrectSchemaVersion', 'ErrorInvalidSchemaVersionForMailboxVersion'],
  ],
  [
    { verdict: mailboxBlocked },
    [
      'ErrorAccountDisabled',
      'ErrorMailboxConfiguration',
      'ErrorImpersonateUserDenied',
      'ErrorImpersonationDenied',
      'ErrorImpersonationFailed',
      'ErrorInvalidAuthorizationContext',
      'ErrorPasswordExpired',
      'ErrorPasswordChangeRequired',
    ],
  ],
  // The send may have gone before the copy failed.
  [{ verdict: { ...mailboxBlocked, sent: 'unknown' } }, ['ErrorQuotaExceeded']],
  [{ verdict: { ...mailboxBlocked, scope: 'endpoint' } }, ['ErrorOrganizationAccessBlocked']],
];

/** Every response code the library knows, with its rule. A code that is not here is `unconfirmed`. */
export const codeRules: ReadonlyMap<string, CodeRule> = new Map(
  rules.flatMap(([rule, codes]) => codes.map((code) => [code, rule] as const)),
);

/** What an unknown code means. */
export const unknownCode: CodeRule = { verdict: unknown };
