/** An error as Graph answers it: https://learn.microsoft.com/graph/errors */
export class GraphFault extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, status: number = statusOf(code), message = textOf(code), headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The status that a code comes with when nothing else was said. */
export function statusOf(code: string): number {
  if (
    /^(ErrorAccessDenied|accessDenied|Authorization_RequestDenied|ErrorSendAsDenied|ErrorAccountSuspend|ErrorMessage\w*Blocked)/.test(
      code,
    )
  ) {
    return 403;
  }
  if (/NotFound|ErrorInvalidUser|ErrorNonExistentMailbox|RESTAPI$/.test(code)) return 404;
  if (/^(ApplicationThrottled|TooManyRequests|activityLimitReached|ErrorExceededMessageLimit)/.test(code)) return 429;
  if (/^(ErrorServerBusy|serviceNotAvailable|ErrorMailboxMoveInProgress|ErrorMailboxStoreUnavailable)/.test(code)) return 503;
  if (/^(UnknownError|generalException|ErrorInternalServer)/.test(code)) return 500;
  if (code === 'ErrorTimeoutExpired') return 504;
  if (code === 'quotaLimitReached') return 507;
  return code === 'InvalidAuthenticationToken' ? 401 : 400;
}

function textOf(code: string): string {
  switch (code) {
    case 'ApplicationThrottled':
      return 'Application is over its MailboxConcurrency limit.';
    case 'MailboxNotEnabledForRESTAPI':
      return 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.';
    case 'ErrorAccessDenied':
      return 'Access is denied. Check credentials and try again.';
    case 'ErrorItemNotFound':
      return 'The specified object was not found in the store.';
    case 'UnknownError':
      return '';
    default:
      return `The request failed: ${code}.`;
  }
}

/** The body of an error. */
export function errorBody(
  fault: Pick<GraphFault, 'code' | 'message'>,
  ids: { requestId: string; clientRequestId: string; date: Date },
): string {
  const innerError = {
    date: ids.date.toISOString().slice(0, 19),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
  };
  return JSON.stringify({ error: { code: fault.code, message: fault.message, innerError } });
}
