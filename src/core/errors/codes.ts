/** The codes without their sentences, which only docs and callers read, so that those aren't loaded with the errors. */
const codes = [
  // options and input
  'OPTION_INVALID',
  'MESSAGE_INVALID',
  'TEXT_EMPTY',
  'TEXT_TOO_LONG',
  'RECIPIENT_INVALID',
  'RECIPIENTS_MISSING',
  'RECIPIENTS_TOO_MANY',
  'ADDRESS_INVALID',
  'MAILBOX_UNRESOLVED',
  'MESSAGE_ID_CONFLICT',
  // gate
  'GATE_REFUSED',
  'CLIENT_VERSION_UNREADABLE',
  'POLICY_FAILED',
  'POLICY_TIMEOUT',
  'CMDLET_OUTPUT_UNREADABLE',
  // life of the sender
  'SENDER_STOPPED',
  'STOP_INCOMPLETE',
  // spool
  'SPOOL_LOCKED',
  'SPOOL_CLOSED',
  'SPOOL_FAILED',
  'SPOOL_BUSY',
  'SPOOL_FULL',
  'SPOOL_ROOT_UNUSABLE',
  'SPOOL_CORRUPT',
  'SPOOL_REPLACED',
  'SPOOL_RESTORED',
  'EXPORTED',
  'BACKUP_REFUSED',
  'SPOOL_VERSION',
  'SPOOL_NOT_OPERABLE',
  'SPOOL_KEY_MISSING',
  'SPOOL_SEAL_BROKEN',
  'SPOOL_NOT_MIGRATED',
  'APPEND_OUTCOME_UNKNOWN',
  'ENTRY_CORRUPT',
  'ENTRY_UNKNOWN',
  // ends of a message
  'EXPIRED',
  'OUTCOME_UNKNOWN',
  'COPY_AFTER_FAULT',
  'STRANDED_DRAFT',
  'DRAFT_LEFT',
  'PLACE_GONE',
  // hook
  'HOOK_FAILED',
  'HOOK_TIMEOUT',
  // transport
  'NOT_ATTEMPTED',
  'TRANSPORT_FAILED',
  'ENDPOINT_UNREACHABLE',
  'CONNECTION_LOST',
  'REQUEST_TIMEOUT',
  'REQUEST_ABORTED',
  'RESPONSE_TOO_LARGE',
  'RESPONSE_UNREADABLE',
  'RESPONSE_INCOMPLETE',
  'HTTP_STATUS',
  'AUTHENTICATION_FAILED',
  'EWS_DISABLED',
  'AUTODISCOVER_FAILED',
  'INSECURE_CONTEXT',
  'INSECURE_URL',
  'EWS_ERROR',
  'GRAPH_ERROR',
  'PERMISSION_MISSING',
  'FOLDER_UNAVAILABLE',
  'EXPECTATION_FAILED',
  'INTERNAL_ERROR',
  'XML_UNREADABLE',
] as const;

/** A stable error code. */
export type ErrorCode = (typeof codes)[number];

const known: ReadonlySet<unknown> = new Set(codes);

/** Whether a value is a code of an {@link OfflineImError} of this version. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return known.has(value);
}
