import type { ErrorCode } from './codes.ts';

/**
 * Every code an `OfflineImError` can carry, with the sentence that docs/error-codes.md shows.
 * A code never changes its meaning and never disappears within a major version.
 */
export const errorCodes = {
  // options and input
  OPTION_INVALID: 'An option of a constructor or a method is missing or has a value outside its range.',
  MESSAGE_INVALID: 'A message has a field of the wrong kind, or lacks one.',
  TEXT_EMPTY: 'A message has neither text nor html.',
  TEXT_TOO_LONG: 'The text of a message is longer than the limit, counted in UTF-8 bytes.',
  RECIPIENT_INVALID: 'A recipient is neither a SIP URI nor an SMTP address.',
  RECIPIENTS_MISSING: 'A message names no recipient.',
  RECIPIENTS_TOO_MANY: 'A message names more recipients than the limit.',
  ADDRESS_INVALID: 'An address that is not a recipient (identity, from, mailbox) is neither a SIP URI nor an SMTP address.',
  MAILBOX_UNRESOLVED: 'resolveMailbox failed, or gave no usable SMTP address for a SIP address.',
  MESSAGE_ID_CONFLICT: 'A message with this id and other content has already been accepted.',
  // gate
  GATE_REFUSED: 'The gate refused the message; `reasons` lists every reason.',
  CLIENT_VERSION_UNREADABLE: 'A client version is neither a four-part build nor a SIP User-Agent with an OC/ token.',
  POLICY_FAILED: 'The policy or client function threw.',
  POLICY_TIMEOUT: 'The policy or client function did not answer within policyTimeout.',
  CMDLET_OUTPUT_UNREADABLE: 'A listing is not the output of the cmdlet that was expected.',
  // life of the sender
  SENDER_STOPPED: 'The sender has been stopped; make a new one.',
  STOP_INCOMPLETE: 'stop() ran out of time; `details.left` says what it left behind.',
  // spool
  SPOOL_LOCKED: 'Another process, or another sender of this one, has this spool open.',
  SPOOL_CLOSED: 'The spool is not open: open() was not called, close() was, or a storage error closed it.',
  SPOOL_FAILED: 'The storage failed; what had been accepted is still there.',
  SPOOL_BUSY: 'The storage stayed locked by others for too long.',
  SPOOL_FULL: 'The spool is above its high-water mark.',
  SPOOL_ROOT_UNUSABLE: 'The folder, file or database of a spool cannot be made, read or written.',
  SPOOL_CORRUPT: 'The file of a spool is damaged, or is not one.',
  SPOOL_REPLACED:
    'The file of an open spool, or its log, was removed, replaced or unlocked beneath it; the spool opened it anew.',
  SPOOL_RESTORED: 'The spool is a restored copy: what waits in it may have been sent since the copy was made, and is held.',
  EXPORTED: 'The message was exported to another spool: it goes on there, and is held here for good.',
  BACKUP_REFUSED: 'A backup was not made, since its target is in use, is no backup, or is no ordinary file.',
  SPOOL_VERSION: 'The spool was written by a later version of this library; nothing was touched.',
  SPOOL_NOT_OPERABLE: 'The spool has no `admin`: it cannot be paused, listed by filter, or changed in bulk.',
  SPOOL_KEY_MISSING: 'A sealed entry needs a key that was not given: one of `keys`, or the `routingKey` it was accepted under.',
  SPOOL_SEAL_BROKEN:
    'A sealed entry does not open: the key with its id is another one, or the entry was altered or never sealed.',
  SPOOL_NOT_MIGRATED: 'The database has no tables of a spool, or older ones; call migrate() once.',
  APPEND_OUTCOME_UNKNOWN: 'The storage cannot tell whether the message was kept; repeat send() with the same messageId.',
  ENTRY_CORRUPT: 'An entry cannot be read; it was set aside in the quarantine.',
  ENTRY_UNKNOWN: 'No message or entry has this id.',
  // ends of a message
  EXPIRED: 'The message was not delivered before its expiry.',
  OUTCOME_UNKNOWN: 'It could not be settled whether Exchange sent the note; it was not sent again.',
  COPY_AFTER_FAULT:
    'A copy of the note was found, but the server had answered its request with an error: whether it was sent is not known.',
  STRANDED_DRAFT: 'The server kept the note as a draft instead of sending it; the draft was removed.',
  DRAFT_LEFT: 'The server kept the note as a draft, and the draft could not be removed.',
  PLACE_GONE: 'The place a note may have been sent to is no longer configured.',
  // hook
  HOOK_FAILED: 'beforeDelivery threw, or gave something other than deliver, hold or cancel.',
  HOOK_TIMEOUT: 'beforeDelivery did not answer in time.',
  // transport
  NOT_ATTEMPTED: 'The transport did not try: nothing was written to the server.',
  TRANSPORT_FAILED: 'The transport failed in a way that does not tell whether the note was sent.',
  ENDPOINT_UNREACHABLE: 'No connection to the server could be made.',
  CONNECTION_LOST: 'The connection broke after the request had been written.',
  REQUEST_TIMEOUT: 'The server did not answer before the deadline.',
  REQUEST_ABORTED: 'The request was aborted by stop() or by its signal.',
  RESPONSE_TOO_LARGE: 'The response is larger than the limit.',
  RESPONSE_UNREADABLE: 'The response is not the XML or JSON that was expected.',
  RESPONSE_INCOMPLETE: 'The response has fewer answers than the request had questions.',
  HTTP_STATUS: 'The server answered with an HTTP status other than 200 and no SOAP fault that explains it.',
  AUTHENTICATION_FAILED: 'The server refused the login, or the host had none to give (its `getToken` failed).',
  EWS_DISABLED: 'The server answered 403: EWS is switched off for this application, organisation or mailbox.',
  AUTODISCOVER_FAILED:
    'Autodiscover found no EWS address for the mailbox; `details.steps` has every question and what came of it.',
  INSECURE_CONTEXT:
    'The page is no secure context (https, or localhost), so the browser gives it no WebCrypto, which messages need.',
  INSECURE_URL: 'The URL is http:// and not on the loopback interface; credentials would travel in the clear.',
  EWS_ERROR: 'Exchange answered with an EWS response code; `details.responseCode` has it.',
  GRAPH_ERROR: 'Microsoft Graph answered with an error code; `details.responseCode` has it.',
  PERMISSION_MISSING: 'The login lacks a permission; the text says what cannot be promised without it.',
  FOLDER_UNAVAILABLE: 'The folder for the saved copy cannot be found, made or read.',
  EXPECTATION_FAILED: 'The simulated Exchange did not receive what a test expected; the text has the end of its journal.',
  INTERNAL_ERROR: 'Something that is always there was not: a defect of offline-im. Nothing was changed.',
  XML_UNREADABLE: 'A document is not well-formed XML, or goes beyond the limits set for it.',
} as const satisfies Readonly<Record<ErrorCode, string>>;
