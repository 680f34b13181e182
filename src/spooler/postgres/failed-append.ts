import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { AppendResult } from '../../spool/contract.ts';
import { asSpoolError } from '../../spool/postgres/connection/pg-error.ts';
import type { NewMessage } from '../../spool/postgres/operations/append.ts';

/** The result of a message that was not appended, or may not have been. */
export function failedAppend(message: NewMessage, kept: 'no' | 'unknown', error: unknown): AppendResult {
  return { messageId: message[0]?.messageId ?? '', status: 'failed', kept, error: asSpoolError(error) };
}

/** That of one that could not come back as it was given. */
export function unstorableAppend(message: NewMessage): AppendResult {
  const text = 'An id, an address or a name holds U+0000 or half a surrogate pair, which PostgreSQL cannot keep.';
  return failedAppend(message, 'no', new OfflineImError('MESSAGE_INVALID', text));
}
