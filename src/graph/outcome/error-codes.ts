import type { Verdict } from '../../transport/verdict.ts';

/** What an error code of Graph, or of the Exchange behind it, means for the note that it answers. */
export interface CodeRule {
  readonly verdict: Verdict;
  /** It may be the class that was refused, which another one mends; `always`: it can be nothing else. */
  readonly classRefused?: 'always' | 'perhaps';
  /** Holds with every status of an error. Otherwise with those that say that the request was at fault (400 to 407, 413). */
  readonly anyStatus?: boolean;
}

/** Limits of a day: trying again within the hour only uses them up. */
const dailyLimitBackOff = 3_600_000;

const unknown: Verdict = { kind: 'unconfirmed', scope: 'mailbox' };
const never: Verdict = { kind: 'rejected', scope: 'note', splittable: false };
const neverWhole: Verdict = { kind: 'rejected', scope: 'note', splittable: true };
const mailboxBlocked: Verdict = { kind: 'blocked', scope: 'mailbox', sent: 'no' };

/**
 * The outcome table. Codes beginning with `Error` are those of Exchange, which Graph passes on; `*` stands for any ending.
 * A code that merely sounds temporary does not prove that nothing was sent: between Exchange and us stands a front end.
 */
const rules = (): readonly (readonly [CodeRule, readonly string[]])[] => [
  [
    { verdict: never },
    [
      'ErrorInvalidRecipients',
      'ErrorInvalidSmtpAddress',
      'ErrorMissingRecipients',
      'ErrorExceededMaxRecipientLimit*',
      'ErrorRecipientLimitExceeded',
    ],
  ],
  [
    { verdict: neverWhole },
    [
      'RequestBodyRead',
      'BadRequest',
      'invalidRequest',
      'ErrorInvalidRequest',
      'ErrorMimeContentInvalidBase64String',
      'InvalidInternetMessageHeader*',
      'ErrorInvalidProperty*',
      'ErrorInvalidExtendedProperty*',
      'ErrorPropertyUpdate',
      'ErrorMessageSizeExceeded',
      'ErrorVirusDetected',
    ],
  ],
  [{ verdict: never, classRefused: 'always' }, ['ErrorObjectTypeChanged', 'ErrorInvalidItemForOperation*']],
  [{ verdict: neverWhole, classRefused: 'perhaps' }, ['ErrorItemSavePropertyError']],
  [{ verdict: { ...never, scope: 'mailbox' } }, ['ErrorSendAsDenied']],
  [
    { verdict: mailboxBlocked },
    [
      'ErrorAccessDenied',
      'accessDenied',
      'Authorization_RequestDenied',
      'extensionError',
      'ErrorAccountSuspend*',
      'ErrorMessageSubmissionBlocked',
      'ErrorMessageBlocked',
      'ErrorInvalidUser',
      'ResourceNotFound',
      'Request_ResourceNotFound',
      'ErrorNonExistentMailbox',
      'MailboxNotEnabledForRESTAPI',
      'MailboxNotSupportedForRESTAPI',
      'OrganizationFromTenantGuidNotFound', // no Exchange in the tenant of the token
    ],
  ],
  // Of the whole organisation, as with EWS.
  [{ verdict: { ...mailboxBlocked, scope: 'endpoint' } }, ['ErrorOrganizationAccessBlocked']],
  // The send may have gone before the copy failed.
  [{ verdict: { ...mailboxBlocked, sent: 'unknown' }, anyStatus: true }, ['ErrorQuotaExceeded', 'quotaLimitReached']],
  [
    { verdict: { kind: 'deferred', scope: 'mailbox', retryAfter: dailyLimitBackOff }, anyStatus: true },
    ['ErrorExceededMessageLimit*', 'ErrorSubmissionQuotaExceeded'],
  ],
  // Of one mailbox, whatever the status says of the service: with 503, the first can last for days.
  [
    { verdict: unknown, anyStatus: true },
    ['MailboxInfoStale', 'ErrorMailboxStoreUnavailable', 'ErrorMailboxMoveInProgress', 'ErrorMailboxFailover'],
  ],
  [
    { verdict: unknown },
    [
      'ErrorServerBusy',
      'ErrorInternalServerError',
      'ErrorInternalServerTransientError',
      'ErrorTimeoutExpired',
      'CommandConcurrencyLimitReached',
      'UnknownError',
      'generalException',
      'serviceNotAvailable',
    ],
  ],
];

type Table = ReadonlyMap<string, CodeRule>;

let table: Table | undefined;

/**
 * Every code the library knows, lower case, with its rule; `*` at the end stands for any ending. Made when asked for, so that a bundle without
 * `GraphTransport` is without it.
 */
export function codeRules(): Table {
  table ??= new Map(rules().flatMap(([rule, codes]) => codes.map((code) => [code.toLowerCase(), rule] as const)));
  return table;
}

/** The rule of a code, compared without regard to case: Graph writes some in several ways. */
export function ruleOf(code: string): CodeRule | undefined {
  const lower = code.toLowerCase();
  const begins = ([name]: readonly [string, CodeRule]): boolean => name.endsWith('*') && lower.startsWith(name.slice(0, -1));
  return codeRules().get(lower) ?? [...codeRules()].find(begins)?.[1];
}
