import type { ErrorCode } from './codes.ts';

/**
 * Every code an `OfflineImError` can carry, with the sentence that docs/error-codes.md shows.
 * A code never changes its meaning and never disappears within a major version.
 */
export const errorCodes = {
  // options and input
  OPTION_INVALID: 'An option of a constructor or method is missing, or its value is out of range.',
  MESSAGE_INVALID: 'A field of a message is missing or of the wrong type.',
  TEXT_EMPTY: 'A message has neither text nor html.',
  TEXT_TOO_LONG: 'The text of a message is longer than the limit, counted in UTF-8 bytes.',
  RECIPIENT_INVALID: 'A recipient is neither a SIP URI nor an SMTP address.',
  RECIPIENTS_MISSING: 'A message names no recipient.',
  RECIPIENTS_TOO_MANY: 'A message names more recipients than the limit.',
  ADDRESS_INVALID: 'An address other than a recipient (identity, from, mailbox) is neither a SIP URI nor an SMTP address.',
  MAILBOX_UNRESOLVED: 'resolveMailbox failed, or returned no usable SMTP address for a SIP address.',
  MESSAGE_ID_CONFLICT: 'A message with this id but different content has already been accepted.',
  // gate
  GATE_REFUSED: 'The gate refused the message; `reasons` lists every reason.',
  CLIENT_VERSION_UNREADABLE: 'A client version is neither a four-part build nor a SIP User-Agent with an OC/ token.',
  POLICY_FAILED: 'The policy or client function threw.',
  POLICY_TIMEOUT: 'The policy or client function did not return within policyTimeout.',
  CMDLET_OUTPUT_UNREADABLE: 'A listing is not the output of the expected cmdlet.',
  // life of the sender
  SENDER_STOPPED: 'The sender has been stopped; create a new one.',
  STOP_INCOMPLETE: 'stop() ran out of time; `details.left` lists what it left behind.',
  // spool
  SPOOL_LOCKED: 'Another process, or another sender in this process, has this spool open.',
  SPOOL_CLOSED: 'The spool is not open: open() was not called, close() was, or a storage error closed it.',
  SPOOL_FAILED: 'The storage failed; everything accepted earlier is still there.',
  SPOOL_BUSY: 'Others kept the storage locked for too long.',
  SPOOL_FULL: 'The spool is above its high-water mark.',
  SPOOL_ROOT_UNUSABLE: 'The folder, file or database of a spool cannot be created, read or written.',
  SPOOL_CORRUPT: 'A spool file is damaged, or is not a spool.',
  SPOOL_REPLACED:
    'The file of an open spool, or its log, was removed, replaced or unlocked by something else; the spool reopened it.',
  SPOOL_RESTORED:
    'The spool is a restored copy: its waiting messages may have been sent since the copy was made, so they are held.',
  EXPORTED: 'The message was exported to another spool and is delivered from there; here it is held for good.',
  BACKUP_REFUSED: 'No backup was made, because its target is in use, is not a backup, or is not a regular file.',
  SPOOL_VERSION: 'The spool was written by a later version of this library; nothing was changed.',
  SPOOL_NOT_OPERABLE: 'The spool has no `admin`: it cannot be paused, listed by filter, or changed in bulk.',
  SPOOL_KEY_MISSING:
    'A sealed entry needs a key that was not provided: one of `keys`, or the `routingKey` it was accepted under.',
  SPOOL_SEAL_BROKEN:
    'A sealed entry cannot be opened: the key with its id is a different one, or the entry was altered or never sealed.',
  SPOOL_NOT_MIGRATED: 'The database has no spool tables, or outdated ones; call migrate() once.',
  APPEND_OUTCOME_UNKNOWN: 'The storage cannot tell whether it kept the message; call send() again with the same messageId.',
  ENTRY_CORRUPT: 'An entry cannot be read; it was moved to the quarantine.',
  ENTRY_UNKNOWN: 'No message or entry has this id.',
  // ends of a message
  EXPIRED: 'The message expired before it was delivered.',
  OUTCOME_UNKNOWN: 'It could not be determined whether Exchange sent the note; it was not resent.',
  COPY_AFTER_FAULT:
    'A copy of the note was found, but the server had answered its request with an error: it is unknown whether the note was sent.',
  STRANDED_DRAFT: 'The server kept the note as a draft instead of sending it; the draft was removed.',
  DRAFT_LEFT: 'The server kept the note as a draft, and the draft could not be removed.',
  PLACE_GONE: 'The place a note may have been sent to is no longer configured.',
  // hook
  HOOK_FAILED: 'beforeDelivery threw, or returned something other than deliver, hold or cancel.',
  HOOK_TIMEOUT: 'beforeDelivery did not return in time.',
  // transport
  NOT_ATTEMPTED: 'The transport did not try: nothing was written to the server.',
  TRANSPORT_FAILED: 'The transport failed, and it is unknown whether the note was sent.',
  ENDPOINT_UNREACHABLE: 'Could not connect to the server.',
  CONNECTION_LOST: 'The connection was lost after the request had been written.',
  REQUEST_TIMEOUT: 'The server did not answer before the deadline.',
  REQUEST_ABORTED: 'The request was aborted by stop() or by its signal.',
  RESPONSE_TOO_LARGE: 'The response is larger than the limit.',
  RESPONSE_UNREADABLE: 'The response is not the expected XML or JSON.',
  RESPONSE_INCOMPLETE: 'The response has fewer results than the request had items.',
  HTTP_STATUS: 'The server answered with an HTTP status other than 200 and no SOAP fault that explains it.',
  AUTHENTICATION_FAILED: 'The server refused the login, or the host provided none (its `getToken` failed).',
  EWS_DISABLED: 'The server answered 403: EWS is switched off for this application, organisation or mailbox.',
  AUTODISCOVER_FAILED: 'Autodiscover found no EWS address for the mailbox; `details.steps` lists every request and its result.',
  INSECURE_CONTEXT:
    'The page is not a secure context (https or localhost), so the browser offers no WebCrypto, which messages need.',
  INSECURE_URL: 'The URL is http:// and not on the loopback interface; credentials would travel in the clear.',
  EWS_ERROR: 'Exchange returned an EWS response code; see `details.responseCode`.',
  GRAPH_ERROR: 'Microsoft Graph returned an error code; see `details.responseCode`.',
  PERMISSION_MISSING: 'The login lacks a permission; the text says what cannot be guaranteed without it.',
  FOLDER_UNAVAILABLE: 'The folder for the saved copy cannot be found, created or read.',
  EXPECTATION_FAILED: 'The simulated Exchange did not receive what a test expected; the text includes the end of its journal.',
  INTERNAL_ERROR: 'Something that must exist is missing: a bug in offline-im. Nothing was changed.',
  XML_UNREADABLE: 'A document is not well-formed XML, or exceeds its limits.',
} as const satisfies Readonly<Record<ErrorCode, string>>;
