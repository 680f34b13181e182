/** The whole request fails with a SOAP fault. */
export class EwsFault extends Error {
  override readonly name = 'EwsFault';
  readonly code: string;
  /** ms that the client is to wait. */
  readonly backOff: number | undefined;
  /** What breaks the schema. */
  readonly violation: string | undefined;

  constructor(
    code: string,
    text: string = textOfCode(code),
    details: { readonly backOff?: number | undefined; readonly violation?: string } = {},
  ) {
    super(text);
    this.code = code;
    this.backOff = details.backOff;
    this.violation = details.violation;
  }
}

/** One item, id or folder of a request fails with a response code; the others go on. */
export class EwsItemError extends Error {
  override readonly name = 'EwsItemError';
  readonly code: string;
  /** ms that the client is to wait. */
  readonly backOff: number | undefined;

  constructor(code: string, text: string = textOfCode(code), backOff?: number) {
    super(text);
    this.code = code;
    this.backOff = backOff;
  }
}

const texts: ReadonlyMap<string, string> = new Map([
  ['NoError', ''],
  ['ErrorServerBusy', 'The server cannot service this request right now. Try again later.'],
  [
    'ErrorSendAsDenied',
    'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.',
  ],
  [
    'ErrorExceededConnectionCount',
    'You have exceeded the available concurrent connections for your account. Try again once your other requests have completed.',
  ],
  [
    'ErrorExceededSubscriptionCount',
    'You have exceeded the available subscriptions for your account. Remove unnecessary subscriptions and try your request again.',
  ],
  ['ErrorQuotaExceeded', 'The mailbox has exceeded its quota.'],
  ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
  ['ErrorFolderNotFound', 'The specified folder could not be found in the store.'],
  ['ErrorSavedItemFolderNotFound', 'The folder to save the item into could not be found.'],
  ['ErrorItemNotFound', 'The specified object was not found in the store.'],
  ['ErrorNonExistentMailbox', 'The SMTP address has no mailbox associated with it.'],
  ['ErrorInvalidServerVersion', 'The specified server version is invalid.'],
  ['ErrorInvalidRequest', 'The request is invalid.'],
  ['ErrorInternalServerError', 'An internal server error occurred. The operation failed.'],
  ['ErrorInternalServerTransientError', 'An internal server error occurred. Try again later.'],
  ['ErrorBatchProcessingStopped', 'The batch processing of the items was stopped because of an earlier error.'],
  ['ErrorRequestStreamTooBig', 'The request stream is too big.'],
  ['ErrorMissingRecipients', 'No recipients were specified.'],
  ['ErrorInvalidRecipients', 'At least one recipient is not valid.'],
  ['ErrorObjectTypeChanged', 'The object type changed.'],
  ['ErrorFolderExists', 'A folder with the specified name already exists.'],
  ['ErrorImpersonateUserDenied', 'The account does not have permission to impersonate the requested user.'],
  ['ErrorMessageDispositionRequired', 'Message disposition is required for the message.'],
  ['ErrorInvalidExtendedProperty', 'The extended property attribute combination is invalid.'],
  ['ErrorInvalidExtendedPropertyValue', 'The specified value is invalid for the extended property.'],
  ['ErrorUnsupportedMapiPropertyType', 'The MAPI types Error, Null, Object and ObjectArray exist for reports only.'],
  ['ErrorInvalidExcludesRestriction', 'The bit mask of Excludes must be a number of at most 32 bits, decimal or after 0x.'],
  ['ErrorInvalidPropertyForExists', 'Every item has that flag; compare it with true or false.'],
  ['ErrorInvalidPagingMaxRows', 'MaxEntriesReturned must be greater than 0.'],
  ['ErrorInvalidIndexedPagingParameters', 'Offset must not be less than 0.'],
  ['ErrorInvalidFractionalPagingParameters', 'The fraction must lie between 0 and 1, and its denominator be greater than 0.'],
  ['ErrorCalendarFolderIsInvalidForCalendarView', 'A calendar view needs a folder of appointments.'],
  ['ErrorInvalidIdEmpty', 'The id is empty.'],
  ['ErrorInvalidIdMalformed', 'The id is malformed.'],
  ['ErrorCannotUseFolderIdForItemId', 'A folder id was given where an item id is required.'],
  ['ErrorCannotUseItemIdForFolderId', 'An item id was given where a folder id is required.'],
  ['ErrorUpdatePropertyMismatch', 'The property that is set is not the one named by the path.'],
]);

/** The sentence that goes with a response code. */
export function textOfCode(code: string): string {
  return texts.get(code) ?? `The request failed with ${code}.`;
}
